"""Reading order: words into lines (LATIN), lines into blocks of columns."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain, pairwise
from statistics import median

from ocr.bidi import is_leftward_line, logical_order, runs_leftwards, settle_mark
from schemas.document import Word

# A dash or a full stop is much lower than its neighbours: in comparisons no word counts as lower than this
# share of the page's median word height, or small signs would start lines of their own.
_MIN_HEIGHT_SHARE = 0.7
# A gap this many character widths wide ends a segment: justified text stays below two, columns start at
# about three (measured on the text layers of business invoices).
_COLUMN_GAP_CHARS = 2.5
# Neighbouring lines of one block: their middles are at most this many line heights apart. Single spacing
# is 1.2 of the font size, that is up to 1.7 of a tightly boxed word.
_BLOCK_PITCH = 2.2
# Lines are straightened before grouping when the slope moves a line by this share of a word's height over
# the width of the page.
_SLOPE_TOLERANCE = 0.25
_MIN_SLOPE_LINES = 3
_MIN_SLOPE_WORDS = 4

Line = list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """The words of a page in reading order; the attributes are those of `Page`."""

    words: tuple[Word, ...] = ()
    lines: tuple[tuple[int, int], ...] = ()
    block_order: tuple[int, ...] = ()
    cuts: frozenset[tuple[int, int]] = frozenset()


def arrange(words: Sequence[Word], *, slope: float = 0.0) -> Arrangement:
    """Return the words in row-major order, their lines, their column-wise order and where neither goes on.

    Two neighbours share a line iff the middle of each lies within the height of the other, as in LATIN,
    where neighbours are met from left to right, so that a slightly skewed line stays one line. Lines run
    from top to bottom.

    Parameters
    ----------
    slope
        How far lines fall over the width of the page, in page heights, where that is known.

    Returns
    -------
    words
        The same words, row by row, from left to right in a row; from right to left where most letters of a
        row are Hebrew or Arabic, and in the order they are read within one. There, a comma that stands left
        of a number follows it.
    lines
        Half-open ranges into them, in order, without gaps; `()` for an empty page.
    block_order
        A permutation of their indices that reads block by block, where a block is a run of neighbouring
        line segments (cut at wide gaps) one below the other. 0, 1, 2 ... on a page of one column.
    cuts
        The last word of a segment and the first of the next one, by rows or by blocks, where the next one
        stands neither in the same block nor right below: what one column says does not go on in another.

    References
    ----------
    LATIN-Prompt, arXiv 2306.00526, `utils/space_layout.py`. There, lines follow the order of the top
    edges and are not sorted by x.
    """
    if not words:
        return Arrangement()
    ordered: list[Word] = []
    lines: list[tuple[int, int]] = []
    segments: list[list[_Segment]] = []
    for row in _rows(words, slope):
        first = len(ordered)
        starts: list[int] = []
        for part in _parts([words[i] for i in row]):
            starts.append(len(ordered))
            ordered += part
        lines.append((first, len(ordered)))
        segments.append([_segment(ordered, a, b) for a, b in pairwise([*starts, len(ordered)])])
    blocks = _blocks(segments)
    return Arrangement(
        words=tuple(ordered),
        lines=tuple(lines),
        block_order=tuple(i for block in blocks for s in block for i in range(s.start, s.end)),
        cuts=frozenset(_cuts_of(segments, blocks)),
    )


def join(arrangements: Sequence[Arrangement]) -> Arrangement:
    """Return the arrangements one after another, with a cut between two of them; empty ones add nothing."""
    return reduce(_append, (arranged for arranged in arrangements if arranged.words), Arrangement())


def _append(first: Arrangement, second: Arrangement) -> Arrangement:
    if not first.words:
        return second
    n = len(first.words)
    steps = {(n - 1, n), (first.block_order[-1], n + second.block_order[0])}
    return Arrangement(
        words=first.words + second.words,
        lines=first.lines + tuple((start + n, end + n) for start, end in second.lines),
        block_order=first.block_order + tuple(i + n for i in second.block_order),
        cuts=first.cuts | {(a + n, b + n) for a, b in second.cuts} | steps,
    )


def _rows(words: Sequence[Word], known_slope: float) -> list[Line]:
    lefts = [w.bbox.left for w in words]
    mids = [(w.bbox.top + w.bbox.bottom) / 2 - known_slope * w.bbox.left for w in words]
    heights = [w.bbox.bottom - w.bbox.top for w in words]
    typical = median(heights)
    halves = [max(h, _MIN_HEIGHT_SHARE * typical) / 2 for h in heights]
    order = sorted(range(len(words)), key=lambda i: (lefts[i], mids[i], i))
    rows = _chains(order, mids, halves)
    slope = _slope(words, rows, mids)
    if abs(slope) > _SLOPE_TOLERANCE * typical:
        mids = [mid - slope * left for mid, left in zip(mids, lefts, strict=True)]
        rows = _chains(order, mids, halves)
    return sorted(rows, key=lambda row: (sum(mids[i] for i in row) / len(row), lefts[row[0]], row[0]))


def _chains(order: Sequence[int], mids: Sequence[float], halves: Sequence[float]) -> list[Line]:
    """Return the lines that form when each word, from left to right, joins the nearest fitting one."""
    # The middle of the last word of each line, ascending, and the lines in the same order.
    last_mids: list[float] = []
    lines: list[Line] = []
    for i in order:
        mid, half = mids[i], halves[i]
        at = bisect_left(last_mids, mid)
        best, best_distance = -1, half
        for k in (at - 1, at):
            if 0 <= k < len(lines):
                distance = abs(last_mids[k] - mid)
                if distance < best_distance and distance < halves[lines[k][-1]]:
                    best, best_distance = k, distance
        if best < 0:
            last_mids.insert(at, mid)
            lines.insert(at, [i])
        else:
            # Between the old middle and the new one there is no other line, so the order stays.
            last_mids[best] = mid
            lines[best].append(i)
    return lines


def _slope(words: Sequence[Word], rows: Sequence[Line], mids: Sequence[float]) -> float:
    """Return how far the lines of the page fall per page width; 0.0 when too few are long enough."""
    slopes: list[float] = []
    for row in rows:
        for start, end in _cuts([words[i] for i in row]):
            if end - start >= _MIN_SLOPE_WORDS:
                run = row[start:end]
                (x0, y0), (x1, y1) = (
                    (
                        sum(words[i].bbox.left for i in half) / len(half),
                        sum(mids[i] for i in half) / len(half),
                    )
                    for half in (run[: len(run) // 2], run[len(run) // 2 :])
                )
                if x1 > x0:
                    slopes.append((y1 - y0) / (x1 - x0))
    return median(slopes) if len(slopes) >= _MIN_SLOPE_LINES else 0.0


@dataclass(slots=True)
class _Segment:
    """Words [start, end) of one line, without a wide gap between them."""

    start: int
    end: int
    left: float
    right: float
    mid: float
    height: float


def _blocks(rows: Sequence[Sequence[_Segment]]) -> list[list[_Segment]]:
    blocks: list[list[_Segment]] = []
    open_blocks: list[int] = []
    for row in rows:
        open_blocks = _extend_blocks(blocks, open_blocks, row)
    return blocks


def _cuts_of(
    rows: Sequence[Sequence[_Segment]], blocks: Sequence[Sequence[_Segment]]
) -> Iterator[tuple[int, int]]:
    """Yield the words around each step from one line or block to the next that a text does not take."""
    block_of = {segment.start: number for number, block in enumerate(blocks) for segment in block}
    by_rows = ((above[-1], below[0]) for above, below in pairwise(rows))
    by_blocks = ((above[-1], below[0]) for above, below in pairwise(blocks))
    for last, following in chain(by_rows, by_blocks):
        same_block = block_of[last.start] == block_of[following.start]
        if not same_block and not _is_below(following, last):
            yield last.end - 1, following.start


def split_at_gaps(line: Sequence[Word]) -> list[Sequence[Word]]:
    """Return the stretches of a line, given in the order it stands in, between its wide gaps."""
    return [line[a:b] for a, b in _cuts(line)] if line else []


def _parts(line: Sequence[Word]) -> list[list[Word]]:
    """Return the words of a line, given from left to right, cut at wide gaps, in the order they are read."""
    parts = [list(line[a:b]) for a, b in _cuts(line)]
    # The words of a transcript stand on their line as they are read.
    if all(word.source == "transcript" or not runs_leftwards(word.text) for word in line):
        return parts
    is_leftward = is_leftward_line([word.text for word in line])
    read = [
        [part[i] for i in logical_order([word.text for word in part], is_leftward=is_leftward)]
        for part in parts
    ]
    if not is_leftward:
        return read
    return [[_settled(word) for word in part] for part in reversed(read)]


def _settled(word: Word) -> Word:
    """Return a word of a leftward line as it is read; OCR engines give it so."""
    return replace(word, text=settle_mark(word.text)) if word.source == "text_layer" else word


def _cuts(line: Sequence[Word]) -> list[tuple[int, int]]:
    """Return the half-open ranges of `line` between its wide gaps."""
    cuts: list[tuple[int, int]] = []
    first = 0
    right = line[0].bbox.right
    for i in range(1, len(line)):
        box = line[i].bbox
        if box.left - right > _COLUMN_GAP_CHARS * _char_width(line[i - 1], line[i]):
            cuts.append((first, i))
            first = i
        right = max(right, box.right)
    return [*cuts, (first, len(line))]


def _char_width(a: Word, b: Word) -> float:
    extent = a.bbox.right - a.bbox.left + b.bbox.right - b.bbox.left
    return extent / (len(a.text) + len(b.text))


def _segment(words: Sequence[Word], start: int, end: int) -> _Segment:
    boxes = [w.bbox for w in words[start:end]]
    top = sum(b.top for b in boxes) / len(boxes)
    bottom = sum(b.bottom for b in boxes) / len(boxes)
    right = max(b.right for b in boxes)
    return _Segment(start, end, min(b.left for b in boxes), right, (top + bottom) / 2, bottom - top)


def _extend_blocks(
    blocks: list[list[_Segment]], open_blocks: Sequence[int], row: Sequence[_Segment]
) -> list[int]:
    """Put each segment of `row` into a block of `blocks`; return the blocks that the next row may extend.

    A segment continues a block iff the two have only each other as neighbours: a heading across two
    columns, or two columns below one paragraph, start new blocks.
    """
    above = [[k for k in open_blocks if _is_below(segment, blocks[k][-1])] for segment in row]
    n_below = Counter(k for candidates in above for k in candidates)
    taken: list[int] = []
    for segment, candidates in zip(row, above, strict=True):
        if len(candidates) == 1 and n_below[candidates[0]] == 1:
            taken.append(candidates[0])
        else:
            taken.append(len(blocks))
            blocks.append([])
        blocks[taken[-1]].append(segment)
    # A block beside this row may go on below it, until the page has moved past it or covers it.
    beside = [k for k in open_blocks if k not in taken and not _is_over(row, blocks[k][-1])]
    return taken + beside


def _is_over(row: Sequence[_Segment], last: _Segment) -> bool:
    has_passed = row[0].mid - last.mid >= _BLOCK_PITCH * last.height
    return has_passed or any(_overlaps(segment, last) for segment in row)


def _overlaps(a: _Segment, b: _Segment) -> bool:
    return a.left < b.right and b.left < a.right


def _is_below(segment: _Segment, last: _Segment) -> bool:
    pitch = _BLOCK_PITCH * max(segment.height, last.height)
    return _overlaps(segment, last) and 0 <= segment.mid - last.mid < pitch
