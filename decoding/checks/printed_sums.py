"""Totals that sums which the page prints give away: cash and change, and the line that sums up a tax summary.

Who pays 20.00 and is given 0.50 has bought for 19.50, and a line "TOTAL 38.87 5.63 44.50" says what net and
tax of 44.50 are. No amount is given that the page does not print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from pydantic import JsonValue

from decoding.checks.sums import MAX_TAX_SHARE, TOTAL_KEYS
from decoding.grounding.page_values import amount_runs, prints_cents, run_text
from decoding.grounding.result import GroundingResult
from decoding.tables.totals import folded_words, names_deduction, names_withholding
from schemas.document import Page
from schemas.spec import Path
from schemas.values import NumberStyle

# Of till slips in the languages of the date table; as OCR cuts them, too.
_CASH = re.compile(
    r"^cash|tender|^bar$|^bargeld|^gegeben|^especes?$|^contant[ie]|^efectivo|^entregado|^dinheiro|^tunai|^kontant"
    r"|^gotowk|^hotovost|^received$|^given$|^recu$|^bayar$"
)
_CHANGE = re.compile(
    r"^change$|^ruckgeld|^wechselgeld|^zuruck$|^retour$|^rendu|^monnaie|^resto$|^cambio$|^vuelto|^troco|^wisselgeld"
    r"|^terug$|^kembali|^reszta|^vaxel|^byttepenge|^baki$"
)
_N_IN_SUMMARY = 3

_Amount = tuple[Decimal, str]  # and its text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line's words, folded, and its amounts to the cent, from left to right."""

    spoken: frozenset[str]
    amounts: tuple[_Amount, ...]


def find_printed_sums(
    grounded: GroundingResult, pages: Sequence[Page], style: NumberStyle
) -> dict[Path, JsonValue]:
    """Return the amounts, by path, that are to be given for totals which printed sums contradict.

    Parameters
    ----------
    grounded
        The answer and where it stands. Totals are known by their keys (`decoding.checks.sums.TOTAL_KEYS`).
    pages, style
        Of the document, and how it writes numbers.

    Notes
    -----
    The gross amount is cash without change if it was given as the cash, all lines of which name a payment,
    and what is left of it by an amount that a line calls change is printed. Net and tax are those of the only
    line that prints three amounts to the cent, two of which come to the gross amount, if the given ones do
    not.
    """
    gross = _asked("gross", grounded)
    total = None if gross is None else grounded.fields[gross].amount
    if gross is None or total is None or total <= 0:
        return {}
    lines = tuple(_lines_of_amounts(pages, style))
    bought = _without_change(total, lines)
    if bought is not None:
        return {gross: bought}
    return _summed_taxes(total, grounded, lines)


def _asked(role: str, grounded: GroundingResult) -> Path | None:
    """Return the path of a total that is asked for as it is printed; the one that has an amount first."""
    paths = [(key,) for key in TOTAL_KEYS[role] if (key,) in grounded.fields]
    paths = [path for path in paths if grounded.fields[path].spec.kind == "amount"]
    return next((p for p in paths if grounded.fields[p].amount is not None), paths[0] if paths else None)


def _lines_of_amounts(pages: Sequence[Page], style: NumberStyle) -> Iterator[_Line]:
    places: dict[tuple[int, int], _Amount] = {}
    for amount, runs in amount_runs(pages, style).items():
        for run in runs:
            text = run_text(pages, run)
            if prints_cents(text) and "%" not in text:
                places[run.page_index, run.word_indices[0]] = (amount, text)
    for page in pages:
        for start, end in page.lines:
            at = [place for i in range(start, end) if (place := (page.page_index, i)) in places]
            if at:
                spoken = folded_words(word.text for word in page.words[start:end])
                yield _Line(spoken=spoken, amounts=tuple(places[place] for place in at))


def _without_change(cash: Decimal, lines: Sequence[_Line]) -> str | None:
    """Return the one amount that a printed change leaves of `cash`, if that is what was handed over."""
    own = [line for line in lines if any(amount == cash for amount, _ in line.amounts)]
    if not own or not all(any(map(_CASH.search, line.spoken)) for line in own):
        return None
    told = [line for line in lines if any(map(_CHANGE.search, line.spoken))]
    changes = {amount for line in told for amount, _ in line.amounts if 0 < amount < cash}
    wanted = {cash - change for change in changes} - changes
    left = {amount: text for line in lines for amount, text in line.amounts if amount in wanted}
    return next(iter(left.values())) if len(left) == 1 else None


def _summed_taxes(total: Decimal, grounded: GroundingResult, lines: Sequence[_Line]) -> dict[Path, JsonValue]:
    """Return net and tax of the line that prints them beside the gross amount, where others were given."""
    paths = [_asked(role, grounded) for role in ("net", "tax")]
    before = [None if path is None else grounded.fields[path].amount for path in paths]
    if None not in before and sum(amount or 0 for amount in before) == total:
        return {}
    found = {tuple(amount for amount, _ in pair): pair for line in lines for pair in _pairs(total, line)}
    if len(found) != 1:
        return {}
    (pair,) = found.values()
    return {
        path: text
        for path, known, (amount, text) in zip(paths, before, pair, strict=True)
        if path is not None and known != amount
    }


def _pairs(total: Decimal, line: _Line) -> Iterator[tuple[_Amount, _Amount]]:
    """Yield net and tax of a line of three amounts that are net, tax and `total` in any order."""
    if len(line.amounts) != _N_IN_SUMMARY or names_deduction(line.spoken) or names_withholding(line.spoken):
        return
    for net, tax, gross in permutations(line.amounts):
        if gross[0] == total == net[0] + tax[0] and 0 < tax[0] <= MAX_TAX_SHARE * net[0]:
            yield net, tax
