"""Watermarks that are printed in rows and columns all over a page: they stand in no row of its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ocr.text_layer import LayerWord

# Fewer are seldom a watermark: a table of that many rows and two columns of units has them, too.
_MIN_TIMES, _MIN_ROWS, _MIN_COLUMNS = 6, 3, 2
# Of the size of the other words, above which one in rows and columns is no cell of a table.
_LARGER = 1.25
# Of a word's width and height that another stands on: no cell of a table does.
_COVERED = 0.25
# A row's words stand at one height to within so much of the page.
_SAME = 0.002


def part_tiled(words: Sequence[LayerWord]) -> tuple[list[LayerWord], list[LayerWord]]:
    """Return the words of a page's text and those of a watermark that is tiled over it, in order.

    That is a word of letters that stands in at least three rows and two columns, six times or more, and is
    larger than the other words or printed over some of them.
    """
    times = Counter(word.text for word in words if word.text.isalpha() and len(word.text) > 1)
    tiled = {text for text, n in times.items() if n >= _MIN_TIMES and _is_tiled(text, words)}
    if not tiled:
        return list(words), []
    return [w for w in words if w.text not in tiled], [w for w in words if w.text in tiled]


def _is_tiled(text: str, words: Sequence[LayerWord]) -> bool:
    own = [word for word in words if word.text == text]
    others = [word for word in words if word.text != text]
    rows = Counter(round(word.box[1] / _SAME) for word in own)
    # A word of a table stands once in a row, wherever it begins.
    if sum(n >= _MIN_COLUMNS for n in rows.values()) < _MIN_ROWS or min(word.size_pt for word in own) == 0:
        return False
    if len({round(word.size_pt, 1) for word in own}) > 1 or not others:
        return False
    is_larger = own[0].size_pt >= _LARGER * median(word.size_pt for word in others)
    boxes = np.array([word.box for word in others])
    return is_larger or any(_stands_on(np.array(word.box), boxes) for word in own)


def _stands_on(box: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Return whether a box (4,) stands on one of others (n, 4)."""
    shared = np.minimum(others[:, 2:], box[2:]) - np.maximum(others[:, :2], box[:2])
    return bool((shared > _COVERED * (box[2:] - box[:2])).all(axis=1).any())
