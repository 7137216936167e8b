"""Rows of lists as confirmed pages teach them, learnt of the examples found before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.extraction.known_rows import KnownRows, known_rows, place_row
from app.extraction.prompt_examples import FoundExamples, nearest_hits
from decoding.checks.completeness import SeenRow, TaughtRows
from decoding.tables.find import find_tables
from decoding.tables.match import ScopedList, list_arrays
from decoding.tables.priced_lines import find_priced_lines
from decoding.transfer.row_lessons import GoldRow, RowLesson, learn_rows
from decoding.transfer.row_teaching import TaughtList, TaughtRow, teach_rows
from decoding.windows import Window
from ocr.printed_pages import printed_document
from schemas.example import Example
from schemas.spec import ExtractionSchema, ObjectSpec, Path
from schemas.walk import value_at

RowLessons = Mapping[Path, tuple[RowLesson, ...]]
# A person looked at what they have null.
_SAID_BY_PERSONS = frozenset(("feedback", "annotated"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRows:
    """The rows that are asked for of one window, and what of them was taught, by list."""

    known: KnownRows = field(default_factory=dict[Path, ScopedList])
    taught: Mapping[Path, TaughtList] = field(default_factory=dict[Path, TaughtList])


def learn_row_lessons(found: Iterable[FoundExamples], schema: ExtractionSchema) -> RowLessons:
    """Return what the examples that were found teach of each list, each once, the nearest first."""
    lessons: dict[Path, list[RowLesson]] = {}
    for hit in nearest_hits(found):
        for path, lesson in learn_of(hit.example, schema).items():
            lessons.setdefault(path, []).append(lesson)
    return {path: tuple(learnt) for path, learnt in lessons.items()}


def learn_of(example: Example, schema: ExtractionSchema) -> dict[Path, RowLesson]:
    """Return what a confirmed page teaches of each list; nothing where its words' places are not kept."""
    wanted = [
        (path, array.item, rows)
        for path, array in list_arrays(schema.root)
        if isinstance(array.item, ObjectSpec) and (rows := _rows_at(example.answer, path))
    ]
    if not wanted or not example.printed:
        return {}
    document = printed_document(example.printed, sha256=example.document_sha256)
    priced = find_priced_lines(document)
    tables = (*find_tables(document), *((priced,) if priced else ()))
    lessons: dict[Path, RowLesson] = {}
    for path, item, rows in wanted:
        lesson = learn_rows(
            document,
            tables,
            rows,
            item,
            example_id=example.example_id,
            tells_null=example.source in _SAID_BY_PERSONS,
            tells_left_out=_has_all_rows(example, path, rows),
        )
        if lesson is not None:
            lessons[path] = lesson
    return lessons


def _rows_at(answer: Mapping[str, object], path: Path) -> list[GoldRow]:
    rows = value_at(dict(answer), path)  # pyright: ignore[reportArgumentType]
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _has_all_rows(example: Example, path: Path, rows: Sequence[GoldRow]) -> bool:
    """Return whether no row of the annotation was lost as nothing of it stands on the page."""
    return example.confirmed is None or len(_rows_at(example.confirmed, path)) == len(rows)


def find_window_rows(window: Window, schema: ExtractionSchema, lessons: RowLessons) -> WindowRows:
    """Return the rows that a window's tables show, as the lessons have them."""
    known = known_rows(window, schema)
    items = {path: array.item for path, array in list_arrays(schema.root)}
    taught = {
        path: teach_rows(rows, item, lessons[path], window.document)
        for path, rows in known.items()
        if path in lessons and isinstance(item := items[path], ObjectSpec)
    }
    taught = {path: found for path, found in taught.items() if found.taught_by}
    return WindowRows(known={**known, **{p: found.known for p, found in taught.items()}}, taught=taught)


def join_taught_rows(windows: Sequence[Window], rows: Sequence[WindowRows]) -> dict[Path, TaughtRows]:
    """Return what was taught of each list in all windows, as places in the whole document."""
    joined: dict[Path, TaughtRows] = {}
    for window, one in zip(windows, rows, strict=True):
        for path, found in one.taught.items():
            before = joined.get(path, TaughtRows())
            joined[path] = TaughtRows(
                left_out=before.left_out + _placed(found.left_out, window),
                added=before.added + _placed(found.added, window),
                taught_by=tuple(sorted({*before.taught_by, *found.taught_by})),
            )
    return joined


def _placed(rows: Sequence[TaughtRow], window: Window) -> tuple[tuple[SeenRow, str], ...]:
    return tuple((place_row(one.row, window), one.example_id) for one in rows)
