"""Pages to pixels within limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.limits import ReadLimits
from ocr.pdf import open_pdf
from ocr.render import render, render_dpi, render_gray
from schemas.errors import DocumentTooLargeError
from tests.ocr.files import pdf

MAX_PIXELS = 40_000_000


@given(st.floats(1, 20_000), st.floats(1, 20_000))
def test_no_page_is_rendered_with_more_pixels_than_allowed(width_pt: float, height_pt: float) -> None:
    try:
        dpi = render_dpi(width_pt, height_pt, dpi=200, max_pixels=MAX_PIXELS)
    except DocumentTooLargeError:
        return
    assert (width_pt * dpi / 72) * (height_pt * dpi / 72) <= MAX_PIXELS


def test_ordinary_pages_are_rendered_as_asked() -> None:
    assert render_dpi(595, 842, dpi=200, max_pixels=MAX_PIXELS) == 200


def test_a_tiny_page_is_rendered_larger() -> None:
    # 72 points are one inch, so 1400 pixels are 1400 dpi, of which 1200 are allowed.
    assert render_dpi(72, 36, dpi=200, max_pixels=MAX_PIXELS) == 1200


def test_a_poster_is_rendered_smaller() -> None:
    # A0 is 2384 x 3370 points: 40 Mpx are sqrt(40e6 / 8.03e6) * 72 = 160 dpi.
    assert render_dpi(2384, 3370, dpi=200, max_pixels=MAX_PIXELS) == 160


def test_a_page_of_fifty_metres_is_refused() -> None:
    with pytest.raises(DocumentTooLargeError, match="144000 x 144000"):
        render_dpi(144_000, 144_000, dpi=200, max_pixels=MAX_PIXELS)


def test_colours_come_in_rgb_order() -> None:
    with open_pdf(pdf("1 0 0 rg 0 0 612 792 re f"), limits=ReadLimits()).page(0) as page:
        pixels = render(page, dpi=72)
    assert pixels.shape == (792, 612, 3)
    assert pixels[400, 300].tolist() == [255, 0, 0]


def test_a_rotated_page_is_rendered_as_displayed() -> None:
    # The bar along the lower edge comes to the left when the page is turned clockwise.
    with open_pdf(pdf("0 0 612 50 re f", rotate=90), limits=ReadLimits()).page(0) as page:
        gray = render_gray(page, scale=1.0)
    assert gray.shape == (612, 792)
    assert np.all(gray[:, :49] == 0)
    assert np.all(gray[:, 52:] == 255)
