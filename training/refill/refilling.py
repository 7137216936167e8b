"""Samples of templates: pure functions of a template, a plan and a source of chance.

Gold is read off the finished page, never carried over from the template: what noise, a page's end or the
reading order has done to a value is asked as it stands, or not at all.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.document import Document
from training.refill.bystanders import swap_bystanders
from training.refill.canvas import CannotPlace, Canvas, Line, canvas_of
from training.refill.labels import tags_said
from training.refill.plan import Plan, draw_plan
from training.refill.prepared import Prepared, prepare
from training.refill.printing import (
    SUM_TAGS,
    RowSums,
    add_sums,
    insert_fields,
    paginate,
    print_head,
    row_sums,
)
from training.refill.questions import Known, NotAskable, answer, draw_question, known_of
from training.refill.rows import NewRow, draw_rows, print_rows
from training.refill.swapping import (
    CodeSwap,
    DateShift,
    date_shift,
    swap_amounts,
    swap_codes,
    swap_dates,
    swap_party_texts,
)
from training.refill.template import Template, TemplateTable
from training.refill.texts import Pools, pools_of
from training.synthesis.asking import Question, to_schema
from training.synthesis.reading import Fact, evidence_of, facts_of, read_pages, reasoning_of
from training.synthesis.sample import SyntheticDocument

_MAX_TRIES = 40
_SAME_VENDOR_SHARE = 0.7  # of pairs
# Data sets are drawn by the root of their size: many receipts of one kind must not hide the few invoices of
# others. Pages with rows are rarer than pages without, and teach more.
_SIZE_POWER = 0.5
_TABLE_WEIGHT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Refilled:
    """A page printed anew: what was read of it, and what can be asked."""

    document: Document
    facts: dict[str, Fact]
    known: Known
    n_rows: int


class Refiller:
    """Draws samples of many templates.

    Attributes
    ----------
    outcomes
        What became of values and tries so far: exchanged or left, and why pages were drawn again.
    """

    def __init__(self, templates: Sequence[Template]) -> None:
        if not templates:
            raise ValueError("there must be a template")
        self._prepared: dict[str, list[Template | Prepared]] = {}
        for template in templates:
            self._prepared.setdefault(template.source, []).append(template)
        self._weights = {
            source: tuple(
                _TABLE_WEIGHT if t.table is not None else 1 for t in templates if t.source == source
            )
            for source in self._prepared
        }
        self._pools = pools_of(templates)
        self.outcomes: Counter[str] = Counter()

    def draw_template(self, rng: random.Random, *, source: str | None = None) -> Prepared:
        """Return a template, made ready the first time; of one data set if it is named."""
        names = tuple(self._prepared)
        weights = [len(self._prepared[name]) ** _SIZE_POWER for name in names]
        chosen = source or rng.choices(names, weights)[0]
        pool = self._prepared[chosen]
        at = rng.choices(range(len(pool)), self._weights[chosen])[0]
        found = pool[at]
        if isinstance(found, Template):
            found = pool[at] = prepare(found)
        return found

    def sample(self, rng: random.Random, *, source: str | None = None) -> SyntheticDocument:
        """Return a page with other values, what is asked of it, and the right answer.

        Raises
        ------
        RuntimeError
            If none could be drawn.
        """
        for _ in range(_MAX_TRIES):
            prepared = self.draw_template(rng, source=source)
            plan = draw_plan(rng, prepared)
            page = self._page(prepared, plan, rng, rng.getrandbits(64))
            made = None if page is None else self._asked(page, draw_question(rng, page.known), prepared)
            if made is not None:
                return made
        raise RuntimeError(f"no page could be refilled in {_MAX_TRIES} tries")

    def pair(
        self, rng: random.Random, *, source: str | None = None
    ) -> tuple[SyntheticDocument, SyntheticDocument]:
        """Return (example, query): one template, plan and schema, other values; often of one vendor.

        Raises
        ------
        RuntimeError
            If none could be drawn.
        """
        for _ in range(_MAX_TRIES):
            prepared = self.draw_template(rng, source=source)
            plan = draw_plan(rng, prepared)
            vendor = rng.getrandbits(64)
            other = vendor if rng.random() < _SAME_VENDOR_SHARE else rng.getrandbits(64)
            pages = [self._page(prepared, plan, rng, seed) for seed in (vendor, other)]
            if pages[0] is None or pages[1] is None:
                continue
            question = draw_question(rng, pages[1].known)
            example, query = (self._asked(page, question, prepared) for page in pages if page is not None)
            if example is not None and query is not None:
                return example, query
        raise RuntimeError(f"no pair could be refilled in {_MAX_TRIES} tries")

    def _page(self, prepared: Prepared, plan: Plan, rng: random.Random, vendor_seed: int) -> Refilled | None:
        try:
            page = refill(
                prepared, plan, rng, random.Random(vendor_seed), self._pools, outcomes=self.outcomes
            )
        except CannotPlace as reason:
            self.outcomes[f"again: {reason}"] += 1
            return None
        self.outcomes["pages"] += 1
        return page

    def _asked(self, page: Refilled, question: Question, prepared: Prepared) -> SyntheticDocument | None:
        try:
            gold = answer(question, page.facts, page.known, n_rows=page.n_rows) if question else None
        except NotAskable:
            gold = None
        if gold is None:
            self.outcomes["again: a value cannot be asked"] += 1
            return None
        self.outcomes["samples"] += 1
        return SyntheticDocument(
            document=page.document,
            schema=to_schema(question, name=prepared.template.source),
            gold=gold,
            reasoning=reasoning_of(question, gold, evidence_of(page.facts)),
            template_key=f"refilled-{prepared.template.key}",
        )


def refill(
    prepared: Prepared,
    plan: Plan,
    rng: random.Random,
    vendor_rng: random.Random,
    pools: Pools,
    *,
    outcomes: Counter[str],
) -> Refilled:
    """Return a template's page printed anew after a plan; equal arguments give equal pages.

    Raises
    ------
    CannotPlace
        If what was drawn does not fit the page.
    """
    template = prepared.template
    canvas = canvas_of(prepared.layout)
    _tag(canvas, template, plan)
    shift, codes = date_shift(template, rng), CodeSwap(rng)
    table = _print_table(canvas, prepared, plan, rng, pools, shift, codes)
    swap_amounts(canvas, prepared, rng, rows_total=None if table is None else table.total)
    swap_dates(canvas, template, shift, rng)
    swap_codes(canvas, template, codes)
    swap_party_texts(canvas, template, pools, {True: vendor_rng, False: rng}, outcomes)
    swap_bystanders(canvas, template, rng)
    _relabel(canvas, template, plan)
    insert_fields(canvas, prepared, plan, rng, shift)
    canvas.remove(_less(template, plan))
    if table is not None:
        paginate(canvas, prepared, table.rows, table.head, table.sums, plan, rng)
    return _read(canvas, prepared, plan, rng, n_rows=0 if table is None else len(table.rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Printed:
    """A table printed anew: its rows, the lines of its headings, and what it comes to."""

    rows: tuple[NewRow, ...]
    head: list[Line]
    sums: RowSums | None
    total: int


def _tag(canvas: Canvas, template: Template, plan: Plan) -> None:
    """Mark the words of the answers by their fields."""
    for n, field in enumerate(template.fields):
        if n not in plan.less_fields:
            for piece in canvas.pieces_of(field.places[0]):
                piece.tags = (*piece.tags, field.tag)


def _print_table(
    canvas: Canvas,
    prepared: Prepared,
    plan: Plan,
    rng: random.Random,
    pools: Pools,
    shift: DateShift,
    codes: CodeSwap,
) -> _Printed | None:
    """Print new rows, and the headings above them, in the place of the old ones; None without a table."""
    table, shape = prepared.table, plan.shape
    if table is None or shape is None:
        return None
    rows = draw_rows(rng, prepared, pools, shape, n_rows=_n_rows(rng, table))
    lines = print_rows(prepared, rows, shape, codes=codes, shift=shift)
    sums = row_sums(prepared, plan)
    total = sum(row.units for row in rows) if sums is None else add_sums(lines, rows, sums, rng)
    head = print_head(prepared, table, plan)
    canvas.lines[table.head[0] : table.region[1]] = [*head, *lines]
    return _Printed(rows=rows, head=head, sums=sums, total=total)


def _n_rows(rng: random.Random, table: TemplateTable) -> int:
    """Return how many rows a table is given: often about as many as it had, sometimes one or thirty."""
    draw = rng.random()
    if draw < 0.12:
        return 1
    if draw < 0.5:
        return max(1, table.n_rows + rng.randint(-2, 2))
    return rng.randint(2, 8) if draw < 0.84 else rng.randint(9, 30)


def _relabel(canvas: Canvas, template: Template, plan: Plan) -> None:
    """Put the plan's labels in the place of the old ones, in the same capitals and with the same colon."""
    for n, label in plan.labels.items():
        run = template.fields[n].label
        if run is None:
            continue
        old = template.text(run)
        text = label.upper() if old.isupper() else label
        canvas.replace(run, [text + (":" if old.endswith(":") and not text.endswith(":") else "")])


