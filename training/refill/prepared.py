"""A template made ready, once in a process: laid out, its amounts read, its sums solved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from decoding.grounding.matching import text_key
from training.refill.head_finding import NUMBER_TAGS
from training.refill.layout import Layout, lay_out
from training.refill.printed_amounts import UNITS, PrintedAmount, read_amount, read_number
from training.refill.sums import Solved, solve
from training.refill.template import Run, Template, TemplateRow, TemplateTable

# Amounts on lines that say one of these are not drawn by themselves: they grow as the others do.
_FOLLOWING_SIGNS = (
    "tax vat gst sst mwst ust tva iva btw % rounding round cash change tender tendered visa card balance "
    "paid service serv svc charge rückgeld gegeben bar"
).split()
_PHRASE_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountGroup:
    """Places that print one amount, how each prints it, and the smallest difference that all of them show."""

    runs: tuple[Run, ...]
    printed: tuple[PrintedAmount, ...]
    step: int
    is_item: bool

    @property
    def units(self) -> int:
        """Return the amount in ten-thousandths."""
        return self.printed[0].units


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPattern:
    """A row to print others like: its numbers by column, and the amount for one of a unit price.

    `rate` is amount / (quantity x unit price), a missing quantity being one if the amount is the price; None
    where it is not known.
    """

    row: TemplateRow
    numbers: dict[int, PrintedAmount]
    rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A template with what refilling needs of it.

    Attributes
    ----------
    thousands
        The mark that its amounts are grouped by.
    row_gap
        The usual distance of two rows, in lines.
    phrases
        The keys of all runs of a few words of the page, so that no label is put in that it has.
    """

    template: Template
    layout: Layout
    groups: tuple[AmountGroup, ...]
    solved: Solved
    thousands: str
    patterns: tuple[RowPattern, ...]
    row_gap: float
    phrases: frozenset[str]

    @property
    def table(self) -> TemplateTable | None:
        """Return the table, if rows can be printed anew."""
        return self.template.table if self.patterns else None


def prepare(template: Template) -> Prepared:
    """Return the template made ready."""
    layout = lay_out(template.words, template.lines)
    groups = tuple(_group(template, runs) for runs in template.amounts)
    line_of = {i: n for n, (start, end) in enumerate(template.lines) for i in range(start, end)}
    last = [max(line_of[run[0]] for run in group.runs) for group in groups]
    order = sorted(range(len(groups)), key=lambda n: (-last[n], -groups[n].units))
    marks = [p.thousands for group in groups for p in group.printed if p.thousands is not None]
    patterns = () if template.table is None else tuple(_patterns(template, template.table))
    return Prepared(
        template=template,
        layout=layout,
        groups=groups,
        solved=solve(len(groups), template.sums, order=order),
        thousands=max(set(marks), key=marks.count) if marks else "",
        patterns=patterns,
        row_gap=_row_gap(template, layout),
        phrases=frozenset(_phrases(template)),
    )


def _phrases(template: Template) -> Iterator[str]:
    for start, end in template.lines:
        words = [word[0] for word in template.words[start:end]]
        for first in range(len(words)):
            for size in range(1, _PHRASE_WORDS + 1):
                yield text_key(" ".join(words[first : first + size]))


def _group(template: Template, runs: Sequence[Run]) -> AmountGroup:
    printed = tuple(_printed(template, run) for run in runs)
    units = printed[0].units
    step = max(p.step for p in printed)
    lines = [template.words[a:b] for a, b in template.lines if any(a <= run[0] < b for run in runs)]
    said = {word[0].casefold().strip(".:,()@") for line in lines for word in line}
    return AmountGroup(
        runs=tuple(runs),
        printed=printed,
        # "9.000" prints three decimals of an amount that has two.
        step=max(step, 100) if units % 100 == 0 else step,
        is_item=not any(sign in said for sign in _FOLLOWING_SIGNS) and not any("%" in word for word in said),
    )


def _printed(template: Template, run: Run) -> PrintedAmount:
    printed = read_amount(template.text(run), decimal=template.decimal)
    if printed is None:
        raise ValueError(f"{template.key}: words {run} are no amount; the template is of another version")
    return printed


def _patterns(template: Template, table: TemplateTable) -> Sequence[RowPattern]:
    """Return the rows whose numbers can be printed anew."""
    tags = {n: c.tag for n, c in enumerate(table.columns) if c.tag is not None and c.tag in NUMBER_TAGS}
    found: list[RowPattern] = []
    for row in table.rows:
        numbers = {n: read_number(template.text(row.cells[n]), decimal=template.decimal) for n in tags}
        known = {n: number for n, number in numbers.items() if number is not None}
        if len(known) == len(tags):
            by_tag = {tags[n]: number.signed for n, number in known.items()}
            found.append(RowPattern(row=row, numbers=known, rate=_rate(by_tag)))
    return found


def _rate(numbers: Mapping[str, int]) -> float | None:
    quantity, price, amount = (numbers.get(tag) for tag in ("quantity", "unit_price", "amount"))
    if quantity is None and price == amount:
        quantity = UNITS
    return amount / (quantity * price) if quantity and price and amount else None


def _row_gap(template: Template, layout: Layout) -> float:
    if template.table is None:
        return 1.0
    gaps = [layout.lines[row.start].gap for row in template.table.rows[1:]]
    own = median(gaps) if gaps else 1.3
    return min(max(own, 1.0), 3.0)
