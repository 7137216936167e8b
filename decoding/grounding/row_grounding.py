"""The cells of line items to their places: split the pages among the rows, then choose inside each chunk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise
from statistics import median

from pydantic import JsonValue

from decoding.grounding.line_items import Span, split_rows
from decoding.grounding.matching import Run
from decoding.grounding.occurrences import DocumentIndex
from schemas.spec import FieldKind

N_CUTS_PER_PAGE = 128  # the paper's quantisation of the page height
MAX_CUTS = 4096  # of all pages together: longer documents are quantised more coarsely
# Distinct spans of a row in the split, its rarest cells first: its table has as many rows and columns. A
# value that stands at more places than these says nothing of where its row is.
_MAX_SPANS = 1024
# Words of one printed line have centres closer than this share of their height.
_SAME_LINE = 0.6
# A cut between rows goes through words where the lines are not level; what stands this many cut rows
# around a chunk (one printed line) may be the row's as well, so it does not tell its columns.
_BLUR = 2
_MAX_VALUE_ROWS = 8  # cut rows above its centre at which a value of several lines may begin
# Two cells tell the slope of their line if they are this share of the page apart, and not so far up or
# down (in word heights) that they may stand on different lines; three such rows make a median.
_MIN_WIDTH = 0.1
_MAX_FALL = 1.5
_MIN_SLOPES = 3


Column = tuple[str, ...]  # the keys that lead to a cell


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCell:
    """One cell of a row: its column, which cells of other rows share, its value and kind."""

    column: Column
    value: JsonValue
    kind: FieldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A run with its position: x and y of its centre (y counted through the pages), height, cut rows."""

    run: Run
    x: float
    y: float
    height: float
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How the table is set: the x of each column where known, and by how much its lines fall with x."""

    columns: dict[Column, float]
    slope: float
    n_cuts_per_page: int

    def lines_away(self, place: _Place, anchor: _Place) -> float:
        """Return how many word heights `place` is off the printed line of `anchor`."""
        fall = self.slope * (place.x - anchor.x)
        return abs(place.y - anchor.y - fall) / max(min(place.height, anchor.height), 1e-6)


Runs = tuple[Run, ...]  # of one value: several where its lines do not follow each other


def ground_rows(rows: Sequence[Sequence[RowCell]], index: DocumentIndex) -> list[tuple[Runs, ...]]:
    """Return for each row the chosen runs of each cell, none where its value stands nowhere.

    The pages, one below the other, are split into one chunk a row (`decoding.grounding.line_items`); words
    count as inside a chunk by their centres, since the boxes of neighbouring lines overlap. Inside its chunk
    a cell takes the best run; of equally good ones, the one on the line of the row's most distinctive cell
    (even a little outside the chunk, since a cut between skewed rows goes through words) that no other cell
    has taken, nearest to where its column stands in the other rows. A cell whose value is not in its chunk
    is looked for, misprints included, on the line of that distinctive cell, or in pieces around it, which may
    go on at the top of the next page; then wherever it is nearest.
    """
    placed = _all_places(rows, index)
    spans = {id(places): _spans(places) for places in {id(p): p for row in placed for p in row}.values()}
    split = split_rows(
        [_rarest([spans[id(places)] for places in row]) for row in placed],
        n_cuts=_cuts_per_page(index) * max(len(index.pages), 1),
    )
    chunks = list(pairwise(split.bounds))
    inside = [
        [_best_inside(places, start, end) for places in row]
        for row, (start, end) in zip(placed, chunks, strict=True)
    ]
    around = [
        [_best_inside(places, start - _BLUR, end + _BLUR) for places in row]
        for row, (start, end) in zip(placed, chunks, strict=True)
    ]
    layout = _Layout(
        columns=_column_positions(rows, around), slope=_slope(around), n_cuts_per_page=_cuts_per_page(index)
    )
    return [
        _choose(cells, best, everywhere, layout, index)
        for cells, best, everywhere in zip(rows, inside, placed, strict=True)
    ]


def _all_places(rows: Sequence[Sequence[RowCell]], index: DocumentIndex) -> list[list[tuple[_Place, ...]]]:
    """Return the places of every cell, downwards; equal cells, such as quantities of 1, are found once."""
    known: dict[tuple[FieldKind, str], tuple[_Place, ...]] = {}
    for cell in (cell for row in rows for cell in row):
        key = cell.kind, repr(cell.value)
        if key not in known:
            places = (_place(run, index) for run in index.occurrences(cell.value, cell.kind))
            known[key] = tuple(sorted(places, key=_low))
    return [[known[cell.kind, repr(cell.value)] for cell in row] for row in rows]


def _cuts_per_page(index: DocumentIndex) -> int:
    return max(1, min(N_CUTS_PER_PAGE, MAX_CUTS // max(len(index.pages), 1)))


def _place(run: Run, index: DocumentIndex) -> _Place:
    box, n_cuts = index.box(run), _cuts_per_page(index)
    words = [index.pages[run.page_index].words[i].bbox for i in run.word_indices]
    rows = [int((run.page_index + min(word.center[1], 1 - 1e-9)) * n_cuts) for word in words]
    return _Place(
        run=run,
        x=box.center[0],
        y=run.page_index + box.center[1],
        height=median(word.height for word in words),
        span=Span(low=min(rows), high=max(rows), score=run.score),
    )


def _spans(places: Sequence[_Place]) -> tuple[Span, ...]:
    """Return the distinct spans; a page full of one word has many places on few rows."""
    return tuple(dict.fromkeys(place.span for place in places))


def _rarest(cells: Sequence[tuple[Span, ...]]) -> list[tuple[Span, ...]]:
    """Return as many of a row's cells as the split can afford, those with the fewest places first."""
    ordered = sorted(cells, key=len)
    totals = accumulate(len(spans) for spans in ordered)
    return [spans for spans, total in zip(ordered, totals, strict=True) if total <= _MAX_SPANS]


