"""What a page says of its own number."""

from __future__ import annotations

import pytest

from decoding.splitting.page_numbers import PageNumber, read_page_number
from ocr.layout_document import layout_document


@pytest.mark.parametrize(
    ("text", "number", "of"),
    [
        ("Acme Ltd          Page 2 of 3\nInvoice 4711", 2, 3),
        ("Rechnung\nSeite: 1 / 2", 1, 2),
        ("Seite 4 von 12", 4, 12),
        ("Facture\nPage 3/3\nTotal 12,00", 3, 3),
        ("Pagina 2 di 5", 2, 5),
        ("Invoice\nrows\nmore rows\nTotal\n- 4 -", 4, None),
        ("Invoice\n3 of 7", 3, 7),
        ("Page 2\nInvoice", 2, None),
        ("Page 1 of 2, see page 9\nItem", 1, 2),
    ],
)
def test_a_page_says_its_number(text: str, number: int, of: int | None) -> None:
    page = layout_document(text, sha256="0").pages[0]
    assert read_page_number(page) == PageNumber(number=number, of=of)


@pytest.mark.parametrize(
    "text",
    [
        "Invoice 4711\nTotal 12.00",
        "a\nb\n12\nc\nd\ne",  # a number amid the page is none of it
        "Page 5 of 2",
        "Page 0",
        "Homepage 12 of 40 offers",
        "a\nb\nc\nd\nas page 9 says\nf\ng\nh\ni",  # amid a text it is another page's
        "To: Mr. S. 17 Green Lane\nDear Sir",
    ],
)
def test_others_do_not(text: str) -> None:
    assert read_page_number(layout_document(text, sha256="0").pages[0]) is None
