"""Totals that the page and two others tell: one that was left out, and three in each other's places.

Net and tax are the gross amount. Where two of them are given and the third is null, and the page prints what
is left on a line that says so, that is the third. Where all three are given and do not add up, but do in
another order, they were mixed up. No amount is given that the page does not print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import JsonValue

from decoding.checks.sums import MAX_TAX_SHARE, TOLERANCE, TOTAL_KEYS, find_sums
from decoding.grounding.matching import Run
from decoding.grounding.page_values import amount_runs, page_of, run_text
from decoding.grounding.result import GroundedField, GroundingResult
from decoding.tables.totals import (
    folded_words,
    mentions_deduction,
    names_deduction,
    names_tax,
    names_total,
    names_withholding,
)
from schemas.document import Page
from schemas.spec import Path, json_path
from schemas.values import NumberStyle

_Role = Literal["net", "tax", "gross"]
_ROLES: tuple[_Role, ...] = ("net", "tax", "gross")
_CENTS = re.compile(r"\d[.,'’]\d")
_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,4})?)\s?%")
# Of a tax that was reckoned from another amount than the total, or rounded by row.
_ROUNDING = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """The three amounts of an answer by what they are, and where in it they stand."""

    paths: Mapping[_Role, Path]
    fields: Mapping[_Role, GroundedField]
    tip: Decimal

    @property
    def missing(self) -> tuple[_Role, ...]:
        return tuple(role for role in _ROLES if self.fields[role].value is None)

    def amount(self, role: _Role) -> Decimal:
        return self.fields[role].amount or Decimal(0)


def find_totals(
    grounded: GroundingResult, pages: Sequence[Page], style: NumberStyle
) -> dict[Path, JsonValue]:
    """Return the amounts, by path, that are to be given for totals that are null or in another's place.

    Parameters
    ----------
    grounded
        The answer and where it stands. Totals are known by their keys, as `find_sums` has them, and only
        those that may be given as they are printed are looked at.
    pages
        Of the document.
    style
        How it writes numbers.

    Notes
    -----
    A missing total must be printed to the cent on a line that names a tax, or a total, as the case may be; a
    tax also on a line of its own between the other two, whose label was not read. Amounts are put into
    another order only if the tax is then at most half of the net, and none of their lines tells of a
    deduction or a withheld tax: "total 100, less 20, to pay 80" adds up the other way round. A tax that was
    left out, or given as the gross amount, is also what a line prints beside its rate, if it is that of the
    gross or of the net amount. A document without words gives nothing.
    """
    totals = _totals_of(grounded)
    if totals is None:
        return {}
    if raised := _raise_gross(totals, grounded, pages, style):
        return raised
    if len(totals.missing) == 1 or _is_tax_the_gross(totals):
        role = totals.missing[0] if totals.missing else "tax"
        found = _find_missing(role, totals, grounded, pages, style)
        if found is not None:
            return {totals.paths[role]: found}
    if at_rate := _find_at_rate(totals, grounded, pages, style):
        return at_rate
    return {} if totals.missing else _reorder(totals, grounded, pages)


def _totals_of(grounded: GroundingResult) -> _Totals | None:
    fields = grounded.fields
    paths: dict[_Role, Path] = {}
    for role in _ROLES:
        asked = [
            (key,) for key in TOTAL_KEYS[role] if (key,) in fields and fields[key,].spec.kind == "amount"
        ]
        given = [path for path in asked if fields[path].amount is not None]
        left = [path for path in asked if fields[path].value is None]
        if not (given or left):
            return None
        paths[role] = (given or left)[0]
    tips = (fields[key,].amount for key in TOTAL_KEYS["tip"] if (key,) in fields)
    return _Totals(
        paths=paths,
        fields={role: fields[path] for role, path in paths.items()},
        tip=next((tip for tip in tips if tip is not None), Decimal(0)),
    )


def _find_missing(
    role: _Role, totals: _Totals, grounded: GroundingResult, pages: Sequence[Page], style: NumberStyle
) -> str | None:
    net, tax, gross = (totals.amount(each) for each in _ROLES)
    runs = amount_runs(pages, style)
    for tip in dict.fromkeys((totals.tip, Decimal(0))):
        wanted = {"net": gross - tax - tip, "tax": gross - net - tip, "gross": net + tax + tip}[role]
        parts = {"net": net, "tax": tax, role: wanted}
        if not 0 < parts["tax"] <= MAX_TAX_SHARE * parts["net"]:
            continue
        for run in runs.get(wanted, ()):
            if _says(role, page_of(pages, run), run, totals, grounded):
                return run_text(pages, run)
    return None


def _is_tax_the_gross(totals: _Totals) -> bool:
    net, tax, gross = (totals.amount(role) for role in _ROLES)
    return not totals.missing and tax == gross > net > 0


def _find_at_rate(
    totals: _Totals, grounded: GroundingResult, pages: Sequence[Page], style: NumberStyle
) -> dict[Path, JsonValue]:
    """Return the one tax beside a rate by which it is that of a total given, and the net that it leaves."""
    tax, gross = totals.amount("tax"), totals.amount("gross")
    if not (tax == 0 or _is_tax_the_gross(totals)):
        return {}
    runs = amount_runs(pages, style)
    found = {
        amount: run
        for amount, at in runs.items()
        for run in at
        if amount > 0 and _is_at_rate(amount, page_of(pages, run), run, totals, style)
    }
    if len(found) != 1:
        return {}
    ((amount, run),) = found.items()
    given: dict[Path, JsonValue] = {totals.paths["tax"]: run_text(pages, run)}
    if "net" in totals.missing:
        nets = (net for net in runs.get(gross - amount, ()) if gross > amount)
        net = next((net for net in nets if _says("net", page_of(pages, net), net, totals, grounded)), None)
        given |= {} if net is None else {totals.paths["net"]: run_text(pages, net)}
    return given


def _is_at_rate(amount: Decimal, page: Page, run: Run, totals: _Totals, style: NumberStyle) -> bool:
    """Return whether an amount is the tax, by a rate on its line, of the gross or the net amount given.

    The line must name a tax, or print the gross amount too, as summaries of taxes do.
    """
    text, beside = run_text([page], run), _line(page, run.word_indices)
    spoken = folded_words(beside)
    if "%" in text or not _CENTS.search(text) or names_deduction(spoken) or names_withholding(spoken):
        return False
    net, gross = totals.amount("net"), totals.amount("gross")
    if not (names_tax(spoken) or any(gross in style.amount_readings(other) for other in beside)):
        return False
    rates = [Decimal(rate.replace(",", ".")) / 100 for rate in _RATE.findall(" ".join(beside))]
    taxes = [total for rate in rates for total in (gross * rate / (1 + rate), net * rate) if rate and total]
    return any(abs(amount - tax) <= _ROUNDING for tax in taxes)


def _raise_gross(
    totals: _Totals, grounded: GroundingResult, pages: Sequence[Page], style: NumberStyle
) -> dict[Path, JsonValue]:
    """Return what the amounts are instead where the gross is below the net, though nothing is taken away."""
    net, gross = totals.amount("net"), totals.amount("gross")
    if not 0 < gross < net - TOLERANCE or _tell_deductions(pages):
        return {}
    if "tax" in totals.missing and gross <= MAX_TAX_SHARE * net and _tells_tax(totals.fields["gross"], pages):
        found = _find_gross((net, net + gross), totals, grounded, pages, style)
        if found is not None:
            return {totals.paths["tax"]: totals.fields["gross"].value, totals.paths["gross"]: found}
    if net - gross <= MAX_TAX_SHARE * gross and _is_sum_of_rows(totals.paths["gross"], grounded):
        return {
            totals.paths["net"]: totals.fields["gross"].value,
            totals.paths["gross"]: totals.fields["net"].value,
        }
    return {}


def _find_gross(
    wanted: Sequence[Decimal],
    totals: _Totals,
    grounded: GroundingResult,
    pages: Sequence[Page],
    style: NumberStyle,
) -> str | None:
    """Return the first amount on a line of a total that is one of those wanted, and that nothing cites."""
    runs = amount_runs(pages, style)
    for run in (run for amount in wanted for run in runs.get(amount, ())):
        if _says("gross", page_of(pages, run), run, totals, grounded):
            return run_text(pages, run)
    return None


def _tell_deductions(pages: Sequence[Page]) -> bool:
    spoken = folded_words(word.text for page in pages for word in page.words)
    return mentions_deduction(spoken) or names_withholding(spoken)


def _tells_tax(field: GroundedField, pages: Sequence[Page]) -> bool:
    """Return whether the lines that an amount stands on name a tax, and no total."""
    spoken = _spoken_beside(field, pages)
    return bool(spoken) and all(
        names_tax(words) and not names_total(word for word in words if not names_tax([word]))
        for words in spoken
    )


def _is_sum_of_rows(path: Path, grounded: GroundingResult) -> bool:
    checks = (check for check in find_sums(grounded) if check.rule == "rows_and_total")
    return any(check.holds and check.paths[1] == json_path(path) for check in checks)


def _says(role: _Role, page: Page, run: Run, totals: _Totals, grounded: GroundingResult) -> bool:
    """Return whether the line of an amount says that it is this total."""
    if not _CENTS.search(run_text([page], run)):
        return False
    spoken = _spoken(page, run.word_indices)
    if names_deduction(spoken) or names_withholding(spoken):
        return False
    if role != "tax":
        is_free = not grounded.cites(run.page_index, run.word_indices)
        return is_free and names_total(spoken) and not names_tax(spoken)
    if spoken:
        return names_tax(spoken) or any("%" in text for text in _line(page, run.word_indices))
    return _is_between(page, run, totals) and not grounded.cites(run.page_index, run.word_indices)


def _line(page: Page, words: Sequence[int]) -> list[str]:
    """Return the texts of the lines that some words stand on, without these words."""
    lines = [range(start, end) for start, end in page.lines if any(start <= i < end for i in words)]
    return [page.words[i].text for line in lines for i in line if i not in words]


def _spoken(page: Page, words: Sequence[int]) -> frozenset[str]:
    return folded_words(_line(page, words))


def _is_between(page: Page, run: Run, totals: _Totals) -> bool:
    """Return whether a line stands right between those of the net and of the gross amount."""
    places = [set(_line_numbers(page, totals.fields[role])) for role in ("net", "gross")]
    at = next(n for n, (start, end) in enumerate(page.lines) if start <= run.word_indices[0] < end)
    return at - 1 in places[0] and at + 1 in places[1]


def _line_numbers(page: Page, field: GroundedField) -> Iterator[int]:
    words = [
        word
        for cited in field.metadata.citations
        if cited.page_number == page.page_index + 1
        for word in cited.word_indices
    ]
    for n, (start, end) in enumerate(page.lines):
        if any(start <= word < end for word in words):
            yield n


def _reorder(totals: _Totals, grounded: GroundingResult, pages: Sequence[Page]) -> dict[Path, JsonValue]:
    """Return the three amounts in the places in which they add up, those that change alone."""
    if _are_net_and_tax_swapped(totals, pages):
        return {
            totals.paths["net"]: totals.fields["tax"].value,
            totals.paths["tax"]: totals.fields["net"].value,
        }
    checks = [check for check in find_sums(grounded) if check.rule == "net_and_tax"]
    if all(check.holds for check in checks):
        return {}
    tax, net, gross = sorted(_ROLES, key=totals.amount)
    amounts = [totals.amount(role) for role in (tax, net, gross)]
    if amounts[0] + amounts[1] != amounts[2] or not 0 < amounts[0] <= MAX_TAX_SHARE * amounts[1]:
        return {}
    if any(_is_deducted(totals.fields[role], pages) for role in _ROLES):
        return {}
    taken: tuple[tuple[_Role, _Role], ...] = (("tax", tax), ("net", net), ("gross", gross))
    return {totals.paths[place]: totals.fields[role].value for place, role in taken if place != role}


def _are_net_and_tax_swapped(totals: _Totals, pages: Sequence[Page]) -> bool:
    """Return whether net and tax add up, and no line says that the greater one is the tax."""
    net, tax, gross = (totals.amount(role) for role in _ROLES)
    if not tax or net + tax != gross or not 0 <= net <= MAX_TAX_SHARE * tax:
        return False
    fields = totals.fields
    return not (_tells_tax(fields["tax"], pages) or any(_is_deducted(fields[r], pages) for r in _ROLES))


def _is_deducted(field: GroundedField, pages: Sequence[Page]) -> bool:
    """Return whether a line that an amount stands on tells of something taken away, or it stands nowhere."""
    spoken = _spoken_beside(field, pages)
    return not spoken or any(names_deduction(words) or names_withholding(words) for words in spoken)


def _spoken_beside(field: GroundedField, pages: Sequence[Page]) -> list[frozenset[str]]:
    """Return the words beside an amount, for each place where it stands."""
    numbered = {page.page_index + 1: page for page in pages}
    return [_spoken(numbered[cited.page_number], cited.word_indices) for cited in field.metadata.citations]
