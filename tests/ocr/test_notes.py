"""Notes that somebody typed onto a page are read, drawn by the file or not."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from ocr.limits import ReadLimits
from ocr.source import PageScan, open_source
from tests.ocr.files import pdf, text_at

PAGE = pdf(text_at(72, 700, "Invoice 20417 of 14 October") + text_at(72, 680, "Total 19.90 EUR"))


def with_note(text: str, *, drawn: bool) -> bytes:
    with Pdf.open(BytesIO(PAGE)) as document:
        untyped: Any = document
        note = Dictionary(
            Type=Name.Annot, Subtype=Name.FreeText, Rect=Array([72, 560, 400, 600]), Contents=text, F=4,
            DA="/Helv 11 Tf 0 g",
        )  # fmt: skip
        page = untyped.pages[0]
        if drawn:
            appearance = untyped.make_stream(f"BT /F1 11 Tf 2 4 Td ({text}) Tj ET".encode())
            appearance.Type, appearance.Subtype = Name.XObject, Name.Form
            appearance.BBox, appearance.Resources = Array([0, 0, 328, 40]), page.Resources
            note.AP = Dictionary(N=appearance)
        page.Annots = Array([untyped.make_indirect(note)])
        saved = BytesIO()
        untyped.save(saved)
    return saved.getvalue()


def scan(data: bytes) -> PageScan:
    return open_source(data, "application/pdf", limits=ReadLimits()).scan(0)


def texts(scanned: PageScan) -> list[str]:
    return [word.text for word in scanned.words][8:]


@pytest.mark.parametrize("drawn", [True, False])
def test_a_note_is_read_with_its_appearance_and_without(*, drawn: bool) -> None:
    scanned = scan(with_note("Cost centre 4410", drawn=drawn))
    assert texts(scanned) == ["Cost", "centre", "4410"]
    assert scanned.warnings == ()


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n"])
def test_lines_of_a_note_without_appearance_are_apart(line_end: str) -> None:
    note = with_note(f"Cost centre 4411{line_end}Account 4400", drawn=False)
    assert texts(scan(note)) == ["Cost", "centre", "4411", "Account", "4400"]


@pytest.mark.parametrize("text", ["", "\r\r", "x\n" * 20_000])
def test_an_odd_note_does_no_harm(text: str) -> None:
    assert [word.text for word in scan(with_note(text, drawn=False)).words][:2] == ["Invoice", "20417"]


def test_a_note_that_has_its_text_with_marks_of_style_alone_is_read() -> None:
    rich = "<body xmlns='http://www.w3.org/1999/xhtml'><p>Paid &amp; sent</p><p>12<b>,50</b></p></body>"
    with Pdf.open(BytesIO(with_note("", drawn=False))) as document:
        untyped: Any = document
        untyped.pages[0].Annots[0].RC = rich
        saved = BytesIO()
        untyped.save(saved)
    assert texts(scan(saved.getvalue())) == ["Paid", "&", "sent", "12,50"]


def test_a_note_for_print_alone_is_not_read() -> None:
    with Pdf.open(BytesIO(with_note("Copy", drawn=True))) as document:
        untyped: Any = document
        untyped.pages[0].Annots[0].F = 32
        saved = BytesIO()
        untyped.save(saved)
    assert texts(scan(saved.getvalue())) == []
