"""Which texts look like amounts and dates: generous on purpose, the model chooses among them.

A text refused here can never be an answer, so the patterns lean to recall: glued currencies, signs,
tax letters and punctuation pass, and so does a word that `schemas.values` can read with its label
glued on ("DATE:25/12/2018"). Reading a value (sign, separators, day or month first) is the job of
`schemas.values`; nothing here decides what a text means.
"""

from __future__ import annotations

import re

from schemas.values import amounts, dates
from schemas.values.months import MONTHS

_DIGIT = re.compile(r"\d")  # asked first: most spans have none, and the patterns below are long
_SYMBOL = r"[$\u00a2-\u00a5\u058f\u060b\u09f2\u09f3\u0e3f\u17db\u20a0-\u20c0\uffe5]"
_LETTER = r"[^\W\d_]"
_MARK = rf"(?:{_LETTER}{{0,3}}\.?{_SYMBOL}|{_SYMBOL}{_LETTER}{{0,3}}|{_LETTER}{{1,4}}(?:/?\.|/(?=\d))?)"
_FRACTION = r"(?:[.,]\d{1,6})?"
# Groups are parted by one sign throughout: "12.50 13.50" is two amounts.
_DIGITS = (
    rf"(?:\d{{1,3}}(?P<mark>[.,'’])\d{{2,3}}(?:(?P=mark)\d{{2,3}})*{_FRACTION}"
    rf"|\d{{1,3}}(?:[. ]\d{{3}})+:\d\d"  # Swedish öre
    r"|\d{1,5}(?: [.,]|[.,] )\d\d(?!\d)"  # parted by the reader: "8. 35"
    rf"|\d{{1,3}}(?: \d{{3}})+{_FRACTION}|\d+{_FRACTION}|[.,]\d{{1,6}})"
)
_AMOUNT = re.compile(
    rf"[(\[*#~@=:<>·•]{{0,2}} ?[-+−–]? ?{_MARK}?[:=]?[-+−–]?{_DIGITS}"
    rf"(?:/[-−–=]|[.,:][-−–=]{{1,2}}|[-+−–]| [-−–])?(?: ?%| ?‰|{_MARK})?[-−–]?"
    r"(?: ?[)\]])?[.,;:*#†‡§¹²³]{0,2}"
)

_SHORTEST_MONTH = 3  # "Mar", "Sep": the shortest abbreviation in use


