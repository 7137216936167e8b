"""Fields that nobody annotated, read off a page where its labels and its arithmetic leave no doubt.

A field is found only in whole words, since an answer is whole words, and only if everything on the page that
could be its value says the same. What is in doubt is neither asked for nor known to be absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from training.refill.field_finding import PageText, label_of
from training.refill.places import Places
from training.refill.silver_amounts import find_amounts
from training.refill.template import Run, TemplateField
from training.synthesis.fields import FIELDS

# A label, then a value up to the end of a word; numbers go on over spaces and dashes, codes are one word.
_NUMBER = r"(?P<value>\(?\+?\d[\d() .-]*\d)"
_CODE = r"(?P<value>(?:[A-Z]{2,3} (?=\d))?[A-Z0-9][\w/.-]*)"
_MARK = r"[\s:.#-]*"
_FIRST = r"(?<![/&\w])(?<![/&] )"  # no label of two kinds: "TEL/FAX", "TEL & FAX"
_NO = r"\s*(?:NO|NUMBER|NUM)?\b"
_TEL = re.compile(rf"{_FIRST}(?:TEL|TELEPHONE|PHONE|PH){_NO}{_MARK}{_NUMBER}", re.IGNORECASE)
_MOBILE = re.compile(rf"\b(?:MOBILE|HP|H/P|CONTACT|HOTLINE){_NO}{_MARK}{_NUMBER}", re.IGNORECASE)
_FAX = re.compile(rf"{_FIRST}(?:FAX|TELEFAX|FACSIMILE){_NO}{_MARK}{_NUMBER}", re.IGNORECASE)
_SAYS_PHONE = re.compile(r"TEL|PHONE|\bPH\b|MOBILE|\bH/?P\b|CONTACT|HOTLINE|\bCALL\b|FAX", re.IGNORECASE)
_BARE_PHONE = re.compile(r"(?P<value>\(\d{3}\) ?\d{3}-\d{4})")
_LIKE_PHONE = re.compile(r"\d{3} ?- ?\d{4}(?!\d)")
_FEWEST_DIGITS, _MOST_DIGITS = 8, 12  # of a telephone number with its area, and its country
_HEAD = 0.4  # of the lines of a page: the seller's part of a receipt and of a letter
_CUSTOMER = re.compile(r"BILL(?:ED)? ?TO|SOLD ?TO|SHIP ?TO|\bATTN|ATTENTION|CUSTOMER|MEMBER|\bNAME\b|DELIVER")

_TIME = re.compile(r"(?P<value>(?<!\d)[0-2]?\d:[0-5]\d(?::[0-5]\d)?(?: ?[AP]\.?M\b\.?)?)", re.IGNORECASE)
_LIKE_TIME = re.compile(r"(?<!\d)[0-2]?\d[:.][0-5]\d(?:[:.][0-5]\d)?(?= ?[AP]M\b)|\d:[0-5]\d", re.IGNORECASE)
_OTHER_TIME = re.compile(
    r"\bOPEN|HOURS|DAILY|PICK|ENTRY|EXIT|SHIFT|PRINT|DELIVER|\bEXP|\bVALID", re.IGNORECASE
)

_DOCUMENT = re.compile(
    r"(?<![\w/])(?:INVOICE|INV|RECEIPT|RCPT|BILL|DOC|DOCUMENT|SLIP)\s*(?:NO\b|NUMBER\b|#)[\s:.#]*" + _CODE,
    re.IGNORECASE,
)
_OTHER_DOCUMENT = re.compile(r"ORIG|REFER|\bOLD\b|\bYOUR\b|TABLE NO|\bTRAN", re.IGNORECASE)
_TABLE = re.compile(
    r"(?:^|(?<= ))(?:TABLE|TBL)(?: ?NO\b)?[\s:.#]*(?P<value>[A-Z]?\d{1,3}[A-Z]?)(?![\w/:.-])", re.IGNORECASE
)
_CASHIER = re.compile(r"(?<!\w)(?:CASHIER|SERVED BY|SERVER|STAFF)(?: ?(?:NAME|NO|ID)\b)?[\s.#]*: ?(?=\w)")
_NAME = re.compile(r"(?=.*[A-Z])[A-Z0-9][A-Z0-9.'/]*(?:-[A-Z0-9]+)*", re.IGNORECASE)
_NO_NAMES = frozenset("CASHIER USER STAFF TIME DATE POS SERVER COUNTER TABLE PAX NO".split())
_MOST_NAMES = 3
_TAX_ID = re.compile(
    r"\bGST(?: ?(?:REGN?|ID|REF|REGISTRATION))?\.?(?: ?(?:NO|NUMBER))?[\s:.#]+(?P<value>\d{12})(?!\d)"
)
_REGISTRATION = re.compile(
    r"(?<!\S)(?P<value>\((?:[A-Z]{2})?\d{5,9}-[A-Z]\)|(?:[A-Z]{2})?\d{5,9}-[A-Z])(?!\S)"
)
_LIKE_REGISTRATION = re.compile(r"(?<![\w-])\d{5,9} ?- ?[A-Z]\b(?!-)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SilverFields:
    """The fields that are certain, the tags of those in doubt, and of those that are not there."""

    fields: tuple[TemplateField, ...]
    doubtful: frozenset[str]
    absent: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """The lines of a page as texts."""

    text: PageText

    @cached_property
    def texts(self) -> tuple[str, ...]:
        words = self.text.page.words
        return tuple(" ".join(words[i].text for i in range(a, b)) for a, b in self.text.page.lines)

    def run(self, line: int, start: int, end: int) -> Run | None:
        """Return the words that take up characters [start, end) of a line; None if they cut one."""
        text, first = self.texts[line], self.text.page.lines[line][0]
        if (start and text[start - 1] != " ") or (end < len(text) and text[end] != " "):
            return None
        begin = first + text.count(" ", 0, start)
        return tuple(range(begin, begin + text.count(" ", start, end) + 1))

    def found(self, pattern: re.Pattern[str], lines: Iterable[int] | None = None) -> Iterator[_Candidate]:
        """Yield what a pattern finds, line by line."""
        for line in range(len(self.texts)) if lines is None else lines:
            for match in pattern.finditer(self.texts[line]):
                yield _Candidate(line, match["value"], self.run(line, *match.span("value")))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What could be a field's value; no run if it cuts words."""

    line: int
    value: str
    run: Run | None


