"""Parts of a page, cut out and set below one another, so that OCR reads them and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from schemas.document import Word
from schemas.geometry import BBox, from_pixels, union

Image = NDArray[np.uint8]

# Blank between two parts, in pixels: about a line at 200 dpi.
_GAP_PX = 40
_WHITE = 255
# More lines than a page of small print has; a drawing made to cost time may have thousands.
_MAX_BOXES = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Where a part is on the page, in pixels, and in which row of the sheet it begins."""

    left: int
    top: int
    right: int
    bottom: int
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """How parts of a page of `page_px` (width, height) are set below one another on `size_px`."""

    page_px: tuple[int, int]
    size_px: tuple[int, int]
    strips: tuple[Strip, ...]

    def cut(self, page: Image) -> Image:
        """Return the sheet (height, width, 3) with the parts of `page`, white around them."""
        width, height = self.size_px
        sheet = np.full((height, width, 3), _WHITE, np.uint8)
        for strip in self.strips:
            part = page[strip.top : strip.bottom, strip.left : strip.right]
            sheet[strip.row : strip.row + part.shape[0], _GAP_PX : _GAP_PX + part.shape[1]] = part
        return sheet

    def move(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Return words of the sheet where they stand on the page; what lies between parts is left out."""
        return tuple(moved for word in words if (moved := self._move(word)) is not None)

    def _move(self, word: Word) -> Word | None:
        width, height = self.size_px
        middle = word.bbox.center[1] * height
        for strip in self.strips:
            if strip.row <= middle <= strip.row + strip.bottom - strip.top:
                x, y = strip.left - _GAP_PX, strip.top - strip.row
                box = from_pixels(
                    word.bbox.left * width + x,
                    word.bbox.top * height + y,
                    word.bbox.right * width + x,
                    word.bbox.bottom * height + y,
                    width_px=self.page_px[0],
                    height_px=self.page_px[1],
                )
                return replace(word, bbox=box)
        return None


def lay_out(boxes: Sequence[BBox], *, width_px: int, height_px: int) -> Sheet:
    """Return the sheet of the parts of a page at `boxes`, top to bottom; parts that touch are one.

    The parts are one, too, where they are many or their sheet would be larger than the page.

    Raises
    ------
    ValueError
        If there are no boxes.
    """
    if not boxes:
        raise ValueError("a sheet has at least one part, got no boxes")
    if len(boxes) > _MAX_BOXES:
        boxes = [union(boxes)]
    sheet = _set(joined(boxes), width_px, height_px)
    is_saving = sheet.size_px[0] * sheet.size_px[1] <= width_px * height_px
    return sheet if is_saving or len(sheet.strips) == 1 else _set([union(boxes)], width_px, height_px)


def _set(boxes: Sequence[BBox], width_px: int, height_px: int) -> Sheet:
    strips: list[Strip] = []
    row, widest = _GAP_PX, 0
    for box in sorted(boxes, key=lambda box: (box.top, box.left)):
        left = min(int(box.left * width_px), width_px - 1)
        top = min(int(box.top * height_px), height_px - 1)
        right = max(left + 1, min(width_px, int(np.ceil(box.right * width_px))))
        bottom = max(top + 1, min(height_px, int(np.ceil(box.bottom * height_px))))
        strips.append(Strip(left=left, top=top, right=right, bottom=bottom, row=row))
        row += bottom - top + _GAP_PX
        widest = max(widest, right - left)
    return Sheet(page_px=(width_px, height_px), size_px=(widest + 2 * _GAP_PX, row), strips=tuple(strips))


def joined(boxes: Sequence[BBox]) -> tuple[BBox, ...]:
    """Return the boxes around those that touch, none of which touches another."""
    groups: list[BBox] = []
    for box in boxes:
        merged = box
        while touching := [other for other in groups if _touch(merged, other)]:
            groups = [other for other in groups if other not in touching]
            merged = union([merged, *touching])
        groups.append(merged)
    return tuple(groups)


def _touch(a: BBox, b: BBox) -> bool:
    return a.left <= b.right and b.left <= a.right and a.top <= b.bottom and b.top <= a.bottom
