"""Texts with a form, but no check: times of day, telephone numbers, mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

MOST_WORDS = {"time": 4, "phone": 7, "email": 1}  # "3 : 02 PM", "+49 (0) 89 12 34 56 78"

# The minutes are parted by a colon, an h, or a point where nothing else is meant by it: "20.15", no "8.15";
# by a blank, which is all that was read of a colon, only before "pm".
_TIME = re.compile(
    r"(?P<hour>[01]?\d|2[0-3]) ?(?P<mark>[:h.]|(?=[0-5]\d ?[ap])) ?(?P<minute>[0-5]\d)"
    r"(?:(?:[:.]|(?<=\d)m) ?(?P<second>[0-5]\d)s?)?(?:[.,]\d{1,6})?"
    r"(?: ?:?(?P<half>[ap](?:\.? ?m)?\.?))?(?: ?(?:uhr|hrs?|h)\.?)?",
    re.IGNORECASE,
)
_BARE_TIME = re.compile(r"\d{1,2}\.\d\d")
_WHOLE_HOUR = re.compile(r"(?P<hour>1[0-2]|0?[1-9]) ?(?P<half>[ap]\.?m\.?)", re.IGNORECASE)
_NOON = 12
# ITU-T E.164: 15 digits at most; seven are the shortest that are printed without an area code.
# Brackets stand around an area code: first, or behind a country's code or the digit dialled before it.
_PHONE = re.compile(r"(?=[\d+(])(?:(?:\+ ?\d{1,3}|[018])?[ .-]?\(\d{1,5}\))?\+?[\d ./\u2010-\u2013-]*\d")
_LEAST_DIGITS, _MOST_DIGITS = 7, 15
_NO_PHONE = re.compile(
    # Dates, but not "05.59.43.65.98".
    r"\d{1,2}([-./])\d{1,2}\1(?:\d\d){1,2}(?!\1\d\d).*|\d{4}([-./])\d{1,2}\2\d{1,2}.*"
    r"|\d+\.\d{1,2}|\d{1,3}(?:[. ]\d{3})+(?:\.\d\d)?"  # amounts
    r"|\d+\.\d\d(?: -?\d+\.\d\d)+"  # several of them
)
_GROUP = re.compile(r"\+?\(?\d{1,5}\)?[-/.]?")
_PARTED = re.compile(r"\d[-/.]\d")
_MARKS = re.compile(r"[^\d+]")
_TRUNK = "(0)"  # dialled within the country alone: "+49 (0) 89"
# RFC 5321, without quoted mailboxes and addresses of machines by their numbers.
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[^\W\d_][\w-]+")


def compact_time(text: str) -> str | None:
    """Return a time of day as ISO 8601 has it, None if `text` is none.

    Examples
    --------
    >>> [compact_time(text) for text in ("3:02 PM", "15h22", "9.15 Uhr", "12:05:09 am", "20.15", "8.15")]
    ['15:02', '15:22', '09:15', '00:05:09', '20:15', None]
    """
    found = _TIME.fullmatch(text) or _WHOLE_HOUR.fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    hour, half = int(parts["hour"]), (parts.get("half") or "").lower()
    is_bare = found.end() == (found.end("minute") if "minute" in parts else -1)
    if parts.get("mark") == "." and is_bare and len(parts["hour"]) == 1:
        return None
    if half and not 1 <= hour <= _NOON:
        half = ""  # "15:02 PM" is printed, too
    if half:
        hour = hour % _NOON + (_NOON if half.startswith("p") else 0)
    rest = [part for part in (parts.get("minute") or "00", parts.get("second")) if part]
    return ":".join([f"{hour:02}", *rest])


def compact_phone(text: str) -> str | None:
    """Return the digits of a telephone number, behind a plus if it has one, None if `text` is none.

    Examples
    --------
    >>> [compact_phone(text) for text in ("+49 (0) 89 123 456", "(323) 939-5528", "12/03/2026", "1.234.567")]
    ['+4989123456', '3239395528', None, None]
    """
    if _PHONE.fullmatch(text) is None or _NO_PHONE.fullmatch(text):
        return None
    plain = _MARKS.sub("", text.replace(_TRUNK, "") if text.startswith("+") else text)
    return plain if _LEAST_DIGITS <= sum(map(str.isdigit, plain)) <= _MOST_DIGITS else None


def compact_email(text: str) -> str | None:
    """Return a mail address with its domain in small letters, None if `text` is none.

    Examples
    --------
    >>> compact_email("Billing@Example.COM"), compact_email("www.example.com")
    ('Billing@example.com', None)
    """
    if _EMAIL.fullmatch(text) is None or ".." in text:
        return None
    mailbox, _, domain = text.rpartition("@")
    return f"{mailbox}@{domain.lower()}"


def likely_times(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the times of a page without those that may be amounts ("20.00"), where there are others.

    Examples
    --------
    >>> likely_times(("20.00", "21:06")), likely_times(("20.00",))
    (('21:06',), ('20.00',))
    """
    found = tuple(texts)
    return tuple(text for text in found if not _BARE_TIME.fullmatch(text)) or found


def whole_phones(words: Sequence[str], at: int, texts: Sequence[str]) -> Iterator[str]:
    """Yield those of the numbers that begin in a word which are whole.

    A number that ends in parted groups ("(214) 652-4800") is whole, whatever stands beside it, and so is one
    of a single word; all others have all their groups.
    """
    before = words[at - 1] if at else ""
    goes_on = before.endswith(")") or _GROUP.fullmatch(words[at])
    is_tail = _GROUP.fullmatch(before) and goes_on and words[at][0] not in "+("
    if texts and not is_tail:
        ended = [text for text in texts if " " not in text or _PARTED.search(text.split()[-1])]
        yield from dict.fromkeys((*ended, max(texts, key=len)))
