"""The pixels that boxes on a page cover, and how many of them its text changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.intp]
Edges = NDArray[np.float64]
"""(n, 4) of left, top, right, bottom."""


def pixel_edges(boxes: Edges | Sequence[Sequence[float]], shape: tuple[int, ...]) -> Edges:
    """Return boxes, which are fractions of the page, in pixels of a picture of that shape, clipped to it."""
    height, width = shape
    grid = np.array([width, height, width, height])
    return np.clip(np.nan_to_num(np.asarray(boxes, np.float64).reshape(-1, 4)), 0, 1) * grid


def pixel_slices(
    boxes: Edges | Sequence[Sequence[float]], shape: tuple[int, ...]
) -> list[tuple[slice, slice]]:
    """Return the rows and columns of pixels of which each box covers some part; see `pixel_edges`."""
    edges = pixel_edges(boxes, shape)
    first, last = edges[:, :2].astype(int).tolist(), np.ceil(edges[:, 2:]).astype(int).tolist()
    return [
        (slice(top, bottom), slice(left, right))
        for (left, top), (right, bottom) in zip(first, last, strict=True)
    ]


class Changed:
    """Pixels that change where some text is drawn.

    Attributes
    ----------
    pixels
        (height, width).
    """

    def __init__(self, pixels: NDArray[np.bool_]) -> None:
        self.pixels = pixels

    def edges(self, boxes: Edges | Sequence[Sequence[float]]) -> Edges:
        """Return boxes in pixels; see `pixel_edges`."""
        return pixel_edges(boxes, self.pixels.shape)

    def count(self, left: Integers, top: Integers, right: Integers, bottom: Integers) -> Integers:
        """Return how many of each box's pixels change, (n,); edges are in pixels, right and bottom beyond."""
        sums = self._sums
        return sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]

    @cached_property
    def _sums(self) -> NDArray[np.int32]:
        """Of all pixels above and to the left, (height + 1, width + 1)."""
        import cv2

        return np.asarray(cv2.integral(self.pixels.view(np.uint8)), np.int32)
