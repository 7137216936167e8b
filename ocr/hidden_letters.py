"""Letters and digits that a shown word has only in the text layer, as a white 0 behind an amount."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ocr.changed import Changed
from ocr.glyphs import Glyph
from ocr.own_ink import HasInk, draw_alone
from ocr.pdf import PageFrame, turned
from ocr.text_layer import LayerWord, word_of

# Marks that change what a number says.
_MARKS = frozenset(".,-\u2212")
# Glyphs of one word touch; where one covers more of another than this share, its ink may be the other's.
_MAX_SHARED = 0.15
# Glyphs farther apart in their word are not compared, so that time is linear in its length.
_REACH = 24

# Of a word's print: on a page so tall that even the enlarged one has less, no ink of a glyph says nothing.
# A point is a tenth of the print high, and needs a pixel of its own to be seen.
_LEAST_HEIGHT_PX, _LEAST_MARK_HEIGHT_PX = 6.0, 12.0

Boxes = NDArray[np.float64]
"""(n, 4) of left, top, right, bottom, in fractions of the page as displayed."""


def find_hidden_letters(
    words: Sequence[LayerWord],
    frame: PageFrame,
    changed: Changed,
    objects: Container[int],
    changed_by: Callable[[Sequence[int]], Changed],
    ink_of: HasInk,
    look_closer: Callable[[], Changed],
) -> Mapping[int, frozenset[int]]:
    """Return for each of the shown `words` that hides some of its glyphs which those are, by their indices.

    Looked at are the glyphs of numbers, and of words that several operations draw. A glyph is hidden if no
    pixel within its box changes with the page's text; where it lies over another operation's glyph or another
    word, as what a cell cuts off does, if its own operation alone changes none. Signs other than letters,
    digits and the marks of numbers say little.

    Parameters
    ----------
    changed, objects, changed_by, ink_of
        As `ocr.own_ink` has them.
    look_closer
        Gives the changed pixels of an enlarged page. Asked once, if some glyph seems hidden: the point of
        small print may be less than a pixel.
    """
    asked = [(i, k) for i, word in enumerate(words) if _is_asked(word) for k in range(len(word.glyphs))]
    if not asked:
        return {}
    glyphs = [words[i].glyphs[k] for i, k in asked]
    boxes = _page_boxes(glyphs, frame)
    is_hidden = np.array([glyph.run.is_invisible for glyph in glyphs])
    in_doubt = np.flatnonzero(~_has_inner_ink(boxes, changed) & ~is_hidden)
    in_doubt = in_doubt[[_says_much(glyphs[n]) for n in in_doubt.tolist()]] if in_doubt.size else in_doubt
    if in_doubt.size:
        closer = look_closer()
        heights = np.array([_height(words[asked[n][0]]) for n in in_doubt.tolist()]) * closer.pixels.shape[0]
        are_marks = np.array([glyphs[n].text in _MARKS for n in in_doubt.tolist()])
        is_high = heights >= np.where(are_marks, _LEAST_MARK_HEIGHT_PX, _LEAST_HEIGHT_PX)
        is_hidden[in_doubt] = ~_has_inner_ink(boxes[in_doubt], closer) & is_high
    covering = sorted({*_covering(asked, glyphs, boxes), *_among_others(words, asked, boxes, changed)})
    pseudo = [
        replace(words[asked[n][0]], text="x", box=_box(boxes[n]), object_id=glyphs[n].run.object_id)
        for n in covering
    ]
    own = draw_alone(pseudo, range(len(pseudo)), objects, changed_by, ink_of)
    is_hidden[[n for at, n in enumerate(covering) if at not in own]] = True
    found: dict[int, set[int]] = {}
    for n in np.flatnonzero(is_hidden).tolist():
        if _says_much(glyphs[n]):
            found.setdefault(asked[n][0], set()).add(asked[n][1])
    return {i: frozenset(hidden) for i, hidden in found.items()}


def part_word(
    word: LayerWord, hidden: frozenset[int], frame: PageFrame
) -> tuple[list[LayerWord], list[LayerWord]]:
    """Return what is shown of a word some of whose glyphs are hidden, and what is not, each as words."""
    shown_words: list[LayerWord] = []
    hidden_words: list[LayerWord] = []
    for is_hidden, stretch in groupby(enumerate(word.glyphs), key=lambda pair: pair[0] in hidden):
        part = word_of([glyph for _, glyph in stretch], frame)
        if part is not None:
            (hidden_words if is_hidden else shown_words).append(part)
    return shown_words, hidden_words


def _is_asked(word: LayerWord) -> bool:
    glyphs = word.glyphs
    return len(glyphs) > 1 and (
        any(map(str.isdigit, word.text)) or any(glyph.run is not glyphs[0].run for glyph in glyphs)
    )


def _height(word: LayerWord) -> float:
    return abs(word.box[3] - word.box[1])


def _says_much(glyph: Glyph) -> bool:
    return any(ch.isalnum() or ch in _MARKS for ch in glyph.text)


def _page_boxes(glyphs: Sequence[Glyph], frame: PageFrame) -> Boxes:
    x0, y0, x1, y1 = np.array([glyph.box for glyph in glyphs]).T
    width, height = frame.right - frame.left, frame.top - frame.bottom
    across = np.sort([(x0 - frame.left) / width, (x1 - frame.left) / width], axis=0)
    down = np.sort([(frame.top - y0) / height, (frame.top - y1) / height], axis=0)
    box = (across[0], down[0], across[1], down[1])
    return np.stack(turned(box, frame.quarter_turns), axis=1)


def _box(row: NDArray[np.float64]) -> tuple[float, float, float, float]:
    left, top, right, bottom = row.tolist()
    return (left, top, right, bottom)


def _has_inner_ink(boxes: Boxes, changed: Changed) -> NDArray[np.bool_]:
    """Return which boxes have a changed pixel that no neighbour's edge can have changed, (n,)."""
    pixels = changed.edges(boxes)
    inner = np.concatenate([np.ceil(pixels[:, :2]), np.floor(pixels[:, 2:])], axis=1).astype(int)
    outer = np.concatenate([np.floor(pixels[:, :2]), np.ceil(pixels[:, 2:])], axis=1).astype(int)
    is_narrow = np.any(inner[:, 2:] <= inner[:, :2] + 1, axis=1, keepdims=True)
    left, top, right, bottom = np.where(is_narrow, outer, inner).T
    return changed.count(left, top, right, bottom) > 0


