"""Evidence of completeness: the rows that the pages show against those that the answer gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from decoding.checks.row_count import find_missing_lines
from decoding.checks.sums import find_sums
from decoding.grounding.result import GroundedRow, GroundedTable, GroundingResult
from schemas.completeness import Completeness, LeftOutRow, ListEvidence, MissingRow
from schemas.document import Document
from schemas.extraction import ExtractionWarning, WarningCode
from schemas.geometry import union
from schemas.spec import Path, json_path

_MAX_MISSING = 100
_MAX_CHARS = 60  # of a row, in a warning


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow:
    """A row that layout alone shows: its page in the document, and the indices of its words there.

    `continued` are (page_index, word_index) of what stands of it on the next page.
    """

    page_index: int
    words: frozenset[int]
    continued: frozenset[tuple[int, int]] = frozenset()

    @property
    def places(self) -> frozenset[tuple[int, int]]:
        """Return (page_index, word_index) of all of its words."""
        return self.continued | {(self.page_index, word) for word in self.words}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtRows:
    """What confirmed pages decided of a list's rows.

    Attributes
    ----------
    left_out, added
        Rows that are not asked for though layout shows them, and lines that are though it does not, each
        with its example.
    taught_by
        All examples that decided something.
    """

    left_out: tuple[tuple[SeenRow, str], ...] = ()
    added: tuple[tuple[SeenRow, str], ...] = ()
    taught_by: tuple[str, ...] = ()


_NOTHING_TAUGHT = TaughtRows()


def find_evidence(
    grounded: GroundingResult,
    document: Document,
    seen: Mapping[Path, Sequence[SeenRow]],
    taught: Mapping[Path, TaughtRows] | None = None,
) -> Completeness:
    """Return what is known of the answer's completeness.

    Parameters
    ----------
    seen
        The rows of each list that are known to be rows before anything was written, by the list's path;
        nothing for lists without a table. Those that are left out are none of them.
    taught
        What confirmed pages decided of lists, by path.
    """
    missing_lines = find_missing_lines(grounded, document)
    return Completeness(
        lists={
            json_path(table.path): _evidence(
                table,
                document,
                seen.get(table.path),
                missing_lines.get(table.path, ()),
                (taught or {}).get(table.path, _NOTHING_TAUGHT),
            )
            for table in grounded.lists
        },
        sums=find_sums(grounded),
    )


def warn_of_missing_rows(completeness: Completeness) -> tuple[ExtractionWarning, ...]:
    """Return a `list_incomplete` for each list that lacks rows, with the first of them and its page."""
    return tuple(
        ExtractionWarning(
            code="list_incomplete",
            message=f"{found.n_missing} more lines look like rows of this list, "
            f"the first is {found.missing[0].text[:_MAX_CHARS]!r}",
            path=path,
            page_number=found.missing[0].page_number,
        )
        for path, found in completeness.lists.items()
        if found.missing
    )


def warn_of_taught_rows(taught: Mapping[Path, TaughtRows], document: Document) -> Iterator[ExtractionWarning]:
    """Yield a `rows_left_out` and a `rows_added` for each list of which confirmed pages decided so."""
    for path, told in taught.items():
        if told.left_out:
            what = "lines set like rows are left out"
            yield _warn_of_taught("rows_left_out", path, told.left_out, what, document)
        if told.added:
            what = "lines not set like rows are given as rows"
            yield _warn_of_taught("rows_added", path, told.added, what, document)


def _warn_of_taught(
    code: WarningCode, path: Path, rows: Sequence[tuple[SeenRow, str]], what: str, document: Document
) -> ExtractionWarning:
    row, example_id = rows[0]
    first = _missing(document, *_as_words(row))
    return ExtractionWarning(
        code=code,
        message=f"{len(rows)} {what}, as in example {example_id}; the first is {first.text[:_MAX_CHARS]!r}",
        path=json_path(path),
        page_number=first.page_number,
    )


def _evidence(
    table: GroundedTable,
    document: Document,
    seen: Sequence[SeenRow] | None,
    missing_lines: Sequence[tuple[int, int]],
    taught: TaughtRows,
) -> ListEvidence:
    given = [_places(row) for row in table.rows]
    cited = frozenset(place for places in given for place in places)
    shown = _words_of(seen or ())
    known = shown | _words_of(row for row, _ in taught.left_out)
    lost = [row for row in seen or () if row.places.isdisjoint(cited)]
    missing = sorted({*_rows_of_lines(missing_lines, document, known), *map(_as_words, lost)})
    return ListEvidence(
        rows_given=len(given),
        rows_seen=None if seen is None else len(seen) + len(taught.left_out),
        rows_unseen=0 if seen is None else sum(bool(places) and not places & shown for places in given),
        rows_unplaced=sum(not places for places in given),
        missing=tuple(_missing(document, page, words) for page, words in missing[:_MAX_MISSING]),
        n_missing=len(missing),
        left_out=tuple(_left_out(document, *pair) for pair in taught.left_out[:_MAX_MISSING]),
        n_left_out=len(taught.left_out),
        taught_by=taught.taught_by,
    )


def _words_of(rows: Iterable[SeenRow]) -> frozenset[tuple[int, int]]:
    return frozenset(place for row in rows for place in row.places)


def _places(row: GroundedRow) -> frozenset[tuple[int, int]]:
    """Return (page_index, word_index) of all words that a row's values stand on."""
    return frozenset(
        (cited.page_number - 1, word)
        for cell in row.cells.values()
        for cited in cell.metadata.citations
        for word in cited.word_indices
    )


def _as_words(row: SeenRow) -> tuple[int, tuple[int, ...]]:
    return row.page_index, tuple(sorted(row.words))


def _rows_of_lines(
    lines: Sequence[tuple[int, int]], document: Document, shown: frozenset[tuple[int, int]]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the words of lines that look like rows, but of none that a table's rows hold already."""
    for page_index, line in lines:
        words = tuple(range(*document.pages[page_index].lines[line]))
        if not any((page_index, word) in shown for word in words):
            yield page_index, words


def _missing(document: Document, page_index: int, indices: Sequence[int]) -> MissingRow:
    words = [document.pages[page_index].words[index] for index in indices]
    box = union([word.bbox for word in words])
    return MissingRow(
        page_number=page_index + 1,
        bbox=(box.left, box.top, box.right, box.bottom),
        text=" ".join(word.text for word in words),
    )


def _left_out(document: Document, row: SeenRow, example_id: str) -> LeftOutRow:
    return LeftOutRow(**_missing(document, *_as_words(row)).model_dump(), example_id=example_id)