def _low(place: _Place) -> int:
    return place.span.low


def _from_rows(places: Sequence[_Place], start: int, end: int) -> Sequence[_Place]:
    """Return the places that begin in the cut rows [start, end), of places sorted downwards."""
    return places[bisect_left(places, start, key=_low) : bisect_left(places, end, key=_low)]


def _best_inside(places: Sequence[_Place], start: int, end: int) -> list[_Place]:
    inside = [place for place in _from_rows(places, start, end) if place.span.high < end]
    best = max((place.run.score for place in inside), default=0.0)
    return [place for place in inside if place.run.score >= best]


def _column_positions(
    rows: Sequence[Sequence[RowCell]], around: Sequence[Sequence[Sequence[_Place]]]
) -> dict[Column, float]:
    """Return the median x of each column over the rows in which its value has one place only."""
    positions: dict[Column, list[float]] = {}
    for row, cells in zip(rows, around, strict=True):
        for cell, places in zip(row, cells, strict=True):
            if len(places) == 1:
                positions.setdefault(cell.column, []).append(places[0].x)
    return {column: median(values) for column, values in positions.items()}


def _slope(around: Sequence[Sequence[Sequence[_Place]]]) -> float:
    """Return by how much the printed lines fall from left to right, from cells with one place only.

    A photo's lines are not level: over the width of a receipt they may fall by a line and more. Without
    enough rows to tell, they count as level.
    """
    slopes = [slope for cells in around if (slope := _row_slope(cells)) is not None]
    return median(slopes) if len(slopes) >= _MIN_SLOPES else 0.0


def _row_slope(cells: Sequence[Sequence[_Place]]) -> float | None:
    single = sorted((places[0] for places in cells if len(places) == 1), key=lambda place: place.x)
    slopes = [
        (right.y - left.y) / (right.x - left.x)
        for left, right in combinations(single, 2)
        if right.x - left.x >= _MIN_WIDTH
        and abs(right.y - left.y) <= _MAX_FALL * min(left.height, right.height)
    ]
    return median(slopes) if slopes else None


