"""Signs of numbers that are no text: a minus that is a line, a comma that is a rectangle, or says a space.

`ocr.ink` finds lines of letters; a sign alone is too little for it, and changes what a number says. Found is
what has the shape and the place of a sign beside digits, which is reason for a look at the pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.pdf import PageFrame, turned
from ocr.text_layer import LayerWord
from ocr.visibility import Shown

Image = NDArray[np.uint8]
_Boxes = NDArray[np.float64]
"""(n, 4) of left, top, right, bottom in pixels."""

# Grey levels that ink differs from the mean around it, and the side of that surrounding in pixels.
_CONTRAST, _AROUND_PX = 36, 31
# Smaller digits have signs of less than a pixel.
_MIN_HEIGHT_PX = 6.0
# Rules are thinner than a bracket.
_MIN_LETTER_PX = 2.0
# Beyond so many small shapes a page is grain or a drawing.
_MAX_SHAPES = 5_000
# All below in heights of the digits beside, places upwards from where these stand.
_DASH_WIDTH, _DASH_HEIGHT, _DASH_ASPECT = (0.2, 1.1), 0.35, 1.5
_DASH_PLACE, _DASH_GAP = (0.2, 0.75), 1.2
_DOT_SIDE, _DOT_PLACE, _DOT_GAP = 0.45, (-0.25, 0.25), 0.5
_LETTER_HEIGHT, _LETTER_WIDTH, _LETTER_GAP = (0.6, 1.5), 1.2, 0.3
# Signs stand alone: several at one height are a dashed line, or dots that lead the eye.
_ALONE, _LEVEL = 1.5, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """Where the digits of a word stand, and how high they are, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def find_marked(
    words: Sequence[LayerWord], shown: Shown, frame: PageFrame, n_turns: int
) -> tuple[LayerWord, ...]:
    """Return the words whose number has ink beside it that looks like a sign or a digit.

    Parameters
    ----------
    shown
        What the page shows; one under 31 pixels wide has no ink that counts.
    n_turns
        Clockwise quarter turns by which the text appears turned; words in other directions are passed over.
    """
    upright = np.ascontiguousarray(np.rot90(shown.without_text, n_turns))
    found = ((word, _number(word, frame, n_turns, upright.shape)) for word in words)
    numbers = [(word, number) for word, number in found if number is not None]
    if not numbers or min(upright.shape) < _AROUND_PX:
        return ()
    highest = max(number.height for _, number in numbers)
    uncovered = np.ascontiguousarray(np.rot90(shown.beside_words, n_turns))
    lost = _small_shapes(uncovered, _LETTER_HEIGHT[1] * highest)
    drawn = _small_shapes(_find_ink(upright), _LETTER_HEIGHT[1] * highest)
    if not 0 < len(lost) + len(drawn) <= _MAX_SHAPES:
        return ()
    ends = np.array([(number.left, number.right, number.bottom) for _, number in numbers])
    # Of the text only a minus is lost; a font draws boxes for letters that it has no glyphs for.
    return tuple(word for word, n in numbers if _has_mark(n, drawn, ends) or _has_mark(n, lost, None))


def _number(word: LayerWord, frame: PageFrame, n_turns: int, shape: tuple[int, ...]) -> _Number | None:
    """Return where a word's digits stand; None if it has none, or they are too small or lie otherwise."""
    if round(word.angle_deg - 90 * n_turns) % 360:
        return None
    boxes = [
        turned(frame.to_page(*glyph.ink), -n_turns)
        for glyph in word.glyphs
        if glyph.text.isdecimal() and glyph.has_ink()
    ]
    if not boxes:
        return None
    height, width = shape
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    number = _Number(
        left=min(lefts) * width,
        top=min(tops) * height,
        right=max(rights) * width,
        bottom=max(bottoms) * height,
    )
    return number if number.height >= _MIN_HEIGHT_PX else None


def _find_ink(picture: Image) -> NDArray[np.bool_]:
    import cv2

    return cv2.absdiff(picture, cv2.blur(picture, (_AROUND_PX, _AROUND_PX))) >= _CONTRAST


