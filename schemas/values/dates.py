"""Printed dates to calendar dates, with both readings where day and month can be swapped."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from schemas.values.characters import uniform
from schemas.values.months import MONTHS, SCRIPTED_MONTHS, SHARED_MONTHS, WEEKDAYS

MAX_CHARACTERS = 64  # a weekday, a long month name, a time and a zone fit
FIRST_YEAR, LAST_YEAR = 1900, 2100  # outside, four digits are not the year of a business document
# POSIX strptime %y: 69-99 are 1969-1999, 00-68 are 2000-2068.
_PIVOT = 69
_BUDDHIST, _FIRST_BUDDHIST_YEAR, _LAST_BUDDHIST_YEAR = 543, 2500, 2600
_SCRIPTED = re.compile("|".join(sorted(map(re.escape, SCRIPTED_MONTHS), key=len, reverse=True)))
_THAI = re.compile("[\u0e01-\u0e3a]")
_SHORT_YEAR = re.compile(r"(?<=\s)(\d\d)\s*$")
# The day of the week as one sign in brackets.
_WEEKDAY_SIGN = re.compile(r"\([月火水木金土日월화수목금토일一二三四五六]\)")

# "year" behind the number: in Bulgarian, Russian, Belarusian and Macedonian; in Ukrainian; in Polish.
# Serbian and Croatian, Estonian and Uzbek put a point or nothing before it.
_YEAR_WORD = r"(?:\s?(?:г|года|година|р|року|r|roku)\b\.?|\.?\s(?:godine|године|a|yil)\b\.?)?"  # noqa: RUF001
_YEAR = rf"(?P<y>\d{{4}}(?=\d{{1,2}}:\d\d)|\d{{4}}(?!\d)|\d{{2}}(?!\d)){_YEAR_WORD}"
_NAME = r"(?P<mon>[^\W\d_]{3,12})"
_GAP = r"[\s.,/'\u05f3-]"
_OF = r"(?:(?:de|del|di|of|day\s+of)\s+|d')?"
_ORDINAL = r"(?:st|nd|rd|th|er|[ºª°])?"

# The same sign twice; spaces around it may differ: "12.11. 2026" is set so, "26-06- 2018" read so.
_SAME_SIGN = r"(?(sep)\s?(?P=sep)\s?| )"
_YEAR_FIRST = re.compile(
    rf"(?<!\d)(?P<y>\d{{4}})(?:\s?(?P<sep>[./-])\s?| )(?P<m>\d{{1,2}}){_SAME_SIGN}(?P<d>\d{{1,2}})(?!\d)"
)
_CJK = re.compile(r"(?<!\d)(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日일]?(?!\d)")
# Years of the reigns that Japanese documents count by.
_ERAS = {
    "令和": 2018,
    "平成": 1988,
    "昭和": 1925,
    "R": 2018,
    "H": 1988,
    "民國": 1911,
    "民国": 1911,
}
_ERA = re.compile(
    r"(?:中[華华])?(?P<era>令和|平成|昭和|民[國国])\s?(?P<y>元|\d{1,3})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日"
)
# Not "S" for Showa, which ended in 1989, nor letters apart, which a slip of a till has before any date.
_ERA_LETTER = re.compile(
    r"(?<![^\W_])(?P<era>[RH])(?P<y>\d{1,2})(?P<sep>[./-])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?!\d)"
)
_COMPACT = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?!\d)")
_YEAR_LAST = re.compile(
    rf"(?<!\d)(?P<a>\d{{1,2}})(?:\s?(?P<sep>[./'-])\s?| )(?P<b>\d{{1,2}}){_SAME_SIGN}'?{_YEAR}"
)
_COMPACT_YEAR_LAST = re.compile(r"(?<!\d)(?P<a>\d\d)(?P<b>\d\d)(?P<y>(?:19|20)\d\d)(?!\d)")
# Danish, Norwegian and Swedish: "12/11-2026" is the 12th of November.
_DAY_FIRST = re.compile(r"(?<!\d)(?P<a>\d{1,2})[/.](?P<b>\d{1,2})\s?-\s?(?P<y>\d{4})(?!\d)")
# The same countries, and no other that is known: "5/3 2026".
_YEAR_APART = re.compile(r"(?<!\d)(?P<a>\d{1,2})/(?P<b>\d{1,2})\s(?P<y>\d{4})(?!\d)")
# Korean: "26. 11. 12." is a day of 2026, elsewhere one of 2012.
_EITHER_END = re.compile(r"(?<!\d)(?P<a>\d{1,2})\.\s(?P<b>\d{1,2})\.\s(?P<y>\d{2})\.")
_VIETNAMESE = re.compile(
    r"(?:ngày\s)?(?<!\d)(?P<d>\d{1,2})\s(?:tháng|thg)\s(?P<m>\d{1,2}),?\s(?:năm\s)?(?P<y>\d{4})(?!\d)",
    re.IGNORECASE,
)
_ROMAN = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})(?:[./-]\s?|\s)(?P<mon>I{1,3}|IV|VI{0,3}|IX|XI{0,2})(?:[./-]\s?|\s)" + _YEAR
)
# Hungarian.
_YEAR_ROMAN = re.compile(
    r"(?<!\d)(?P<y>\d{4})(?:[./-]\s?|\s)(?P<mon>I{1,3}|IV|VI{0,3}|IX|XI{0,2})(?:[./-]\s?|\s)(?P<d>\d{1,2})(?!\d)"
)
_ROMAN_MONTHS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_DAY_NAME_YEAR = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}}){_ORDINAL}(?P<point>\.?){_GAP}*{_OF}{_NAME}{_GAP}*{_OF}{_YEAR}", re.IGNORECASE
)
_NAME_DAY_YEAR = re.compile(
    rf"(?<![^\W\d_]){_NAME}{_GAP}*(?:(?P<d>\d{{1,2}}){_ORDINAL}{_GAP}+|(?P<d2>\d\d)(?=\d{{4}}(?!\d))){_YEAR}",
    re.IGNORECASE,
)
# Also Lithuanian, "2026 m. lapkričio mėn. 12 d.", and with an ending of Hungarian, "2026. november 12-én".
_YEAR_NAME_DAY = re.compile(
    rf"(?<!\d)(?P<y>\d{{4}})(?:\sm\.)?{_GAP}*{_NAME}(?:\smėn\.)?{_GAP}*(?P<d>\d{{1,2}})(?!\d)"
    r"(?:\sd\.|\.?-(?:[jei]?[áaée]n|[eéia]i?)\b)?",
    re.IGNORECASE,
)
_LATVIAN = re.compile(rf"(?<!\d)(?P<y>\d{{4}})\.?\sgada\s(?P<d>\d{{1,2}})\.?\s?{_NAME}", re.IGNORECASE)
# As computers write it: "Thu Nov 12 10:22:11 UTC 2026".
_NAME_DAY_TIME_YEAR = re.compile(
    rf"(?<![^\W\d_]){_NAME}\s(?P<d>\d{{1,2}})\s\d\d:\d\d(?::\d\d)?(?:\s[A-Z]{{3,5}})?\s{_YEAR}"
)
_NAMED = (_NAME_DAY_TIME_YEAR, _DAY_NAME_YEAR, _NAME_DAY_YEAR, _YEAR_NAME_DAY, _LATVIAN)
_NUMERIC = (
    *(_EITHER_END, _YEAR_FIRST, _CJK, _VIETNAMESE, _DAY_FIRST),
    *(_YEAR_APART, _YEAR_LAST, _COMPACT, _COMPACT_YEAR_LAST),
)

# Russian forms have the day in them: "\u00ab12\u00bb \u043d\u043e\u044f\u0431\u0440\u044f 2026".
_QUOTES = str.maketrans("", "", '\u00ab\u00bb"\u201c\u201d\u201e')
_LABEL = re.compile(r"[^\W\d_][^\d:]*:\s*")
# "Bremen, den", "Paris, le", "Fait le", "the": a place, and the word that a date begins with.
_PLACE = re.compile(
    r"^\s*(?:[^\W\d_][^\d:;,()]{1,40}(?:,\s*|\s+))?"
    r"(?:den|le|l\u00ec|li|il|am|vom|el|the|dnia|dne|d\u0148a)\s+(?=\d)"
    r"|^\s*[^\W\d_][^\d:;,()]{1,40},\s*(?=\d)",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]{3,12}")
_WORDLESS = re.compile(r"[\s:=*.,;()\[\]#-]*")
# Behind a hyphen, figures with points are the end of a period ("01.11.2026-30.11.2026"), and no time.
_CLOCK = (
    r"(?:\d{1,2}\s?[:h時시]\s?\d{2}(?::\d{2}(?:[.,]\d{1,6})?|[.,]\d{1,3}(?!\d))?|(?<!-)(?<!-\s)\d{1,2}\.\d{2}(?:[.:]\d{2})?)"
    r"[分분]?\s?(?:[ap]\.?\s?m\.?|uhr|hrs?|h)?"
)
_AT = r"(?:(?:um|kl\.?|klo|at|(?:alle\s)?ore|a\slas|às|à|о|об|v|o)\s)?"  # noqa: RUF001
_TIME = re.compile(
    rf"(?:[\sT,@/-]*{_AT}{_CLOCK}(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)?[\s.,;:()\[\]*-]*", re.IGNORECASE
)
_TIME_BEFORE = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?\s?(?:[ap]\.?\s?m\.?|uhr|hrs?)?[\s,]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDate:
    """One printed date.

    Attributes
    ----------
    value
        The date; of an ambiguous text, its day-first reading.
    alternative
        The other reading of an ambiguous text, else None: month first, year first ("26. 11. 12."), or in
        another language ("12. srp 2026").
    """

    value: date
    alternative: date | None = None

    @property
    def ambiguous(self) -> bool:
        """Return whether the text has a second reading and nothing decided between them."""
        return self.alternative is not None

    @property
    def readings(self) -> tuple[date, ...]:
        """Return the date, and the second one of an ambiguous text."""
        return (self.value,) if self.alternative is None else (self.value, self.alternative)


def parse_date(
    text: str, *, day_first: bool | None = None, year_first: frozenset[str] = frozenset()
) -> ParsedDate | None:
    """Return the date that `text` prints, or None if it is not one date.

    Understood: three numbers with points, slashes, hyphens or spaces, the year (two or four digits)
    last or the four-digit year first; "20180612", "12062018", "12/11-2026", "2018年6月12日"; Roman months;
    month names and abbreviations in forty languages in any order ("Dec 25, 2018", "25DEC2018", "1er mai
    2020"). A weekday, a label before a colon ("DATE:25/12/2018"), a place ("Bremen, den 3. Mai 2024")
    and a time of day are passed over.
    Two-digit years follow POSIX: 69-99 are 19xx, 00-68 are 20xx; a two-digit year is never read first,
    unless the number cannot be a day, all is printed as in Korea ("26. 11. 12."), or the document writes
    years first between the same signs. Japanese reigns and a day in quotes are read. Never raises on any
    text.

    Parameters
    ----------
    day_first
        The document's order, to decide dates such as "03/04/2026"; None leaves them ambiguous. It
        never overrides the only valid reading.
    year_first
        Signs between which the document writes years first ("/" of "2026/11/12"): what two digits there are,
        "26/11/12", is ambiguous.

    Examples
    --------
    >>> parse_date("25DEC2018").value.isoformat(), parse_date("12/25/18").value.isoformat()
    ('2018-12-25', '2018-12-25')
    >>> parsed = parse_date("03/04/2026")
    >>> parsed.value.isoformat(), parsed.alternative.isoformat()
    ('2026-04-03', '2026-03-04')
    """
    plain = _label_free(uniform(text))
    if plain is None:
        return None
    parsed = _parse(plain, day_first, year_first)
    if parsed is None and (found := _PLACE.match(plain)) is not None:
        return _parse(plain[found.end() :], day_first, year_first)
    return parsed


def looks_like_date(text: str) -> bool:
    """Return whether `text` is one printed date without a separate label; cheap, for every short span."""
    whole = uniform(text)
    plain = _label_free(whole)
    if plain is None or re.search(r":\s+$", whole[: len(whole) - len(plain)]):
        return False
    return _parse(plain, None, frozenset()) is not None


def _label_free(text: str) -> str | None:
    if len(text) > MAX_CHARACTERS or not any(map(str.isdigit, text)) or not text.strip():
        return None
    found = _LABEL.match(text)
    return (text[found.end() :] if found else text).translate(_QUOTES)


def _parse(printed: str, day_first: bool | None, year_first: frozenset[str]) -> ParsedDate | None:
    text = _in_latin(printed)
    parsed = _parse_numeric(text, day_first, year_first)
    if parsed is not None:
        return parsed
    found = _framed(_ERA, text) or _framed(_ERA_LETTER, text)
    if found is not None:
        year = _ERAS[found["era"]] + (1 if found["y"] == "元" else int(found["y"]))
        return _of_readings(_date(year, int(found["m"]), int(found["d"])), None)
    found = _framed(_ROMAN, text) or _framed(_YEAR_ROMAN, text)
    if found is not None:
        return _from_numbers(found, 1 + _ROMAN_MONTHS.index(found["mon"]))
    if not any(fold(name) in MONTHS for name in _LETTERS.findall(text)):
        return None
    for named in _NAMED:
        found = _framed(named, text)
        parsed = None if found is None else _from_named(found)
        if parsed is not None:
            return parsed
    return None


def _parse_numeric(text: str, day_first: bool | None, year_first: frozenset[str]) -> ParsedDate | None:
    for pattern in _NUMERIC:
        found = _framed(pattern, text)
        if found is None or (pattern is _YEAR_LAST and _may_be_numbers(found)):
            continue
        if "a" not in found.groupdict():
            parsed = _from_numbers(found, int(found["m"]))
        elif pattern is _EITHER_END:
            parsed = _from_either_end(found)
        elif pattern is _YEAR_LAST and _may_begin_with_year(found, year_first):
            parsed = _from_either_end(found) or _from_year_last(found, day_first)
        else:
            parsed = _from_year_last(found, True if pattern is _DAY_FIRST else day_first)
        if parsed is not None:
            return parsed
    return None


def _framed(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the match if only a weekday, punctuation and a time stand around it."""
    for found in pattern.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        if _no_words(before) and _TIME.fullmatch(_without_weekday(after)):
            return found
    return None


def _no_words(text: str) -> bool:
    return _WORDLESS.fullmatch(_TIME_BEFORE.sub("", _without_weekday(text), count=1)) is not None


def _in_latin(text: str) -> str:
    """Return the text with the months of Thai, Hindi and Bengali in English, and Thai years in full."""
    if text.isascii() or _SCRIPTED.search(text) is None:
        return text
    plain = _SCRIPTED.sub(lambda found: f" {SCRIPTED_MONTHS[found[0]]} ", text.replace("พ.ศ.", ""))
    # Thai years of two digits are of the Buddhist era, too.
    return _SHORT_YEAR.sub(r"25\1", plain) if _THAI.search(text) else plain


def _without_weekday(text: str) -> str:
    text = _WEEKDAY_SIGN.sub(" ", text)
    return re.sub(r"[^\W\d_]{2,}", lambda m: " " if fold(m[0]) in WEEKDAYS else m[0], text)


def fold(name: str) -> str:
    """Return a month or weekday name in lower case without accents.

    Examples
    --------
    >>> fold("Févr")
    'fevr'
    """
    # The Turkish letter without a dot is the same letter in capitals.
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("\u0131", "i"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _from_numbers(found: re.Match[str], month: int) -> ParsedDate | None:
    value = _date(_full_year(found["y"]), month, int(found["d"]))
    return None if value is None else ParsedDate(value=value)


def _may_be_numbers(found: re.Match[str]) -> bool:
    """Return whether it may as well be two numbers: "10.05 .12"; a date has the same spaces twice there."""
    text, sign = found.string, found["sep"]
    gaps = (text[found.end("a") : found.start("b")], text[found.end("b") : found.start("y")].rstrip("'"))
    return sign == "." and len(found["y"]) == 2 and gaps[0] != gaps[1]


def _may_begin_with_year(found: re.Match[str], year_first: frozenset[str]) -> bool:
    return len(found["y"]) == 2 and found["sep"] in year_first


def _from_either_end(found: re.Match[str]) -> ParsedDate | None:
    first, month, last = found["a"], int(found["b"]), found["y"]
    by_day = _date(_full_year(last), month, int(first))
    by_year = _date(_full_year(first), month, int(last))
    return _of_readings(by_day, by_year)


def _of_readings(first: date | None, second: date | None) -> ParsedDate | None:
    """Return the date of two readings, of which there may be none, one, two, or twice the same."""
    if first is None or second is None or first == second:
        only = first or second
        return None if only is None else ParsedDate(value=only)
    return ParsedDate(value=first, alternative=second)


def _from_year_last(found: re.Match[str], day_first: bool | None) -> ParsedDate | None:
    first, second, year = int(found["a"]), int(found["b"]), _full_year(found["y"])
    by_day, by_month = _date(year, second, first), _date(year, first, second)
    if by_day is None and by_month is None and first > 31 and len(found["y"]) == 2:
        by_day = _date(_full_year(found["a"]), second, int(found["y"]))
    both = _of_readings(by_day, by_month)
    if both is None or not both.ambiguous or day_first is None:
        return both
    return _of_readings(by_day if day_first else by_month, None)


def _from_named(found: re.Match[str]) -> ParsedDate | None:
    name = fold(found["mon"])
    groups = found.groupdict()
    day = groups["d"] or groups.get("d2")
    if name not in MONTHS or day is None:
        return None
    year = _full_year(found["y"])
    shared = SHARED_MONTHS.get(name) if groups.get("point") else None
    other = None if shared is None else _date(year, shared, int(day))
    return _of_readings(_date(year, MONTHS[name], int(day)), other)


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        # No document is dated in our 26th century; Thai ones count from 543 years before.
        return year - _BUDDHIST if _FIRST_BUDDHIST_YEAR <= year <= _LAST_BUDDHIST_YEAR else year
    return year + (1900 if year >= _PIVOT else 2000)


def _date(year: int, month: int, day: int) -> date | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:  # no such day in the calendar
        return None