_MONTH_NAMES = frozenset(name[:length] for name in MONTHS for length in range(_SHORTEST_MONTH, len(name) + 1))
_NAME = re.compile(r"[^\W\d_][^\s\d_.,/'’()\[\]-]{2,}")  # of any script: vowel signs are no letters
_ORDINAL = re.compile(r"st|nd|rd|th|er")
# Stands for every month's name: one look-up a word is far less than an alternation of them all.
_MONTH_SIGN = "\0"
_YEAR_SIGN = re.compile("[年년]")  # letters of Korean come apart where accents are taken off
_MONTH = rf"{_MONTH_SIGN}\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th|\.|º|er)?"
_YEAR = r"['’\u00b4]?(?:\d{4}|\d{2})"
_GAP = r"(?: ?[-/.,'’\u00b4] ?| )"
_WEEKDAY = (  # "mar" is a day and a month
    rf"(?:{_MONTH_SIGN}|mon|tue|wed|thu|fri|sat|sun|"
    r"montag|dienstag|mittwoch|donnerstag|frei|sams|sonn|lun|mar|mer|jeu|ven|"
    r"sam|dim|mie|jue|vie|sab|dom|gio|sab|maan|dins|woens|donder|vrij|zater|zon|seg|ter|qua|qui|sex)"
    r"[^\W\d_]{0,8}[.,]? ?"
)
_TIME = r"(?:[T\-, ]{0,2}\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:Z|[AaPp][Mm])?)?"
_DATE = re.compile(
    rf"[(\[]?(?:{_WEEKDAY})?(?:"
    r"\d{1,2} ?([-/.]) ?\d{1,2} ?\1 ?['’\u00b4]?\d{2,4}"  # 12.03.2026, 12/3/26, 12 / 03 / 2026
    r"|\d{4} ?([-/.]) ?\d{1,2} ?\2 ?\d{1,2}"  # 2026-03-12
    r"|\d{1,2} \d{1,2} (?:19|20)\d{2}"  # 12 03 2026
    r"|(?:19|20)\d{2}[01]\d[0-3]\d|[0-3]\d[01]\d(?:19|20)\d{2}"  # 20260312, 12032026
    r"|\d{1,2} ?[-/.] ?(?:19|20)\d{2}"  # 03/2026
    r"|\d{1,2}/\d{1,2}(?: | ?- ?)(?:19|20)\d{2}"  # 5/3 2026
    r"|\d{1,2}\.? [IVX]{1,4}\.? (?:19|20)\d{2}"  # 12 XI 2026, 12. XI. 2026
    r"|\d{1,2} (?:thang|thg) \d{1,2},? (?:nam )?\d{4}"  # Vietnamese, without its accents
    rf"|{_DAY}{_GAP}?(?:day of |of |de |di )?{_MONTH}{_GAP}?(?:de |del )?{_YEAR}"  # 12. März 2026
    rf"|{_DAY}{_GAP}?(?:of |de )?{_MONTH}"  # 12 March
    rf"|{_MONTH}{_GAP}?{_DAY}(?: ?[-/.,'’] ?| ){_YEAR}"  # March 12, 2026
    rf"|{_MONTH}{_GAP}?['’\u00b4]?\d{{4}}|{_MONTH}{_GAP}\d{{1,2}}"  # March 2026, Mar 12
    rf"|\d{{4}}{_GAP}?{_MONTH}{_GAP}?\d{{1,2}}"  # 2026-Mar-12
    r"|(?:\d{4}|(?:令和|平成|昭和) ?(?:元|\d{1,2})) ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]"
    rf"){_TIME}(?: ?{_WEEKDAY})?[.,;:)\]]?",
    re.IGNORECASE,
)


def looks_like_amount(text: str) -> bool:
    """Return whether `text` reads as one amount, quantity or rate.

    Examples
    --------
    >>> all(map(looks_like_amount, ("1 234,56", "-45,00", "(1,234.50)", "12.50-", "TOTAL:RM9.00", "7 %")))
    True
    >>> [looks_like_amount(t) for t in ("TOTAL", "12.03.2026 14:10", "A/C", "1 2")]
    [False, False, False, False]
    """
    if _DIGIT.search(text) is None:
        return False
    return _AMOUNT.fullmatch(text) is not None or (" " not in text and amounts.looks_like_amount(text))


def looks_like_date(text: str) -> bool:
    """Return whether `text` reads as one date, day first or last, in figures or with a month's name.

    Examples
    --------
    >>> all(map(looks_like_date, ("12.3.26", "12 März 2026", "3 Ogos 2017", "2026-03-12", "DATE:25/12/18")))
    True
    >>> [looks_like_date(t) for t in ("12.50", "March", "MARKET 12", "tel. 12/34")]
    [False, False, False, False]
    """
    if _DIGIT.search(text) is None:
        return False
    plain = _NAME.sub(_month_sign, dates.fold(text))
    if _DATE.fullmatch(plain) is not None:
        return True
    has_sign = _MONTH_SIGN in plain or _YEAR_SIGN.search(text) is not None
    return (" " not in text or has_sign) and dates.looks_like_date(text)


def _month_sign(name: re.Match[str]) -> str:
    """Return the sign of a month in place of its name, also where a day's ending is glued to it."""
    if name[0] in _MONTH_NAMES:
        return _MONTH_SIGN
    ending = _ORDINAL.match(name[0])
    is_month = ending is not None and name[0][ending.end() :] in _MONTH_NAMES
    return f"{ending[0]}{_MONTH_SIGN}" if ending is not None and is_month else name[0]
