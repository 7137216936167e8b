"""Which of two amounts is the total and which what was handed over for it, where the page tells.

A receipt prints both: "TOTAL 6.85", "CASH 20.00", "CHANGE 13.15". A model that finds them nearly as likely
may say the larger one. The change decides, or that the larger stands at cash alone, the other at a total.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from decoding.checks.sums import GROSS_KEYS, find_sums
from decoding.grounding.matching import Run
from decoding.grounding.normalise import normalise
from decoding.grounding.occurrences import DocumentIndex
from decoding.grounding.result import GroundedField, GroundingResult
from decoding.tables.totals import folded_words, names_subtotal
from schemas.extraction import OtherValue
from schemas.spec import Path
from schemas.values import decimal_amount

# Nats that the change may cost: beyond, the model's mind is made up (as in `decoding.checks.settle`).
_MOST_NATS = 3.0
_TOTAL_KEYS = frozenset((*GROSS_KEYS, "amount", "amount_due", "due_payable"))
# Words beside an amount, in the languages of the date table.
_CASH = frozenset(
    "cash tender tendered especes bar bargeld gegeben contant contanti contante efectivo dinheiro numerario "
    "tunai kontant gotovina hotove".split()
)
_CHANGE = frozenset(
    "change rendu monnaie ruckgeld wechselgeld zuruck resto cambio vuelto troco wisselgeld terug baki "
    "kembali kembalian".split()
)
_TOTAL = re.compile("total|summe|gesamt|totaal|totaux|jumlah|importe")
_BEFORE_TAX = frozenset("excl excluding exclusive before net netto ht ohne zonder untaxed hors".split())
# What a total may have on top of another: then both are totals.
_ON_TOP = frozenset(
    "tip tips gratuity trinkgeld pourboire propina mancia fooi gorjeta tax gst vat mwst ust tva btw iva "
    "service servis layanan bedienung".split()
)


def settle_payments(
    grounded: GroundingResult, others: Mapping[Path, Sequence[OtherValue]], index: DocumentIndex
) -> dict[Path, OtherValue]:
    """Return the amounts, by path, that are to be given for totals that are what was handed over.

    Parameters
    ----------
    grounded
        The answer as it is.
    others
        Amounts that were nearly given, by the path of what was, the likeliest first.
    index
        The pages that the answer was read from.

    Notes
    -----
    Only smaller amounts for fields that are called as totals are, at the top of the answer. One is given
    where the page has the difference at "change", and nothing that would have been paid for the larger one;
    or where the larger one stands at cash alone, the smaller one at a total, and the difference at no tip or
    tax. A total that is net and tax together stays.
    """
    if any(check.rule == "net_and_tax" and check.holds for check in find_sums(grounded)):
        return {}
    settled: dict[Path, OtherValue] = {}
    for path, found in others.items():
        now = grounded.fields.get(path)
        if now is None or now.amount is None or len(path) != 1 or path[0] not in _TOTAL_KEYS:
            continue
        for other in found:
            amount = _read(other, now, index)
            if other.gap <= _MOST_NATS and amount is not None and _is_paid(now.amount, amount, index):
                settled[path] = other
                break
    return settled


def _read(other: OtherValue, now: GroundedField, index: DocumentIndex) -> Decimal | None:
    text = normalise(other.value, now.spec, style=index.style, path=other.path).text
    return None if text is None else Decimal(text)


def _is_paid(given: Decimal, total: Decimal, index: DocumentIndex) -> bool:
    """Return whether `given` is what was handed over for `total`."""
    if not 0 < total < given:
        return False
    at_total = [words for words in _labels(total, index) if not words & _CHANGE]
    change = given - total
    at_difference = tuple(_labels(change, index))
    if at_total and any(words & _CHANGE for words in at_difference):
        return not any(_labels(given + change, index))
    at_given = tuple(_labels(given, index))
    is_cash_alone = bool(at_given) and all(words & _CASH and not _names_total(words) for words in at_given)
    is_on_top = any(words & _ON_TOP for words in at_difference)
    return is_cash_alone and not is_on_top and any(map(_names_total, at_total))


def _names_total(words: frozenset[str]) -> bool:
    """Return whether folded words name what is to be paid, all of it."""
    return any(map(_TOTAL.search, words)) and not names_subtotal(words) and not words & _BEFORE_TAX


def _labels(amount: Decimal, index: DocumentIndex) -> Iterator[frozenset[str]]:
    """Yield what stands before each print of an amount on its line, after the amount before it."""
    for run in index.occurrences(float(amount), "number"):
        yield _words_before(run, index)


def _words_before(run: Run, index: DocumentIndex) -> frozenset[str]:
    page, first = index.pages[run.page_index], min(run.word_indices)
    start = next(start for start, end in page.lines if start <= first < end)
    texts = [page.words[i].text for i in range(start, first + 1)]
    amounts = (i for i in range(len(texts) - 2, -1, -1) if decimal_amount(texts[i]) is not None)
    return folded_words(texts[next(amounts, -1) + 1 :])
