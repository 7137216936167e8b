"""The figures of a printed amount, without marks, to the one or two numbers that they write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from schemas.values.currency import GROUP_SIGNS, NO_MINOR_UNIT, THREE_DECIMALS

DecimalSeparator = Literal[".", ","]
_Meaning = Literal["groups", "decimals"]

_GROUPS_OF_THREE = re.compile(r"\d{1,3}(?:[.,' ]\d{3})+")
_INDIAN_GROUPS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
# Swedish prints before the coin's end: "1.234:50". A short number with a colon is a time.
_COLON_DECIMALS = re.compile(r"(?P<whole>\d{1,3}(?:[. ]\d{3})+|\d+):(?P<cents>\d{2})")
_CROWNS = frozenset(("DKK", "NOK", "SEK"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What stands around the figures of one amount, and what their document says.

    Attributes
    ----------
    decimal_separator
        The document's, None if nothing decides it.
    printed
        The currencies that the amount's own mark may stand for; empty without a mark.
    mark_is_before
        Whether that mark stands before the figures.
    document_currency
        The currency of the document, for money that prints no mark of its own.
    is_whole
        Whether a sign such as ",-" behind the figures says that there are no cents.
    is_rate
        Whether the amount is a price by unit, which may have more decimals than its currency.
    """

    decimal_separator: DecimalSeparator | None = None
    printed: frozenset[str] = frozenset()
    mark_is_before: bool = False
    document_currency: str | None = None
    is_whole: bool = False
    is_rate: bool = False


def read_figures(body: str, evidence: Evidence) -> tuple[Decimal, Decimal | None] | None:
    """Return the number of digits and separators, and a second one if both readings are possible.

    None if the separators stand where no locale has them. One separator before exactly three digits is
    the only form with two readings; then the first is the one that groups thousands.

    Examples
    --------
    >>> read_figures("1.234", Evidence()), read_figures("1.234", Evidence(printed=frozenset({"KWD"})))
    ((Decimal('1234'), Decimal('1.234')), (Decimal('1.234'), None))
    """
    separators = [c for c in body if not c.isdigit()]
    if not separators:
        return Decimal(body), None
    if ":" in separators:
        return _only(_with_colon(body, evidence))
    last = separators[-1]
    if last in "' " or separators.count(last) > 1:
        return _only(_grouped(body))
    as_decimal = _with_decimals(body, last)
    if len(separators) > 1 or not _GROUPS_OF_THREE.fullmatch(body) or body.startswith("0"):
        return _only(as_decimal)
    meaning = _meaning_of(last, evidence)
    if meaning == "decimals":
        return _only(as_decimal)
    return Decimal(body.replace(last, "")), as_decimal if meaning is None else None


def _only(value: Decimal | None) -> tuple[Decimal, None] | None:
    return None if value is None else (value, None)


def _meaning_of(separator: str, evidence: Evidence) -> _Meaning | None:
    """Return what a separator before three digits does; None if nothing decides, or signs contradict."""
    if evidence.is_whole or (evidence.printed and evidence.printed <= NO_MINOR_UNIT):
        return "groups"
    by_currency = _by_currency(separator, evidence)
    if evidence.decimal_separator is None:
        return by_currency
    by_document: _Meaning = "decimals" if evidence.decimal_separator == separator else "groups"
    return by_document if by_currency in (None, by_document) else None


def _by_currency(separator: str, evidence: Evidence) -> _Meaning | None:
    """Return what the printed currency says of a separator before three digits, else the document's."""
    if evidence.printed:
        meanings: set[_Meaning | None] = {
            _in_currency(separator, code, evidence) for code in evidence.printed
        }
        return meanings.pop() if len(meanings) == 1 else None
    document = evidence.document_currency
    if document in NO_MINOR_UNIT or document in THREE_DECIMALS:
        return _in_currency(separator, document, evidence)
    return None


def _in_currency(separator: str, code: str, evidence: Evidence) -> _Meaning | None:
    """Return what a separator before three digits does in an amount of one currency, None if that is open.

    Minor units (ISO 4217) and the sign that groups thousands at home have to agree. Of currencies with
    cents three decimals are a price by unit, in a text of another locale: so the mark has to stand before
    the figures as it does where the sign is at home.
    """
    groups_at_home = GROUP_SIGNS.get(code) == separator
    if code in NO_MINOR_UNIT:
        return "groups" if groups_at_home or code in evidence.printed else None
    if code in THREE_DECIMALS:
        return None if groups_at_home else "decimals"
    return "groups" if groups_at_home and evidence.mark_is_before and not evidence.is_rate else None


def _grouped(whole: str) -> Decimal | None:
    """Return the integer if its separators, all the same, stand where thousands are grouped."""
    separators = {c for c in whole if not c.isdigit()}
    fits = _GROUPS_OF_THREE.fullmatch(whole) or _INDIAN_GROUPS.fullmatch(whole)
    if separators and (len(separators) > 1 or not fits):
        return None
    return Decimal("".join(filter(str.isdigit, whole)))


def _with_decimals(body: str, separator: str) -> Decimal | None:
    whole, _, decimals = body.rpartition(separator)
    grouped = _grouped(whole) if whole else Decimal(0)
    return None if grouped is None else Decimal(f"{grouped}.{decimals}")


def _with_colon(body: str, evidence: Evidence) -> Decimal | None:
    found = _COLON_DECIMALS.fullmatch(body)
    if found is None:
        return None
    grouped = _grouped(found["whole"])
    is_amount = not found["whole"].isdigit() or bool(evidence.printed & _CROWNS)
    return Decimal(f"{grouped}.{found['cents']}") if grouped is not None and is_amount else None
