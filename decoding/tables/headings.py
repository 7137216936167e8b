"""What the heading of a column says is in it, in the languages of the date table.

The same words are looked for in a schema's keys and descriptions, so that a key finds its column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from decoding.tables.heading_words import PHRASES, ColumnKind
from schemas.values.dates import fold

# Kinds whose cells are numbers.
NUMERIC_KINDS: frozenset[ColumnKind] = frozenset(
    (
        "quantity",
        "unit_price",
        "discount",
        "tax_rate",
        "tax_amount",
        "tax_base",
        "amount",
        "debit",
        "credit",
        "balance",
    )
)
# What was booked stands in one of two columns.
DEBIT_CREDIT: frozenset[ColumnKind | None] = frozenset(("debit", "credit"))
# Kinds of which a table of line items or bookings has at least one.
MONEY_KINDS: frozenset[ColumnKind] = frozenset(("unit_price", "amount", "debit", "credit", "balance"))

# Whose article number a code is, where it is not the seller's own.
_OTHERS_CODES = frozenset(
    "ean gtin upc isbn hsn sac plu kunde kunden lief lieferant hersteller mfg mpn manufacturer buyer "
    "customer client model".split()
)
# Words beside a heading that make no other column of it, and the taxes that they say are in it or not.
_QUALIFIERS = frozenset(
    "excl incl inc ex ohne mit inkl exkl hors taxe excluding including zzgl sin con esclusa".split()
)
_FILLERS = frozenset("in of the a per ht ttc your our ihre unsere de la le el".split()) | _QUALIFIERS
# What stands behind one of these is of the same heading ("Description of articles").
_CONNECTORS = frozenset("in of per de la le el".split())
# Whether a price is with taxes or discounts or without: "EP netto" is one heading.
_SIDES = frozenset("net nett netto gross brutto".split())
_PRICED: frozenset[ColumnKind] = frozenset(("unit_price", "amount"))
_ITS_NAME: frozenset[ColumnKind] = frozenset(("description",))
_CURRENCIES = frozenset("eur euro usd gbp chf rm myr rp idr sgd aud cad pln sek dkk nok".split())
_TAXES = frozenset("vat btw mwst ust tva iva gst sst tax".split())


def _table() -> dict[tuple[str, ...], tuple[ColumnKind, ...]]:
    found: dict[tuple[str, ...], tuple[ColumnKind, ...]] = {}
    for kind, phrases in PHRASES.items():
        for phrase in phrases.split("|"):
            words = tuple(phrase.split())
            found[words] = (*found.get(words, ()), kind)
    return found


_KINDS = _table()
_LONGEST = max(map(len, _KINDS))
_MIN_MISREAD = 5  # of shorter words too many are one letter away
_WORDS = sorted({word for phrase in _KINDS for word in phrase if len(word) >= _MIN_MISREAD})
_KNOWN = frozenset(word for phrase in _KINDS for word in phrase) | _FILLERS
# Phrases written as one word, of so many letters or more, and words that a reader cut.
_MIN_CUT = 7
_GLUED = {
    "".join(phrase): phrase for phrase in _KINDS if len(phrase) > 1 and len("".join(phrase)) >= _MIN_CUT
}
# A price by what it is for: "EUR/m3", "Rent/sq ft", "£ per kWh", "Preis/100".
_PER_UNIT = re.compile(
    r"(?:\b(?:eur|usd|gbp|chf|price|preis|rate|cost|rent|prix|prezzo|precio|prijs|ct|cent)|[€$£])"
    r" ?(?:/|\bper\b|\bje\b|\bpro\b) ?(?:\d{1,4}|k?wh|k?g|lb|t|m|m2|m²|m3|m³|km|l|h|hr|hour|std|stunde"
    r"|sq ?ft|sqm|stk|stück|st|pcs?|unit|einheit|tag|day|night|month|monat|year|jahr)\b",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Ends of compounds, which German and Dutch make freely ("Stücknettopreis").
_COMPOUND_ENDS: tuple[tuple[str, ColumnKind], ...] = (
    ("preis", "unit_price"),
    ("prijs", "unit_price"),
    ("betrag", "amount"),
    ("bedrag", "amount"),
    ("menge", "quantity"),
    ("bezeichnung", "description"),
    ("beschreibung", "description"),
    ("nummer", "code"),
    ("datum", "date"),
    ("beitrag", "amount"),
    ("pramie", "amount"),
    ("praemie", "amount"),
    ("gebuhr", "amount"),
    ("miete", "amount"),
)


@lru_cache(maxsize=4096)
def heading_kinds(text: str) -> tuple[ColumnKind, ...]:
    """Return what a column under the heading `text` may hold, likeliest first; () if it is no known heading.

    The phrase that begins first decides, of those the longest.

    Examples
    --------
    >>> heading_kinds("Unit price"), heading_kinds("Price"), heading_kinds("Art.-Nr.")
    (('unit_price',), ('unit_price', 'amount'), ('code',))
    >>> heading_kinds("BILL TO")
    ()
    """
    words = _words(text)
    if _PER_UNIT.search(text):
        return ("unit_price",)
    for start, word in enumerate(words):
        for length in range(min(_LONGEST, len(words) - start), 0, -1):
            kinds = _KINDS.get(words[start : start + length])
            if kinds:
                return kinds
        for end, kind in _COMPOUND_ENDS:
            if word.endswith(end):
                return (kind,)
    return ()


def is_others_code(text: str) -> bool:
    """Return whether a heading or key asks for an article number that is not the seller's own.

    Examples
    --------
    >>> is_others_code("Référence"), is_others_code("Art.-Nr. Kunde"), is_others_code("gtin")
    (False, True, True)
    """
    return not _OTHERS_CODES.isdisjoint(_words(text))


def is_heading(text: str) -> bool:
    """Return whether `text` is a heading and nothing else: at most one word more than its phrases have.

    A sentence that has the word "total" in it is not.
    """
    words = _words(text)
    known = sum(1 for word in words if (word,) in _KINDS or word in _FILLERS or _is_compound(word))
    in_phrase = bool(heading_kinds(text))
    return in_phrase and len(words) - known <= 1


def heading_ends(texts: Sequence[str]) -> tuple[int, ...]:
    """Return where each heading ends of several that stand close together in `texts`; () if it is only one.

    Examples
    --------
    >>> heading_ends(["VAT", "%", "Line", "Amount", "Excl.", "VAT"]), heading_ends(["Price", "incl.", "VAT"])
    ((2, 6), ())
    >>> heading_ends(["Price", "USD"]), heading_ends(["Qty", "Price", "EUR"])
    ((), (1, 3))
    """
    words = [_words(text) for text in texts]
    ends: list[int] = []
    kinds: list[tuple[ColumnKind, ...]] = []
    at = 0
    while at < len(words):
        found = _phrase_at(words, at)
        if found is None:
            return ()
        at = _skip_remarks(words, *found)
        if kinds and _ITS_NAME.intersection(kinds[-1], found[1]):
            ends[-1] = at  # "Work item" is one heading
            continue
        ends.append(at)
        kinds.append(found[1])
    different = len(set(kinds)) == len(kinds) > 1
    return tuple(ends) if different else ()


def _phrase_at(words: Sequence[tuple[str, ...]], at: int) -> tuple[int, tuple[ColumnKind, ...]] | None:
    """Return where the longest known phrase ends that begins at a word, and what it may say."""
    for end in range(min(len(words), at + _LONGEST), at, -1):
        if known := _exact_kinds(tuple(word for part in words[at:end] for word in part)):
            return end, known
    return None


def _skip_remarks(words: Sequence[tuple[str, ...]], at: int, kinds: Sequence[ColumnKind]) -> int:
    """Return where a heading goes on to whose phrase ends at `at`: currencies, taxes, what "of" binds."""
    while at < len(words):
        is_side = not _PRICED.isdisjoint(kinds) and words[at] != () and words[at][0] in _SIDES
        if not is_side and not all(word in _FILLERS or word in _CURRENCIES for word in words[at]):
            break
        binds_tax = not _QUALIFIERS.isdisjoint(words[at])
        binds_all = not _CONNECTORS.isdisjoint(words[at])
        at += 1
        if at < len(words) and (binds_all or (binds_tax and words[at] and words[at][0] in _TAXES)):
            at += 1
    return at


def _exact_kinds(words: tuple[str, ...]) -> tuple[ColumnKind, ...]:
    if words in _KINDS:
        return _KINDS[words]
    for end, kind in _COMPOUND_ENDS:
        if len(words) == 1 and words[0].endswith(end):
            return (kind,)
    return ()


def _is_compound(word: str) -> bool:
    return any(word.endswith(end) for end, _ in _COMPOUND_ENDS)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """Return the folded words of a heading or key, spelled as if no reader had glued, cut or misread them."""
    parts = re.findall(r"[^\W\d_]+", text)
    words = tuple(word for part in parts for word in _unglued(part))
    if len(words) > 1 and not all(word in _KNOWN for word in words):
        whole = _spelled("".join(words))
        if len(whole) >= _MIN_CUT and (whole,) in _KINDS:
            return (whole,)
    return tuple(map(_spelled, words))


def _unglued(part: str) -> tuple[str, ...]:
    """Return the words that a reader, or a programmer, wrote as one ("ItemDescription", "UNITPRICE")."""
    whole = fold(part)
    if whole in _KNOWN:
        return (whole,)
    parts = tuple(fold(word) for word in _CAMEL.split(part))
    if len(parts) > 1 and all(word in _KNOWN for word in parts):
        return parts
    return _GLUED.get(whole, (whole,))


def _spelled(word: str) -> str:
    """Return the known word that a reader may have misread as `word` by one letter, or `word`."""
    if len(word) < _MIN_MISREAD or word in _WORDS:
        return word
    near = process.extractOne(word, _WORDS, scorer=Levenshtein.distance, score_cutoff=1)
    return word if near is None else near[0]
