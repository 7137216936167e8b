from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.preprocess import PageQuality, correct, correction, measure, skew_angle, to_gray
from tests.ocr.pictures import grainy, page


def test_a_rendered_page_is_clean_and_a_photographed_one_is_not() -> None:
    assert measure(to_gray(page())).is_clean
    assert not measure(to_gray(grainy(page()))).is_clean


def test_a_blank_page_can_be_measured() -> None:
    blank = np.full((40, 30), 255, np.uint8)
    assert measure(blank) == PageQuality(paper_share=1.0, grain=0.0, glyph_height_px=0.0)
    assert skew_angle(blank) == 0.0


@pytest.mark.parametrize(("stated", "dpi"), [(300, 300), (72, 199), (None, 199)])
def test_a_resolution_that_cameras_write_unasked_is_not_believed(stated: int | None, dpi: int) -> None:
    # 16 px * 72 / 5.8 pt = 198.6
    assert PageQuality(paper_share=1.0, grain=0.0, glyph_height_px=16).dpi(stated) == dpi


@pytest.mark.parametrize("skew_deg", [-9.0, -2.5, -0.6, 0.0, 1.2, 7.0])
def test_the_skew_of_text_is_found(skew_deg: float) -> None:
    skewed = correct(page(), rotation_deg=0, skew_deg=-skew_deg)
    assert skew_angle(to_gray(skewed)) == pytest.approx(skew_deg, abs=0.15)


def test_ink_outside_the_regions_does_not_count() -> None:
    skewed = to_gray(correct(page(), rotation_deg=0, skew_deg=-3.0))
    height, width = skewed.shape
    cloth = np.full((300, width), 255, np.uint8)
    cloth[::12] = 0  # level stripes under the text, as of a table cloth
    image = np.vstack([skewed, cloth])
    assert skew_angle(image) == pytest.approx(0.0, abs=0.2)
    text = np.array([[0, 0], [width, 0], [width, height - 20], [0, height - 20]], np.float32)
    assert skew_angle(image, regions=[text]) == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_undoing_a_turn_gives_the_page_back(rotation_deg: int) -> None:
    original = page()
    turned = np.rot90(original, -rotation_deg // 90)
    assert np.array_equal(correct(turned, rotation_deg=rotation_deg, skew_deg=0.0), original)


def test_an_angle_that_is_no_quarter_turn_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 90"):
        correct(page(), rotation_deg=45, skew_deg=0.0)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([0, 90, 180, 270]),
    st.floats(-15, 15),
    st.tuples(st.integers(8, 60), st.integers(8, 60)),
)
def test_no_corner_of_the_page_is_lost(rotation_deg: int, skew_deg: float, size: tuple[int, int]) -> None:
    height, width = size
    map_ = correction(size, rotation_deg=rotation_deg, skew_deg=skew_deg)
    corners = map_.move(np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float32))
    assert corners.min() >= -1e-3
    assert (corners.max(axis=0) <= np.array([map_.width_px, map_.height_px]) + 1e-3).all()
    image = np.zeros(size, np.uint8)
    assert correct(image, rotation_deg=rotation_deg, skew_deg=skew_deg).shape == (
        map_.height_px,
        map_.width_px,
    )


def test_a_mark_is_where_the_map_says() -> None:
    image = np.zeros((80, 120), np.uint8)
    image[20:23, 90:93] = 255
    for rotation_deg, skew_deg in ((0, 5.0), (90, 0.0), (90, -4.0), (180, 2.0), (270, 8.0)):
        map_ = correction(image.shape, rotation_deg=rotation_deg, skew_deg=skew_deg)
        moved = map_.move(np.array([[91.5, 21.5]], np.float32))[0]
        out = correct(image, rotation_deg=rotation_deg, skew_deg=skew_deg)
        ys, xs = np.nonzero(out > 100)
        assert (xs.mean() + 0.5, ys.mean() + 0.5) == pytest.approx(tuple(moved), abs=0.8)
