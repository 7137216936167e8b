from __future__ import annotations

import numpy as np
import pytest

from ocr import tesseract
from ocr.orientation import MIN_OSD_CONFIDENCE, turns_by_osd, turns_by_reading
from ocr.rapid import RapidEngine
from tests.ocr.pictures import DPI, LINES, grainy, page

TURNS = (0, 90, 180, 270)


@pytest.mark.parametrize("rotation_deg", TURNS)
def test_the_turn_of_a_page_is_found_by_reading_it(rotation_deg: int) -> None:
    turned = np.ascontiguousarray(np.rot90(grainy(page()), -rotation_deg // 90))
    engine = RapidEngine(max_side_px=800)
    assert turns_by_reading(turned, engine.detect(turned), engine) == rotation_deg


@pytest.mark.parametrize("rotation_deg", TURNS)
def test_a_confident_turn_found_by_osd_is_right(rotation_deg: int) -> None:
    full = page(LINES * 4, size=(1100, 1600), font_px=18)
    turned = np.rot90(full, -rotation_deg // 90)
    found, confidence = turns_by_osd(turned, dpi=DPI)
    assert found == rotation_deg or confidence < MIN_OSD_CONFIDENCE
    assert confidence >= MIN_OSD_CONFIDENCE or rotation_deg


def test_the_program_finds_the_same_turn_as_the_library() -> None:
    full = page(LINES * 4, size=(1100, 1600), font_px=18)
    turned = np.ascontiguousarray(np.rot90(full, -1)[:, :, 0])
    assert tesseract.orientation(turned, dpi=DPI)[0] == turns_by_osd(turned, dpi=DPI)[0] == 90


def test_a_blank_page_is_not_turned() -> None:
    blank = np.full((300, 200, 3), 255, np.uint8)
    assert turns_by_osd(blank, dpi=DPI) == (0, 0.0)
    assert turns_by_reading(blank, (), RapidEngine()) == 0