def _less(template: Template, plan: Plan) -> set[int]:
    """Return the words of the fields that are left out: label, value, and what stands between."""
    gone: set[int] = set()
    for n in plan.less_fields:
        field = template.fields[n]
        label, run = field.label or (), field.places[0]
        gone |= {*label, *run}
        if label and not field.is_label_above:
            gone |= set(range(label[-1], min(run)))
    return gone


def _with_labels(template: Template, facts: Mapping[str, Fact]) -> Iterator[tuple[str, Fact]]:
    """Yield, without a text, the silver facts whose words noise has joined to their label: "TEL:03-5121".

    An answer is whole words, and these would teach that the label is a part of the value.
    """
    for field in template.fields:
        fact = facts.get(field.tag) if field.is_silver and field.kind == "verbatim" else None
        if fact is not None and fact.text is not None:
            old = template.text(field.places[0])
            is_like = fact.text[0].isalpha() == old[0].isalpha() or field.tag == "cashier"
            if not is_like or any(fact.text.count(mark) != old.count(mark) for mark in ":#"):
                yield field.tag, replace(fact, text=None)


def _read(canvas: Canvas, prepared: Prepared, plan: Plan, rng: random.Random, *, n_rows: int) -> Refilled:
    template = prepared.template
    marks, starts = canvas.marks()
    pages, tags = read_pages(
        marks,
        starts,
        width=canvas.right,
        size_pt=(template.width_pt, template.height_pt),
        noise=plan.noise,
        rng=rng,
    )
    facts = {**facts_of(pages, tags)}
    facts.update(_with_labels(template, facts))
    put_in = [tag for tag in (*(one.tag for one in plan.inserted), *SUM_TAGS) if tag in facts]
    old = {word[0] for word in template.words}
    new = {word.text for page in pages for word in page.words} - old
    said = {tag for word in new if any(map(str.isalpha, word)) for tag in tags_said(word)}
    return Refilled(
        document=Document(sha256=f"{rng.getrandbits(256):064x}", media_type="text/plain", pages=pages),
        facts=facts,
        known=known_of(prepared, plan, put_in=put_in, absent=frozenset(template.absent) - said - {*put_in}),
        n_rows=n_rows,
    )
