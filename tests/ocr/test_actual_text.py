"""What a page draws is read where the file says that it is another text."""

from __future__ import annotations

import pytest

from ocr.actual_text import says_another
from ocr.reader import ReadOptions, read_document
from tests.ocr.files import pdf, text_at

_DRAWN = "TOTAL 1.111,11"


def _read(content: str) -> tuple[str, list[str]]:
    document = read_document(pdf(content), options=ReadOptions(n_workers=1))
    return document.pages[0].text, [warning.code for warning in document.warnings]


def _span(said: str, content: str) -> str:
    return f"/Span << /ActualText {said} >> BDC {content} EMC\n"


@pytest.mark.parametrize(
    "content",
    [
        _span("(TOTAL 9.999,99)", text_at(50, 600, _DRAWN)),
        _span("<FEFF0054004F00540041004C0020FF19002E>", text_at(50, 600, _DRAWN)),  # "TOTAL 9." in UTF-16
        "/P << /MCID 0 >> BDC " + _span("(TOTAL 9.999,99)", text_at(50, 600, _DRAWN)) + "EMC",
        "BT /F1 12 Tf 50 600 Td (TOTAL ) Tj " + _span("(9.999,99)", "(1.1) Tj (11,11) Tj") + "ET",
        _span("(Deposit, nothing else)", text_at(50, 600, _DRAWN)),
    ],
)
def test_glyphs_are_read_where_the_text_given_for_them_is_another(content: str) -> None:
    text, codes = _read(text_at(50, 700, "Norderfeld Tools") + content)
    assert _DRAWN in text
    assert "9" not in text
    assert codes == ["hidden_text"]


@pytest.mark.parametrize(
    ("said", "drawn", "read"),
    [("Offices 12", "O ces 12", "Offices 12"), ("Nr. 12", "No 12", "Nr. 12")],
)
def test_a_text_that_spells_what_its_glyphs_show_is_read(said: str, drawn: str, read: str) -> None:
    text, codes = _read(text_at(50, 700, "Norderfeld Tools") + _span(f"({said})", text_at(50, 600, drawn)))
    assert read in text
    assert codes == []


def test_a_text_over_two_operations_is_compared_with_both() -> None:
    parts = "BT /F1 12 Tf 50 600 Td (TOTAL 1.1) Tj (11,11) Tj ET"
    text, codes = _read(_span(f"({_DRAWN})", parts))
    assert _DRAWN in text
    assert codes == []


@pytest.mark.parametrize(
    ("said", "drawn", "is_another"),
    [
        ("", "12", False),
        ("12", "", False),
        ("12", "\u00b9\u00b2", False),
        ("\u0661\u0662", "12", False),
        ("12", "21", True),
        ("\u05d0 12 34", "\u05d0 34 12", False),
        ("Rechnung", "R e c h n u n g", False),
        ("Rechnung", "gnunhceR", False),
        ("Mustermann", "Norderfeld", True),
    ],
)
def test_another_text_has_other_digits_or_mostly_other_letters(
    said: str, drawn: str, *, is_another: bool
) -> None:
    assert says_another(said, drawn) is is_another


@pytest.mark.parametrize(
    ("said", "drawn"),
    [
        ("45.00", "-45.00"),
        ("-45.00", "45.00"),
        ("45.00", "(45.00)"),
        ("45.00", "45.00-"),
        ("1,234", "1.234"),
        ("12.34", "1234"),
        ("1.234,50", "1,234.50"),
        ("EUR 45.00", "$45.00"),
        ("EUR 45.00", "USD 45.00"),
        ("45.00 CR", "45.00 DR"),
        ("45.00", "45.00%"),
        ("+", "-"),
        (" ", "-"),
        (".", ","),
    ],
)
def test_another_text_has_other_signs_of_figures(said: str, drawn: str) -> None:
    assert says_another(said, drawn)
    text, codes = _read(
        text_at(50, 700, "Norderfeld Tools")
        + _span(f"<FEFF{said.encode('utf-16-be').hex()}>", text_at(50, 600, drawn))
    )
    assert drawn in text
    assert codes == ["hidden_text"]


@pytest.mark.parametrize(
    ("said", "drawn"),
    [
        ("1 234,50", "1\u202f234,50"),
        ("1234.50", "1'234.50"),
        ("\u221245.00", "-45.00"),
        ("10\u201320", "10-20"),
        ("\u00ad", "-"),
        ("No. 1.", "No. 1"),
        ("Net 45.00 EUR", "NET 45.00 EUR"),
        ("12%", "12 %"),
        ("(1) Art", "( 1 ) Art"),
        (" ", "....."),
        ("", "-"),
    ],
)
def test_another_spelling_of_a_figure_is_no_other_text(said: str, drawn: str) -> None:
    assert not says_another(said, drawn)


@pytest.mark.parametrize(
    ("said", "drawn"),
    [
        ("<FEFF30C830FC>", "TO"),
        ("<FEFF22120034>", "-4"),
        (r"(\2124\240)", "-4\u20ac"),
        ("<EFBBBFE2889234>", "-4"),
    ],
)
def test_a_text_in_any_of_its_encodings_is_compared(said: str, drawn: str) -> None:
    _, codes = _read(text_at(50, 700, "Norderfeld Tools") + _span(said, text_at(50, 600, drawn)))
    assert codes == []
