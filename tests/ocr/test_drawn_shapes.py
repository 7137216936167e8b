"""Digits and signs of fonts that are drawings (Type 3) are what the page shows, not what their map says."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from pikepdf import Array, Dictionary, Name, Page, Pdf
from PIL import Image, ImageDraw, ImageFont

from ocr.reader import ReadOptions, read_document
from tests.ocr.files import LETTER
from tests.ocr.test_digit_shapes import scan

CHARACTERS = "0123456789-+.,() "
_PX = 64  # a font size


def type3_page(
    shown: str, *, says: Mapping[str, str] | None = None, is_tight: bool = True, rotate: int = 0
) -> bytes:
    """Return a page with `shown` in a font of bitmaps, whose map says other characters for some.

    Unless `is_tight` each glyph claims to fill the box of the font.
    """
    with Pdf.new() as document:
        untyped: Any = document
        procedures, widths = Dictionary(), [0] * 96
        face: Any = ImageFont.load_default(_PX)
        for ch in CHARACTERS:
            content, widths[ord(ch) - 32] = _glyph(ch, face, is_tight=is_tight)
            procedures[f"/g{ord(ch)}"] = untyped.make_stream(content)
        pairs = "".join(f"<{ord(ch):02x}> <{ord((says or {}).get(ch, ch)):04x}>\n" for ch in CHARACTERS)
        cmap = (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n1 begincodespacerange <00> <ff> "
            f"endcodespacerange\n{len(CHARACTERS)} beginbfchar\n{pairs}endbfchar endcmap end end"
        )
        names = [entry for ch in CHARACTERS for entry in (ord(ch), Name(f"/g{ord(ch)}"))]
        font = Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            FontBBox=Array([0, -_PX // 4, _PX, _PX]),
            FontMatrix=Array([1 / _PX, 0, 0, 1 / _PX, 0, 0]),
            CharProcs=procedures,
            Encoding=Dictionary(Type=Name.Encoding, Differences=Array(names)),
            FirstChar=32,
            LastChar=127,
            Widths=Array(widths),
            Resources=Dictionary(),
            ToUnicode=untyped.make_stream(cmap.encode()),
        )
        helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        shown = shown.replace("(", r"\(").replace(")", r"\)")
        content = (
            "BT /F1 12 Tf 72 740 Td (Invoice for the work in the third week of March) Tj ET "
            f"BT /F2 12 Tf 72 700 Td ({shown}) Tj ET"
        )
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array(LETTER),
            Rotate=rotate,
            Resources=Dictionary(Font=Dictionary(F1=helvetica, F2=document.make_indirect(font))),
            Contents=untyped.make_stream(content.encode()),
        )
        document.pages.append(Page(document.make_indirect(page)))
        saved = BytesIO()
        document.save(saved)
    return saved.getvalue()


def _glyph(ch: str, face: ImageFont.FreeTypeFont, *, is_tight: bool) -> tuple[bytes, int]:
    """Return the operators that draw a character as a bitmap, one pixel a unit, and its advance."""
    width = round(face.getlength(ch))
    image = Image.new("1", (width, _PX + _PX // 4), 1)
    ImageDraw.Draw(image).text((0, _PX), ch, fill=0, font=face, anchor="ls")
    # Of black pixels alone: a mask's 0 is painted.
    left, top, right, bottom = image.convert("L").point(lambda v: 255 - v).getbbox() or (0, 0, 0, 0)
    box = (left, _PX - bottom, right, _PX - top) if is_tight else (0, -_PX // 4, _PX, _PX)
    head = f"{width} 0 {box[0]} {box[1]} {box[2]} {box[3]} d1 "
    if not right:
        return head.encode(), width
    image = image.crop((left, top, right, bottom))
    place = f"q {right - left} 0 0 {bottom - top} {left} {_PX - bottom} cm "
    start = f"BI /IM true /W {right - left} /H {bottom - top} /BPC 1 /D [0 1] ID "
    return (head + place + start).encode() + image.tobytes() + b" EI Q", width


@pytest.mark.parametrize("is_tight", [True, False])
@pytest.mark.parametrize("rotate", [0, 90])
def test_an_honest_font_of_drawings_is_believed(*, is_tight: bool, rotate: int) -> None:
    scanned = scan(type3_page("-1,234.50 67.89 0", is_tight=is_tight, rotate=rotate))
    assert (scanned.ocr, scanned.warnings) == ("nothing", ())
    assert {"-1,234.50", "67.89", "0"} <= {word.text for word in scanned.words}


@pytest.mark.parametrize("is_tight", [True, False])
@pytest.mark.parametrize("says", [{"1": "7", "7": "1"}, {"3": "8"}, {"0": "6"}, {"-": "+"}, {".": "1"}])
def test_a_drawing_that_says_another_sign_is_looked_at(says: dict[str, str], *, is_tight: bool) -> None:
    assert scan(type3_page("-1,234.50 67.89 0", says=says, is_tight=is_tight)).ocr in ("check", "page")


@pytest.mark.parametrize("rotate", [0, 90, 180])
def test_what_is_drawn_is_read(rotate: int) -> None:
    document = read_document(
        type3_page("-1,234.50 67.89 0", says={"1": "7", "7": "1"}, is_tight=False, rotate=rotate),
        options=ReadOptions(n_workers=1),
    )
    assert "-1,234.50 67.89" in document.pages[0].text
    assert {w.code for w in document.warnings} & {"hidden_text", "bad_text_layer"}