# A field's words, None if the page says nothing of it; what is in doubt has no words.
_Found = _Candidate | None
_DOUBT = _Candidate(-1, "", None)


def find_silver(
    text: PageText,
    places: Places,
    known: Sequence[TemplateField],
    *,
    asked: frozenset[str],
    region: range,
) -> SilverFields:
    """Return the fields of a page that are certain without being annotated.

    Parameters
    ----------
    known
        The annotated fields of the page: they take their words, and the arithmetic starts from their total.
    asked
        Tags that were annotated, found or not: they are left to the annotation.
    region
        Words of a table of rows, in which no field is looked for.
    """
    lines = _Lines(text=text)
    found = {**_texts(lines, known), **_amounts(lines, places, known, region)}
    taken = {*region} | {i for field in known for run in (*field.places, field.label or ()) for i in run}
    fields: list[TemplateField] = []
    doubtful: set[str] = set()
    for tag, one in found.items():
        if tag in asked or one is None:
            continue
        if one.run is None or taken & set(one.run) or not _is_free(tag, one.run, places):
            doubtful.add(tag)
            continue
        taken.update(one.run)
        fields.append(_field(tag, one.run, text))
    absent = {"amount_total_net"} if "amount_total_net" not in found else set[str]()
    return SilverFields(fields=tuple(fields), doubtful=frozenset(doubtful), absent=frozenset(absent - asked))


def _is_free(tag: str, run: Run, places: Places) -> bool:
    """Return whether a text holds nothing that is exchanged as something else: a date, an amount, a time."""
    if FIELDS[tag].kind == "amount":
        return True
    other = {i for r in (*places.dates, *places.amounts) for i in r}
    times = set(places.times)
    return not other & set(run) and bool(times & set(run)) == (tag == "document_time")


def _field(tag: str, run: Run, text: PageText) -> TemplateField:
    # Labels of a tax say its rate, and its amount would not go with another one's.
    label, is_above = (None, False) if tag == "amount_total_tax" else label_of(run, tag, text)
    kind = FIELDS[tag].kind
    return TemplateField(
        key=tag,
        tag=tag,
        kind=kind,
        description="",
        places=(run,),
        label=None if is_above else label,
        is_silver=True,
    )


def _texts(lines: _Lines, known: Sequence[TemplateField]) -> Mapping[str, _Found]:
    return {
        "vendor_phone": _phone(lines),
        "vendor_fax": _fax(lines),
        "document_time": _time(lines, known),
        "document_id": _document(lines),
        "vendor_tax_id": _only(lines.found(_TAX_ID)),
        "vendor_registration_id": _registration(lines),
        "table_number": _only(lines.found(_TABLE)),
        "cashier": _cashier(lines),
    }


def _only(found: Iterable[_Candidate]) -> _Found:
    """Return the first of candidates that all say the same."""
    candidates = list(found)
    if len({"".join(filter(str.isalnum, one.value)) for one in candidates}) > 1:
        return _DOUBT
    return next((one for one in candidates if one.run is not None), candidates[0] if candidates else None)


def _head(lines: _Lines) -> range:
    """Return the lines of the head: the first ones, up to what is said of the customer."""
    last = max(round(len(lines.texts) * _HEAD), min(12, len(lines.texts)))
    customer = (n for n in range(last) if _CUSTOMER.search(lines.texts[n].upper()))
    return range(next(customer, last))


