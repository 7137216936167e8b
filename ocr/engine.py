"""The port behind which every OCR engine stands, and what reading one page image yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.document import ReadWarning, Word, WordSource


class OcrEngine(Protocol):
    """Something that reads the words of an upright page image."""

    @property
    def name(self) -> WordSource:
        """Return the source that the engine's words carry."""
        ...

    def read(self, image: NDArray[np.uint8], *, dpi: int) -> tuple[Word, ...]:
        """Return the words of `image` in no particular order.

        Parameters
        ----------
        image
            Upright page, (height, width) gray or (height, width, 3) RGB, uint8.
        dpi
            Resolution in pixels an inch, as stated or estimated; engines size their thresholds by it.

        Raises
        ------
        ValueError
            If `image` has another shape or type.
        OcrError
            If the engine is missing, too slow or fails.

        Notes
        -----
        Boxes are fractions of the image; confidence lies in [0, 1]. A blank page gives `()`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """The words of one page image and how they were read.

    Attributes
    ----------
    words
        In no particular order; boxes in fractions of the upright corrected image.
    rotation_deg
        Clockwise quarter turns that were undone (0, 90, 180, 270).
    skew_deg
        Small angle that was undone, degrees, positive counter-clockwise.
    engine_seconds
        (stage or engine, CPU seconds of this process and its children), in order of use.
    width_px, height_px
        Size of the upright corrected image.
    """

    words: tuple[Word, ...]
    rotation_deg: int
    skew_deg: float
    engine_seconds: tuple[tuple[str, float], ...]
    warnings: tuple[ReadWarning, ...]
    width_px: int
    height_px: int


def check_image(image: NDArray[np.uint8]) -> None:
    """Raise `ValueError` unless `image` is a non-empty uint8 gray or RGB picture."""
    good_shape = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype != np.uint8 or not good_shape or 0 in image.shape:
        raise ValueError(
            "an image is uint8, (height, width) gray or (height, width, 3) RGB, "
            f"got {image.dtype} of shape {image.shape}"
        )
