"""Where a value may begin or end inside a word: print glues labels, leaders and currency marks to values.

"Rechnungsnr.:RE-20417", "....45.10" and "EUR12.50" are one word each to every reader. Such a word has parts:
a value runs from the start of a part to the end of one. Any other word is one part. A sign stays with its
number: "-$45.00", "($45.00)" and "45.00-" without theirs would be other amounts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, pairwise

from schemas.values.currency import is_currency_mark

MAX_PARTS = 8  # of one word; more are a page's decoration, and each widens the grammar

# They part a label from its value: "Date :30-05-2018". A number sign may begin a value ("#1234").
_COLONS = ":=：＝﹕∶"  # noqa: RUF001
# What begins no value: a colon, and marks that end what stands before them.
NEVER_FIRST = f"{_COLONS},;)!?"
_LABEL_MARKS = f"{_COLONS}#№＃"  # noqa: RUF001
_DASHES = r"\-−–"
# Words that are one part at a glance: letters alone, and plain figures, dates and numbers with hyphens.
_WHOLE = re.compile(r"[^\W\d_]+[.,]?|\d+(?:[.,/-]\d+)*[.,]?")
# A value follows its label. Two slashes are an address's, a backslash is a path's.
_LABEL_END = re.compile(rf"[{_LABEL_MARKS}]+(?=[^\s{_LABEL_MARKS}/\\])")
# "Nr.12347", "N°F2026-88", "Invoice-No.INV-7": a number follows its abbreviation, a name does not.
# So it does Italian "n.", where no word goes before; a currency in brackets ends a label: "Total(USD)9.50".
_NUMBER_SIGN = re.compile(
    r"(?i:n[°º]|n[ro]\.)(?=[A-Z0-9])|(?<![^\W_])n\.(?=\d)"
    r"|(?<=[^\W\d_])\((?:[A-Z]{3}|[$€£¥₹])\)(?=[^\w\s]?\d)"
)
# A comma or slash parts what begins with a label ("A7,Date:5.1."), and a long code from another one.
_SEPARATOR = re.compile(
    r"(?<=\w)[;|](?=\w|$)|^\|(?=\w)|(?<=\w)[,/](?=[^\W\d_][^\W\d_.-]{1,20}:\w)"
    r"|(?<=[A-Z\d]{8})[,/](?=[A-Z]{3})"
)
# What closes the sentence or the bracket in which a label and its value stand.
_END = re.compile(r"(?<=\w)[,\])]$")
_DOTS = "·…•‧\u2024∙⋅‥"
# Three of a kind lead to a value, or fill an amount's field on a cheque; at the ends of a word fewer do.
_LEADER = re.compile(
    rf"([._*{_DOTS}])\1{{2,}}|(?<![\d.,])([-\u2013—─═~])\2{{2,}}"
    rf"|^(?:[_*{_DOTS}]+|\.{{2,}})|(?:[_*{_DOTS}]+|\.{{2,}})$"
    # Cheques fill an amount's field from its currency on, with as many as it takes.
    r"|(?<=[$€£])[*_]+(?=\d)|(?<=[A-Z]{3})\*+(?=\d)|(?<=\d)\*+(?=[A-Z]{3}|[$€£])"
    # One point before what has a point or comma of its own, or before a currency's sign, is the last of many.
    r"|^\.(?=\d[\d.,'’]*[.,]\d|[^\w\s.,])"
)
_NO_CENTS = re.compile(rf"[{_DASHES}]{{1,2}}")  # "99:-" in Sweden
_OPEN_SIGN = re.compile(rf"(?:^|[{_LABEL_MARKS}])[{_DASHES}(][^\d:=]{{0,6}}$")
_CLOSING_SIGN = re.compile(rf"[^\w\s]{{0,3}}[{_DASHES})]")
# A currency before a figure and behind it, the notations of "no cents", and the marks of footnotes.
_FIGURE = re.compile(
    rf"(?P<before>[^\d\s{_DASHES}+(]{{0,6}})(?P<figure>[{_DASHES}+(]?\d(?:[\d.,'’:]*\d)?)"
    rf"(?P<cents>/[{_DASHES}=]|[.,:][{_DASHES}=]{{1,2}})?(?P<minus>[{_DASHES})]?)"
    r"(?P<behind>[^\d\s*†‡§¹²³)]{0,6})(?P<notes>(?:[*†‡§¹²³]+\)?)?)"
)
_MAX_BARE_DIGITS = 6  # letters before more digits without a point or comma begin a code: "FR12345678901"


@lru_cache(maxsize=16_384)
def word_parts(word: str) -> tuple[str, ...]:
    """Return the parts of a word, which joined are the word; most words are one part.

    Parted are a label from what follows its mark (`:`, `=`, `#`) or an abbreviation of "number" ("Nr."),
    texts around `;` and `|`, leaders (dots, underscores, asterisks) from what they lead to, and an amount
    from its currency, from the notations of "no cents" ("/-", ",-") and from footnote marks. Time and space
    are linear in the word.

    Examples
    --------
    >>> word_parts("Rechnungsnr.:RE-20417"), word_parts("....45.10"), word_parts("12:30")
    (('Rechnungsnr.:', 'RE-20417'), ('....', '45.10'), ('12:30',))
    >>> word_parts("Rs.1,45,678/-"), word_parts("-$45.00"), word_parts("RE-20417")
    (('Rs.', '1,45,678', '/-'), ('-$45.00',), ('RE-20417',))
    """
    # What may be a tokenizer's special token stays in one piece: `decoding.grammar.lark` looks for it.
    if _WHOLE.fullmatch(word) or "://" in word or "<" in word:
        return (word,)
    outer = _cut(word, _outer_cuts(word))
    parts = tuple(part for piece in outer for part in _cut(piece, _money_cuts(piece)))
    return (*parts[: MAX_PARTS - 1], "".join(parts[MAX_PARTS - 1 :])) if len(parts) > MAX_PARTS else parts


def part_edges(word: str) -> tuple[int, ...]:
    """Return where in a word a value may begin or end: 0, each end of a part, and so the word's length."""
    return (0, *accumulate(map(len, word_parts(word))))


