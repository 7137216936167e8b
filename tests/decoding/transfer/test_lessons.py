"""What a confirmed page teaches: when it outweighs the model, and when it must not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from decoding.transfer.lessons import Lesson, Said, find_taught
from decoding.transfer.weigh import WEIGHTS, features_of
from schemas.example import Example, ExampleSource
from schemas.registry import from_json_schema
from schemas.spec import Path

_TEXT: JsonValue = {"type": ["string", "null"]}
_AMOUNT: JsonValue = {"type": ["string", "null"], "x-rasg-kind": "amount"}
SCHEMA = from_json_schema(
    {"title": "bill", "type": "object", "properties": {"vendor": _TEXT, "number": _TEXT, "total": _AMOUNT}}
)
KNOWN = "FACTUUR. Coolblue B.V.\nRotterdam  Number: 1001\nTotal  34,56\nThank you very much"
ASKED = "FACTUUR. Coolblue B.V.\nRotterdam  Number: 2044\nTotal  99,00\nThank you very much"
ANSWER: dict[str, JsonValue] = {"vendor": "Coolblue B.V.", "number": "1001", "total": "34,56"}
RIGHT: dict[str, tuple[JsonValue, float | None]] = {
    "vendor": ("Coolblue B.V.", 0.99),
    "number": ("2044", 0.99),
    "total": ("99,00", 0.99),
}


def _example(
    answer: dict[str, JsonValue] | None = None,
    mistakes: dict[str, JsonValue] | None = None,
    *,
    text: str = KNOWN,
    source: ExampleSource = "feedback",
    known: tuple[str, ...] | None = None,
    unknown: tuple[str, ...] = (),
    example_id: str = "1" * 32,
) -> Example:
    said = answer or ANSWER
    return Example(
        example_id=example_id,
        tenant="acme",
        document_sha256="a" * 64,
        page_index=0,
        schema_name="bill",
        json_schema=SCHEMA.json_schema,
        text=text,
        answer=said,
        known=known if known is not None else tuple(k for k, v in said.items() if v is not None),
        unknown=unknown,
        mistakes=mistakes or {},
        source=source,
        confirmed_by="me",
        created_at=datetime(2026, 4, 1, tzinfo=UTC),
    )


def _taught(
    *examples: Example, asked: str = ASKED, **said: tuple[JsonValue, float | None]
) -> dict[str, str | None]:
    told: dict[Path, Said] = {
        (name,): Said(value=value, confidence=confidence)
        for name, (value, confidence) in {**RIGHT, **said}.items()
    }
    lessons = [Lesson(example, 0.9, asked) for example in examples]
    return {str(path[0]): taught.value for path, taught in find_taught(told, lessons, SCHEMA).items()}


def test_a_mistake_that_was_corrected_once_is_not_made_again() -> None:
    example = _example(mistakes={"vendor": "FACTUUR. Coolblue B.V."})
    assert _taught(example, vendor=("FACTUUR. Coolblue B.V.", 0.99)) == {"vendor": "Coolblue B.V."}


def test_a_field_that_was_overlooked_and_corrected_is_found() -> None:
    example = _example(mistakes={"number": None})
    assert _taught(example, number=(None, 0.99)) == {"number": "2044"}


def test_a_field_that_was_made_up_and_corrected_to_nothing_stays_empty() -> None:
    example = _example({**ANSWER, "number": None}, {"number": "Rotterdam"}, known=("vendor", "total"))
    assert _taught(example, number=("Rotterdam", 0.99)) == {"number": None}


def test_a_model_that_is_unsure_follows_a_page_like_this() -> None:
    assert _taught(_example(source="imported"), number=("Rotterdam", 0.3)) == {"number": "2044"}


def test_a_model_that_is_sure_is_believed_where_nobody_corrected_it() -> None:
    assert _taught(_example(), number=("Rotterdam", 0.96)) == {}


def test_what_the_model_had_right_elsewhere_weighs_against_a_single_correction() -> None:
    corrected = _example(mistakes={"number": "Rotterdam"})
    others = [_example(example_id=str(n) * 32) for n in range(2, 5)]
    assert _taught(corrected, number=("Number: 2044", 0.999)) == {"number": "2044"}
    assert _taught(corrected, *others, number=("Number: 2044", 0.999)) == {}


def test_a_page_of_another_template_teaches_nothing() -> None:
    other = "Minutes of the meeting of the board\nNumber: 7 members were there\nNobody said a word"
    example = _example({**ANSWER, "number": "7"}, {"number": "Rotterdam"}, text=other)
    assert _taught(example, number=("Rotterdam", 0.3)) == {}


def test_null_teaches_nothing_where_the_annotation_has_the_value_elsewhere() -> None:
    said: dict[str, JsonValue] = {**ANSWER, "number": None}
    on_another_page = _example(said, {"number": "Rotterdam"}, known=("number", "total", "vendor"))
    not_printed = _example(said, {"number": "Rotterdam"}, known=("total", "vendor"), unknown=("number",))
    assert _taught(on_another_page, number=("Rotterdam", 0.3)) == {}
    assert _taught(not_printed, number=("Rotterdam", 0.3)) == {}


def test_an_amount_is_taught_only_what_reads_as_one() -> None:
    asked = ASKED.replace("99,00", "as agreed")
    example = _example(mistakes={"total": None})
    assert _taught(example, asked=asked, total=(None, 0.3)) == {}


def test_what_is_glued_to_a_value_on_both_pages_is_left_out() -> None:
    known, asked = KNOWN.replace(": 1001", ":1001"), ASKED.replace(": 2044", ":2044")
    example = _example(mistakes={"number": None}, text=known)
    assert _taught(example, asked=asked, number=(None, 0.3)) == {"number": "2044"}


def test_what_has_another_label_glued_to_it_teaches_nothing() -> None:
    known, asked = KNOWN.replace(": 1001", ":1001"), ASKED.replace("Number: 2044", "Client:2044")
    example = _example(mistakes={"number": None}, text=known)
    assert _taught(example, asked=asked, number=(None, 0.3)) == {}


def test_without_a_confidence_only_corrections_teach() -> None:
    assert _taught(_example(mistakes={"number": "Rotterdam"}), number=("Rotterdam", None)) == {
        "number": "2044"
    }


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_every_weight_is_of_a_feature_and_bounded(confidence: float) -> None:
    lesson = Lesson(_example(mistakes={"number": "Rotterdam"}), 0.9, ASKED)
    path: Path = ("number",)
    spec = dict(SCHEMA.root.properties)["number"]
    claim = lesson.claim(path, spec, Said(value="Rotterdam", confidence=confidence))  # pyright: ignore[reportArgumentType]
    assert claim is not None
    features = features_of(claim)
    assert features.keys() == WEIGHTS.keys()
    assert all(abs(value) <= 6.1 for value in features.values())
