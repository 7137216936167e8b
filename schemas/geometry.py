"""Boxes on a page, as fractions of its width and height."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# OCR engines and PDF fonts put glyph edges a little outside the page; such boxes are clipped.
_EDGE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, order=True)
class BBox:
    """A box (left, top, right, bottom) in fractions of the page, origin top-left.

    Raises
    ------
    ValueError
        If an edge lies outside [0, 1] or the box has negative extent.
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        edges = (self.left, self.top, self.right, self.bottom)
        if not all(-_EDGE_TOLERANCE <= edge <= 1 + _EDGE_TOLERANCE for edge in edges):
            raise ValueError(f"bbox edges must be page fractions in [0, 1], got {edges}")
        if self.right < self.left or self.bottom < self.top:
            raise ValueError(f"bbox must have left <= right and top <= bottom, got {edges}")

    @property
    def width(self) -> float:
        """Return the width as a fraction of the page."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Return the height as a fraction of the page."""
        return self.bottom - self.top

    @property
    def center(self) -> tuple[float, float]:
        """Return the centre (x, y) in page fractions."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def area(self) -> float:
        """Return the area as a fraction of the page's area."""
        return self.width * self.height


def clip(left: float, top: float, right: float, bottom: float) -> BBox:
    """Return the box with its edges clipped into the page and put in order."""
    x0, x1 = sorted((min(max(left, 0.0), 1.0), min(max(right, 0.0), 1.0)))
    y0, y1 = sorted((min(max(top, 0.0), 1.0), min(max(bottom, 0.0), 1.0)))
    return BBox(x0, y0, x1, y1)


def from_pixels(
    left_px: float, top_px: float, right_px: float, bottom_px: float, *, width_px: float, height_px: float
) -> BBox:
    """Return the box of pixel edges on a page of `width_px` by `height_px`, clipped to it."""
    if width_px <= 0 or height_px <= 0:
        raise ValueError(f"page size must be positive, got {width_px} x {height_px}")
    return clip(left_px / width_px, top_px / height_px, right_px / width_px, bottom_px / height_px)


def union(boxes: Iterable[BBox]) -> BBox:
    """Return the smallest box around `boxes`.

    Raises
    ------
    ValueError
        If `boxes` is empty.
    """
    items = tuple(boxes)
    if not items:
        raise ValueError("the union of no boxes is undefined")
    return BBox(
        min(b.left for b in items),
        min(b.top for b in items),
        max(b.right for b in items),
        max(b.bottom for b in items),
    )


def iou(pred: BBox, gold: BBox) -> float:
    """Return intersection over union in [0, 1]; two empty equal boxes give 1.0.

    Examples
    --------
    >>> iou(BBox(0, 0, 0.5, 0.5), BBox(0, 0, 0.5, 1))
    0.5
    """
    width = min(pred.right, gold.right) - max(pred.left, gold.left)
    height = min(pred.bottom, gold.bottom) - max(pred.top, gold.top)
    if pred == gold:
        return 1.0
    if width <= 0 or height <= 0:
        return 0.0
    overlap = width * height
    return overlap / (pred.area + gold.area - overlap)