def _choose(
    cells: Sequence[RowCell],
    best: Sequence[Sequence[_Place]],
    everywhere: Sequence[Sequence[_Place]],
    layout: _Layout,
    index: DocumentIndex,
) -> tuple[Runs, ...]:
    """Return the runs of each cell, the most distinctive cell first: it says on which line the row is."""
    order = sorted(
        (i for i in range(len(cells)) if best[i]),
        key=lambda i: (len(best[i]), -len(best[i][0].run.word_indices), i),
    )
    if not order:
        return ((),) * len(cells)
    anchor = best[order[0]][0]
    taken: set[tuple[int, int]] = set()
    chosen: dict[int, Runs] = {}
    for i in order + [i for i in range(len(cells)) if not best[i]]:
        places = _near(best[i], everywhere[i], anchor, layout) or _on_its_line(cells[i], anchor, index)
        pieces = _pieces(cells[i], places, anchor, index)
        places = places or list(everywhere[i])  # a value printed once for several rows
        if pieces:
            chosen[i] = pieces
        elif places:
            n_rivals = sum(
                1 for j in order if j not in chosen and best[j] and best[j][0].run == places[0].run
            )
            chosen[i] = (_nearest(places, anchor, taken, layout, cells[i].column, n_rivals).run,)
        for run in chosen.get(i, ()):
            taken.update(_words(run))
    return tuple(chosen.get(i, ()) for i in range(len(cells)))


def _pieces(cell: RowCell, places: Sequence[_Place], anchor: _Place, index: DocumentIndex) -> Runs:
    """Return the pieces of a text around its row if they spell more of it than its places do."""
    score = max((place.run.score for place in places), default=0.0)
    if score >= 1.0:
        return ()
    pieces = index.segments_beside(cell.value, cell.kind, anchor.run)
    return pieces if pieces and pieces[0].score > score else ()


def _near(
    best: Sequence[_Place], everywhere: Sequence[_Place], anchor: _Place, layout: _Layout
) -> list[_Place]:
    """Return the best places inside the chunk and, beyond its edges, as good ones on the row's line."""
    enough = best[0].run.score if best else 0.0
    reach = _SAME_LINE * anchor.height + abs(layout.slope)
    start, end = (int((anchor.y + side * reach) * layout.n_cuts_per_page) for side in (-1, 1))
    near = _from_rows(everywhere, start - _MAX_VALUE_ROWS, end + 1)
    in_line = [p for p in near if p.run.score >= enough and layout.lines_away(p, anchor) < _SAME_LINE]
    return [*best, *(place for place in in_line if place not in best)]


def _on_its_line(cell: RowCell, anchor: _Place, index: DocumentIndex) -> list[_Place]:
    """Return the places of a misprinted value on the row's line, whatever stands better elsewhere."""
    page_index = anchor.run.page_index
    reach = _SAME_LINE * anchor.height
    near = tuple(
        i
        for i, word in enumerate(index.pages[page_index].words)
        if abs(page_index + word.bbox.center[1] - anchor.y) <= reach
    )
    runs = index.occurrences_among(cell.value, cell.kind, page_index, near)
    return [_place(run, index) for run in runs]


def _nearest(
    places: Sequence[_Place],
    anchor: _Place,
    taken: set[tuple[int, int]],
    layout: _Layout,
    column: Column,
    n_rivals: int,
) -> _Place:
    """Return the place nearest to the row's line, free, and nearest to its column.

    Where the column is not known, the value's cells take the last places of a line in their order: of two
    equal prints, the first is a unit price, and the amount is the last.
    """
    badness = [_badness(place, anchor, taken, layout, column) for place in places]
    least = min(badness)
    tied = [place for place, bad in zip(places, badness, strict=True) if bad == least]
    in_line = sorted(tied, key=lambda place: place.x)
    return in_line[max(0, len(in_line) - max(n_rivals, 1))]


def _badness(
    place: _Place, anchor: _Place, taken: set[tuple[int, int]], layout: _Layout, column: Column
) -> tuple[float, bool, float]:
    lines = layout.lines_away(place, anchor)
    column_x = layout.columns.get(column)
    return (
        0.0 if lines < _SAME_LINE else lines,
        not taken.isdisjoint(_words(place.run)),
        0.0 if column_x is None else abs(place.x - column_x),
    )


def _words(run: Run) -> set[tuple[int, int]]:
    return {(run.page_index, i) for i in run.word_indices}
