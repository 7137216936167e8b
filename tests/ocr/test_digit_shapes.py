"""A font whose map to Unicode is wrong for its digits is noticed by the shapes of its glyphs."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from pikepdf import Array, Dictionary, Name, Page, Pdf
from PIL import ImageFont

from ocr.limits import ReadLimits
from ocr.source import PageScan, open_source
from tests.ocr.files import LETTER

# Codes of the font, which are those of ASCII: the space to the letter z.
FIRST, LAST = 32, 122


def numbers(
    shown: str,
    *,
    shift: int,
    digits: str = "0123456789",
    is_embedded: bool = True,
    comma: str = ",",
    says: Mapping[str, str] | None = None,
    drawing: str = "",
) -> bytes:
    """Return a page with `shown` in a font whose map to Unicode shifts some digits, and has another comma.

    `says` are more letters that it has otherwise; `drawing` is what else the page draws.
    """
    moved = {d: digits[(i + shift) % len(digits)] for i, d in enumerate(digits)}
    moved |= {",": comma, **(says or {})}
    pairs = "".join(f"<{code:02x}> <{ord(moved.get(chr(code), chr(code))):04x}>\n" for code in codes())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n1 begincodespacerange <00> <ff> "
        f"endcodespacerange\n{len(codes())} beginbfchar\n{pairs}endbfchar endcmap end end"
    )
    face: Any = ImageFont.load_default(1000)
    with Pdf.new() as document:
        untyped: Any = document
        program = untyped.make_stream(face.path.getvalue())
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/ABCDEF+Aileron"),
            Flags=32,
            FontBBox=Array([0, -250, 1000, 1000]),
            ItalicAngle=0,
            Ascent=950,
            Descent=-250,
            CapHeight=700,
            StemV=80,
            FontFile2=document.make_indirect(program),
        )
        font = Dictionary(
            Type=Name.Font,
            Subtype=Name.TrueType,
            BaseFont=Name("/ABCDEF+Aileron"),
            FirstChar=FIRST,
            LastChar=LAST,
            Widths=Array([round(face.getlength(chr(code))) for code in codes()]),
            FontDescriptor=document.make_indirect(descriptor),
            Encoding=Name.WinAnsiEncoding,
            ToUnicode=untyped.make_stream(cmap.encode()),
        )
        if not is_embedded:
            del descriptor.FontFile2
            font.Subtype, font.BaseFont, descriptor.FontName = Name.Type1, Name.Helvetica, Name.Helvetica
        content = f"BT /F1 12 Tf 72 700 Td ({shown}) Tj ET {drawing}".encode()
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array(LETTER),
            Resources=Dictionary(Font=Dictionary(F1=document.make_indirect(font))),
            Contents=untyped.make_stream(content),
        )
        document.pages.append(Page(document.make_indirect(page)))
        saved = BytesIO()
        document.save(saved)
    return saved.getvalue()


def codes() -> range:
    return range(FIRST, LAST + 1)


def scan(data: bytes) -> PageScan:
    return open_source(data, "application/pdf", limits=ReadLimits()).scan(0)


def test_digits_that_look_like_themselves_are_read() -> None:
    scanned = scan(numbers("Total 1085.88 and 2347.96", shift=0))
    assert (scanned.ocr, scanned.warnings) == ("nothing", ())
    assert [w.text for w in scanned.words] == ["Total", "1085.88", "and", "2347.96"]


@pytest.mark.parametrize("shift", [1, 3, 7])
def test_shifted_digits_are_not_believed(shift: int) -> None:
    scanned = scan(numbers("Total 1085.88 and 2347.96", shift=shift))
    assert scanned.ocr == "page"
    assert [w.code for w in scanned.warnings] == ["bad_text_layer"]
    # Nothing of the document is said.
    assert "1085" not in scanned.warnings[0].message


def test_two_exchanged_digits_are_not_believed() -> None:
    # Only the 3 and the 8 are taken for one another.
    assert scan(numbers("Total 1083.88 and 2347.96", shift=1, digits="38")).ocr == "page"


def test_a_page_without_digits_has_nothing_to_be_wrong() -> None:
    assert scan(numbers("Thank you for the order", shift=3)).ocr == "nothing"


def test_shifted_digits_of_a_font_that_the_file_does_not_bring_along_are_not_believed() -> None:
    assert scan(numbers("Total 1085.88 and 2347.96", shift=0, is_embedded=False)).ocr == "nothing"
    assert scan(numbers("Total 1085.88 and 2347.96", shift=3, is_embedded=False)).ocr == "page"


@pytest.mark.parametrize("comma", ["\u200b", "\u0001"])
def test_a_number_whose_decimal_mark_has_no_character_is_not_believed(comma: str) -> None:
    scanned = scan(numbers("Total 1085,88 and 2347,96", shift=0, comma=comma))
    assert scanned.ocr == "page"
    assert [w.code for w in scanned.warnings] == ["bad_text_layer"]


def test_a_word_beside_no_digit_may_have_a_glyph_without_a_character() -> None:
    assert scan(numbers("Total, and 2347.96", shift=0, comma="\u200b")).ocr == "nothing"


@pytest.mark.parametrize("mark", [" ", "\u00a0", "\u2009", "\u0009", "\u0000"])
def test_a_number_whose_minus_is_mapped_to_white_space_is_not_believed(mark: str) -> None:
    scanned = scan(numbers("Total-77,77 EUR", shift=0, says={"-": mark}))
    assert scanned.ocr == "page"
    assert [w.code for w in scanned.warnings] == ["bad_text_layer"]


def test_a_soft_hyphen_that_is_drawn_before_a_number_is_its_minus() -> None:
    scanned = scan(numbers("Total -77,77 EUR", shift=0, says={"-": "\u00ad"}))
    assert (scanned.ocr, [w.text for w in scanned.words]) == ("nothing", ["Total", "-77,77", "EUR"])