def _phone(lines: _Lines) -> _Found:
    """Return the first number of the head that is labelled as a telephone's, or the only one like one."""
    head = _head(lines)
    said = list(lines.found(_TEL, head)) or list(lines.found(_MOBILE, head))
    if said:
        return _whole_number(said[0])
    if any(_SAYS_PHONE.search(text) for text in lines.texts):
        return _DOUBT
    bare = list(lines.found(_BARE_PHONE))
    if len(bare) == 1 == sum(len(_LIKE_PHONE.findall(text)) for text in lines.texts) and bare[0].line in head:
        return _whole_number(bare[0])
    return _DOUBT if bare else None


def _fax(lines: _Lines) -> _Found:
    said = list(lines.found(_FAX, _head(lines)))
    if said:
        return _whole_number(said[0])
    return _DOUBT if any("FAX" in text.upper() for text in lines.texts) else None


def _whole_number(one: _Candidate) -> _Candidate:
    n_digits = sum(map(str.isdigit, one.value))
    # A short number behind it is another one: a telephone's last group has at least three digits.
    is_whole = one.value.count("(") == one.value.count(")") and re.search(r"\d{3}$", one.value) is not None
    return one if is_whole and _FEWEST_DIGITS <= n_digits <= _MOST_DIGITS else _DOUBT


def _time(lines: _Lines, known: Sequence[TemplateField]) -> _Found:
    """Return the only time of the page, or else the only one on the line of its date."""
    times = list(lines.found(_TIME))
    n_like = sum(len(_LIKE_TIME.findall(text)) for text in lines.texts)
    if not n_like:
        return None
    dates = {lines.text.line_of[f.places[0][0]] for f in known if f.tag == "date_issue"}
    beside = [one for one in times if one.line in dates]
    chosen = beside if len(beside) == 1 else times
    if len(chosen) != 1 or (len(chosen) < n_like and not beside):
        return _DOUBT
    line = lines.texts[chosen[0].line]
    is_said = bool(beside) or "TIME" in line.upper()
    return chosen[0] if is_said and not _OTHER_TIME.search(line) else _DOUBT


def _document(lines: _Lines) -> _Found:
    """Return the only number of the document; of two that differ, nobody knows which one is meant."""
    said = [one for one in lines.found(_DOCUMENT) if not _OTHER_DOCUMENT.search(lines.texts[one.line])]
    found = _only(said)
    if found is None or found.run is None:
        return _DOUBT
    after = found.run[-1] + 1
    goes_on = lines.text.is_joined(after - 1, after) and not lines.text.page.words[after].text[:1].isalpha()
    is_number = sum(map(str.isdigit, found.value)) >= 3 and found.value[-1].isalnum()
    return found if is_number and not goes_on else _DOUBT


def _registration(lines: _Lines) -> _Found:
    found = list(lines.found(_REGISTRATION))
    n_like = sum(len(_LIKE_REGISTRATION.findall(text)) for text in lines.texts)
    if len(found) == 1 and n_like <= 1 and found[0].line in _head(lines):
        return found[0]
    return _DOUBT


def _cashier(lines: _Lines) -> _Found:
    found = [
        _name_after(lines, line, match.end())
        for line, text in enumerate(lines.texts)
        for match in _CASHIER.finditer(text.upper())
    ]
    return _only(found)


def _name_after(lines: _Lines, line: int, start: int) -> _Candidate:
    """Return the name of a few words that fills its line up to a gap, a date or the next label."""
    text = lines.texts[line]
    first = lines.text.page.lines[line][0] + text.count(" ", 0, start)
    if start and text[start - 1] != " ":
        return _DOUBT
    words = lines.text.page.words
    run = [first]
    while lines.text.is_joined(run[-1], run[-1] + 1):
        run.append(run[-1] + 1)
    names = [words[i].text for i in run]
    stop = next((n for n, word in enumerate(names) if not _NAME.fullmatch(word)), len(names))
    if stop < len(names) and names[stop][0] in ":#":
        stop -= 1  # the word before a colon is the next label
    kept = names[: max(stop, 0)]
    is_name = 0 < len(kept) <= _MOST_NAMES and not _NO_NAMES & {name.upper() for name in kept}
    is_ended = stop == len(names) or names[stop][:1].isdigit() or names[stop][-1] in ":#"
    if not is_name or not is_ended:
        return _DOUBT
    return _Candidate(line, " ".join(kept), tuple(run[: len(kept)]))


def _amounts(
    lines: _Lines, places: Places, known: Sequence[TemplateField], region: range
) -> Mapping[str, _Found]:
    total = next((field.places[0] for field in known if field.tag == "amount_total_gross"), None)
    found = find_amounts(lines.texts, lines.text.line_of, places.amounts, total=total, region=region)
    return {tag: _DOUBT if run is None else _Candidate(0, "", run) for tag, run in found.items()}