def _covering(asked: Sequence[tuple[int, int]], glyphs: Sequence[Glyph], boxes: Boxes) -> list[int]:
    """Return which glyphs lie over one of their word that another operation draws."""
    word = np.array([i for i, _ in asked])
    run = np.array([id(glyph.run) for glyph in glyphs])
    found: set[int] = set()
    for step in range(1, min(_REACH, len(word))):
        is_one_word = word[:-step] == word[step:]
        if not is_one_word.any():
            break
        n = np.flatnonzero(is_one_word & (run[:-step] != run[step:]))
        first, second = boxes[n], boxes[n + step]
        shared = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
        smaller = np.minimum(first[:, 2:] - first[:, :2], second[:, 2:] - second[:, :2])
        over = n[np.all(shared > _MAX_SHARED * smaller, axis=1)]
        found.update(over.tolist(), (over + step).tolist())
    return sorted(found)


def _among_others(
    words: Sequence[LayerWord], asked: Sequence[tuple[int, int]], boxes: Boxes, changed: Changed
) -> list[int]:
    """Return which glyphs lie where the middles of two words do; tight lines touch at their edges only."""
    is_level = np.array([round(word.angle_deg / 90) % 2 == 0 for word in words])
    middles = _middles(np.array([word.box for word in words], np.float64), is_level, changed)
    count = np.zeros(changed.pixels.shape, np.uint16)
    for left, top, right, bottom in middles.tolist():
        count[top:bottom, left:right] += 1
    is_shared = count > 1
    if not is_shared.any():
        return []
    left, top, right, bottom = _middles(boxes, is_level[[i for i, _ in asked]], changed).T
    return np.flatnonzero(Changed(is_shared).count(left, top, right, bottom) > 0).tolist()


def _middles(boxes: Boxes, is_level: NDArray[np.bool_], changed: Changed) -> NDArray[np.intp]:
    """Return the middle half of each box across its text, in pixels, (n, 4)."""
    pixels = changed.edges(boxes)
    quarter = (pixels[:, 2:] - pixels[:, :2]) / 4 * np.stack([~is_level, is_level], axis=1)
    return np.rint(np.concatenate([pixels[:, :2] + quarter, pixels[:, 2:] - quarter], axis=1)).astype(np.intp)