def _small_shapes(ink: NDArray[np.bool_], largest_px: float) -> _Boxes:
    """Return the boxes of all ink that hangs together and is no larger than a letter."""
    import cv2

    if not ink.any():
        return np.empty((0, 4))
    stats = cv2.connectedComponentsWithStats(ink.view(np.uint8), connectivity=8)[2][1:]
    left, top, width, height = stats[:, :4].astype(np.float64).T
    is_small = (width <= largest_px) & (height <= largest_px) & (stats[:, 4] > 1)
    return np.stack([left, top, left + width, top + height], axis=1)[is_small]


def _has_mark(number: _Number, shapes: _Boxes, ends: NDArray[np.float64] | None) -> bool:
    """Return whether a shape beside a number is a sign of it; without the `ends` of all numbers, a minus."""
    size = number.height
    left, top, right, bottom = shapes.T
    gap = np.maximum(number.left - right, left - number.right)
    near = shapes[
        (gap <= _DASH_GAP * size) & (top >= number.top - 0.3 * size) & (bottom <= number.bottom + 0.5 * size)
    ]
    return any(
        _is_alone(shape, shapes, size)
        and (
            _is_dash(shape, number)
            or (ends is not None and (_is_letter(shape, number) or _is_dot(shape, number, ends)))
        )
        for shape in near
    )


def _is_alone(shape: NDArray[np.float64], shapes: _Boxes, size: float) -> bool:
    left, top, right, bottom = shapes.T
    middle, other = (shape[1] + shape[3]) / 2, (top + bottom) / 2
    gap = np.maximum(shape[0] - right, left - shape[2])
    return int(np.sum((np.abs(middle - other) <= _LEVEL * size) & (gap <= _ALONE * size))) == 1


def _measures(shape: NDArray[np.float64], number: _Number) -> tuple[float, float, float, float]:
    """Return how wide and high a shape is, where its middle stands, and how far from the digits it is."""
    left, top, right, bottom = shape.tolist()
    gap = max(number.left - right, left - number.right)
    middle = number.bottom - (top + bottom) / 2
    size = number.height
    return (right - left) / size, (bottom - top) / size, middle / size, gap / size


def _is_dash(shape: NDArray[np.float64], number: _Number) -> bool:
    width, height, middle, gap = _measures(shape, number)
    is_flat = height <= _DASH_HEIGHT and width >= _DASH_ASPECT * height
    return (
        is_flat
        and _DASH_WIDTH[0] <= width <= _DASH_WIDTH[1]
        and _DASH_PLACE[0] <= middle <= _DASH_PLACE[1]
        and -_LETTER_GAP <= gap <= _DASH_GAP
    )


def _is_letter(shape: NDArray[np.float64], number: _Number) -> bool:
    width, height, middle, gap = _measures(shape, number)
    is_high = _LETTER_HEIGHT[0] <= height <= _LETTER_HEIGHT[1] and width <= _LETTER_WIDTH
    is_high &= shape[2] - shape[0] >= _MIN_LETTER_PX
    return is_high and -_LETTER_GAP <= gap <= _LETTER_GAP and abs(middle - 0.5) <= _LEVEL + 0.1


def _is_dot(shape: NDArray[np.float64], number: _Number, ends: NDArray[np.float64]) -> bool:
    """Return whether a shape is a decimal mark: small, where digits stand, with digits on both sides."""
    width, height, middle, gap = _measures(shape, number)
    if max(width, height) > _DOT_SIDE or not _DOT_PLACE[0] <= middle <= _DOT_PLACE[1] or gap > _DOT_GAP:
        return False
    if gap < 0:
        return True
    size = number.height
    is_level = np.abs(ends[:, 2] - number.bottom) <= _LEVEL * size
    starts_behind = (ends[:, 0] >= shape[2] - 1) & (ends[:, 0] - shape[2] <= _DOT_GAP * size)
    ends_before = (ends[:, 1] <= shape[0] + 1) & (shape[0] - ends[:, 1] <= _DOT_GAP * size)
    return bool((is_level & starts_behind).any() and (is_level & ends_before).any())
