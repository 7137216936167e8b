"""Which value a page prints beside the label of an invoice's term, in the languages of the date table.

Only labels that mean one term are known: "total" is not one. What is looked for is the first value of the
right kind after the label on its line, or for numbers and dates of the invoice below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from decoding.grounding.occurrences import DocumentIndex
from schemas.document import Page
from schemas.values.dates import fold

ValueKind = Literal["amount", "date", "code", "iban", "bic"]

_LABELS: Mapping[str, tuple[ValueKind, str]] = {
    "document_id": (
        "code",
        "rechnungsnummer | rechnungs nr | rechnung nr | rechnungsnr | rechnungs nummer | invoice number | "
        "invoice no | invoice nr | facture n | facture no | n de facture | n facture | numero de facture | "
        "numero facture | factuurnummer | factuurnr | numero fattura | fattura n | numero de factura | "
        "factura n | gutschriftsnummer | credit note no | credit note number",
    ),
    "date_issue": (
        "date",
        "rechnungsdatum | rechnungs datum | invoice date | date of invoice | date de facture | "
        "date facture | date de facturation | factuurdatum | data fattura | fecha factura | fecha de factura",
    ),
    "date_due": (
        "date",
        "fallig am | zahlbar bis | falligkeitsdatum | due date | payment due | date d echeance | echeance | "
        "vervaldatum | data scadenza | fecha de vencimiento",
    ),
    "iban": ("iban", "iban"),
    "bic": ("bic", "bic | swift"),
    "amount_total_net": (
        "amount",
        "nettobetrag | summe netto | gesamtsumme netto | gesamt netto | gesamtbetrag netto | rechnungsbetrag "
        "netto | nettosumme | net total | total net | total net amount | total excl vat | total excl tax | "
        "total ht | montant total ht | montant ht | base imponible | totale imponibile | totaal excl btw",
    ),
    "amount_total_tax": (
        "amount",
        "summe umsatzsteuer | summe mwst | gesamt mwst | umsatzsteuer gesamt | steuerbetrag gesamt | "
        "total vat | vat total | total tax | tax total | total tva | montant total tva | montant tva | "
        "total iva | totaal btw",
    ),
    "amount_total_gross": (
        "amount",
        "rechnungsbetrag | bruttobetrag | bruttosumme | summe brutto | gesamtsumme brutto | gesamt brutto | "
        "gesamtbetrag brutto | rechnungsbetrag brutto | rechnungsendbetrag | rechnungssumme | grand total | "
        "invoice total | total incl vat | total incl tax | total ttc | montant total ttc | montant ttc | "
        "totale fattura | total factura | totaal incl btw",
    ),
    "amount_due": (
        "amount",
        "zahlbetrag | zu zahlen | zu zahlender betrag | amount due | balance due | total due | net a payer | "
        "a payer | te betalen | da pagare",
    ),
}
# What after a label makes it that of another term.
_TURNS: Mapping[str, frozenset[str]] = {
    "date_issue": frozenset("associee liee".split()),
    "amount_total_gross": frozenset("netto net excl exkl ohne ht zzgl vat mwst ust steuer tax tva".split()),
    "amount_due": frozenset("bis am by on".split()),
    "amount_total_net": frozenset("brutto ttc inkl incl gross".split()),
}
_MAX_VALUE_WORDS: Mapping[ValueKind, int] = {"amount": 3, "date": 5, "code": 1, "iban": 9, "bic": 1}
_MAX_BETWEEN = 4  # words between a label and its value: a sign, a currency, a rate
_CODES: Mapping[ValueKind, re.Pattern[str]] = {
    "code": re.compile(r"\W*\w*\d.*"),
    "iban": re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"),  # ISO 13616
    "bic": re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?"),  # ISO 9362
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledValue:
    """A value beside a label: its page and words."""

    page_index: int
    word_indices: tuple[int, ...]


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))


_PHRASES: Mapping[str, tuple[ValueKind, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {term: (kind, _phrases(text)) for term, (kind, text) in _LABELS.items()}
)


def phrases_of(term: str) -> tuple[tuple[str, ...], ...]:
    """Return the labels of a term, each as its folded words; none of a term that is not known."""
    return _PHRASES[term][1] if term in _PHRASES else ()


def labelled_values(index: DocumentIndex, term: str) -> Iterator[LabelledValue]:
    """Yield the values that the pages print beside a label of `term`, in reading order."""
    kind, phrases = _PHRASES.get(term, ("code", ()))
    turns = _TURNS.get(term, frozenset[str]())
    for page in index.pages:
        for n_line, (start, end) in enumerate(page.lines):
            for after in _label_ends(page, start, end, phrases):
                if turns & _folded(page, range(after, min(after + 2, end))):
                    continue
                found = _value_from(page, after, end, kind, index)
                if found is None and kind != "amount":
                    found = _value_below(page, n_line, after - 1, kind, index)
                if found is not None:
                    yield LabelledValue(page_index=page.page_index, word_indices=found)


def _label_ends(page: Page, start: int, end: int, phrases: tuple[tuple[str, ...], ...]) -> Iterator[int]:
    """Yield the index of the word after each label on a line; of labels that begin together the longest."""
    parts = [(word, part) for word in range(start, end) for part in _parts(page.words[word].text)]
    texts = [part for _, part in parts]
    at = 0
    while at < len(parts):
        longest = max((len(p) for p in phrases if tuple(texts[at : at + len(p)]) == p), default=0)
        if longest:
            yield parts[at + longest - 1][0] + 1
        at += max(longest, 1)


def _parts(text: str) -> list[str]:
    return [fold(part) for part in re.split(r"[\W\d_]+", text) if part]


def _folded(page: Page, words: range) -> frozenset[str]:
    return frozenset(part for word in words for part in _parts(page.words[word].text))


def _value_from(
    page: Page, first: int, end: int, kind: ValueKind, index: DocumentIndex
) -> tuple[int, ...] | None:
    """Return the words of the first value of a kind from a word on, not far from it; the longest run wins."""
    for begin in range(first, min(first + _MAX_BETWEEN, end)):
        longest = min(end, begin + _MAX_VALUE_WORDS[kind])
        for stop in range(longest, begin, -1):
            words = tuple(range(begin, stop))
            if _is_value(" ".join(page.words[i].text for i in words), kind, index):
                return words
    return None


def _value_below(
    page: Page, n_line: int, label_word: int, kind: ValueKind, index: DocumentIndex
) -> tuple[int, ...] | None:
    """Return the value on the next line that begins under the label's last word."""
    if n_line + 1 >= len(page.lines):
        return None
    label = page.words[label_word].bbox
    start, end = page.lines[n_line + 1]
    under = [i for i in range(start, end) if page.words[i].bbox.right > label.left]
    if not under or page.words[under[0]].bbox.left > label.right:
        return None
    return _value_from(page, under[0], end, kind, index)


def _is_value(text: str, kind: ValueKind, index: DocumentIndex) -> bool:
    if kind == "amount":
        parsed = index.style.read_amount(text)
        return parsed is not None and not parsed.is_percent
    if kind == "date":
        return index.style.read_date(text) is not None
    return _CODES[kind].fullmatch(re.sub(r"\s", "", text)) is not None
