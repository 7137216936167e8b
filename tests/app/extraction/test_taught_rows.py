"""A corrected table makes the rows of the next one right, and says what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import pytest
from pydantic import JsonValue

from app.examples.service import ExampleService
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.extraction.prompt_examples import FoundExamples
from app.extraction.taught_rows import RowLessons, find_window_rows, join_taught_rows, learn_row_lessons
from app.extraction.tenant import TenantContext
from app.wiring import build_pipeline
from decoding.engines.engine import Completion, Engine, EngineRequest
from decoding.windows import cut_windows
from ocr.reader import ReadOptions
from retrieval.search import Hit
from schemas.document import Document
from schemas.example import Example
from schemas.extraction import Extraction
from schemas.registry import from_json_schema
from tests.app.bills import AMOUNT, TEXT, finder_of
from tests.app.models.test_models import settings_for
from tests.decoding.tables.pages import pages

_COLUMNS: JsonValue = {"description": TEXT, "amount": AMOUNT, "field_7": TEXT}
SCHEMA = from_json_schema(
    {
        "title": "bill",
        "type": "object",
        "properties": {
            "number": TEXT,
            "lines": {"type": "array", "items": {"type": "object", "properties": _COLUMNS}},
        },
    }
)
HEAD = """
ACME Ltd, 12 High Street, Oxford
Stationery and furniture for offices
Number {number}
Code     Description        Qty    Price    Amount"""
FIRST = f"""{HEAD.format(number=1001)}
A-100    Blue pen             2     1.50      3.00
B-200    Desk lamp            1    20.00     20.00
         Energy levy                          1.20
Total                                        24.20
Payable within 30 days to ACME Ltd
"""
NEXT = f"""{HEAD.format(number=2044)}
D-400    Stapler              3     5.00     15.00
E-500    Black ink            2     9.00     18.00
         Energy levy                          0.70
Total                                        33.70
Payable within 30 days to ACME Ltd
"""
OPTIONS = ExtractionOptions(max_tokens=400, xml="ignore")


def _document(text: str, digit: str) -> Document:
    return replace(pages(text), sha256=digit * 64)


def _row(description: str, amount: str, code: str) -> dict[str, JsonValue]:
    return {"description": description, "amount": amount, "field_7": code}


RIGHT: dict[str, JsonValue] = {
    "number": "1001",
    "lines": [_row("Blue pen", "3.00", "A-100"), _row("Desk lamp", "20.00", "B-200")],
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return build_pipeline(settings_for("house", tmp_path_factory.mktemp("house")), read_options=ReadOptions())


def _taught(pipeline: Pipeline, book: ExampleService, **options: bool) -> tuple[Extraction, Extraction]:
    """Return the answers to the next document before and after the first one is corrected."""
    finder = finder_of(book, min_similarity=0.5)
    serving = replace(pipeline, tenant=TenantContext(examples=finder))
    asked = OPTIONS.model_copy(update=options)
    following = _document(NEXT, "b")
    before = serving.extract_document(following, SCHEMA, options=asked)
    first = serving.extract_document(_document(FIRST, "a"), SCHEMA, options=asked)
    kept = book.keep(_document(FIRST, "a"), SCHEMA, first.output.value)
    assert kept is not None
    book.feedback(kept, "corrected", value=RIGHT, confirmed_by="ada")
    return before, serving.extract_document(following, SCHEMA, options=asked)


@pytest.mark.slow
def test_a_corrected_table_makes_the_rows_of_the_next_one_right(
    house: Pipeline, book: ExampleService
) -> None:
    before, after = _taught(house, book)
    wanted = [_row("Stapler", "15.00", "D-400"), _row("Black ink", "18.00", "E-500")]
    assert before.output.value["lines"] != wanted
    assert after.output.value["lines"] == wanted
    found = after.completeness.lists["lines"]
    (use,) = after.examples
    assert (found.rows_seen, found.rows_given, found.n_missing, found.n_left_out) == (3, 2, 0, 1)
    assert found.rows_seen == found.rows_given + found.n_missing + found.n_left_out
    assert found.taught_by == (use.example_id,)
    (left,) = found.left_out
    assert (left.text, left.page_number, left.example_id) == ("Energy levy 0.70", 1, use.example_id)
    (told,) = [warning for warning in after.warnings if warning.code == "rows_left_out"]
    assert (told.path, told.page_number) == ("lines", 1)
    assert use.example_id in told.message


@pytest.mark.slow
def test_without_lessons_no_row_is_left_out(house: Pipeline, book: ExampleService) -> None:
    before, after = _taught(house, book, lessons=False)
    assert len(_rows(after)) == len(_rows(before)) == 3
    assert after.completeness.lists["lines"].taught_by == ()


def _rows(extraction: Extraction) -> list[JsonValue]:
    rows = extraction.output.value["lines"]
    assert isinstance(rows, list)
    return rows


def _example(book: ExampleService, value: dict[str, JsonValue]) -> Example:
    added = book.add(_document(FIRST, "a"), SCHEMA, value, source="feedback", confirmed_by="ada")
    (example,) = added.examples
    return example


def _lessons(example: Example) -> RowLessons:
    hit = Hit(example=example, similarity_score=0.9, fused_score=0.1)
    return learn_row_lessons([FoundExamples(hits=(hit,))], SCHEMA)


def test_of_each_window_the_taught_rows_are_places_in_the_whole_document(book: ExampleService) -> None:
    (example,) = book.add(
        _document(FIRST, "a"), SCHEMA, RIGHT, source="feedback", confirmed_by="ada"
    ).examples
    document = _document(NEXT, "b")
    windows = cut_windows(document, fits=lambda window: len(window.document.pages[0].lines) <= 6)
    assert len(windows) > 1
    rows = [find_window_rows(window, SCHEMA, _lessons(example)) for window in windows]
    (taught,) = join_taught_rows(windows, rows).values()
    ((left, example_id),) = taught.left_out
    words = document.pages[0].words
    assert " ".join(words[i].text for i in sorted(left.words)) == "Energy levy 0.70"
    assert example_id == example.example_id


def test_an_example_survives_its_store_with_what_it_teaches(book: ExampleService) -> None:
    (example,) = book.add(
        _document(FIRST, "a"), SCHEMA, RIGHT, source="feedback", confirmed_by="ada"
    ).examples
    kept = book.store.get("acme", example.example_id)
    assert kept.printed == example.printed
    assert _lessons(kept) == _lessons(example) != {}


def test_an_example_without_the_places_of_its_words_teaches_no_rows(book: ExampleService) -> None:
    (example,) = book.add(
        _document(FIRST, "a"), SCHEMA, RIGHT, source="feedback", confirmed_by="ada"
    ).examples
    assert _lessons(example.model_copy(update={"printed": ()})) == {}


def test_of_an_annotation_whose_row_stands_nowhere_no_line_is_left_out(book: ExampleService) -> None:
    """A row that is lost as the page does not show it may be any of the table's."""
    lines: list[JsonValue] = [*_items(RIGHT), _row("Elephant", "99.99", "Z-999")]
    odd: dict[str, JsonValue] = {**RIGHT, "lines": lines}
    example = _example(book, odd)
    ((lesson,),) = _lessons(example).values()
    assert (lesson.left_out, lesson.passed_over) == ((), ())


