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
