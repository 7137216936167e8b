"""PDF pages to pixels, within limits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from schemas.errors import DocumentTooLargeError, UnreadableDocumentError

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

_POINTS_PER_INCH = 72
# Below this resolution 12-point text is 6 pixels high, which no engine reads: such a page is refused.
_MIN_DPI = 36
# A page whose longer side is shorter was made in wrong units or shows a stamp or label: its size says nothing
# about the size of its letters, so it is rendered as large as an ordinary page.
_SMALL_SIDE_IN = 5.0
_SMALL_SIDE_PX = 1400
_MAX_DPI = 1200


def render_dpi(width_pt: float, height_pt: float, *, dpi: int, max_pixels: int) -> int:
    """Return the resolution to render a page at: `dpi`, more for tiny pages, less for giant ones.

    Raises
    ------
    DocumentTooLargeError
        If the page is so large that within `max_pixels` nothing on it could be read.

    Examples
    --------
    >>> render_dpi(595, 842, dpi=200, max_pixels=40_000_000)
    200
    """
    long_side = max(width_pt, height_pt) / _POINTS_PER_INCH
    enlarged = min(math.ceil(_SMALL_SIDE_PX / long_side), _MAX_DPI) if long_side < _SMALL_SIDE_IN else 0
    wanted = max(dpi, enlarged)
    affordable = math.sqrt(max_pixels / (width_pt * height_pt)) * _POINTS_PER_INCH
    if affordable < _MIN_DPI:
        raise DocumentTooLargeError(
            f"a page of {width_pt:.0f} x {height_pt:.0f} points is too large to be rendered"
        )
    return int(min(wanted, affordable))


def render(page: pdfium.PdfPage, *, dpi: int) -> NDArray[np.uint8]:
    """Return the page as displayed, (height, width, 3) uint8 RGB, annotations included."""
    return _bitmap(page, dpi / _POINTS_PER_INCH, is_gray=False)


def render_gray(page: pdfium.PdfPage, *, scale: float) -> NDArray[np.uint8]:
    """Return the page as displayed, (height, width) uint8, `scale` pixels a point."""
    return _bitmap(page, scale, is_gray=True)


def _bitmap(page: pdfium.PdfPage, scale: float, *, is_gray: bool) -> NDArray[np.uint8]:
    width_pt, height_pt = page.get_size()
    width, height = max(1, math.ceil(width_pt * scale)), max(1, math.ceil(height_pt * scale))
    pixels = np.full((height, width) if is_gray else (height, width, 3), 255, np.uint8)
    kind = _RAW.FPDFBitmap_Gray if is_gray else _RAW.FPDFBitmap_BGR
    bitmap = _RAW.FPDFBitmap_CreateEx(width, height, kind, pixels.ctypes.data, pixels.strides[0])
    if not bitmap:
        raise UnreadableDocumentError(f"a page cannot be rendered in {width} x {height} pixels")
    try:
        # Colours come in RGB order, as everything else here has them.
        order = _RAW.FPDF_GRAYSCALE if is_gray else _RAW.FPDF_REVERSE_BYTE_ORDER
        _RAW.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, _RAW.FPDF_ANNOT | order)
    finally:
        _RAW.FPDFBitmap_Destroy(bitmap)
    return pixels
