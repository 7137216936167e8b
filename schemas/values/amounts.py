"""Printed amounts, quantities and rates to Decimal, whatever the locale, never guessing silently.

A separator before exactly three digits ("1.234", "1,234") groups thousands in one locale and starts the
decimals in another. Such an amount is `ambiguous` unless the caller passes the document's decimal
separator, which `schemas.values.vote` finds from the amounts that have one reading only.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from schemas.values.currency import NO_MINOR_UNIT, currency_code, is_currency_mark

DecimalSeparator = Literal[".", ","]
CreditMark = Literal["CR", "DR"]

MAX_CHARACTERS = 48  # "EUR 1.234.567.890,12 CR" and a label fit; anything longer is not one amount
MAX_DIGITS = 18  # above any printed amount, and inside Decimal's default 28 digits

_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_UNIFORM = str.maketrans(
    {
        **dict.fromkeys(_SPACES, " "),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'"),
        **dict.fromkeys("\u200e\u200f\u061c\u202a\u202c\u2066\u2069\ufeff", None),
        "\u066b": ",", "\u066c": "'", "\uff0b": "+", "\uff04": "$", "\u00ad": None,
    }
)  # fmt: skip
_NUMBER = re.compile(
    r"""(?P<prefix>[^\d]*?)
        (?P<body>(?<![^\W\d_])[.,]\d+|\d(?:[\d.,']|[ ](?=\d{3}(?!\d)))*)
        (?P<suffix>[^\d]*|[^\d]*(?:m|cm|mm|km)[23])$""",
    re.VERBOSE,
)
_LABEL = re.compile(r"^[^\W\d_][^\d:]*:\s*")
_SUFFIX = re.compile(
    r"""\s*(?P<dash>[.,]?-{1,2}|,=)?\s*(?P<close>\))?\s*(?P<percent>%|v\.?H\.?)?
        \s*(?P<mark>(?!(?i:CR|DR)\b|[.,;:])[^\s%()+*-]+?)?(?P<per>\s*/\s*[^\W\d_]{1,6})?
        \s*(?P<credit>(?i:CR|DR))?\s*(?P<dash2>-)?\s*(?P<close2>\))?\s*[*.,;:]*\s*$""",
    re.VERBOSE,
)
_PREFIX = re.compile(
    r"""[:=*\u00b7\u2022\#~\s]*(?P<open>\(?)\s*(?P<sign>[-+]?)\s*
        (?P<mark>[^\s()+-]*)\s*(?P<open2>\(?)\s*(?P<sign2>[-+]?)\s*$""",
    re.VERBOSE,
)
_UNIT_WORDS = (
    "x @ kg g gr lb lbs oz l ltr lt ml cl m cm mm km m2 m3 m² m³ qm h hr hrs hour hours std min s d day days "
    "pc pcs pce pces st stk stck stück stuks ea each un unit units u pz pièce pièces kwh kw mwh mb gb box "
    "boxes ctn btl pkt pkg pack set c62 h87 hur kgm mtr"
)
_UNITS = frozenset(_UNIT_WORDS.split())
# A letter after an amount with cents is a tax class ("0,19 A", "5.99T"), never part of the number.
_TAX_LETTER = re.compile(r"[A-Z]{1,2}")
_GROUPS_OF_THREE = re.compile(r"\d{1,3}(?:[.,' ]\d{3})+")
_INDIAN_GROUPS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedAmount:
    """One printed amount.

    Attributes
    ----------
    value
        The number with its sign; a percentage stays as printed ("19 %" is 19).
    alternative
        The other reading of an ambiguous amount, else None; then `value` is the grouped reading.
    currency, currency_mark
        ISO 4217 code, None where no mark or a shared one ("$", "kr") is printed; and the mark as printed.
    unit
        Unit of measure after or before the number ("kg", "x"), lower case.
    credit_mark
        "CR" or "DR" after the amount. It leaves the sign alone: which of the two lowers the balance
        depends on whose books are printed.
    """

    value: Decimal
    alternative: Decimal | None = None
    currency: str | None = None
    currency_mark: str | None = None
    is_percent: bool = False
    unit: str | None = None
    credit_mark: CreditMark | None = None

    @property
    def ambiguous(self) -> bool:
        """Return whether the text has a second reading."""
        return self.alternative is not None

    @property
    def readings(self) -> tuple[Decimal, ...]:
        """Return the number, and the second one of an ambiguous text."""
        return (self.value,) if self.alternative is None else (self.value, self.alternative)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Affix:
    negative: bool = False
    opens: bool = False
    closes: bool = False
    percent: bool = False
    mark: str | None = None
    unit: str | None = None
    credit: CreditMark | None = None


def parse_amount(text: str, *, decimal_separator: DecimalSeparator | None = None) -> ParsedAmount | None:
    """Return the amount that `text` prints, or None if it is not one amount.

    Understood: signs before or after ("-45,00 EUR", "12.50-", "(1,234.50)", Unicode minus), currency
    codes and symbols on either side, points, commas, apostrophes and (no-break) spaces as separators,
    Indian groups, "45,-", percentages, units of measure, a tax class letter after cents, and a label
    glued before a colon. Digits of any script count. Never raises on any text.

    Parameters
    ----------
    text
        At most `MAX_CHARACTERS` characters and `MAX_DIGITS` digits; longer text is None.
    decimal_separator
        The document's, to decide ambiguous amounts; it never overrides the only reading of a text.

    Examples
    --------
    >>> parse_amount("-45,00 EUR").value, parse_amount("(1,234.50)").value
    (Decimal('-45.00'), Decimal('-1234.50'))
    >>> amount = parse_amount("1.234")
    >>> amount.value, amount.alternative, parse_amount("1.234", decimal_separator=".").value
    (Decimal('1234'), Decimal('1.234'), Decimal('1.234'))
    """
    if len(text) > MAX_CHARACTERS or not any(map(str.isdigit, text)):
        return None
    found = _NUMBER.match(_LABEL.sub("", _uniform(text)))
    if found is None or sum(map(str.isdigit, found["body"])) > MAX_DIGITS:
        return None
    body = found["body"].rstrip(".,' ")
    suffix_text = found["body"][len(body) :] + found["suffix"]
    prefix = _parse_prefix(found["prefix"])
    suffix = _parse_suffix(suffix_text, has_cents=re.search(r"[.,]\d\d$", body) is not None)
    if prefix is None or suffix is None or prefix.opens != suffix.closes:
        return None
    return _assemble(body, prefix, suffix, decimal_separator)


def looks_like_amount(text: str) -> bool:
    """Return whether `text` is one printed amount, quantity or rate; cheap enough for every short span."""
    return parse_amount(text) is not None


def _uniform(text: str) -> str:
    # Single spaces: runs of them would let the patterns' optional parts backtrack without end.
    plain = " ".join(text.translate(_UNIFORM).split())
    if plain.isascii():
        return plain
    # Decimal digits of other scripts become ASCII; other digit-like signs ("²") stay as they are.
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def _parse_prefix(text: str) -> _Affix | None:
    found = _PREFIX.match(text)
    if found is None or (found["sign"] and found["sign2"]) or (found["open"] and found["open2"]):
        return None
    mark, unit = _mark_or_unit(found["mark"])
    if found["mark"] and mark is None and unit not in ("x", "@"):
        return None
    negative = "-" in (found["sign"], found["sign2"])
    return _Affix(negative=negative, opens=bool(found["open"] or found["open2"]), mark=mark, unit=unit)


def _parse_suffix(text: str, *, has_cents: bool) -> _Affix | None:
    found = _SUFFIX.match(text)
    if found is None or (found["close"] and found["close2"]):
        return None
    mark, unit = _mark_or_unit(found["mark"] or "")
    is_tax_class = has_cents and mark is None and _TAX_LETTER.fullmatch(found["mark"] or "") is not None
    if found["mark"] and mark is None and unit is None and not is_tax_class:
        return None
    dashes = (found["dash"] or "", found["dash2"] or "")
    return _Affix(
        negative="-" in dashes,  # ",-" and ",--" stand for no cents, they are no minus sign
        closes=bool(found["close"] or found["close2"]),
        percent=bool(found["percent"]),
        mark=mark,
        unit=None if is_tax_class else unit,
        credit=_credit(found["credit"]),
    )


def _credit(text: str | None) -> CreditMark | None:
    if text is None:
        return None
    return "CR" if text.upper() == "CR" else "DR"


def _mark_or_unit(text: str) -> tuple[str | None, str | None]:
    if text and is_currency_mark(text):
        return text, None
    unit = text.strip(" .:").lower()
    return None, unit if unit in _UNITS else None


def _assemble(
    body: str, prefix: _Affix, suffix: _Affix, decimal_separator: DecimalSeparator | None
) -> ParsedAmount | None:
    codes = {currency_code(mark) for mark in (prefix.mark, suffix.mark) if mark} - {None}
    currency = codes.pop() if len(codes) == 1 else None
    readings = _readings(body, decimal_separator, no_minor_unit=currency in NO_MINOR_UNIT)
    if readings is None:
        return None
    # Accountants put negative amounts in brackets; a rate in brackets is an aside: "GST (6%)".
    is_bracketed = prefix.opens and not suffix.percent
    sign = -1 if prefix.negative or suffix.negative or is_bracketed else 1
    value, alternative = readings
    return ParsedAmount(
        value=value * sign,
        alternative=None if alternative is None else alternative * sign,
        currency=currency,
        currency_mark=prefix.mark or suffix.mark,
        is_percent=suffix.percent,
        unit=prefix.unit or suffix.unit,
        credit_mark=suffix.credit,
    )


def _readings(
    body: str, decimal_separator: DecimalSeparator | None, *, no_minor_unit: bool
) -> tuple[Decimal, Decimal | None] | None:
    """Return the reading of the digits and separators, and a second one if the text is ambiguous."""
    separators = [c for c in body if not c.isdigit()]
    if not separators:
        return Decimal(body), None
    last = separators[-1]
    if last in "' " or separators.count(last) > 1:
        return _whole(_grouped(body))
    as_decimal = _with_decimals(body, last)
    if len(separators) > 1 or not _GROUPS_OF_THREE.fullmatch(body) or body.startswith("0"):
        return _whole(as_decimal)
    grouped = Decimal(body.replace(last, ""))
    if no_minor_unit or (decimal_separator is not None and decimal_separator != last):
        return grouped, None
    if decimal_separator == last:
        return _whole(as_decimal)
    return grouped, as_decimal


def _whole(value: Decimal | None) -> tuple[Decimal, None] | None:
    return None if value is None else (value, None)


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
