"""How the columns of a table stand: as they did, in another order, one less, or with others put in."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from training.refill.canvas import MIN_GAP_CHARS
from training.refill.head_finding import NUMBER_TAGS
from training.refill.prepared import Prepared
from training.refill.printed_amounts import UNITS, PrintedAmount, print_amount
from training.refill.template import TemplateColumn, TemplateTable
from training.synthesis.text import fill
from training.synthesis.vocabulary import UNITS as UNIT_WORDS

_TEXT_GAP_CHARS = 3.0  # between a text and the next column, so that the two are read apart
_SHORTEST_TEXT, _NARROW_TEXT, _ROOM_FOR_TEXT = 10, 18, 16
# Characters that a column which is put in takes; its heading may be wider.
_WIDTHS = {"position": 4, "code": 9, "quantity": 6, "units_of_measure": 6, "unit_price": 10, "tax_rate": 6}
# Columns that are put in together, where the table certainly has none of them.
_ADDED = (
    ("quantity", "unit_price"),
    ("quantity", "unit_price"),
    ("unit_price", "quantity"),
    ("position", "quantity", "unit_price"),
    ("quantity", "units_of_measure", "unit_price"),
    ("quantity", "unit_price", "tax_rate"),
    ("code", "quantity", "unit_price"),
    ("quantity",),
    ("code",),
    ("position",),
    ("tax_rate",),
)
_RATES = ("5", "6", "7", "10", "19", "20", "21", "5,5", "7.7")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedColumn:
    """A column that is put in: what it means, its heading, and its place across in characters."""

    tag: str
    heading: str
    left: float
    right: float

    @property
    def is_number(self) -> bool:
        """Return whether its cells stand against its right edge."""
        return self.tag in NUMBER_TAGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the table of a sample is laid out.

    Attributes
    ----------
    shifts
        For each column of the template how far it is moved, in characters; None if it is left out.
    text_width
        The width of descriptions in characters, by column.
    added
        Columns that are put in, by numbers that follow those of the template's.
    """

    shifts: Mapping[int, float | None]
    text_width: Mapping[int, int]
    added: Mapping[int, AddedColumn] = field(default_factory=lambda: dict[int, AddedColumn]())


def draw_added(rng: random.Random, table: TemplateTable) -> tuple[str, ...]:
    """Return tags of columns to put in; none if the table has no amounts, or may have some of them itself."""
    tags = {column.tag for column in table.columns}
    fitting = [added for added in _ADDED if set(added) <= set(table.absent)]
    return rng.choice(fitting) if fitting and "amount" in tags and not table.is_stacked else ()


def shape_of(
    prepared: Prepared,
    columns: Sequence[TemplateColumn],
    order: Sequence[int],
    *,
    less: int | None = None,
    is_narrow: bool = False,
    is_stacked: bool = False,
    added: Sequence[tuple[str, str]] = (),
) -> Shape | None:
    """Return the shape of a table whose columns stand in `order`; None if those that are put in do not fit.

    Parameters
    ----------
    order
        Numbers of columns from left to right, those put in included.
    less
        A column that is left out.
    is_narrow
        Whether descriptions wrap earlier than they must.
    is_stacked
        Whether nothing stands beside them.
    added
        Tags and headings of columns that are put in.
    """
    across, layout = prepared.layout.width, prepared.layout
    edges = [(column.left * across, column.right * across) for column in columns]
    widths = [right - left for left, right in edges]
    widths += [float(max(_WIDTHS[tag], len(heading))) for tag, heading in added]
    texts = [n for n, column in enumerate(columns) if column.tag == "description"]
    if added:
        lefts = _spread(widths, order, texts, start=edges[0][0], end=layout.right)
    else:
        lefts = _lefts(edges, order)
    if lefts is None:
        return None
    at = dict(zip(order, lefts, strict=True))
    end = max(lefts[-1] + widths[order[-1]], layout.right)
    return Shape(
        shifts={n: None if n == less else at[n] - edges[n][0] for n in range(len(columns))},
        text_width={
            n: _text_width([] if is_stacked else [at[m] for m in order if m != less], at[n], end, is_narrow)
            for n in texts
        },
        added={
            n: AddedColumn(tag=tag, heading=heading, left=at[n], right=at[n] + widths[n])
            for n, (tag, heading) in enumerate(added, start=len(columns))
        },
    )


