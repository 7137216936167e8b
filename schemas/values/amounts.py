"""Printed amounts, quantities and rates to Decimal, whatever the locale, never guessing silently.

A separator before exactly three digits ("1.234", "1,234") groups thousands in one locale and starts the
decimals in another. Such an amount is `ambiguous` unless its currency decides ("¥5,500", "KWD 125.000"), or
the caller passes the document's decimal separator and currency, which `schemas.values.vote` finds from what
has one reading only.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from schemas.values.characters import uniform
from schemas.values.currency import (
    NO_MINOR_UNIT,
    currency_code,
    is_currency_mark,
    is_letter_mark,
    letter_mark_code,
    may_stand_for,
    possible_currencies,
)
from schemas.values.figures import DecimalSeparator, Evidence, read_figures
from schemas.values.magnitudes import Magnitude, split_magnitude

CreditMark = Literal["CR", "DR"]

MAX_CHARACTERS = 48  # "EUR 1.234.567.890,12 CR" and a label fit; anything longer is not one amount
MAX_DIGITS = 18  # above any printed amount, and inside Decimal's default 28 digits

# Signs of numbers only: Arabic separators, full-width signs.
_ARABIC_DECIMALS = "\u066b"
_SIGNS = str.maketrans({_ARABIC_DECIMALS: ",", "\u066c": "'", "\uff0b": "+", "\uff04": "$"})
# Marks that some locales print in two parts.
_COUNTRY = r"(?:US|AU|CA|HK|NZ|SG|MX)"
_SPLIT_MARK = re.compile(rf"(?<=\$) (?={_COUNTRY}\b)|(?<=\b{_COUNTRY}) (?=\$)|(?<=\bF) (?=CFA)")
_NUMBER = re.compile(
    r"""(?P<prefix>[^\d]*?)
        (?P<body>(?<![^\W\d_])[.,]\d+|\d(?:[\d.,']|[ ](?=\d{3}(?!\d))|:(?=\d\d(?!\d)))*)
        (?P<suffix>[^\d]*|[^\d]*(?:m|cm|mm|km)[23])$""",
    re.VERBOSE,
)
# What a reader parts at the point: "8. 35", "RM7 .90".
_PARTED_CENTS = re.compile(r"(?<=\d) (?=[.,]\d\d(?!\d))|(?<=\d[.,]) (?=\d\d(?![\d.,]))")
# A point at half height, between figures.
_HIGH_POINT = re.compile(r"(?<=\d)[\u00b7\u2219\u22c5\u02d9](?=\d)")
# Signs and words around the figures that stand for others: a minus in brackets, a rate behind its sign, words
# of China and Japan for "sum of" and "no more".
_BRACKETED_MINUS = re.compile(r"\(-\)")
_RATE_IN_FRONT = re.compile(r"^%\s?(\d[\d.,]*)$")
_FORMAL = re.compile(r"^金(?=[\d¥￥])|(?<=[円圓元])[也整]$")
# A minus in the accounts of Japan; beside a rate it says that something rose.
_TRIANGLE = re.compile(r"[\u25b2-\u25b5](?=\s?[\d$\u20ac\u00a3\u00a5\uffe5])")
# Raised cents, where a currency tells them from a footnote's mark.
_RAISED_CENTS = re.compile(r"(?<=\d)\s?(?P<cents>[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{2})(?!\w)")
_FINE = re.compile(r"[$\u00a3\u20a0-\u20cf]")
# Not "ct", which is a number of pieces as well.
_CENTS_ALONE = re.compile(r"^(\d{1,2})\s?(?:\u00a2|[Cc]ents?|CENTS?)\.?$")
# Cents behind the mark: "12€50", or with a mark of their own: "12 zł 50 gr".
_CENTS_BEHIND_MARK = re.compile(
    r"^(?P<whole>-?\d{1,3}(?:[ .,]?\d{3})*)\s?(?P<mark>[€£$]|руб\.?|р\.|грн\.?|zł|лв\.?|Kč|lei)"  # noqa: RUF001
    r"\s?(?P<cents>\d\d)(?:(?<=[€£$]\d\d)|\s?(?:коп|к|gr|ст|hal|bani|ct|cents?)\.?)$"
)
_LABEL = re.compile(r"^[^\W\d_][^\d:]*:\s*")
_SUFFIX = re.compile(
    r"""\s*(?P<dash>[.,:/]?-{1,2}|[,./]=)?\s*(?P<close>\))?\s*(?P<percent>%|v\.?H\.?)?
        \s*(?P<mark>(?!(?i:CR|DR)\b|[.,;:])[^\s%()+*†‡§\#-]+?)?(?P<per>\s*/\s*[^\W\d_]{1,6})?
        \s*(?P<credit>(?i:CR|DR))?\s*(?P<dash2>[-+])?\s*(?P<close2>\))?\s*(?:[*†‡§¹²³]\))?[*.,;:†‡§\#]*\s*$""",
    re.VERBOSE,
)
_PREFIX = re.compile(
    r"""[:=*\u00b7\u2022\#~\s]*(?P<open>\(?)\s*(?P<sign>[-+]?)\s*
        (?P<mark>[^\s()+*-]*)[\s*]*(?P<open2>\(?)\s*(?P<sign2>[-+]?)\s*$""",
    re.VERBOSE,
)
_UNIT_WORDS = (
    "x @ kg g gr lb lbs oz l ltr lt ml cl m cm mm km m2 m3 m² m³ qm h hr hrs hour hours std min s d day days "
    "pc pcs pce pces st stk stck stück stuks ea each un unit units u pz pièce pièces kwh kw mwh mb gb box "
    "boxes ctn btl pkt pkg pack set c62 h87 hur kgm mtr "
    "\u00d7 szt шт db ks adet 個 개 件 枚 kpl tk vnt gab"
)
_UNITS = frozenset(_UNIT_WORDS.split())
# A letter after an amount with cents is a tax class ("0,19 A", "5.99T"), never part of the number.
_TAX_LETTER = re.compile(r"[A-Z]{1,2}")
# Figures that look like money, beside which a few letters are a currency's mark ("SR1,234.50", "KD 12.500").
_MONEY = re.compile(r".*[.,]\d{2,3}")
_ONE_SEPARATOR = re.compile(r"\D*\d{1,3}[.,]\d{3}\D*")
_CENTS = re.compile(r"[.,]\d\d$")
_HAS_DECIMALS = re.compile(r"[.,]\d\d(?!\d)")
_BEHIND_AT_HOME = ("元", "圓", "圆", "บาท")
_YEN_SIGNS = ("\u00a5", "\uffe5")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedAmount:
    """One printed amount.

    Attributes
    ----------
    value
        The number with its sign; a percentage stays as printed ("19 %" is 19).
    alternative
        The other reading of an ambiguous amount, else None; then `value` is the grouped reading, or that in
        thousands or millions.
    currency, currency_mark
        ISO 4217 code, None where no mark or a shared one ("$", "kr") is printed; and the mark as printed.
        The document's currency is not repeated here.
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
    is_whole: bool = False
    is_rate: bool = False


def parse_amount(
    text: str, *, decimal_separator: DecimalSeparator | None = None, currency: str | None = None
) -> ParsedAmount | None:
    """Return the amount that `text` prints, or None if it is not one amount.

    Understood: signs before or after ("-45,00 EUR", "12.50-", "(1,234.50)", Unicode minus), currency
    codes and marks on either side, points, commas, apostrophes and (no-break) spaces as separators,
    Indian groups, endings that stand for no cents ("45,-", "45/-", "45/=", "45.-"), percentages, units of
    measure, cents alone ("50 cents") or raised behind money, a triangle as a minus, a tax class letter after
    cents, a footnote's sign, thousands and millions ("1,5 Mio. EUR", "$5k"), and a label glued before a
    colon. Digits of any script count. Never raises on any text.

    Parameters
    ----------
    text
        At most `MAX_CHARACTERS` characters and `MAX_DIGITS` digits; longer text is None.
    decimal_separator
        The document's, to decide ambiguous amounts; it never overrides the only reading of a text. One
        that contradicts the currency decides nothing.
    currency
        The document's (ISO 4217), where its amounts print no mark: those of currencies without cents or
        with three decimals are read by it.

    Examples
    --------
    >>> parse_amount("-45,00 EUR").value, parse_amount("(1,234.50)").value
    (Decimal('-45.00'), Decimal('-1234.50'))
    >>> amount = parse_amount("1.234")
    >>> amount.value, amount.alternative, parse_amount("1.234", decimal_separator=".").value
    (Decimal('1234'), Decimal('1.234'), Decimal('1.234'))
    >>> [str(parse_amount(text).value) for text in ("Rs.1,45,678/-", "$5,500", "¥5,500", "KWD 125.000")]
    ['145678', '5500', '5500', '125.000']
    """
    if len(text) > MAX_CHARACTERS or not any(map(str.isdigit, text)):
        return None
    plain = _LABEL.sub("", _uniform(text))
    if _ARABIC_DECIMALS in text:
        decimal_separator = ","  # as which it is read; it groups nothing
    magnitude = split_magnitude(plain)
    if magnitude is None:
        return _parse(plain, decimal_separator, currency)
    parsed = _parse(magnitude.text, decimal_separator, currency)
    unscaled = None if magnitude.is_sure else _parse(plain, decimal_separator, currency)
    return unscaled if parsed is None else _scaled(parsed, magnitude, unscaled)


def _scaled(parsed: ParsedAmount, magnitude: Magnitude, unscaled: ParsedAmount | None) -> ParsedAmount | None:
    """Return the multiplied amount; beside `unscaled`, the other reading of the text, as an ambiguous one."""
    value, other = parsed.value * magnitude.factor, parsed.alternative
    if parsed.currency in NO_MINOR_UNIT and _ONE_SEPARATOR.fullmatch(magnitude.text):
        other = parsed.value / 1000  # "1.234 million yen" are no whole yen
    if unscaled is not None:
        return None if other is not None else replace(unscaled, value=value, alternative=unscaled.value)
    return replace(parsed, value=value, alternative=None if other is None else other * magnitude.factor)


def _parse(
    plain: str, decimal_separator: DecimalSeparator | None, currency: str | None
) -> ParsedAmount | None:
    found = _NUMBER.match(plain)
    if found is None or sum(map(str.isdigit, found["body"])) > MAX_DIGITS:
        return None
    body = found["body"].rstrip(".,:' ")
    suffix_text = found["body"][len(body) :] + found["suffix"]
    prefix = _parse_prefix(found["prefix"], is_money=_MONEY.fullmatch(body) is not None)
    suffix = _parse_suffix(suffix_text, body)
    if prefix is None or suffix is None or prefix.opens != suffix.closes:
        return None
    return _assemble(body, prefix, suffix, decimal_separator, currency)


def looks_like_amount(text: str) -> bool:
    """Return whether `text` is one printed amount, quantity or rate; cheap enough for every short span."""
    return parse_amount(text) is not None


def _uniform(text: str) -> str:
    # Single spaces: runs of them would let the patterns' optional parts backtrack without end.
    plain = " ".join(uniform(text).translate(_SIGNS).split())
    plain = _PARTED_CENTS.sub("", _SPLIT_MARK.sub("", plain))
    plain = _RATE_IN_FRONT.sub(r"\1%", _BRACKETED_MINUS.sub("-", plain))
    plain = _CENTS_ALONE.sub(lambda found: f"0.{int(found[1]):02}", plain)
    if plain.isascii():
        return plain
    if "%" not in plain:
        plain = _TRIANGLE.sub("-", plain)
    if _FINE.search(plain) is not None and not _HAS_DECIMALS.search(plain):
        point = "," if "." in plain else "."
        plain = _RAISED_CENTS.sub(lambda found: point + _lowered(found["cents"]), plain)
    plain = _FORMAL.sub("", _CENTS_BEHIND_MARK.sub(_with_cents, _HIGH_POINT.sub(".", plain)))
    # Decimal digits of other scripts become ASCII; other digit-like signs ("²") stay as they are.
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def _lowered(digits: str) -> str:
    return "".join(str(unicodedata.digit(ch)) for ch in digits)


def _with_cents(found: re.Match[str]) -> str:
    point = "," if "." in found["whole"] else "."
    return f"{found['whole']}{point}{found['cents']} {found['mark']}"


def _parse_prefix(text: str, *, is_money: bool) -> _Affix | None:
    found = _PREFIX.match(text)
    if found is None or (found["sign"] and found["sign2"]) or (found["open"] and found["open2"]):
        return None
    mark, unit = _mark_or_unit(found["mark"], is_money=is_money)
    if found["mark"] and mark is None and unit not in ("x", "\u00d7", "@"):
        return None
    negative = "-" in (found["sign"], found["sign2"])
    return _Affix(negative=negative, opens=bool(found["open"] or found["open2"]), mark=mark, unit=unit)


def _parse_suffix(text: str, body: str) -> _Affix | None:
    found = _SUFFIX.match(text)
    if found is None or (found["close"] and found["close2"]):
        return None
    printed = found["mark"] or ""
    # One letter after the figures is no mark: tax classes and units are.
    is_money = len(printed) > 1 and _MONEY.fullmatch(body) is not None
    mark, unit = _mark_or_unit(printed, is_money=is_money)
    is_tax_class = _CENTS.search(body) is not None and _TAX_LETTER.fullmatch(printed) is not None
    if printed and mark is None and unit is None and not is_tax_class:
        return None
    dashes = (found["dash"] or "", found["dash2"] or "")
    return _Affix(
        negative="-" in dashes,  # ",-" and "/-" stand for no cents, they are no minus sign
        closes=bool(found["close"] or found["close2"]),
        percent=bool(found["percent"]),
        mark=mark,
        unit=None if is_tax_class and mark is None else unit,
        credit=_credit(found["credit"]),
        is_whole=len(dashes[0]) > 1,
        is_rate=found["per"] is not None,
    )


def _credit(text: str | None) -> CreditMark | None:
    if text is None:
        return None
    return "CR" if text.upper() == "CR" else "DR"


def _mark_or_unit(text: str, *, is_money: bool) -> tuple[str | None, str | None]:
    if text and (is_currency_mark(text) or (is_money and is_letter_mark(text))):
        return text, None
    unit = text.strip(" .:").lower()
    return None, unit if unit in _UNITS else None


def _assemble(
    body: str,
    prefix: _Affix,
    suffix: _Affix,
    decimal_separator: DecimalSeparator | None,
    document_currency: str | None,
) -> ParsedAmount | None:
    marks = [mark for mark in (prefix.mark, suffix.mark) if mark]
    codes = {currency_code(mark) or letter_mark_code(mark) for mark in marks} - {None}
    currency = codes.pop() if len(codes) == 1 else None
    has_unit = suffix.percent or bool(prefix.unit or suffix.unit)
    evidence = Evidence(
        decimal_separator=decimal_separator,
        printed=_printed_currencies(marks, currency, document_currency),
        mark_is_before=prefix.mark is not None or suffix.mark in _BEHIND_AT_HOME,
        document_currency=None if marks or has_unit else document_currency,
        is_whole=suffix.is_whole,
        is_rate=suffix.is_rate,
    )
    readings = read_figures(body, evidence)
    if readings is None:
        return None
    value, alternative = readings
    sign = -1 if _is_negative(prefix, suffix) else 1
    return ParsedAmount(
        value=value * sign,
        alternative=None if alternative is None else alternative * sign,
        currency=currency,
        currency_mark=prefix.mark or suffix.mark,
        is_percent=suffix.percent,
        unit=prefix.unit or suffix.unit,
        credit_mark=suffix.credit,
    )


def _printed_currencies(
    marks: list[str], currency: str | None, document_currency: str | None
) -> frozenset[str]:
    """Return what the marks may stand for; nothing if they contradict each other."""
    if currency is not None:
        return frozenset((currency,))
    if len({mark.casefold() for mark in marks}) != 1:
        return frozenset()
    possible = possible_currencies(marks[0])
    is_known = document_currency is not None and may_stand_for(marks[0], document_currency)
    return frozenset((document_currency,)) if is_known and document_currency is not None else possible


def _is_negative(prefix: _Affix, suffix: _Affix) -> bool:
    # Accountants put negative amounts in brackets; a rate in brackets is an aside: "GST (6%)".
    is_bracketed = prefix.opens and not suffix.percent
    # A hyphen closes an amount of yen, so that no digit can be added: "¥5,500-".
    is_closed = prefix.mark is not None and prefix.mark in _YEN_SIGNS
    return prefix.negative or (suffix.negative and not is_closed) or is_bracketed
