"""Whose ink it is: words that have ink only where other words stand are drawn alone, and looked at again."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from ocr.text_layer import Box, LayerWord

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

# Pages that draw some of the words alone, at most: words that are left then are taken for hidden.
_MAX_PICTURES = 8
# Which of some words have ink in a picture of what changed.
HasInk = Callable[[Sequence[LayerWord], NDArray[np.bool_]], NDArray[np.bool_]]


def address_of(page_object: object) -> int | None:
    """Return what tells an object of the page from others, as `LayerWord.object_id` has it."""
    return ctypes.cast(page_object, ctypes.c_void_p).value  # pyright: ignore[reportArgumentType]


def find_borrowers(
    words: Sequence[LayerWord], has_ink: NDArray[np.bool_], changed: NDArray[np.bool_], ink_of: HasInk
) -> list[int]:
    """Return the indices of words whose ink stands only where other words do: it may be those words' alone.

    White text that touches a line, or lies in a heading, has that line's ink in its box. Signs other than
    letters and digits are left alone: they have little ink, and say little.

    Parameters
    ----------
    has_ink
        Of each word, (n_words,).
    changed
        The pixels that the page's text changes, (height, width).
    """
    cover = np.zeros(changed.shape, dtype=np.uint16)
    for word in words:
        cover[_slices(word.box, changed.shape)] += 1
    has_own = ink_of(words, changed & (cover <= 1))
    return [
        index
        for index, word in enumerate(words)
        if has_ink[index]
        and not has_own[index]
        and word.object_id is not None
        and any(ch.isalnum() for ch in word.text)
        and bool((cover[_slices(word.box, changed.shape)] > 1).any())
    ]


def draw_alone(
    words: Sequence[LayerWord],
    borrowers: Sequence[int],
    objects: Mapping[int, object],
    changed_by: Callable[[Sequence[object]], NDArray[np.bool_]],
    ink_of: HasInk,
) -> frozenset[int]:
    """Return those of the borrowers that have ink when their operations alone are drawn.

    Operations whose words stand apart are drawn in one picture.

    Parameters
    ----------
    objects
        Text objects of the page by their addresses; all are switched off.
    changed_by
        The pixels that some of them change, when only they are switched on.
    """
    left = {words[index].object_id for index in borrowers if words[index].object_id in objects}
    found: set[int] = set()
    for _ in range(_MAX_PICTURES):
        chosen = _stand_apart(words, left)
        if not chosen:
            break
        changed = changed_by([objects[each] for each in chosen])
        asked = [index for index in borrowers if words[index].object_id in chosen]
        inked = ink_of([words[index] for index in asked], changed)
        found |= {index for index, is_inked in zip(asked, inked, strict=True) if is_inked}
        left -= set(chosen)
    return frozenset(found)


def _stand_apart(words: Sequence[LayerWord], objects: set[int | None]) -> list[int]:
    """Return some of the operations of which no two have words in one place."""
    boxes: dict[int, list[Box]] = {}
    for word in words:
        if word.object_id is not None and word.object_id in objects:
            boxes.setdefault(word.object_id, []).append(word.box)
    chosen: list[int] = []
    taken: list[Box] = []
    for object_id, own in boxes.items():
        if not any(_meet(a, b) for a in own for b in taken):
            chosen.append(object_id)
            taken += own
    return chosen


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _slices(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    height, width = shape
    left, top, right, bottom = np.clip(np.nan_to_num(np.array(box)), 0, 1) * (width, height, width, height)
    return slice(int(top), int(np.ceil(bottom))), slice(int(left), int(np.ceil(right)))
