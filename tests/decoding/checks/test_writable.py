"""Values that can be written are those that the grammar of their field admits on the pages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from decoding.checks import writable
from decoding.checks.writable import WritableValues
from ocr.layout_document import layout_document
from schemas.document import Document
from schemas.spec import FieldSpec

_PAGE = """\
Harbour Lights Electrical     INVOICE 7731-B
14 March 2026                 Total due 1,600.00
"""
VERBATIM, AMOUNT, DATE = (FieldSpec(kind=kind) for kind in ("verbatim", "amount", "date"))


@pytest.mark.parametrize(
    ("spec", "value", "can"),
    [
        (VERBATIM, "Harbour Lights Electrical", True),
        (VERBATIM, "Harbour Lights Electric", False),
        (VERBATIM, "7731-B", True),
        (AMOUNT, "1,600.00", True),
        (AMOUNT, "1600.00", False),
        (DATE, "14 March 2026", True),
        (DATE, "15 March 2026", False),
        (AMOUNT, None, True),
        (FieldSpec(kind="enum", enum_values=("invoice", "order")), "invoice", True),
        (FieldSpec(kind="enum", enum_values=("invoice", "order")), "receipt", False),
        (FieldSpec(kind="boolean"), True, True),
        (VERBATIM, "", False),
        (VERBATIM, '"', False),
    ],
)
def test_what_the_page_shows_can_be_written(spec: FieldSpec, value: str | bool | None, can: bool) -> None:
    assert WritableValues(layout_document(_PAGE, sha256="0")).can_write(spec, value) is can


_GLUED = """\
Rechnungsnr.:RE-20417      IBAN:DE21 3000 4000    Uhrzeit 12:30
Wasser....................45.10   Gas___________1,210.00   Pos.:7
Summe EUR1.085,88   Rs.1,45,678/-   Rest -$45.00   Gutschrift ($20.00)   Preis 30.00†
"""


@pytest.mark.parametrize(
    ("spec", "value", "can"),
    [
        (VERBATIM, "RE-20417", True),
        (VERBATIM, "Rechnungsnr.:RE-20417", True),
        (VERBATIM, "20417", False),
        (VERBATIM, "E-20417", False),
        (VERBATIM, "DE21 3000 4000", True),
        (VERBATIM, "DE21 3000", True),
        (VERBATIM, "E21 3000 4000", False),
        (VERBATIM, "7", True),
        (VERBATIM, "30", False),
        (VERBATIM, "EUR", True),
        (AMOUNT, "45.10", True),
        (AMOUNT, "5.10", False),
        (AMOUNT, "1,210.00", True),
        (AMOUNT, "210.00", False),
        (AMOUNT, "1.085,88", True),
        (AMOUNT, "EUR1.085,88", True),
        *((AMOUNT, text, True) for text in ("Rs.1,45,678/-", "Rs.1,45,678", "1,45,678/-", "1,45,678")),
        (AMOUNT, "-$45.00", True),
        (AMOUNT, "45.00", False),  # the sign belongs to the amount
        (AMOUNT, "$45.00", False),
        (AMOUNT, "($20.00)", True),
        (AMOUNT, "20.00", False),
        (AMOUNT, "30.00", True),
    ],
)
def test_a_value_may_leave_out_the_label_leader_or_mark_that_is_glued_to_it(
    spec: FieldSpec, value: str, can: bool
) -> None:
    assert WritableValues(layout_document(_GLUED, sha256="0")).can_write(spec, value) is can


def test_the_pages_of_a_long_document_are_looked_at_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writable, "MAX_WINDOW_WORDS", 15)
    pages = layout_document(f"{_PAGE}\n\nNote 1 of two\n\nsecond 22.50", sha256="0").pages
    values = WritableValues(Document(sha256="0", media_type="text/plain", pages=pages))
    assert values.can_write(AMOUNT, "1,600.00")
    assert values.can_write(AMOUNT, "22.50")
    assert not values.can_write(AMOUNT, "33.50")


def test_on_a_page_without_a_word_only_null_can_be_written() -> None:
    page = replace(
        layout_document("a", sha256="0").pages[0], words=(), lines=(), block_order=(), cuts=frozenset()
    )
    values = WritableValues(Document(sha256="0", media_type="text/plain", pages=(page,)))
    assert not values.can_write(VERBATIM, "a")
    assert values.can_write(VERBATIM, None)
