"""Of a PDF portfolio the PDFs in it are read, not the page that says what it is."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pikepdf import AttachedFileSpec, Dictionary, Name, Pdf

from ocr.limits import ReadLimits
from ocr.pdf import open_pdf
from ocr.reader import ReadOptions, read_document
from schemas.errors import DocumentTooLargeError
from tests.ocr.files import pdf, text_at

COVER = text_at(72, 700, "Open this portfolio in another program")


def bill(number: int, *, encryption: pikepdf.Encryption | None = None) -> bytes:
    return pdf(text_at(72, 700, f"Invoice {number} of the year"), encryption=encryption)


def portfolio_of(files: dict[str, bytes], *, is_portfolio: bool = True) -> bytes:
    saved = BytesIO()
    make_file: Any = AttachedFileSpec
    with Pdf.open(BytesIO(pdf(COVER))) as document:
        for name, content in files.items():
            document.attachments[name] = make_file(document, content, filename=name)
        if is_portfolio:
            document.Root.Collection = Dictionary(Type=Name.Collection, View=Name.D)
        document.save(saved)
    return saved.getvalue()


def read(data: bytes, *, password: str | None = None) -> tuple[list[str], dict[str, str]]:
    """Return the second word of each page, and the messages of warnings by code."""
    document = read_document(data, options=ReadOptions(n_workers=1, password=password))
    return [p.words[1].text for p in document.pages], {w.code: w.message for w in document.warnings}


def test_the_pdfs_of_a_portfolio_take_the_place_of_its_cover() -> None:
    texts, warnings = read(portfolio_of({"a.pdf": bill(1), "b.PDF": bill(2), "list.xlsx": b"PK"}))
    assert texts == ["1", "2"]
    assert warnings["portfolio"].endswith(
        "2 of its 3 files are read in place of its cover; not read: list.xlsx"
    )


def test_a_portfolio_without_a_readable_pdf_is_its_cover_and_a_warning() -> None:
    texts, warnings = read(portfolio_of({"a.pdf": b"no PDF", "b.docx": b"PK"}))
    assert texts == ["this"]
    assert "0 of its 2 files" in warnings["portfolio"]


def test_a_pdf_with_attachments_that_is_no_portfolio_is_read_as_it_is() -> None:
    assert read(portfolio_of({"terms.pdf": bill(1)}, is_portfolio=False)) == (["this"], {})
    assert read(portfolio_of({"factur-x.xml": b"<a/>"}, is_portfolio=False)) == (["this"], {})


def test_the_password_is_tried_for_the_files_too() -> None:
    locked = bill(7, encryption=pikepdf.Encryption(owner="owner", user="secret", R=6))
    assert read(portfolio_of({"a.pdf": locked}), password="secret")[0] == ["7"]
    texts, warnings = read(portfolio_of({"a.pdf": locked, "b.pdf": bill(8)}))
    assert texts == ["8"]
    assert "not read: a.pdf" in warnings["portfolio"]


def test_a_portfolio_in_a_portfolio_is_left_closed() -> None:
    assert read(portfolio_of({"a.pdf": portfolio_of({"b.pdf": bill(1)})}))[0] == ["this"]


def test_names_are_cut_and_printed_without_control_characters() -> None:
    files = {f"{n}\x1b{'x' * 200}.zip": b"PK" for n in range(20)}
    message = read(portfolio_of(files))[1]["portfolio"]
    assert "\x1b" not in message
    assert message.endswith("and 12 more")  # 8 of 20 are named
    assert len(message) < 1000


@pytest.mark.parametrize("limits", [ReadLimits(max_pages=1), ReadLimits(max_bytes=1_000)])
def test_limits_hold_for_the_files_together(limits: ReadLimits) -> None:
    with pytest.raises(DocumentTooLargeError, match="portfolio"):
        open_pdf(portfolio_of({"a.pdf": bill(1), "b.pdf": bill(2)}), limits=limits)
