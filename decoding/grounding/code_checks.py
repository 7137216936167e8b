"""Numbers that carry their own check: one that fails was misread, or is none.

A check digit finds every single wrong digit and most swapped neighbours, so that it sees what neither the
model nor OCR is aware of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stdnum import iso11649

from decoding.codes import check_holds
from decoding.grounding.result import GroundedField, GroundingResult
from schemas.codes import tax_country
from schemas.spec import Path

# The library is not typed.
_CREDITOR_REFERENCE: Any = iso11649

# ISO 11649: RF, two check digits, up to 21 characters.
_REFERENCE = re.compile(r"RF\d{2}[A-Z0-9]{1,21}")
_GTIN_KEYS = frozenset(("gtin", "ean", "upc"))
_NAMES = {"iban": "IBAN", "gtin": "GTIN", "eu_vat": "VAT number"}


def failed_codes(grounded: GroundingResult) -> Iterator[tuple[Path, str]]:
    """Yield the path of each number whose check digits do not fit it, and what kind of number it is.

    Checked are the codes of fields that have the form of one (`x-rasg-format`); IBANs and GTINs in other
    fields that a word of their key names so (`iban`, `seller_iban`, `gtin`, `item_ean`), spaces and hyphens
    left out; and creditor references (`RF...`) in fields named `payment_reference`. What is of another form
    is not doubted: it may be a number without a check.
    """
    cells = (
        ((*row.path, *path), cell)
        for table in grounded.tables
        for row in table.rows
        for path, cell in row.cells.items()
    )
    for path, field in (*grounded.fields.items(), *cells):
        kind = _failed(path, field)
        if kind is not None:
            yield path, kind


def _failed(path: Path, field: GroundedField) -> str | None:
    """Return what kind of number fails its check; None for all else."""
    if not isinstance(field.value, str):
        return None
    form = field.spec.code_format
    if form is not None:
        is_tax = form == "tax_id" or tax_country(form) is not None
        name = "tax number" if is_tax else _NAMES.get(form, "code")
        return name if check_holds(field.value, form) is False else None
    return _failed_by_key(path, re.sub(r"[\s-]", "", field.value).upper())


def _failed_by_key(path: Path, text: str) -> str | None:
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    words = frozenset(key.casefold().split("_"))
    if "iban" in words:
        return "IBAN" if check_holds(text, "iban") is False else None
    if words & _GTIN_KEYS:
        return "GTIN" if check_holds(text, "gtin") is False else None
    is_reference = key == "payment_reference" and _REFERENCE.fullmatch(text) is not None
    return "creditor reference" if is_reference and not _CREDITOR_REFERENCE.is_valid(text) else None
