"""Amounts that nobody annotated: tax, net, what was paid and given back, as labels and arithmetic agree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from training.refill.printed_amounts import UNITS, PrintedAmount
from training.refill.template import Run

_CENT = UNITS // 100
_ROUNDED = 5 * _CENT  # the largest rounding of a total paid in cash
_TAX = r"(?:GST|SST|VAT|HST|(?:SALES |SERVICE )?TAX)"
_TAX_LINE = re.compile(
    rf"^\W*(?:(?:TOTAL|ADD|PLUS)\W*)?(?:\d+(?:\.\d+)?\s*%\W*)?{_TAX}\b"
    r"(?!.*(?:REG|\bID\b|NO\b|SUMMARY|EXCL|TOTAL SALES))"
    r"(?:\W*(?:\d+(?:\.\d+)?\s*%|AMOUNT|AMT|PAYABLE|TOTAL|\(?RM\)?|\bS\b|TAX|INCLUDED|IN|LOCAL|STATE))*\W*[\d$]"
)
_SUMMARY_HEAD = re.compile(r"(?:TAX|GST) ?(?:AMT|AMOUNT)? ?\(?(?:RM|\$|/AMT)\)?\s*$|TAX/AMT\s*$|TAX AMT\s*$")
_SUMMARY_LINES = 4
_RATE = re.compile(r"(?<![\d.])(\d{1,2}(?:\.\d+)?) ?%|(?<![\d.,])(\d{1,2})(?![\d.,%])")
_NET_LINE = re.compile(
    r"^\W*(?:SUB\W?\s?TOTAL\b(?!.*(?:GST|TAX|INCL))|(?:SUB\W?\s?)?TOTAL\W.*\bEXCL?(?:UDING|USIVE|\.)?\b.*(?:GST|TAX)"
    r"|(?:AMOUNT|AMT|TOTAL) BEFORE (?:GST|TAX))(?!.*SUPPLIES)"
)
# A page that says none of these, and no total but the one to pay, has no sum before tax.
_SAYS_NET = re.compile(
    r"SUB|S/T|\bEXCL|\bEX\b|BEFORE|\bNETT?\b|TAXABLE|SUMMARY|\bSR\b|DISC|SERVICE|\bSVC|\bTTL|%|BALANCE|MERCHANDISE"
)
_SAYS_TOTAL = re.compile(r"TOTAL|AMOUNT|\bAMT|\bSUM\b")
_SAYS_TAX = re.compile(r"\b(?:GST|SST|VAT|HST|TAX)\b|%")
_PAID_LINE = re.compile(
    r"^\W*(?:CASH|CASH RECEIVED|CASH TENDER(?:ED)?|RECEIVED CASH|TENDER(?:ED)?(?:\W?CASH)?"
    r"|TOTAL PAID|AMOUNT PAID|AMT PAID|PAYMENT|PAID|PAID AMOUNT"
    r"|VISA(?: CARD)?|MASTER(?: ?CARD)?|CREDIT CARD|DEBIT CARD)\W*(?:RM|MYR|\(RM\)|\$)?\W*[\d$]"
)
_CHANGE_LINE = re.compile(r"^\W*(?:CASH )?CHANGE(?: DUE| GIVEN)?\W*(?:RM|MYR|\(RM\)|\$)?\W*(?:RM)?\d")
_ROUNDING_LINE = re.compile(
    # "-RM 0.02" has its sign in another word than its number.
    r"^(?!.*-\s?(?:RM|\$)\s)\W*(?:CASH )?"
    r"(?:ROUNDING|ROUND|RND)\W*(?:ADJ(?:USTMENTS?)?)?\W*(?:RM|MYR|\(RM\)|\$)?\W*(?:RM)?[\d$]"
)
_SAYS = {
    "amount_total_tax": re.compile(r"\b(?:GST|SST|VAT|HST|TAX)\b"),
    "amount_paid": re.compile(r"CASH|PAID|PAYMENT|TENDER|VISA|MASTER|CARD|RECEIVED|CREDIT|DEBIT|CHEQUE"),
    "change_amount": re.compile(r"CHANGE|BALANCE|BAKI|\bDUE\b"),
    "rounding_amount": re.compile(r"ROUND|\bRND"),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """An amount where it is printed, with its sign, in ten-thousandths."""

    run: Run
    signed: int


@dataclass(frozen=True, kw_only=True)
class _Page:
    """A page's lines in capitals, the amounts of each line, and the total to pay."""

    lines: Sequence[str]
    places: Mapping[int, Sequence[_Place]]
    total: int

    def alone_on(self, pattern: re.Pattern[str]) -> list[_Place]:
        """Return the amounts that are the only ones of lines of a pattern."""
        return [
            self.places[n][0]
            for n, line in enumerate(self.lines)
            if len(self.places.get(n, ())) == 1 and pattern.search(line)
        ]

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Return whether some line says a word of a pattern."""
        return any(pattern.search(line) for line in self.lines)


def find_amounts(
    lines: Sequence[str],
    line_of: Mapping[int, int],
    amounts: Mapping[Run, PrintedAmount],
    *,
    total: Run | None,
    region: range,
) -> dict[str, Run | None]:
    """Return by tag the words of each amount that is certain, None for one that is in doubt.

    Tags of which the page certainly says nothing are left out. Without a known total all is in doubt.
    """
    places: dict[int, list[_Place]] = {}
    for run, amount in amounts.items():
        if run[0] not in region:
            places.setdefault(line_of[run[0]], []).append(_Place(run, amount.signed))
    known = amounts.get(total) if total is not None else None
    page = _Page(
        lines=[line.upper() for line in lines], places=places, total=0 if known is None else known.signed
    )
    said = dict.fromkeys(tag for tag, pattern in _SAYS.items() if page.says(pattern))
    if page.total <= 0:
        return {"amount_total_net": None, **said}
    tax = _tax(page)
    return {
        **said,
        **({} if tax is None else {"amount_total_tax": tax.run}),
        **_net(page, tax),
        **_paid(page),
        **_rounding(page),
    }


def _tax(page: _Page) -> _Place | None:
    """Return the tax that goes with the total; None if there is none or several could be meant."""
    said = [place for place in page.alone_on(_TAX_LINE) if 0 <= place.signed < page.total]
    listed = list(_summary(page))
    if len({p.signed for p in said if p.signed}) > 1 or len([p for p in listed if p.signed]) > 1:
        return None
    values = {p.signed for p in (*said, *listed) if p.signed}
    if len(values) > 1:
        return None
    first = next((p for p in (*said, *listed) if p.signed or not values), None)
    if first is None or first.signed == 0:
        return first if said and not values else None
    return first if _goes_with(page, first.signed) else None


def _summary(page: _Page) -> Iterator[_Place]:
    """Yield the taxes below a heading that says which column they stand in: base, rate and tax agree."""
    for head, line in enumerate(page.lines):
        if not _SUMMARY_HEAD.search(line):
            continue
        for n in range(head + 1, min(head + 1 + _SUMMARY_LINES, len(page.lines))):
            row = page.places.get(n, ())
            if len(row) == 2 and _agree(row[0].signed, row[1].signed, _rates(page.lines[n])):
                yield row[1]


def _rates(line: str) -> list[float]:
    return [float(a or b) / 100 for a, b in _RATE.findall(line)]


def _agree(base: int, tax: int, rates: Sequence[float]) -> bool:
    return any(abs(base * rate - tax) <= 2 * _CENT for rate in rates)


def _goes_with(page: _Page, tax: int) -> bool:
    """Return whether a tax is a rate of the page's total, or makes it with an amount of the page."""
    rates = [rate for line in page.lines if _SAYS_TAX.search(line) for rate in _rates(line) if rate]
    nets = [p.signed for row in page.places.values() for p in row if p.signed > tax]
    is_sum = any(abs(net + tax - page.total) <= _ROUNDED for net in nets)
    is_rate = any(abs(page.total * rate / (1 + rate) - tax) <= 3 * _CENT for rate in rates)
    return is_rate or (is_sum and any(_agree(net, tax, rates) for net in nets))


