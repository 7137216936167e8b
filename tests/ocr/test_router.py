from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.engine import PageReading
from ocr.preprocess import correct, to_gray
from ocr.router import ENGINES, forget_engines, read_page_image, upright
from schemas.errors import ConfigurationError, OcrUnavailableError
from schemas.geometry import BBox
from tests.ocr.pictures import DPI, LINES, grainy, page

PRINTED = {word for line in LINES for word in line.split()}


def _texts(reading: PageReading) -> set[str]:
    return {word.text for word in reading.words}


def _codes(reading: PageReading) -> set[str]:
    return {warning.code for warning in reading.warnings}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_reads_a_clean_page_whole(engine: str) -> None:
    reading = read_page_image(page(), dpi=DPI, engine=engine)
    assert _texts(reading) >= PRINTED
    assert (reading.rotation_deg, reading.skew_deg, reading.warnings) == (0, 0.0, ())
    assert (reading.width_px, reading.height_px) == (760, 640)


def test_clean_pages_go_to_tesseract_and_rough_ones_to_rapidocr() -> None:
    assert {w.source for w in read_page_image(page(), dpi=DPI).words} == {"tesserocr"}
    assert {w.source for w in read_page_image(grainy(page()), dpi=DPI).words} == {"rapidocr"}


@pytest.mark.parametrize("rotation_deg", [90, 180, 270])
@pytest.mark.parametrize("rough", [False, True])
def test_a_turned_and_skewed_page_is_read_as_if_upright(rotation_deg: int, rough: bool) -> None:
    image = correct(page(), rotation_deg=0, skew_deg=-2.0)
    image = np.ascontiguousarray(np.rot90(grainy(image) if rough else image, -rotation_deg // 90))
    reading = read_page_image(image, dpi=DPI)
    assert _texts(reading) >= PRINTED
    assert reading.rotation_deg == rotation_deg
    assert reading.skew_deg == pytest.approx(2.0, abs=0.2)
    assert _codes(reading) >= {"page_rotated", "page_deskewed"}


@pytest.mark.parametrize("rough", [False, True])
def test_a_gray_page_is_read_and_turned_as_one_of_colours(rough: bool) -> None:
    image = grainy(page()) if rough else page()
    gray = np.ascontiguousarray(np.rot90(to_gray(image), -1))
    reading = read_page_image(gray, dpi=DPI)
    assert _texts(reading) >= PRINTED
    assert reading.rotation_deg == 90


@pytest.mark.parametrize("engine", ENGINES)
def test_an_image_that_is_known_to_be_upright_is_not_turned(engine: str) -> None:
    image = np.ascontiguousarray(np.rot90(page(), 2))
    reading = read_page_image(image, dpi=DPI, engine=engine, is_upright=True)
    assert (reading.rotation_deg, reading.skew_deg) == (0, 0.0)
    few = page(("Total 57.50",), size=(300, 120))
    assert "57.50" in _texts(read_page_image(few, dpi=DPI, engine=engine, is_upright=True))


def test_boxes_refer_to_the_corrected_image() -> None:
    image = np.ascontiguousarray(np.rot90(grainy(correct(page(), rotation_deg=0, skew_deg=-2.0)), 1))
    reading = read_page_image(image, dpi=DPI)
    straight = correct(image, rotation_deg=reading.rotation_deg, skew_deg=reading.skew_deg)
    assert straight.shape[:2] == (reading.height_px, reading.width_px)
    (total,) = [word for word in reading.words if word.text == "57.50"]
    assert _texts(read_page_image(_around(straight, total.bbox), dpi=DPI)) == {"57.50"}


def _around(image: NDArray[np.uint8], bbox: BBox) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    out = np.full_like(image[:200, :400], 230)
    x0, y0 = round(bbox.left * width) - 6, round(bbox.top * height) - 6
    x1, y1 = round(bbox.right * width) + 6, round(bbox.bottom * height) + 6
    out[80 : 80 + y1 - y0, 100 : 100 + x1 - x0] = image[y0:y1, x0:x1]
    return out


def test_upright_finds_the_same_pose_as_reading() -> None:
    image = np.ascontiguousarray(np.rot90(grainy(page()), 2))
    reading, put = read_page_image(image, dpi=DPI), upright(image, dpi=DPI)
    assert (put.rotation_deg, put.skew_deg) == (reading.rotation_deg, reading.skew_deg)
    assert put.image.shape[:2] == (reading.height_px, reading.width_px)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_blank_page_gives_no_words_and_says_so(engine: str) -> None:
    reading = read_page_image(np.full((300, 200, 3), 255, np.uint8), dpi=None, engine=engine)
    assert reading.words == ()
    assert _codes(reading) == {"no_text"}


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cuneiform"):
        read_page_image(page(), dpi=DPI, engine="cuneiform")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return what makes imports of modules fail, as where they are not installed."""

    def remove(*modules: str) -> None:
        for module in modules:
            monkeypatch.setitem(sys.modules, module, None)
        forget_engines()

    yield remove
    forget_engines()


@pytest.mark.parametrize("engine", ["tesserocr", "pytesseract", "rapidocr"])
def test_a_named_engine_that_is_not_installed_is_an_error(engine: str, without: Callable[..., None]) -> None:
    without(engine)
    with pytest.raises(OcrUnavailableError, match=engine):
        read_page_image(page(), dpi=DPI, engine=engine)


@pytest.mark.parametrize(
    ("missing", "rough", "source"),
    [
        (("tesserocr",), False, "pytesseract"),
        (("tesserocr", "pytesseract"), False, "rapidocr"),
        (("rapidocr",), True, "tesserocr"),
    ],
)
def test_auto_reads_with_what_is_installed_and_warns(
    missing: tuple[str, ...], rough: bool, source: str, without: Callable[..., None]
) -> None:
    without(*missing)
    reading = read_page_image(grainy(page(), sigma=2.0) if rough else page(), dpi=DPI)
    assert {word.source for word in reading.words} == {source}
    assert "engine_fallback" in _codes(reading)


def test_auto_without_any_engine_is_an_error(without: Callable[..., None]) -> None:
    without("tesserocr", "pytesseract", "rapidocr")
    with pytest.raises(OcrUnavailableError):
        read_page_image(page(), dpi=DPI)


def test_the_time_of_each_stage_is_told() -> None:
    seconds = dict(read_page_image(page(), dpi=DPI).engine_seconds)
    assert set(seconds) == {"measure", "orientation", "tesserocr"}
    assert all(value >= 0 for value in seconds.values())
