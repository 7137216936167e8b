"""Numbers, days and codes as the XML of an e-invoice writes them: XML Schema's types, UN/CEFACT's formats."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

# Nothing that could make a number of a million digits ("1e999999").
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,30})?|\.\d{1,30})", re.ASCII)
# Days as CII writes them, by UNTDID 2379: 102 is a day, 203 and 204 are one with the time. 610 (a month) and
# 616 (a week) are none.
_COMPACT = {
    "102": re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII),
    "203": re.compile(r"(\d{4})(\d{2})(\d{2})\d{4}", re.ASCII),
    "204": re.compile(r"(\d{4})(\d{2})(\d{2})\d{6}", re.ASCII),
}
# XML Schema's date and dateTime, both of which may have a time zone.
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII
)
# ISO 13616, also in the groups in which it is printed.
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_WIDE = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"'](?:utf-?16|utf-?32|ucs)", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_number(text: str | None) -> Decimal | None:
    """Return a number as XML writes it; None of what is none, or has more than 15 digits before its point.

    Examples
    --------
    >>> read_number("-12.50"), read_number(".5"), read_number("1e9"), read_number("12,50")
    (Decimal('-12.50'), Decimal('0.5'), None, None)
    """
    return Decimal(text) if text is not None and _NUMBER.fullmatch(text) else None


def read_day(text: str | None, date_format: str | None = None) -> str | None:
    """Return a day in ISO form, without time and time zone; None of what names no day of the calendar.

    Parameters
    ----------
    date_format
        UNTDID 2379, as CII says it; None of UBL, which has XML Schema's dates.

    Examples
    --------
    >>> read_day("20260417", "102"), read_day("2026-04-17+02:00"), read_day("202604", "610")
    ('2026-04-17', '2026-04-17', None)
    >>> read_day("2026-02-30"), read_day("04/05/2026")
    (None, None)
    """
    compact = _COMPACT.get(date_format or "")
    found = (compact.fullmatch(text or "") if compact else None) or _ISO.fullmatch(text or "")
    if found is None:
        return None
    try:
        return date(*map(int, found.groups()[:3])).isoformat()
    except ValueError:
        return None


def is_iban_like(text: str) -> bool:
    """Return whether a text has the form of an IBAN, whose check digits are another matter.

    Examples
    --------
    >>> is_iban_like("DE89 3704 0044 0532 0130 01"), is_iban_like("1234567")
    (True, False)
    """
    return _IBAN.fullmatch("".join(text.split()).upper()) is not None


def xml_encoding(data: bytes) -> str | None:
    """Return the encoding that the bytes of an XML file show; None if only its declaration tells.

    Programs write UTF-8 and leave another encoding in the declaration. Letters beyond ASCII that are valid
    UTF-8 are that: other encodings make none by chance. Nor is UTF-16 what says so in one byte a letter.

    Examples
    --------
    >>> xml_encoding(b"<?xml version='1.0' encoding='utf-16'?><a/>")
    'utf-8'
    >>> text = "<?xml version='1.0' encoding='latin1'?><a>ü</a>"
    >>> [xml_encoding(text.encode(encoding)) for encoding in ("utf-8", "latin1")]
    ['utf-8', None]
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding
    if b"\0" in data[:4] or (data.isascii() and not _WIDE.match(data)):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"