def _items(answer: dict[str, JsonValue]) -> list[JsonValue]:
    lines = answer["lines"]
    assert isinstance(lines, list)
    return lines


LONG_NEXT = f"""{HEAD.format(number=2044)}
D-400    Stapler              3     5.00     15.00
E-500    Black ink            2     9.00     18.00
         Energy levy                          0.70
F-600    Paper clips          4     2.00      8.00
G-700    Filing box           2     7.00     14.00
         Energy levy                          0.90
Total                                        56.60
Payable within 30 days to ACME Ltd
"""
LONG_ROWS = [
    _row("Stapler", "15.00", "D-400"),
    _row("Black ink", "18.00", "E-500"),
    _row("Paper clips", "8.00", "F-600"),
    _row("Filing box", "14.00", "G-700"),
]


@dataclass
class _CutsFirst:
    """An engine whose first answer is cut, as one that takes more tokens than was reckoned."""

    engine: Engine
    n_left: int = 1

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        if self.n_left:
            self.n_left -= 1
            requests = [replace(request, max_tokens=60) for request in requests]
        return self.engine.complete(requests)


@pytest.mark.slow
@pytest.mark.parametrize("completes", [True, False])
def test_what_a_cut_answer_left_out_is_taught_as_well(
    house: Pipeline, book: ExampleService, *, completes: bool
) -> None:
    (example,) = book.add(
        _document(FIRST, "a"), SCHEMA, RIGHT, source="feedback", confirmed_by="ada"
    ).examples
    engine = cast("Engine", _CutsFirst(house.engine))
    finder = finder_of(book, min_similarity=0.5)
    serving = replace(house, engine=engine, tenant=TenantContext(examples=finder))
    following = _document(LONG_NEXT, "b")
    asked = OPTIONS.model_copy(update={"complete": completes})
    parts = [serving.extract_document(following, SCHEMA, options=asked)]
    while parts[-1].cursor is not None:
        onwards = asked.model_copy(update={"cursor": parts[-1].cursor})
        parts.append(serving.extract_document(following, SCHEMA, options=onwards))
    assert len(parts) == (1 if completes else 2)
    assert [row for part in parts for row in _rows(part)] == LONG_ROWS
    assert [part.output.value["number"] for part in parts] == ["2044", None][: len(parts)]
    assert all(use.example_id == example.example_id for part in parts for use in part.examples)
    assert all("rows_left_out" in {warning.code for warning in part.warnings} for part in parts)
