"""Lines that are put on a page: headings, sums among the rows that are no rows, fields, and page ends."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from training.refill.canvas import Canvas, Line, Piece, Segment
from training.refill.columns import Shape
from training.refill.head_finding import NUMBER_TAGS
from training.refill.labels import synonyms
from training.refill.plan import Plan
from training.refill.prepared import Prepared
from training.refill.printed_amounts import print_amount
from training.refill.printed_dates import find_dates, print_date
from training.refill.rows import NewRow
from training.refill.swapping import DateShift
from training.refill.template import Template, TemplateTable
from training.synthesis.text import capitalised, code, fill, person_name

_LINE_GAP = 1.15  # between a line that is put in and the one before, in lines
_SUBTOTAL_SHARE = 0.12  # of tables with a sum between their rows
_SUM_SHARE = 0.3  # of tables with lines below the rows
_CARRIED_SHARE = 0.5  # of tables cut by a page's end that carry their sum over
_OVERFLOW_LINES = 3.0  # so much longer than its page a sample may be without going on on another
_LOWEST_SHARE = 0.96  # of a page's height that print reaches
_LONGEST_PAGE = 1.7  # height by width: what is longer is a till roll, which has no pages
_BOX_GAP_CHARS = 4.0
_HEAD_GAP = 1.6  # between new headings and the line before, in lines

# Fields that sums below the rows can be.
SUM_TAGS = ("discount_amount", "shipping_amount")

# What stands before sums that are no rows.
_SUM_LABELS = {
    "subtotal": {
        "en": ("Subtotal", "Sub-total", "Sub Total", "Group total", "Total this section"),
        "de": ("Zwischensumme", "Summe Position", "Gruppensumme"),
        "fr": ("Sous-total", "Total partiel"),
        "nl": ("Subtotaal", "Tussentotaal"),
        "it": ("Subtotale", "Totale parziale"),
        "es": ("Subtotal", "Suma parcial"),
        "pt": ("Subtotal", "Soma parcial"),
        "ms": ("Jumlah Kecil", "Subjumlah"),
    },
    "carried": {
        "en": ("Carried forward", "Balance carried forward", "C/F", "Page total", "Continued - subtotal"),
        "de": ("Übertrag", "Zu übertragen", "Seitensumme"),
        "fr": ("À reporter", "Report à nouveau", "Total page"),
        "nl": ("Transport", "Over te brengen"),
        "it": ("A riportare", "Totale pagina"),
        "es": ("Suma y sigue", "Total página"),
        "pt": ("A transportar", "Total da página"),
        "ms": ("Dibawa ke hadapan",),
    },
    "brought": {
        "en": ("Brought forward", "Balance brought forward", "B/F"),
        "de": ("Übertrag", "Vortrag"),
        "fr": ("Report", "Report page précédente"),
        "nl": ("Transport", "Van vorige pagina"),
        "it": ("Riporto",),
        "es": ("Suma anterior",),
        "pt": ("Transporte",),
        "ms": ("Dibawa dari muka",),
    },
    "deposit": {
        "en": ("Deposit received", "Less deposit", "Advance payment", "Prepaid"),
        "de": ("Anzahlung", "abzgl. Anzahlung", "Vorauszahlung"),
        "fr": ("Acompte versé", "Acompte"),
        "nl": ("Aanbetaling",),
        "it": ("Acconto",),
        "es": ("Anticipo",),
        "pt": ("Adiantamento",),
        "ms": ("Deposit", "Cagaran"),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSums:
    """Where the amounts of the rows stand, and how they are printed, for the sums among them."""

    prepared: Prepared
    plan: Plan
    shape: Shape
    amount: int
    label_left: float

    def line(self, label: str, units: int, *, tag: str | None = None) -> Line:
        """Return a line with a label and an amount in the column of amounts."""
        pattern = self.prepared.patterns[0]
        like = pattern.numbers[self.amount]
        words = [self.prepared.template.words[i] for i in pattern.row.cells[self.amount]]
        shift = self.shape.shifts[self.amount] or 0.0
        right = words[-1][3] * self.prepared.layout.width + shift
        text = print_amount(like, abs(units), thousands=self.prepared.thousands)
        if units < 0 and not like.is_negative:
            text = f"-{text}"
        tags = () if tag is None else (tag,)
        return Line(
            [
                Segment(pieces(label), self.label_left, "left", 1.0),
                Segment(pieces(text, tags=tags), right, "right", 1.0),
            ],
            _LINE_GAP,
            is_changed=True,
        )

    def label(self, rng: random.Random, name: str) -> str:
        """Return what announces a sum among the rows."""
        labels = _SUM_LABELS[name]
        return rng.choice(labels.get(self.plan.language, labels["en"]))


def pieces(text: str, *, tags: tuple[str, ...] = ()) -> list[Piece]:
    """Return a text as words of the page's usual width."""
    return [
        Piece(word, float(len(word)), 0.0 if n == 0 else 1.0, tags=tags)
        for n, word in enumerate(text.split())
    ]


