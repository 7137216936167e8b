"""Whose ink it is: words that have ink only where other words stand are drawn alone, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.changed import Changed, pixel_edges, pixel_slices
from ocr.text_layer import LayerWord

# Pages that draw some of the words alone, at most: words that are left then are taken for hidden.
_MAX_PICTURES = 8
# Half a pixel of those pictures each: boxes that touch have no cell in common.
_CELLS = 2400
# Which of some words have ink in a picture of what changed.
HasInk = Callable[[Sequence[LayerWord], Changed], NDArray[np.bool_]]


def find_borrowers(
    words: Sequence[LayerWord], has_ink: NDArray[np.bool_], changed: Changed, ink_of: HasInk
) -> list[int]:
    """Return the indices of words whose ink stands only where other words do: it may be those words' alone.

    White text that touches a line, or lies in a heading, has that line's ink in its box. Signs other than
    letters and digits are left alone: they have little ink, and say little.

    Parameters
    ----------
    has_ink
        Of each word, (n_words,).
    changed
        By the page's text.
    """
    places = pixel_slices([word.box for word in words], changed.pixels.shape)
    cover = np.zeros(changed.pixels.shape, dtype=np.uint16)
    for place in places:
        cover[place] += 1
    has_own = ink_of(words, Changed(changed.pixels & (cover <= 1)))
    return [
        index
        for index, word in enumerate(words)
        if has_ink[index]
        and not has_own[index]
        and word.object_id is not None
        and any(ch.isalnum() for ch in word.text)
        and bool((cover[places[index]] > 1).any())
    ]


def draw_alone(
    words: Sequence[LayerWord],
    borrowers: Sequence[int],
    objects: Container[int],
    changed_by: Callable[[Sequence[int]], Changed],
    ink_of: HasInk,
) -> frozenset[int]:
    """Return those of the borrowers that have ink when their operations alone are drawn.

    Operations whose words stand apart are drawn in one picture.

    Parameters
    ----------
    objects
        The addresses of the page's text objects; all are switched off.
    changed_by
        What some of them change, when only they are switched on.
    """
    drawn_by = (words[index].object_id for index in borrowers)
    left: set[int | None] = {each for each in drawn_by if each is not None and each in objects}
    found: set[int] = set()
    for _ in range(_MAX_PICTURES):
        chosen = _stand_apart(words, left)
        if not chosen:
            break
        changed = changed_by(chosen)
        drawn = set(chosen)
        asked = [index for index in borrowers if words[index].object_id in drawn]
        inked = ink_of([words[index] for index in asked], changed)
        found |= {index for index, is_inked in zip(asked, inked, strict=True) if is_inked}
        left -= drawn
    return frozenset(found)


def _stand_apart(words: Sequence[LayerWord], objects: set[int | None]) -> list[int]:
    """Return some of the operations of which no two have words in one place."""
    own = [word for word in words if word.object_id is not None and word.object_id in objects]
    # Each box with each other would be fifty million pairs where ten thousand words are drawn one by one.
    edges = pixel_edges([word.box for word in own], (_CELLS, _CELLS))
    cells = np.rint(edges).astype(int).tolist()
    places: dict[int, list[tuple[slice, slice]]] = {}
    for word, (left, top, right, bottom) in zip(own, cells, strict=True):
        place = (slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1)))
        places.setdefault(word.object_id or 0, []).append(place)
    taken = np.zeros((_CELLS + 1, _CELLS + 1), dtype=np.bool_)
    chosen: list[int] = []
    for object_id, covered in places.items():
        if not any(taken[place].any() for place in covered):
            chosen.append(object_id)
            for place in covered:
                taken[place] = True
    return chosen
