"""Values whose lines do not follow each other in any reading order: cells of several lines, addresses.

Such a value is covered from its beginning by the longest runs that stand on the page, each next run
near the former ones; what comes back is one run for each stretch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from decoding.grounding.matching import MIN_FUZZY_SCORE, Run, WordSequence, word_key
from schemas.document import Page
from schemas.geometry import BBox, union

MAX_SEGMENTS = 8  # lines of an address block
MAX_WORDS = 64  # as many as the default length of a string holds
# Lines of one block are set at most this many line heights apart, from one's centre to the next one's.
_MAX_LINE_DISTANCE = 2.5


def run_box(run: Run, pages: Sequence[Page]) -> BBox:
    """Return the box around the run's words."""
    return union(pages[run.page_index].words[i].bbox for i in run.word_indices)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    n_words: int
    n_characters: int
    runs: tuple[Run, ...]


def segment_runs(
    value: str,
    sequences: Sequence[WordSequence],
    pages: Sequence[Page],
    *,
    first: Sequence[WordSequence] | None = None,
) -> tuple[Run, ...]:
    """Return two or more neighbouring runs that together spell `value`, in its order, or none.

    With `first`, the words of a page from a row on, the value begins there, as far up as it can, and may go
    on at the top of the next page. All runs have the share of the value's characters that they cover as
    score, which is at least `MIN_FUZZY_SCORE`; their alignment is normalised if everything is covered, else
    fuzzy.
    """
    keys = [key for key in map(word_key, value.split()) if key]
    if not 2 <= len(keys) <= MAX_WORDS:
        return ()
    n_characters = len("".join(keys))
    standing = sum(len(key) for key in keys if any(key in sequence.keys.text for sequence in sequences))
    if standing < MIN_FUZZY_SCORE * n_characters:  # cheap, and true of most values that stand nowhere
        return ()
    pieces = list(_pieces(keys, sequences, sequences if first is None else first))
    covered = sum(piece.n_characters for piece in pieces if piece.runs) / n_characters
    found = [piece for piece in pieces if piece.runs]
    if covered < MIN_FUZZY_SCORE or not 2 <= len(found) <= MAX_SEGMENTS:
        return ()
    anchor = max(found, key=lambda piece: piece.n_characters)
    if first is not None:
        if pieces[0] is not found[0]:
            return ()
        anchor = found[0]  # what is nearest to the row decides which of several prints is meant
    starts = anchor.runs if first is None else sorted(anchor.runs, key=lambda run: run_box(run, pages).top)
    for start in starts:
        chosen = _around(start, anchor, found, pages, over_page_ends=first is not None)
        if chosen:
            return tuple(_score(run, covered) for run in chosen)
    return ()


def _pieces(
    keys: Sequence[str], sequences: Sequence[WordSequence], first: Sequence[WordSequence]
) -> Iterator[_Piece]:
    """Yield the longest piece that stands on a page from each position on; single words may be missing."""
    position = 0
    while position < len(keys):
        piece = next(
            piece
            for end in range(len(keys), position, -1)
            if (piece := _piece(keys[position:end], sequences if position else first)).runs
            or end == position + 1
        )
        yield piece
        position += piece.n_words


def _piece(keys: Sequence[str], sequences: Sequence[WordSequence]) -> _Piece:
    needle = "".join(keys)
    runs = tuple(
        sequence.run(first, last, "normalised", 1.0)
        for sequence in sequences
        for first, last in sequence.keys.whole_pieces(needle)
    )
    return _Piece(n_words=len(keys), n_characters=len(needle), runs=runs)


def _around(
    start: Run,
    anchor: _Piece,
    pieces: Sequence[_Piece],
    pages: Sequence[Page],
    *,
    over_page_ends: bool,
) -> tuple[Run, ...]:
    """Return one run for each piece, every one near another of them, or none."""
    chosen: dict[int, Run] = {id(anchor): start}
    anchor_index = next(i for i, piece in enumerate(pieces) if piece is anchor)
    backwards, forwards = reversed(pieces[:anchor_index]), pieces[anchor_index + 1 :]
    for side in (backwards, forwards):
        beside = start
        for piece in side:
            near = _nearest(piece.runs, beside, pages)
            if near is None and over_page_ends:
                near = _over_page_end(piece.runs, beside, pages)
            if near is None:
                return ()
            chosen[id(piece)] = beside = near
    return tuple(chosen[id(piece)] for piece in pieces)


def _nearest(runs: Sequence[Run], beside: Run, pages: Sequence[Page]) -> Run | None:
    """Return the run nearest to `beside` on its page, if it stands at most some lines away."""
    box = run_box(beside, pages)
    near = [
        (_distance(box, run_box(run, pages)), run)
        for run in runs
        if run.page_index == beside.page_index and not set(run.word_indices) & set(beside.word_indices)
    ]
    near = [(distance, run) for distance, run in near if distance[0] <= _MAX_LINE_DISTANCE]
    return min(near, key=lambda item: item[0])[1] if near else None


def _over_page_end(runs: Sequence[Run], beside: Run, pages: Sequence[Page]) -> Run | None:
    """Return the highest run of the next page."""
    there = [run for run in runs if run.page_index == beside.page_index + 1]
    return min(there, key=lambda run: run_box(run, pages).top, default=None)


def _distance(a: BBox, b: BBox) -> tuple[float, float]:
    """Return the vertical distance in line heights, beyond touching, and the one of the left edges."""
    gap = max(0.0, max(a.top, b.top) - min(a.bottom, b.bottom))
    height = min(a.height, b.height) or 1e-9
    return gap / height, abs(a.left - b.left)


def _score(run: Run, score: float) -> Run:
    alignment = "normalised" if score >= 1.0 else "fuzzy"
    return Run(
        page_index=run.page_index, word_indices=run.word_indices, alignment=alignment, score=min(score, 1.0)
    )