def row_sums(prepared: Prepared, plan: Plan) -> RowSums | None:
    """Return what is needed to print sums among the rows; None if the rows have no column of amounts."""
    shape, table = plan.shape, prepared.table
    if shape is None or table is None:
        return None
    amounts = [n for n, c in enumerate(table.columns) if c.tag == "amount" and shape.shifts[n] is not None]
    texts = [n for n, c in enumerate(table.columns) if c.tag == "description" and shape.shifts[n] is not None]
    if not amounts or not texts or amounts[0] not in prepared.patterns[0].numbers:
        return None
    left = table.columns[texts[0]].left * prepared.layout.width + (shape.shifts[texts[0]] or 0.0)
    return RowSums(prepared=prepared, plan=plan, shape=shape, amount=amounts[0], label_left=left)


def add_sums(lines: list[Line], rows: Sequence[NewRow], sums: RowSums, rng: random.Random) -> int:
    """Put sums between and below the lines of the rows and return what the rows come to with them.

    A sum of which the page said nothing before can be asked for: it has its field's tag.
    """
    total = sum(row.units for row in rows)
    if len(rows) > 3 and rng.random() < _SUBTOTAL_SHARE:
        after = rng.randint(2, len(rows) - 1)
        at = next(n for n, line in enumerate(lines) if line.row == after)
        so_far = sum(row.units for row in rows[:after])
        lines.insert(at, sums.line(sums.label(rng, "subtotal"), so_far))
    if total <= 0 or rng.random() >= _SUM_SHARE:
        return total
    return total + _sums_below(lines, total, len(rows), sums, rng)


def _sums_below(lines: list[Line], total: int, n_rows: int, sums: RowSums, rng: random.Random) -> int:
    """Put one to three sums below the rows and return by how much they change the total."""
    absent, step = sums.prepared.template.absent, sums.prepared.patterns[0].numbers[sums.amount].step
    change = 0
    for name in rng.sample(("subtotal", "deposit", *SUM_TAGS), rng.randint(1, 3)):
        if name in _SUM_LABELS:
            if name == "subtotal" and n_rows > 1:
                lines.append(sums.line(sums.label(rng, name), total))
            elif name == "deposit":
                part = round(total * rng.choice((0.1, 0.25, 0.5)) / step) * step
                lines.append(sums.line(sums.label(rng, name), part))
        elif name in absent:
            part = max(round(total * rng.uniform(0.01, 0.1) / step), 1) * step
            signed = -part if name == "discount_amount" else part
            label = rng.choice(synonyms(name, sums.plan.language))
            lines.append(sums.line(label, signed if rng.random() < 0.5 else part, tag=name))
            change += signed
    return change


def print_head(prepared: Prepared, table: TemplateTable, plan: Plan) -> list[Line]:
    """Return the lines of the headings, moved with their columns and exchanged where the plan says so."""
    template, shape = prepared.template, plan.shape
    if table.head[0] == table.head[1]:
        return _new_head(prepared, table, plan)
    by_line: dict[int, list[Segment]] = {}
    for n, column in enumerate(table.columns):
        shift = None if shape is None else shape.shifts[n]
        if shift is None or not column.heading:
            continue
        for line, words in _heading_lines(template, table, column.heading, has_new=n in plan.headings):
            text = plan.headings.get(n) or template.text(words)
            by_line.setdefault(line, []).append(
                _heading(prepared, words, text, shift, column.tag in NUMBER_TAGS)
            )
    old = template.text(i for column in table.columns for i in column.heading)
    by_line.setdefault(table.head[1] - 1, []).extend(_added_headings(plan, is_upper=old.isupper()))
    gaps = [prepared.layout.lines[line].gap for line in sorted(by_line)]
    return [
        Line(by_line[line], gap, is_changed=True) for line, gap in zip(sorted(by_line), gaps, strict=True)
    ]


