from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ocr.tesseract import PytesseractEngine, write_pnm
from ocr.tesserocr_engine import TesserocrEngine
from ocr.tsv import words_from_tsv
from schemas.errors import OcrTimeoutError, OcrUnavailableError
from tests.ocr.pictures import DPI, page

HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


def _words(*rows: str) -> list[str]:
    report = "\n".join((HEADER, *rows))
    return [w.text for w in words_from_tsv(report, source="tesserocr", width_px=200, height_px=100)]


def test_words_of_a_report_keep_their_place_and_confidence() -> None:
    report = (
        f"{HEADER}\n1\t1\t0\t0\t0\t0\t0\t0\t200\t100\t-1\t\n5\t1\t1\t1\t1\t1\t20\t10\t40\t20\t91.5\tTotal"
    )
    (word,) = words_from_tsv(report, source="pytesseract", width_px=200, height_px=100)
    assert (word.text, word.confidence, word.source) == ("Total", 0.915, "pytesseract")
    assert (word.bbox.left, word.bbox.top, word.bbox.right, word.bbox.bottom) == (0.1, 0.1, 0.3, 0.3)


def test_rules_and_specks_are_left_out_unless_read_with_confidence() -> None:
    assert _words("5\t1\t1\t1\t1\t1\t20\t10\t4\t20\t31\t|", "5\t1\t1\t1\t1\t2\t30\t10\t4\t20\t95\t-") == ["-"]


def test_blank_words_and_broken_rows_are_left_out() -> None:
    assert _words("5\t1\t1\t1\t1\t1\t20\t10\t4\t20\t95\t ", "5\t1\t1", "") == []


def test_quotes_in_a_report_are_text() -> None:
    assert _words('5\t1\t1\t1\t1\t1\t20\t10\t40\t20\t95\t"A4"') == ['"A4"']


def test_an_unknown_language_is_unavailable_not_a_crash() -> None:
    for engine in (PytesseractEngine(languages=("xxx",)), TesserocrEngine(languages=("xxx",))):
        with pytest.raises(OcrUnavailableError, match="xxx"):
            engine.read(page(("Total",)), dpi=DPI)


def test_a_page_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(OcrTimeoutError):
        PytesseractEngine(timeout_s=0.001).read(page(), dpi=DPI)


def test_the_program_is_held_to_one_thread() -> None:
    PytesseractEngine().read(page(("Total",)), dpi=DPI)
    assert os.environ["OMP_THREAD_LIMIT"] == "1"


def test_a_picture_survives_being_written(tmp_path: Path) -> None:
    from PIL import Image

    gray = np.arange(6, dtype=np.uint8).reshape(2, 3)
    colour = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    for image in (gray, colour):
        assert np.array_equal(np.asarray(Image.open(write_pnm(image, tmp_path / "page.pnm"))), image)
