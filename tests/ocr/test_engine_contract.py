"""What every OCR engine promises, whichever library it wraps."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.engine import OcrEngine
from ocr.rapid import RapidEngine
from ocr.tesseract import PytesseractEngine
from ocr.tesserocr_engine import TesserocrEngine
from schemas.document import Word
from tests.ocr.pictures import DPI, LINES, page

ENGINES = {"pytesseract": PytesseractEngine, "tesserocr": TesserocrEngine, "rapidocr": RapidEngine}


@pytest.fixture(scope="module", params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> OcrEngine:
    name = str(request.param)
    if find_spec(name) is None or (name == "pytesseract" and shutil.which("tesseract") is None):
        pytest.skip(f"{name} is not installed")
    return ENGINES[name]()


@pytest.fixture(scope="module")
def words(engine: OcrEngine) -> tuple[Word, ...]:
    return engine.read(page(), dpi=DPI)


def test_every_printed_word_is_read(words: tuple[Word, ...]) -> None:
    assert {word.text for word in words} >= {word for line in LINES for word in line.split()}


def test_gray_and_colour_read_the_same(engine: OcrEngine, words: tuple[Word, ...]) -> None:
    gray = np.ascontiguousarray(page()[:, :, 0])
    assert {w.text for w in engine.read(gray, dpi=DPI)} == {w.text for w in words}


def test_words_carry_the_engines_name_and_a_confidence(engine: OcrEngine, words: tuple[Word, ...]) -> None:
    assert {word.source for word in words} == {engine.name}
    assert all(0.5 < word.confidence <= 1.0 for word in words)


def test_boxes_lie_on_the_ink_of_their_words(engine: OcrEngine) -> None:
    image = page(("LEFT                              RIGHT",))
    boxes = {word.text: word.bbox for word in engine.read(image, dpi=DPI)}
    ys, xs = np.nonzero(image[:, :, 0] < 128)
    top, bottom = ys.min() / image.shape[0], ys.max() / image.shape[0]
    assert boxes["LEFT"].left == pytest.approx(xs.min() / image.shape[1], abs=0.015)
    assert boxes["RIGHT"].right == pytest.approx(xs.max() / image.shape[1], abs=0.015)
    assert boxes["LEFT"].right < boxes["RIGHT"].left
    assert boxes["LEFT"].top == pytest.approx(top, abs=0.01)
    assert boxes["LEFT"].bottom == pytest.approx(bottom, abs=0.01)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (400, 300)])
def test_a_blank_picture_of_any_size_has_no_words(engine: OcrEngine, size: tuple[int, int]) -> None:
    assert engine.read(np.full(size, 255, np.uint8), dpi=DPI) == ()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10,), np.uint8),
        np.zeros((10, 10), np.float32),
    ],
)
def test_what_is_no_picture_is_refused(engine: OcrEngine, image: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="an image is uint8"):
        engine.read(image, dpi=DPI)


def test_reading_twice_gives_the_same(engine: OcrEngine, words: tuple[Word, ...]) -> None:
    assert engine.read(page(), dpi=DPI) == words
