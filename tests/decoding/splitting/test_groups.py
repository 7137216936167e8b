"""Files of one document stay whole, those of several come apart, and no page is lost or twice there."""

from __future__ import annotations

import random
from dataclasses import replace

from app.extraction.splitting import MIN_WHOLE_CONFIDENCE
from decoding.splitting.evidence import compare
from decoding.splitting.groups import group_pages
from decoding.splitting.page_facts import DocumentFacts, PageFacts
from decoding.splitting.weights import WEIGHTS
from ocr.layout_document import layout_document
from schemas.document import Document, Page
from tests.speed import within_cpu
from training.synthesis.sample import generate

_FIRST = """\
NORDWIND PAPIER GMBH                                    RECHNUNG
Hafenstrasse 4, 28217 Bremen                            Rechnungsnummer   RE-20417
                                                        Datum             03.02.2026
Kunde: Tischlerei Moll, Am Wall 9, 28195 Bremen
Pos  Artikel                              Menge   Preis    Betrag
1    Kopierpapier A4                         10    4,20     42,00
2    Umschlaege C5                            5    6,00     30,00
                                          Summe netto       72,00
                                          MwSt 19 %         13,68
                                          Gesamtbetrag      85,68
"""
_OTHER = """\
Harbour Lights Electrical
12 Quay Street, Galway
INVOICE                            No. 7731-B
Date: 14 March 2026
To: Seaview Hotel
Description                 Hours    Rate    Amount
Rewiring of kitchen            12   45.00    540.00
Callout                         1   60.00     60.00
Total due                                    600.00
"""


def _file(*texts: str) -> Document:
    pages = [layout_document(text, sha256="0").pages[0] for text in texts]
    return Document(
        sha256="0",
        media_type="application/pdf",
        pages=tuple(replace(page, page_index=index, **_A4) for index, page in enumerate(pages)),
    )


_A4 = {"width_pt": 595.0, "height_pt": 842.0}


def _groups(document: Document) -> list[tuple[int, ...]]:
    return [group.page_indices for group in group_pages(document)]


def test_invoices_of_two_vendors_come_apart_and_it_is_said_why() -> None:
    first, second = group_pages(_file(_FIRST, _OTHER))
    assert (first.page_indices, second.page_indices) == ((0,), (1,))
    assert first.evidence == ""
    assert second.evidence
    assert second.confidence > 0.7


def test_a_page_that_says_it_is_the_second_goes_on() -> None:
    texts = (
        f"{_FIRST}Seite 1 von 2",
        f"NORDWIND PAPIER GMBH\nRechnungsnummer RE-20417\n{_ROWS}Seite 2 von 2",
    )
    assert _groups(_file(*texts)) == [(0, 1)]


_ROWS = """\
Pos  Artikel                              Menge   Preis    Betrag
3    Toner schwarz                            1   80,00     80,00
4    Ordner                                   4    2,50     10,00
"""


def test_two_invoices_of_one_vendor_come_apart_by_their_numbers() -> None:
    second = _FIRST.replace("RE-20417", "RE-20988").replace("03.02.2026", "19.05.2026")
    texts = (f"{_FIRST}Seite 1 von 1", f"{second}Seite 1 von 1")
    assert _groups(_file(*texts)) == [(0,), (1,)]


def test_a_page_without_a_word_belongs_to_the_document_before_it() -> None:
    document = _file(_FIRST, _OTHER)
    blank = Page(page_index=1, width_pt=595, height_pt=842, words=(), lines=(), block_order=())
    pages = (document.pages[0], blank, replace(document.pages[1], page_index=2))
    assert _groups(replace(document, pages=pages)) == [(0, 1), (2,)]
    assert _groups(replace(document, pages=(replace(blank, page_index=0), blank))) == [(0, 1)]


def test_a_file_of_one_page_or_none() -> None:
    (only,) = group_pages(_file(_FIRST))
    assert (only.page_indices, only.confidence) == ((0,), 1.0)
    assert group_pages(replace(_file(_FIRST), pages=())) == ()


def test_a_boundary_that_may_be_there_makes_the_document_doubtful() -> None:
    whole = group_pages(_file(_FIRST, _ROWS))
    assert len(whole) == 1
    assert whole[0].confidence < 1.0


def test_an_invoice_whose_title_is_not_known_begins_by_its_letterhead_and_its_table() -> None:
    """A head of its own, other addresses and a table far below say it without a title or a page's number."""
    unnamed = _OTHER.replace(
        "INVOICE                            No. 7731-B",
        "Tel. 0353 91 778 2211\nsales@lights.ie  VAT IE4417220K",
    )
    assert _groups(_file(_FIRST, unnamed)) == [(0,), (1,)]


def test_rows_that_are_numbered_on_go_on_under_what_else_says_otherwise() -> None:
    second = f"{_ROWS.splitlines()[1]}\nZahlbar bis 04.04.2026, Kontonummer 4711 2299 88, Tel. 0421 998877\n"
    (whole,) = group_pages(_file(_FIRST, second))
    assert whole.page_indices == (0, 1)
    assert whole.whole_confidence > 0.85


def test_a_page_like_the_first_begins_another_document_after_a_page_of_terms() -> None:
    terms = (
        "Allgemeine Bedingungen\n"
        + "Die Ware bleibt bis zur Zahlung unser Eigentum, wie vereinbart ist.\n" * 9
    )
    again = _FIRST.replace("RE-20417", "RE-20988").replace("03.02.2026", "19.05.2026")
    assert _groups(_file(_FIRST, terms, again))[-1] == (2,)


def test_two_receipts_of_one_shop_are_never_a_silent_blend() -> None:
    receipt = (
        "real GmbH\nHusener Str. 121\nTel 05251 689080\nDatum 29.02.20 14:52\nKIWI            3,99\n"
        "SUMME EUR       3,99\nVielen Dank\n"
    )
    other = (
        receipt.replace("3,99", "5,17").replace("KIWI", "BROT").replace("29.02.20 14:52", "07.03.20 09:10")
    )
    found = group_pages(_file(receipt, other))
    assert len(found) == 2 or found[0].whole_confidence < MIN_WHOLE_CONFIDENCE


def test_every_page_is_in_one_document_and_most_boundaries_are_right() -> None:
    rng = random.Random(8)
    n_right = n_all = 0
    with within_cpu(20):
        for _ in range(25):
            parts = [
                generate(rng, kinds=("receipt", "invoice", "order")).document
                for _ in range(rng.randint(1, 6))
            ]
            pages = [page for part in parts for page in part.pages]
            starts = {sum(len(part.pages) for part in parts[:index]) for index in range(len(parts))}
            numbered = tuple(replace(page, page_index=index) for index, page in enumerate(pages))
            found = group_pages(replace(parts[0], pages=numbered))
            assert [index for group in found for index in group.page_indices] == list(range(len(pages)))
            assert all(0.0 <= group.confidence <= 1.0 for group in found)
            begun = {group.page_indices[0] for group in found}
            n_right += len(pages) - len(begun ^ starts)
            n_all += len(pages)
    assert n_right > 0.97 * n_all


def test_every_sign_has_a_weight() -> None:
    pages = _file(_FIRST, _OTHER).pages
    assert compare(DocumentFacts.begin(PageFacts(pages[0])), PageFacts(pages[1])).keys() == WEIGHTS.keys()
