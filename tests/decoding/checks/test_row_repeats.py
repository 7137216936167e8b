"""A row that the page shows once and the answer twice is noticed; equal rows of the page are not."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from decoding.checks.row_repeats import check_repeats
from decoding.grounding.ground import ground_extraction
from schemas.extraction import ExtractionWarning
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Path, Spec, json_path
from tests.decoding.transcripts import document_of, page_of_lines

_LINES = ("Green tea         3.10", "Black tea         4.00", "Black tea         4.00")
_ITEM = ObjectSpec(properties=(("item", FieldSpec(kind="verbatim")), ("amount", FieldSpec(kind="amount"))))
_SCHEMA = ExtractionSchema(
    name="test", root=ObjectSpec(properties=(("lines", ArraySpec(item=_ITEM)),)), json_schema="{}"
)
_GREEN, _BLACK = ("Green tea", "3.10"), ("Black tea", "4.00")


def _check(*rows: tuple[str | None, str | None]) -> tuple[ExtractionWarning, ...]:
    document = document_of(page_of_lines("Corner Shop", *_LINES, "Total             11.10"))
    cells: list[JsonValue] = [{"item": item, "amount": amount} for item, amount in rows]
    return check_repeats(ground_extraction({"lines": cells}, _SCHEMA, document))


@pytest.mark.parametrize(
    "rows", [(), (_GREEN,), (_GREEN, _BLACK, _BLACK), ((None, None), (None, None)), (("Milk", None),) * 2]
)
def test_rows_with_words_of_their_own_are_not_doubted(
    rows: tuple[tuple[str | None, str | None], ...],
) -> None:
    assert _check(*rows) == ()


def test_rows_beyond_those_of_the_page_are_counted() -> None:
    (warning,) = _check(_GREEN, _BLACK, _BLACK, _BLACK, _BLACK)
    assert warning.code == "row_repeated"
    assert warning.message.startswith("2 of 5 rows")
    assert warning.path is not None
    assert warning.path.startswith("lines[")


def test_a_single_row_written_twice_is_noticed() -> None:
    (warning,) = _check(_GREEN, _GREEN)
    assert warning.message.startswith("1 of 2 rows")


_TEXT = FieldSpec(kind="verbatim")


def _check_answer(value: dict[str, JsonValue], **specs: Spec) -> list[str | None]:
    """Return the paths of the rows that are doubted, on a page with the lines of the shop."""
    root = ObjectSpec(properties=tuple(specs.items()))
    schema = ExtractionSchema(name="test", root=root, json_schema="{}")
    document = document_of(page_of_lines("Corner Shop", *_LINES))
    return [warning.path for warning in check_repeats(ground_extraction(value, schema, document))]


@pytest.mark.parametrize("keys", [("Box [1]", "Box [2]"), ("[1].a", "[2].a"), ("a.b[0]", "a.b[1]")])
def test_fields_whose_keys_look_like_rows_are_none(keys: tuple[str, str]) -> None:
    assert _check_answer(dict.fromkeys(keys, "Corner Shop"), **dict.fromkeys(keys, _TEXT)) == []


@pytest.mark.parametrize("key", ["Box [1]", "[0]", "a.b", ""])
def test_rows_under_any_key_are_compared_in_their_own_list(key: str) -> None:
    rows: list[JsonValue] = [{"[0]": {key: text}} for text in ("Green tea", "Green tea")]
    lists = ArraySpec(item=ObjectSpec(properties=(("[0]", ObjectSpec(properties=((key, _TEXT),))),)))
    found = _check_answer({key: rows, "other": rows[:1]}, **{key: lists, "other": lists})
    assert found == [json_path((key, 1))]


def test_texts_of_a_list_inside_of_a_row_are_its_own() -> None:
    part = ArraySpec(item=ObjectSpec(properties=(("name", _TEXT),)))
    spec = ArraySpec(item=ObjectSpec(properties=(("parts", part),)))
    twice: JsonValue = {"parts": [{"name": "Green tea"}, {"name": "Green tea"}]}
    assert _check_answer({"lines": [twice]}, lines=spec) == []
    assert _check_answer({"lines": [twice, {"parts": [{"name": "Green tea"}]}]}, lines=spec) == ["lines[1]"]


@pytest.mark.parametrize(
    ("spec", "value", "path"),
    [
        (ArraySpec(item=_TEXT), ["Green tea", "Corner Shop", "Green tea"], ("tags", 2)),
        (ArraySpec(item=ArraySpec(item=_TEXT)), [["Green tea", "Green tea"], ["Green tea"]], ("tags", 1)),
    ],
)
def test_a_text_that_is_listed_twice_is_a_row_repeated(spec: Spec, value: JsonValue, path: Path) -> None:
    assert _check_answer({"tags": value}, tags=spec) == [json_path(path)]
    assert _check_answer({"tags": ["Green tea", "Corner Shop"]}, tags=ArraySpec(item=_TEXT)) == []
