"""Numbers that carry their own check: one that fails was misread, or is none.

A check digit finds every single wrong digit and most swapped neighbours, so that it sees what neither the
model nor OCR is aware of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from decoding.grounding.result import GroundingResult
from schemas.extraction import ExtractionWarning
from schemas.spec import Path, json_path

# ISO 13616: two letters, two check digits, up to 30 characters; ISO 11649: RF, two check digits, up to 21.
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_CREDITOR_REFERENCE = re.compile(r"RF\d{2}[A-Z0-9]{1,21}")
# GS1: GTIN-8, 12 (UPC), 13 (EAN) and 14.
_GTIN = re.compile(r"\d{8}|\d{12,14}")
_IBAN_KEYS = frozenset(("iban",))
_GTIN_KEYS = frozenset(("gtin", "ean", "upc"))


def check_digits(grounded: GroundingResult) -> tuple[ExtractionWarning, ...]:
    """Return a `check_digit_failed` for each number whose check digits do not fit it.

    Checked are IBANs and GTINs in fields that a word of their key names so (`iban`, `seller_iban`, `gtin`,
    `item_ean`), spaces and hyphens left out, and creditor references (`RF...`) in fields named
    `payment_reference`. What is of another form is not doubted: it may be a number without a check.
    """
    cells = (
        ((*row.path, *path), cell)
        for table in grounded.tables
        for row in table.rows
        for path, cell in row.cells.items()
    )
    found = ((path, _failed(path, cell.value)) for path, cell in (*grounded.fields.items(), *cells))
    return tuple(
        ExtractionWarning(
            code="check_digit_failed",
            message=f"the check digits of this {kind} do not fit it: it was misread, or is none",
            path=json_path(path),
        )
        for path, kind in found
        if kind is not None
    )


def _failed(path: Path, value: object) -> str | None:
    """Return what kind of number fails its check; None for all else."""
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    words = frozenset(key.casefold().split("_"))
    text = re.sub(r"[\s-]", "", value).upper() if isinstance(value, str) else ""
    for name, (is_named, form, holds) in _CHECKS.items():
        if is_named(key, words) and form.fullmatch(text) and not holds(text):
            return name
    return None


def holds_mod_97(text: str) -> bool:
    """Return whether ISO 7064 MOD 97-10 holds, the first four characters moved to the end, A = 10 to Z = 35.

    Examples
    --------
    >>> holds_mod_97("DE89370400440532013000"), holds_mod_97("DE89370400440532013001")
    (True, False)
    """
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def holds_mod_10(digits: str) -> bool:
    """Return whether GS1's weighted sum is a multiple of ten: from the right, digits count 1, 3, 1, 3...

    Examples
    --------
    >>> holds_mod_10("4006381333931"), holds_mod_10("4006381333932")
    (True, False)
    """
    return sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(reversed(digits))) % 10 == 0


_IsNamed = Callable[[str, frozenset[str]], bool]
_CHECKS: Mapping[str, tuple[_IsNamed, re.Pattern[str], Callable[[str], bool]]] = {
    "IBAN": (lambda _, words: bool(words & _IBAN_KEYS), _IBAN, holds_mod_97),
    "GTIN": (lambda _, words: bool(words & _GTIN_KEYS), _GTIN, holds_mod_10),
    "creditor reference": (lambda key, _: key == "payment_reference", _CREDITOR_REFERENCE, holds_mod_97),
}
