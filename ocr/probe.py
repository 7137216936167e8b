"""What can read pages here: each OCR engine is tried on a page of our own, drawn without any file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.router import ENGINES, read_page_image
from ocr.tesseract import list_program_languages
from ocr.tesserocr_engine import list_data_languages
from schemas.errors import OcrError, OcrUnavailableError

DPI = 150
_SIZE_PX = (1240, 900)
_LINE_PX, _LEFT_PX, _TOP_PX, _FONT_PX = 70, 120, 110, 34


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """Whether an OCR engine reads.

    Attributes
    ----------
    languages
        Of Tesseract, that are installed.
    why_not
        What is wrong; None if it reads.
    hint
        How an engine that does not read is mended; None if there is nothing to say.
    """

    name: str
    languages: tuple[str, ...] = ()
    why_not: str | None = None
    hint: str | None = None

    @property
    def is_working(self) -> bool:
        """Return whether it read the page."""
        return self.why_not is None


def draw_page(lines: tuple[str, ...]) -> bytes:
    """Return a PNG of a page at `DPI` with the lines in black, one below the other."""
    page = Image.new("L", _SIZE_PX, 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(_FONT_PX)
    for number, line in enumerate(lines):
        draw.text((_LEFT_PX, _TOP_PX + number * _LINE_PX), line, fill=0, font=font)
    file = io.BytesIO()
    page.save(file, "PNG", dpi=(DPI, DPI))
    return file.getvalue()


def probe_engines(languages: tuple[str, ...]) -> tuple[EngineState, ...]:
    """Return how each OCR engine fares with these languages of Tesseract on a page of our own."""
    page = np.asarray(Image.open(io.BytesIO(draw_page(("INVOICE 1042", "Total 57.50 EUR")))))
    return tuple(_probe(name, page, languages) for name in ENGINES if name != "auto")


def _probe(name: str, page: np.ndarray[Any, np.dtype[np.uint8]], languages: tuple[str, ...]) -> EngineState:
    installed = _languages(name)
    try:
        reading = read_page_image(page, dpi=DPI, engine=name, languages=languages, is_upright=True)
    except OcrError as error:
        return EngineState(name=name, languages=installed, why_not=str(error), hint=error.hint)
    found = " ".join(word.text for word in reading.words)
    why_not = None if "57.50" in found else f"it read {len(reading.words)} words, and not those of the page"
    return EngineState(name=name, languages=installed, why_not=why_not)


def _languages(name: str) -> tuple[str, ...]:
    if name == "rapidocr":
        return ()
    try:
        return list_program_languages() if name == "pytesseract" else list_data_languages()
    except OcrUnavailableError:
        return ()
