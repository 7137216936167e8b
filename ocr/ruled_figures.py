"""Figures of a scan that a vertical rule runs through or touches, as in tables whose columns are too narrow.

Tesseract takes rules away with what hangs on them: of 160 such amounts, drawn for a test, 39 lost a digit or
were parted, with a confidence of 0.9. RapidOCR reads them on a picture without the rules, and the words keep
what it has more as another reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.document import Word

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Grey levels that ink differs from the mean around it, and the side of that surrounding in pixels.
_CONTRAST, _AROUND_PX = 36, 31
# In heights of the page's words: a rule is higher than three lines, and thinner than a bold stroke.
_MIN_LENGTH, _MAX_WIDTH = 3.5, 0.2
_LEAST_WIDTH_PX = 4
# Beside a rule its edge is grey.
_EDGE_PX = 1
# In heights of the word: how far from its box a rule may cut it, and within it; how near to the rule ink
# touches it, and may be of the same number; how much of that may stand beyond the rule.
_NEAR, _INSIDE, _TOUCHING, _BESIDE, _REACH = 0.7, 0.2, 0.12, 0.45, 6.0
_INNER = 0.1
_MARGIN = 0.25
_SURE = 0.9
_MIN_DIGITS = 2
# Of a row that is inked all along, as a rule across is, nothing is a letter.
_ACROSS = 0.8


class Rule(NamedTuple):
    """The pixels of a vertical rule, the last column and row excluded."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledFigure:
    """Where a number stands that a rule cuts, in pixels, with what of it stands beyond the rule."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def quad(self) -> NDArray[np.float32]:
        """Return the corners (4, 2) with a margin."""
        margin = _MARGIN * (self.bottom - self.top)
        left, right = max(self.left - margin, 0.0), self.right + margin
        top, bottom = max(self.top - margin, 0.0), self.bottom + margin
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)

    def holds(self, word: Word, shape: tuple[int, ...]) -> bool:
        """Return whether the middle of a word stands in it."""
        x, y = word.bbox.center[0] * shape[1], word.bbox.center[1] * shape[0]
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def find_rules(gray: Image, words: Sequence[Word]) -> tuple[Rule, ...]:
    """Return the vertical rules of an upright page, (height, width) gray, among `words` of figures."""
    import cv2

    heights = [word.bbox.height * gray.shape[0] for word in words if len(_digits(word.text)) >= _MIN_DIGITS]
    if not heights or min(gray.shape) < _AROUND_PX:
        return ()
    usual = median(heights)
    ink = _find_ink(gray).view(np.uint8)
    upright = np.ones((max(round(_MIN_LENGTH * usual), 2), 1), np.uint8)
    stats = cv2.connectedComponentsWithStats(cv2.morphologyEx(ink, cv2.MORPH_OPEN, upright))[2][1:]
    widest = max(_MAX_WIDTH * usual, _LEAST_WIDTH_PX)
    return tuple(
        Rule(left - _EDGE_PX, top, left + width + _EDGE_PX, top + height)
        for left, top, width, height in stats[:, :4].tolist()
        if width <= widest and left > _EDGE_PX and left + width + _EDGE_PX < gray.shape[1]
    )


def _find_ink(gray: Image) -> Mask:
    import cv2

    return cv2.subtract(cv2.blur(gray, (_AROUND_PX, _AROUND_PX)), gray) >= _CONTRAST


def without_rules(image: Image, rules: Sequence[Rule]) -> Image:
    """Return an image, gray or RGB, with each rule filled from what stands on both of its sides."""
    filled = image.copy()
    for rule in rules:
        rows = slice(rule.top, rule.bottom)
        before = image[rows, rule.left - 1, None].astype(np.float32)
        behind = image[rows, min(rule.right, image.shape[1] - 1), None].astype(np.float32)
        share = np.linspace(0, 1, rule.right - rule.left + 2, dtype=np.float32)[1:-1]
        share = share.reshape(1, -1, *(1,) * (image.ndim - 2))
        filled[rows, rule.left : rule.right] = (before + share * (behind - before)).astype(np.uint8)
    return filled


def find_ruled(words: Sequence[Word], gray: Image, rules: Sequence[Rule]) -> tuple[RuledFigure, ...]:
    """Return where the figures of an upright page stand that rules cut, each place once."""
    if not rules:
        return ()
    ink = _find_ink(without_rules(gray, rules))
    found = [_ruled(word, ink, rules) for word in words if len(_digits(word.text)) >= _MIN_DIGITS]
    places: list[RuledFigure] = []
    for figure in sorted((figure for figure in found if figure is not None), key=lambda each: each.left):
        met = next((i for i, other in enumerate(places) if _meet(other, figure)), None)
        if met is None:
            places.append(figure)
        else:
            places[met] = _united(places[met], figure)
    return tuple(places)


def _meet(first: RuledFigure, second: RuledFigure) -> bool:
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    is_one_row = shared >= min(first.bottom - first.top, second.bottom - second.top) / 2
    return is_one_row and first.left <= second.right and second.left <= first.right


def _united(first: RuledFigure, second: RuledFigure) -> RuledFigure:
    return RuledFigure(
        left=min(first.left, second.left),
        top=min(first.top, second.top),
        right=max(first.right, second.right),
        bottom=max(first.bottom, second.bottom),
    )


def _ruled(word: Word, ink: Mask, rules: Sequence[Rule]) -> RuledFigure | None:
    """Return the place of a figure that a rule cuts; None if none does."""
    height, width = ink.shape
    left, right = word.bbox.left * width, word.bbox.right * width
    top, bottom = word.bbox.top * height, word.bbox.bottom * height
    size = bottom - top
    first, last = round(top + _INNER * size), round(bottom - _INNER * size)
    start = max(round(left - _REACH * size), 0)
    row = _inked_columns(ink[first:last, start : round(right + _REACH * size)])
    near = [rule for rule in rules if _is_near(rule, (left, right), (first, last), size)]
    cutting = [
        rule
        for rule in near
        if left + _INSIDE * size <= rule.left < rule.right <= right - _INSIDE * size
        or _has_ink_beside(rule, row, start, _TOUCHING * size, of=any)
        or _has_ink_beside(rule, row, start, _BESIDE * size, of=all)
    ]
    if not cutting:
        return None
    for rule in cutting:
        row[max(rule.left - start, 0) : rule.right - start] = True
    reached = _reached(row, (left - start, right - start), _BESIDE * size)
    return RuledFigure(left=reached[0] + start, top=top, right=reached[1] + start, bottom=bottom)


def _is_near(rule: Rule, across: tuple[float, float], down: tuple[int, int], size: float) -> bool:
    """Return whether a rule stands in a word or beside it, and is higher."""
    is_higher = rule.top <= down[0] and rule.bottom >= down[1]
    return is_higher and across[0] - _NEAR * size <= rule.left and rule.right <= across[1] + _NEAR * size


def _has_ink_beside(
    rule: Rule, row: Mask, start: int, reach: float, *, of: Callable[[Iterable[bool]], bool]
) -> bool:
    """Return whether there is ink less than `reach` from any of a rule's sides, or from all."""
    before, behind, n = rule.left - start, rule.right - start, max(round(reach), 1)
    return of([bool(row[max(before - n, 0) : max(before, 0)].any()), bool(row[behind : behind + n].any())])


