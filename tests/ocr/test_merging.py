"""What OCR adds to a text layer, and what is said where it adds nothing."""

from __future__ import annotations

import pytest

from ocr.engine import PageReading
from ocr.ink import InkLine
from ocr.merging import merge_page, merge_sheet, note_unread
from ocr.source import OcrScope, PageScan
from ocr.strips import lay_out
from schemas.document import ReadWarning, Word
from schemas.geometry import BBox

LONG = InkLine(box=BBox(0.1, 0.1, 0.5, 0.12), is_long=True)
MARK = InkLine(box=BBox(0.1, 0.8, 0.2, 0.84), is_long=False)
IMAGE = BBox(0.1, 0.4, 0.9, 0.6)


def scan(ocr: OcrScope, *lines: InkLine, known: tuple[Word, ...] = ()) -> PageScan:
    return PageScan(
        width_pt=600,
        height_pt=800,
        words=known,
        rotation_deg=0,
        ocr=ocr,
        image_boxes=(IMAGE,) if ocr == "images" else (),
        warnings=(),
        ink_lines=lines,
        apart=(),
        hidden=(),
    )


def word(text: str, left: float, top: float, *, confidence: float = 0.9) -> Word:
    box = BBox(left, top, left + 0.02, top + 0.01)
    return Word(text=text, bbox=box, confidence=confidence, source="tesserocr")


def reading(*words: Word, rotation_deg: int = 0, skew_deg: float = 0.0, code: str = "no_text") -> PageReading:
    return PageReading(
        words=words,
        rotation_deg=rotation_deg,
        skew_deg=skew_deg,
        engine_seconds=(),
        warnings=(
            ReadWarning(code="engine_fallback" if code == "engine_fallback" else "no_text", message="m"),
        ),
        width_px=600,
        height_px=800,
    )


def texts(words: tuple[Word, ...]) -> list[str]:
    return [found.text for found in words]


def test_a_page_gives_what_stands_in_its_images_and_ink_and_the_layer_has_not() -> None:
    known = (word("known", 0.3, 0.5),)
    found = reading(
        word("in", 0.2, 0.5), word("twice", 0.305, 0.501), word("beside", 0.2, 0.7), word("ink", 0.2, 0.105)
    )
    merged = merge_page(scan("images", LONG, known=known), found)
    assert texts(merged.added) == ["in", "ink"]
    assert [w.code for w in merged.warnings] == ["no_text"]


@pytest.mark.parametrize(("rotation_deg", "skew_deg"), [(90, 0.0), (0, 0.3)])
def test_images_that_lie_otherwise_than_the_text_are_named(rotation_deg: int, skew_deg: float) -> None:
    turned = reading(word("in", 0.2, 0.5), rotation_deg=rotation_deg, skew_deg=skew_deg)
    merged = merge_page(scan("images"), turned)
    assert merged.added == ()
    assert [w.code for w in merged.warnings] == ["unread_ink"]
    nothing = reading(rotation_deg=rotation_deg, skew_deg=skew_deg)
    assert merge_page(scan("images"), nothing).warnings == ()


def sheet_reading(*words: Word, code: str = "no_text") -> PageReading:
    """Return the reading of the sheet of `LONG` and `MARK` whose words stand there on the page."""
    sheet = lay_out([LONG.box, MARK.box], width_px=600, height_px=800)
    width, height = sheet.size_px
    placed: list[Word] = []
    for found in words:
        strip = next(s for s in sheet.strips if s.top <= found.bbox.center[1] * 800 <= s.bottom)
        x, y = 40 - strip.left, strip.row - strip.top
        b = found.bbox
        box = BBox(
            (b.left * 600 + x) / width,
            (b.top * 800 + y) / height,
            (b.right * 600 + x) / width,
            (b.bottom * 800 + y) / height,
        )
        placed.append(Word(text=found.text, bbox=box, confidence=found.confidence, source=found.source))
    return reading(*placed, code=code)


def merge(*words: Word, code: str = "no_text") -> tuple[list[str], list[str]]:
    found = sheet_reading(*words, code=code)
    merged = merge_sheet(scan("ink", LONG, MARK), found, width_px=600, height_px=800)
    assert all(w.source == "tesserocr" for w in merged.added)
    return texts(merged.added), [w.code for w in merged.warnings]


def test_lines_of_ink_become_words_of_the_page() -> None:
    assert merge(word("IBAN", 0.2, 0.105), word("WXYZ", 0.12, 0.81)) == (["IBAN", "WXYZ"], [])


def test_a_long_line_without_a_sure_word_is_named_and_a_word_mark_is_not() -> None:
    doubtful = word("1BAM", 0.2, 0.105, confidence=0.59)
    assert merge(doubtful, word("WXYZ", 0.12, 0.81)) == (["WXYZ"], ["unread_ink"])
    assert merge(word("IBAN", 0.2, 0.105), word("--", 0.12, 0.81)) == (["IBAN"], [])


def test_of_an_engines_notes_on_a_sheet_only_a_fallback_concerns_the_page() -> None:
    assert merge(word("IBAN", 0.2, 0.105), code="engine_fallback")[1] == ["engine_fallback"]


def test_what_was_not_read_at_all_is_named() -> None:
    (warning,) = note_unread(scan("ink", LONG, LONG, MARK))
    assert warning.code == "unread_ink"
    assert warning.message.startswith("2 lines")
    assert note_unread(scan("ink", MARK)) == ()
