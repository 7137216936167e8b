"""What a cut answer left out: the keys that were not reached, and the lines below the last whole row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

from app.extraction.cursor import Rest
from app.extraction.window_completion import WindowCompletion
from app.extraction.window_request import WindowRequest
from app.extraction.window_schemas import list_parts
from decoding.grammar.json_cursor import JsonCursor
from decoding.grounding.ground import find_row_words
from decoding.merging import WindowAnswer, Words
from decoding.required import Demand
from decoding.windows import Window, pick_lines
from schemas.spec import ArraySpec, ObjectSpec, Path
from schemas.walk import value_at


def find_rests(
    asked: Sequence[tuple[WindowRequest, WindowCompletion]], left_open: Container[tuple[str, ...]]
) -> tuple[Rest, ...]:
    """Return what is still to be asked after some requests.

    Of a list that was cut the lines below its last whole row; of what was not reached all lines of the
    window.

    Parameters
    ----------
    left_open
        Of the values outside of lists those that are still wanted: another window may have given some.
    """
    return tuple(
        rest for request, read in asked if read.parsed.truncated for rest in _rests(request, read, left_open)
    )


def place_rows(root: ObjectSpec, request: WindowRequest, read: WindowCompletion) -> WindowAnswer:
    """Return a window's answer with the places of its rows in the whole document.

    The rows of a list that was cut stand as far up as they can: of rows that are printed alike, the later
    ones are still to be given.
    """
    window = request.window
    placed = replace(read.answer, shares_lines=window.n_shared_lines > 0, words=_words(root, read, window))
    cut_list = _find_cut(list_parts(request.engine_request.grammar.schema.root), read)[1]
    if not read.parsed.truncated or cut_list is None:
        return placed
    left = _lines_left(request, replace(read, answer=placed), cut_list)
    if not left.start:
        return placed
    (head,) = pick_lines([(window, range(left.start))], fits=lambda _: True)
    above = _words(root, read, head)
    words = {path: found for path, found in placed.words.items() if path[: len(cut_list)] != cut_list}
    words |= {path: found for path, found in above.items() if path[: len(cut_list)] == cut_list}
    return replace(placed, words=words)


def _words(root: ObjectSpec, read: WindowCompletion, window: Window) -> dict[Path, Words]:
    found = find_row_words(root, read.answer.value, window.document)
    return {
        path: frozenset((window.page_indices[page], window.starts[page] + word) for page, word in at)
        for path, at in found.items()
    }


def _rests(
    request: WindowRequest, read: WindowCompletion, left_open: Container[tuple[str, ...]]
) -> Iterator[Rest]:
    parts = list_parts(request.engine_request.grammar.schema.root)
    at, cut_list = _find_cut(parts, read)
    if cut_list is not None:
        lines = request.window.place_lines(_lines_left(request, read, cut_list))
        if lines:
            yield Rest(keys=(cut_list,), lines=lines)
    later = [part.keys for part in parts[at:] if isinstance(part.spec, ArraySpec) or part.keys in left_open]
    lines = request.window.place_lines(range(_n_lines(request.window)))
    if later and lines:
        yield Rest(keys=tuple(later), lines=lines)


def _find_cut(parts: Sequence[Demand], read: WindowCompletion) -> tuple[int, tuple[str, ...] | None]:
    """Return how many parts were written or begun, and the list that was amid its rows, if one was."""
    cursor = JsonCursor()
    cursor.feed(read.completion.text)

    def is_begun(keys: tuple[str, ...]) -> bool:
        return any(path[: len(keys)] == keys for path in (cursor.path, *cursor.leaf_spans))

    begun = [number for number, part in enumerate(parts) if is_begun(part.keys)]
    if not begun:
        return 0, None
    last = parts[begun[-1]]
    if isinstance(last.spec, ArraySpec):
        is_open = cursor.path[: len(last.keys)] == last.keys and len(cursor.path) > len(last.keys)
        is_new = cursor.path == last.keys and cursor.state in ("colon", "value")
        return begun[-1] + (not is_new), last.keys if is_open else None
    return begun[-1] + (last.keys in cursor.leaf_spans), None


def _lines_left(request: WindowRequest, read: WindowCompletion, keys: tuple[str, ...]) -> range:
    """Return the window's lines below the last whole row of a list."""
    given = value_at(dict(read.parsed.value), keys)
    n_rows = len(given) if isinstance(given, list) else 0
    n_lines = _n_lines(request.window)
    known = request.rows.known.get(keys)
    if known is not None and known.is_sure:
        if n_rows == len(known.rows):
            return range(0)
        row = known.rows[n_rows]
        first = min(word for cell in row.words for word in cell)
        return range(_line_of(request.window, row.page_index, first), n_lines)
    return range(_line_below(request.window, read, keys, n_rows), n_lines)


def _line_below(window: Window, read: WindowCompletion, keys: tuple[str, ...], n_rows: int) -> int:
    """Return the line below the rows of a list that were given, at the earliest that they can stand.

    Grounding may place a row on the last of several that are printed alike; none of those is passed over. Of
    a row the line with most of its words counts, with those that follow it: a value may be placed far from
    its row. Rows that stand nowhere are passed over, and may be given again.
    """
    lines = [page.words[start:end] for page in window.document.pages for start, end in page.lines]
    shown = [Counter(word.text for word in words) for words in lines]
    below = 0
    for row in _row_lines(window, read, keys, n_rows):
        if row:
            first = max(row, key=lambda line: (row[line].total(), -line))
            block = [row[line] for line in range(first, _first_without(row, first))]
            fitting = (
                line
                for line in range(below, first + 1)
                if all(words <= shown[line + n] for n, words in enumerate(block))
            )
            below = max(below, next(fitting, first) + len(block))
    return below


def _first_without(row: Mapping[int, Counter[str]], line: int) -> int:
    while line in row:
        line += 1
    return line


def _row_lines(
    window: Window, read: WindowCompletion, keys: tuple[str, ...], n_rows: int
) -> list[dict[int, Counter[str]]]:
    """Return for each row of a list the words that it stands on, by the window's lines."""
    place = {page_index: number for number, page_index in reversed([*enumerate(window.page_indices)])}
    rows: list[dict[int, Counter[str]]] = [{} for _ in range(n_rows)]
    words: list[set[tuple[int, int]]] = [set() for _ in range(n_rows)]
    for path, found in read.answer.words.items():
        if path[: len(keys)] == keys and isinstance(index := path[len(keys)], int):
            words[index] |= found
    for row, found in zip(rows, words, strict=True):
        for page_index, word in found:
            number = place[page_index]
            shown = word - window.starts[number]
            line = _line_of(window, number, shown)
            row.setdefault(line, Counter())[window.document.pages[number].words[shown].text] += 1
    return rows


def _line_of(window: Window, page: int, word: int) -> int:
    before = sum(len(shown.lines) for shown in window.document.pages[:page])
    lines = window.document.pages[page].lines
    return before + next(number for number, (start, end) in enumerate(lines) if start <= word < end)


def _n_lines(window: Window) -> int:
    return sum(len(page.lines) for page in window.document.pages)
