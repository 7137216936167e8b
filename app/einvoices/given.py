"""Terms that a caller gives where a document does not say them: each is what its number means, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from app.einvoices.units import unit_code
from schemas.codes import COUNTRIES
from schemas.errors import InputError
from schemas.values.currency import ISO_4217

# What a caller may give beside what the extraction has.
GIVEN_TERMS: Mapping[str, str] = MappingProxyType(
    {
        "BT-3": "invoice type code (UNTDID 1001)",
        "BT-5": "currency code",
        "BT-9": "due date",
        "BT-10": "buyer reference",
        "BT-20": "payment terms",
        "BT-30": "seller's legal registration",
        "BT-31": "seller's VAT number",
        "BT-32": "seller's tax number",
        "BT-40": "seller's country code",
        "BT-48": "buyer's VAT number",
        "BT-55": "buyer's country code",
        "BT-80": "country code of the place of delivery",
        "BT-81": "payment means code (UNTDID 4461)",
        "BT-92": "allowance on the whole invoice",
        "BT-95": "VAT category of that allowance",
        "BT-96": "VAT rate of that allowance",
        "BT-97": "reason of that allowance",
        "BT-99": "charge on the whole invoice",
        "BT-102": "VAT category of that charge",
        "BT-103": "VAT rate of that charge",
        "BT-104": "reason of that charge",
        "BT-120": "VAT exemption reason",
        "BT-121": "VAT exemption reason code",
        "BT-130": "unit code of lines without a known one",
        "BT-151": "VAT category of lines whose rate does not tell it",
        "BT-152": "VAT rate of lines without one",
    }
)
# Countries whose VAT numbers begin otherwise.
VAT_COUNTRIES: Mapping[str, str] = MappingProxyType({"EL": "GR", "XI": "GB"})
_VAT_NUMBER = re.compile(r"([A-Z]{2})[A-Z0-9+*.]{2,13}")
_TYPE = re.compile(r"[0-9]{2,3}")
_MEANS = re.compile(r"[0-9]{1,3}|ZZZ")
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
_RATE = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,4})?|100")
# UNTDID 5305, as far as EN 16931 has them.
_CATEGORIES = frozenset("S Z E AE K G O L M B".split())


def check_given(given: Mapping[str, str]) -> dict[str, str]:
    """Return the terms as the standard writes them.

    Raises
    ------
    InputError
        If one cannot be given, or is not what its number means.
    """
    checked: dict[str, str] = {}
    for term, said in given.items():
        if term not in GIVEN_TERMS:
            raise InputError(f"{term} cannot be given", hint=f"there are {', '.join(GIVEN_TERMS)}")
        read, wanted = _KINDS.get(term, (_text, "a text"))
        value = read(said)
        if value is None:
            raise InputError(f"{term}, the {GIVEN_TERMS[term]}, has to be {wanted}")
        checked[term] = value
    return checked


def compact(text: str) -> str:
    """Return a code without spaces, in capitals."""
    return re.sub(r"\s", "", text).upper()


def is_vat_number(text: str) -> bool:
    """Return whether a text has the form of a VAT number, with the letters of a country.

    Examples
    --------
    >>> is_vat_number("DE 123 456 789"), is_vat_number("22/815/0815/4"), is_vat_number("QQ123456789")
    (True, False, False)
    """
    found = _VAT_NUMBER.fullmatch(compact(text))
    return found is not None and (found[1] in COUNTRIES or found[1] in VAT_COUNTRIES)


def _text(said: str) -> str | None:
    return said.strip() or None


def _one_of(codes: frozenset[str]) -> Callable[[str], str | None]:
    return lambda said: compact(said) if compact(said) in codes else None


def _like(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda said: compact(said) if pattern.fullmatch(compact(said)) else None


def _day(said: str) -> str | None:
    try:
        return date.fromisoformat(said.strip()).isoformat()
    except ValueError:
        return None


def _vat(said: str) -> str | None:
    return compact(said) if is_vat_number(said) else None


_COUNTRY = (_one_of(COUNTRIES), "a code of ISO 3166 such as DE")
_VAT = (_vat, "a VAT number with its country's letters, such as DE123456789")
_CATEGORY = (_one_of(_CATEGORIES), f"one of {', '.join(sorted(_CATEGORIES))}")
_PERCENT = (_like(_RATE), "a rate in percent such as 19 or 7.5")
_MONEY = (_like(_AMOUNT), "an amount such as 12.50")
# How a term is read, and what it has to be; all others are texts.
_KINDS: Mapping[str, tuple[Callable[[str], str | None], str]] = {
    "BT-3": (_like(_TYPE), "a number such as 380"),
    "BT-5": (_one_of(ISO_4217), "a code of ISO 4217 such as EUR"),
    "BT-9": (_day, "a date such as 2026-01-31"),
    "BT-31": _VAT,
    "BT-40": _COUNTRY,
    "BT-48": _VAT,
    "BT-55": _COUNTRY,
    "BT-80": _COUNTRY,
    "BT-81": (_like(_MEANS), "a number such as 30, or ZZZ"),
    "BT-130": (unit_code, "a unit, or its code in UN/ECE Recommendation 20, such as C62"),
    **dict.fromkeys(("BT-92", "BT-99"), _MONEY),
    **dict.fromkeys(("BT-95", "BT-102", "BT-151"), _CATEGORY),
    **dict.fromkeys(("BT-96", "BT-103", "BT-152"), _PERCENT),
}