def _net(page: _Page, tax: _Place | None) -> dict[str, Run | None]:
    found = page.alone_on(_NET_LINE)
    if not found:
        return {} if _has_no_net(page) else {"amount_total_net": None}
    if len({place.signed for place in found}) > 1:
        return {"amount_total_net": None}
    net = found[0].signed
    if tax is None:
        is_right = not page.says(_SAYS_TAX) and abs(net - page.total) <= _ROUNDED
    else:
        is_right = abs(net + tax.signed - page.total) <= _ROUNDED
    return {"amount_total_net": found[0].run if is_right and net > 0 else None}


def _has_no_net(page: _Page) -> bool:
    totals = [
        p for n, line in enumerate(page.lines) if _SAYS_TOTAL.search(line) for p in page.places.get(n, ())
    ]
    is_one = bool(totals) and all(abs(place.signed - page.total) <= _ROUNDED for place in totals)
    return is_one and not page.says(_SAYS_NET) and not page.alone_on(_TAX_LINE)


def _paid(page: _Page) -> dict[str, Run]:
    """Return what was paid and given back; they are certain if their difference is the total."""
    paid, change = page.alone_on(_PAID_LINE), page.alone_on(_CHANGE_LINE)
    if len({p.signed for p in paid}) != 1 or len({p.signed for p in change}) > 1:
        return {}
    back = change[0].signed if change else 0
    if abs(paid[0].signed - back - page.total) > _ROUNDED or back < 0:
        return {}
    if change:
        return {"amount_paid": paid[0].run, "change_amount": change[0].run}
    return {"amount_paid": paid[0].run}


def _rounding(page: _Page) -> dict[str, Run]:
    found = page.alone_on(_ROUNDING_LINE)
    is_one = len({place.signed for place in found}) == 1 and abs(found[0].signed) < _ROUNDED
    return {"rounding_amount": found[0].run} if is_one else {}