def _new_head(prepared: Prepared, table: TemplateTable, plan: Plan) -> list[Line]:
    """Return a line of headings for a table that has none; none if the plan has none."""
    across = prepared.layout.width
    segments: list[Segment] = []
    is_upper = plan.seed % 3 == 0
    for n, text in plan.headings.items():
        shift = None if plan.shape is None else plan.shape.shifts[n]
        column = table.columns[n]
        if shift is not None:
            is_number = column.tag in NUMBER_TAGS
            edge = (column.right if is_number else column.left) * across + shift
            shown = pieces(text.upper() if is_upper else text)
            segments.append(Segment(shown, edge, "right" if is_number else "left"))
    segments += _added_headings(plan, is_upper=is_upper)
    return [Line(segments, _HEAD_GAP, is_changed=True)] if segments else []


def _added_headings(plan: Plan, *, is_upper: bool) -> Iterator[Segment]:
    """Yield the headings of the columns that are put in."""
    for column in () if plan.shape is None else plan.shape.added.values():
        shown = pieces(column.heading.upper() if is_upper else column.heading)
        edge = column.right if column.is_number else column.left
        yield Segment(shown, edge, "right" if column.is_number else "left")


def _heading_lines(
    template: Template, table: TemplateTable, heading: Sequence[int], *, has_new: bool
) -> list[tuple[int, list[int]]]:
    """Return the words of a heading by line; a new heading stands on the last of its lines."""
    found: list[tuple[int, list[int]]] = []
    for line in range(*table.head):
        words = [i for i in heading if template.lines[line][0] <= i < template.lines[line][1]]
        if words:
            found.append((line, words))
    return found[-1:] if has_new else found


def _heading(prepared: Prepared, words: Sequence[int], text: str, shift: float, is_number: bool) -> Segment:
    across = prepared.layout.width
    old = [prepared.template.words[i] for i in words]
    left, right = min(w[1] for w in old) * across, max(w[3] for w in old) * across
    upper = prepared.template.text(words).isupper()
    return Segment(
        pieces(text.upper() if upper else text),
        (right if is_number else left) + shift,
        "right" if is_number else "left",
        1.0,
    )


def paginate(
    canvas: Canvas,
    prepared: Prepared,
    rows: Sequence[NewRow],
    head: Sequence[Line],
    sums: RowSums | None,
    plan: Plan,
    rng: random.Random,
) -> None:
    """Begin new pages where the print has become too long for its page; a till roll has one."""
    template = prepared.template
    if template.height_pt > _LONGEST_PAGE * template.width_pt:
        return
    whole = sum(line.gap for line in prepared.layout.lines)
    limit = max(_LOWEST_SHARE * prepared.layout.height, whole + 1.0)
    y, n = 0.0, 0
    while n < len(canvas.lines):
        line = canvas.lines[n]
        y += line.gap
        if y > limit + _OVERFLOW_LINES and n > 3:
            n = _break_at(canvas, n)
            added = _begin_page(canvas, n, rows, head, sums, plan, rng)
            y, n = 0.0, n + added
        n += 1


def _break_at(canvas: Canvas, n: int) -> int:
    """Return the line before `n` that a page may begin with: none inside a row."""
    while n > 1 and canvas.lines[n].is_inside:
        n -= 1
    return n


def _begin_page(
    canvas: Canvas,
    n: int,
    rows: Sequence[NewRow],
    head: Sequence[Line],
    sums: RowSums | None,
    plan: Plan,
    rng: random.Random,
) -> int:
    """Begin a page with line `n` and return how many lines were put before it on either page."""
    row = canvas.lines[n].row
    above: list[Line] = []
    below: list[Line] = []
    if row is not None:
        below = [deepcopy(line) for line in head] if plan.repeats_head else []
        if sums is not None and rng.random() < _CARRIED_SHARE:
            so_far = list(accumulate(r.units for r in rows))[row - 1] if row else 0
            above = [sums.line(sums.label(rng, "carried"), so_far)] if row else []
            below += [sums.line(sums.label(rng, "brought"), so_far)] if row and rng.random() < 0.6 else []
    first = below[0] if below else canvas.lines[n]
    first.starts_page, first.gap = True, 1.0
    canvas.lines[n:n] = [*above, *below]
    return len(above) + len(below)