def _text_width(lefts: Sequence[float], left: float, end: float, is_narrow: bool) -> int:
    """Return how wide a text may be that begins at `left`, before the next column or the end."""
    room = min((other for other in lefts if other > left), default=end) - left - _TEXT_GAP_CHARS
    width = min(room, max(0.6 * room, _NARROW_TEXT)) if is_narrow else room
    return max(round(width), _SHORTEST_TEXT)


def _lefts(edges: Sequence[tuple[float, float]], order: Sequence[int]) -> list[float]:
    """Return where each column begins, in `order`: columns keep their widths, gaps their places."""
    if list(order) == sorted(order):
        return [edges[n][0] for n in order]
    gaps = [max(b[0] - a[1], MIN_GAP_CHARS) for a, b in itertools.pairwise(edges)]
    lefts, at = list[float](), edges[0][0]
    for n, gap in zip(order, [*gaps, 0.0], strict=True):
        lefts.append(at)
        at += edges[n][1] - edges[n][0] + gap
    return lefts


def _spread(
    widths: Sequence[float], order: Sequence[int], texts: Sequence[int], *, start: float, end: float
) -> list[float] | None:
    """Return where each column begins if the texts take what the others leave; None if that is too little."""
    others = sum(widths[n] for n in order if n not in texts) + _TEXT_GAP_CHARS * (len(order) - 1)
    room = (end - start - others) / max(len(texts), 1)
    if not texts or room < _ROOM_FOR_TEXT:
        return None
    lefts, at = list[float](), start
    for n in order:
        lefts.append(at)
        at += (room if n in texts else widths[n]) + _TEXT_GAP_CHARS
    return lefts


class AddedCells:
    """Draws the cells of the columns that are put into one table; its codes and rates are of one kind."""

    def __init__(self, rng: random.Random, shape: Shape, *, thousands: str) -> None:
        self._rng = rng
        self._thousands = thousands
        self._tags = {column.tag: n for n, column in shape.added.items()}
        self._code = rng.choice(("#####", "@@-####", "@####", "####-@", "###.###"))
        self._rate = rng.choice(_RATES) + rng.choice(("%", "%", ""))
        self._unit = rng.choice(UNIT_WORDS)
        self._count = rng.choice(("{}", "{}", "{}.", "{}0"))

    def draw(self, index: int, amount: PrintedAmount, units: int) -> tuple[dict[int, tuple[str, ...]], int]:
        """Return the cells of a row by column, and the amount that its quantity and price come to.

        `amount` is how the row's amount is printed, `units` what it would be without them.
        """
        texts: dict[str, Callable[[], str]] = {
            "position": lambda: self._count.format(index + 1),
            "code": lambda: fill(self._rng, self._code),
            "units_of_measure": lambda: self._unit,
            "tax_rate": lambda: self._rate,
        }
        cells = {n: (texts[tag](),) for tag, n in self._tags.items() if tag in texts}
        quantity = self._rng.choice((1, 1, 2, 3, 5, self._rng.randint(1, 40)))
        if "quantity" in self._tags:
            cells[self._tags["quantity"]] = (str(quantity),)
        if "unit_price" in self._tags:
            price = max(round(units / quantity / amount.step), 1) * amount.step
            bare = replace(amount, prefix="", suffix="")
            cells[self._tags["unit_price"]] = (print_amount(bare, price, thousands=self._thousands),)
            units = price * quantity
        return cells, min(units, 10**9 * UNITS)
