"""Parts of a page on one sheet: what is read there goes back to its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.strips import joined, lay_out
from schemas.document import Word
from schemas.geometry import BBox, from_pixels

PAGE_PX = (400, 600)
boxes = st.lists(
    st.tuples(*[st.floats(0, 1)] * 4).map(
        lambda e: BBox(min(e[0], e[2]), min(e[1], e[3]), max(e[0], e[2]), max(e[1], e[3]))
    ),
    min_size=1,
    max_size=12,
)


def word(box: BBox) -> Word:
    return Word(text="x", bbox=box, confidence=0.9, source="tesserocr")


def test_a_part_and_its_words_come_back_to_their_place() -> None:
    width, height = PAGE_PX
    page = np.full((height, width, 3), 255, np.uint8)
    page[500:510, 300:340] = 7  # the only ink
    sheet = lay_out([BBox(0.7, 0.8, 0.9, 0.9), BBox(0.1, 0.1, 0.3, 0.15)], width_px=width, height_px=height)
    cut = sheet.cut(page)
    assert cut.shape == (sheet.size_px[1], sheet.size_px[0], 3)
    assert cut.size < page.size
    ys, xs = np.nonzero(cut[:, :, 0] == 7)
    found = from_pixels(
        xs.min(), ys.min(), xs.max() + 1, ys.max() + 1, width_px=cut.shape[1], height_px=cut.shape[0]
    )
    (moved,) = sheet.move([word(found)])
    # 300 of 400, 500 of 600, 340 of 400 and 510 of 600 pixels.
    assert (moved.bbox.left, moved.bbox.top) == (pytest.approx(0.75), pytest.approx(5 / 6))
    assert (moved.bbox.right, moved.bbox.bottom) == (pytest.approx(0.85), pytest.approx(0.85))
    assert (moved.confidence, moved.source) == (0.9, "tesserocr")


def test_what_is_read_between_parts_is_left_out() -> None:
    sheet = lay_out([BBox(0.1, 0.1, 0.3, 0.15)], width_px=400, height_px=600)
    assert sheet.move([word(BBox(0, 0, 1, 0.1))]) == ()


def test_parts_that_touch_are_one() -> None:
    a, b, c = BBox(0, 0, 0.2, 0.2), BBox(0.5, 0.5, 0.6, 0.6), BBox(0.1, 0.1, 0.5, 0.5)
    assert joined([a, b]) == (a, b)
    assert joined([a, b, c]) == (BBox(0, 0, 0.6, 0.6),)


@given(boxes)
def test_a_sheet_has_every_part_once_and_is_hardly_larger_than_its_page(parts: list[BBox]) -> None:
    width, height = PAGE_PX
    page = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)
    sheet = lay_out(parts, width_px=width, height_px=height)
    cut = sheet.cut(page)
    # One part may be the whole page, with a blank of 40 pixels around it.
    assert cut.shape[0] * cut.shape[1] <= (width + 80) * (height + 80)
    for strip in sheet.strips:
        part = cut[strip.row : strip.row + strip.bottom - strip.top, 40 : 40 + strip.right - strip.left]
        assert np.array_equal(part, page[strip.top : strip.bottom, strip.left : strip.right])


def test_many_parts_are_one() -> None:
    many = [
        BBox(0.9 * i / 200, 0.9 * i / 200, 0.9 * i / 200 + 0.001, 0.9 * i / 200 + 0.001) for i in range(200)
    ]
    assert len(lay_out(many, width_px=400, height_px=600).strips) == 1


def test_a_sheet_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="no boxes"):
        lay_out([], width_px=400, height_px=600)