def _inked_columns(ink: Mask) -> Mask:
    """Return which columns have ink, that of rules across left out."""
    is_letter = ink.mean(axis=1) < _ACROSS if ink.size else np.zeros(ink.shape[0], np.bool_)
    found: Mask = np.asarray(ink[is_letter].any(axis=0), np.bool_)
    return found


def _reached(row: Mask, span: tuple[float, float], gap: float) -> tuple[float, float]:
    """Return how far ink goes on to both sides of a span of columns without a gap."""
    columns = np.flatnonzero(row).tolist()
    left, right = span
    for column in reversed([column for column in columns if column < span[0]]):
        if left - column > gap:
            break
        left = column
    for column in (column for column in columns if column >= span[1]):
        if column - right > gap:
            break
        right = column + 1
    return left, right


def tell(
    words: Sequence[Word], figure: RuledFigure, read: Sequence[Word], shape: tuple[int, ...]
) -> tuple[Word, ...]:
    """Return the words of a page, those that a rule has cut or joined with what was `read` without it.

    That is a number with more digits at one end, or several numbers that stand in one word. It is another
    reading of the word and not its text: boxes of a form, and cells that nearly touch, are read so too.
    """
    numbers = [word for word in read if word.confidence >= _SURE and _is_number(word.text)]
    return tuple(_told(word, numbers) if figure.holds(word, shape) else word for word in words)


def _told(word: Word, numbers: Sequence[Word]) -> Word:
    digits = _digits(word.text)
    beside = [number for number in numbers if _overlap(word, number)]
    if word.other_reading or len(digits) < _MIN_DIGITS:
        return word
    for number in beside:
        found = _digits(number.text)
        if len(found) > len(digits) and (found.startswith(digits) or found.endswith(digits)):
            return replace(word, other_reading=number.text)
    several = " ".join(number.text for number in beside)
    is_joined = len(beside) > 1 and _digits(several) == digits and _is_number(word.text)
    return replace(word, other_reading=several) if is_joined else word


def _is_number(text: str) -> bool:
    return len(_digits(text)) >= _MIN_DIGITS and not any(ch.isalpha() or ch == "|" for ch in text)


def _overlap(word: Word, other: Word) -> bool:
    return word.bbox.left < other.bbox.right and other.bbox.left < word.bbox.right


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))
