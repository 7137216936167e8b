"""The pixels of a page that its text changes, and how many of them boxes have."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.intp]


class Changed:
    """Pixels that change where some text is drawn.

    Attributes
    ----------
    pixels
        (height, width).
    """

    def __init__(self, pixels: NDArray[np.bool_]) -> None:
        self.pixels = pixels

    @property
    def size(self) -> NDArray[np.intp]:
        """Return width, height, width and height: what fractions of the page as boxes are multiplied by."""
        height, width = self.pixels.shape
        return np.array([width, height, width, height])

    def count(self, left: Integers, top: Integers, right: Integers, bottom: Integers) -> Integers:
        """Return how many of each box's pixels change, (n,); edges are in pixels, right and bottom beyond."""
        sums = self._sums
        return sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]

    @cached_property
    def _sums(self) -> NDArray[np.int32]:
        """Of all pixels above and to the left, (height + 1, width + 1)."""
        import cv2

        return np.asarray(cv2.integral(self.pixels.view(np.uint8)), np.int32)