def glued_label(word: str) -> str | None:
    """Return the label that begins a word, with its mark, or None.

    Examples
    --------
    >>> glued_label("Rechnungsnr.:RE-20417"), glued_label("EUR12.50")
    ('Rechnungsnr.:', None)
    """
    label = word_parts(word)[0]
    return label if label != word and label[-1] in _LABEL_MARKS else None


def _cut(text: str, cuts: Iterator[int]) -> tuple[str, ...]:
    edges = (0, *sorted({cut for cut in cuts if 0 < cut < len(text)}), len(text))
    return tuple(text[start:end] for start, end in pairwise(edges))


def _outer_cuts(word: str) -> Iterator[int]:
    """Yield where labels, separators and leaders begin and end."""
    for found in _LABEL_END.finditer(word):
        start, end = found.span()
        before, after = word[max(0, start - 1) : start], word[end]
        is_sum = before.isdigit() and after.isdigit()  # or a time, a ratio
        if not is_sum and not (before.isdigit() and _NO_CENTS.fullmatch(word, end)):
            yield end
    for found in _NUMBER_SIGN.finditer(word):
        yield found.end()
    for found in _SEPARATOR.finditer(word):
        yield from found.span()
    end = _END.search(word) if _LABEL_END.search(word) else None
    if end is not None and ("(" not in word or word[0] == "("):  # "Total:(9.50)" is negative
        yield end.start()
    for found in _LEADER.finditer(word):
        before = word[max(0, found.start() - 8) : found.start()]
        closes = before[-1:].isdigit() and _CLOSING_SIGN.match(word, found.end())
        if not closes and not _OPEN_SIGN.search(before):
            yield from found.span()


def _money_cuts(text: str) -> Iterator[int]:
    """Yield where the figure of an amount begins and ends, and where what follows it does."""
    found = _FIGURE.fullmatch(text)
    if found is None:
        return
    before, figure = found["before"], found["figure"]
    if before.endswith(".") and not before[:-1].isalpha():
        before = before[:-1]  # "$.50": the point is the figure's
    if _is_currency(before) and not _is_code(before, figure):
        yield len(before)
    if found["cents"]:
        yield found.start("cents")
        yield found.end("cents")
    if _is_currency(found["behind"]):
        yield from found.span("behind")
    elif not found["behind"]:
        yield found.start("notes")


def _is_code(letters: str, figure: str) -> bool:
    """Return whether what may be a currency and a figure without cents is rather a number ("R12345")."""
    return letters.isalpha() and figure.isdigit() and (len(letters) == 1 or len(figure) > _MAX_BARE_DIGITS)


def _is_currency(text: str) -> bool:
    """Return whether `text` prints a currency, and nothing beside it: a code, a sign or both ("AUD$")."""
    has_sign = any(unicodedata.category(ch) == "Sc" for ch in text)
    is_plain = all(ch.isalpha() or unicodedata.category(ch) == "Sc" for ch in text.rstrip("."))
    return (has_sign and is_plain) or (bool(text) and is_currency_mark(text))