def insert_fields(
    canvas: Canvas, prepared: Prepared, plan: Plan, rng: random.Random, shift: DateShift
) -> None:
    """Put the plan's fields below their anchor, with values that are tagged."""
    if plan.anchor is None or not plan.inserted:
        return
    template, across = prepared.template, prepared.layout.width
    anchor = template.fields[plan.anchor]
    if anchor.label is None:
        return
    label_left = template.words[anchor.label[0]][1] * across
    value_left = template.words[anchor.places[0][0]][1] * across
    mark = ":" if template.text(anchor.label).endswith(":") or plan.seed % 2 else ""
    entries = [(one, _value(one.tag, template, rng, shift)) for one in plan.inserted]
    make = _boxed if plan.is_boxed else _listed
    line, _ = canvas.homes[anchor.places[0][0]]
    lines = make(
        [(one.label + mark, one.tag, value) for one, value in entries], label_left, value_left, canvas.right
    )
    canvas.put(lines, before=canvas.line_after(line))


_Entry = tuple[str, str, str]


def _listed(entries: Sequence[_Entry], label_left: float, value_left: float, right: float) -> list[Line]:
    """Return one line for each label and value, one below the other."""
    del right
    lines: list[Line] = []
    for label, tag, value in entries:
        parts = [Segment(pieces(label), label_left, "left", 1.0)]
        parts.append(Segment(pieces(value, tags=(tag,)), value_left, "left", 1.0))
        lines.append(Line(parts, _LINE_GAP, is_changed=True))
    return lines


def _boxed(entries: Sequence[_Entry], label_left: float, value_left: float, right: float) -> list[Line]:
    """Return a line of labels and one of values below them, as forms with boxes have; as many as fit."""
    del value_left
    widths = [max(len(label), len(value)) + _BOX_GAP_CHARS for label, _, value in entries]
    left = min(label_left, max(right - sum(widths), 0.0))
    labels: list[Segment] = []
    values: list[Segment] = []
    for (label, tag, value), width in zip(entries, widths, strict=True):
        if labels and left + width > right:
            break
        labels.append(Segment(pieces(label), left, "left", 1.0))
        values.append(Segment(pieces(value, tags=(tag,)), left, "left", 1.0))
        left += width
    return [Line(labels, 1.6, is_changed=True), Line(values, _LINE_GAP, is_changed=True)]


def _value(tag: str, template: Template, rng: random.Random, shift: DateShift) -> str:
    maker = _VALUES.get(tag)
    return _date(template, rng, shift) if maker is None else maker(rng)


def _date(template: Template, rng: random.Random, shift: DateShift) -> str:
    """Return a day some weeks after the first one of the page, in the notation of that."""
    for run in template.dates:
        for _, _, printed in find_dates(
            template.text(run), day_first=template.day_first, language=template.language
        ):
            return print_date(
                printed, shift(printed.value) + timedelta(days=rng.choice((7, 10, 14, 30, 45, 60)))
            )
    return f"{date(2020, 1, 1) + timedelta(days=rng.randrange(4000)):%d.%m.%Y}"


_VALUES: Mapping[str, Callable[[random.Random], str]] = {
    "order_id": code,
    "customer_id": lambda rng: fill(rng, rng.choice(("#####", "######", "@-####", "@@#####", "###-####"))),
    "payment_reference": lambda rng: fill(
        rng, rng.choice(("RF## #### ####", "##########", "@@-######", "### ### ###"))
    ),
    "iban": lambda rng: fill(rng, rng.choice(("@@## #### #### #### #### ##", "@@####################"))),
    "bic": lambda rng: fill(rng, rng.choice(("@@@@@@@@", "@@@@@@##", "@@@@@@@@@@@"))),
    "vendor_tax_id": lambda rng: fill(
        rng, rng.choice(("DE#########", "GB ### #### ##", "##-#######", "############"))
    ),
    "contact_person": lambda rng: capitalised(person_name(rng)),
}
