"""Made-up vendors whose person has a convention for rows, and two invoices of each.

The generator of the training documents prints two invoices of one template. What the person wants of their
rows is then one of `CONVENTIONS`; a surcharge or a rebate is printed below the rows of both where it is about
such a line.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from pydantic import JsonValue

from decoding.tables.find import find_tables
from decoding.tables.table import TableRow
from ocr.reading_order import arrange
from schemas.document import Document, Page, Word
from schemas.geometry import BBox
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema
from training.synthesis.sample import SyntheticDocument, generate_series

# What the person does otherwise than the headings say: nothing; a key is null although it has a column; a key
# whose name says nothing is one of the columns; a surcharge is no row; a rebate is one.
Convention = Literal["plain", "null", "own_key", "left_out", "added"]
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)

_KEYS = ("code", "description", "quantity", "unit_price_net", "tax_rate", "amount_net")
_AMOUNTS = frozenset(("quantity", "unit_price_net", "tax_rate", "amount_net"))
_OWN_KEY = "field_7"
_SURCHARGES = ("Energy surcharge", "Frachtanteil", "Mindermengenzuschlag", "Handling", "Packaging material")
_REBATES = ("Special discount", "Rabatt", "Versandkosten", "Remise client", "Loyalty discount")
_MAX_TRIES = 30

Gold = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice, and what its person says that it holds."""

    document: Document
    gold: Gold

    @property
    def rows(self) -> list[JsonValue]:
        """Return the gold rows."""
        rows = self.gold["line_items"]
        return rows if isinstance(rows, list) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A vendor's earlier invoices, which are confirmed, and the one that is asked about."""

    convention: Convention
    schema: ExtractionSchema
    known: tuple[Invoice, ...]
    asked: Invoice


def make_vendors(n: int, convention: Convention, *, seed: int, n_known: int = 1) -> Iterator[Vendor]:
    """Yield `n` vendors with a convention; the same seed gives the same ones."""
    made, number = 0, 0
    while made < n:
        rng = random.Random(f"{seed}:{convention}:{number}")
        number += 1
        vendor = _make_vendor(rng, convention, n_known)
        if vendor is not None:
            made += 1
            yield vendor


def _make_vendor(rng: random.Random, convention: Convention, n_known: int) -> Vendor | None:
    series = _make_series(rng, n_known)
    keys = [key for key in _KEYS if series and all(_fills(one, key) for one in series)]
    if "description" not in keys or "amount_net" not in keys or len(keys) < 3:
        return None
    optional = [key for key in keys if key not in ("description", "amount_net")]
    chosen = rng.choice(optional)
    label = rng.choice(_SURCHARGES if convention == "left_out" else _REBATES)
    names = {key: key for key in keys}
    if convention == "own_key":
        names[chosen] = _OWN_KEY
    invoices: list[Invoice] = []
    for one in series:
        rows = _rename(_rows(one), names, null_key=chosen if convention == "null" else None)
        document: Document | None = one.document
        if convention in ("left_out", "added"):
            price = f"{rng.randint(2, 90)},{rng.randint(10, 99)}"
            document = _print_line(one.document, label, price)
            if convention == "added":
                rows.append({**dict.fromkeys(keys), "description": label, "amount_net": price})
        if document is None:
            return None
        gold: dict[str, JsonValue] = {"document_id": one.gold["document_id"], "line_items": rows}
        invoices.append(Invoice(document=document, gold=gold))
    return Vendor(
        convention=convention,
        schema=_schema(names),
        known=tuple(invoices[:n_known]),
        asked=invoices[-1],
    )


def _make_series(rng: random.Random, n_known: int) -> Sequence[SyntheticDocument]:
    """Return the known invoices of a vendor and one more; none if they do not show what can be learnt."""
    try:
        series = generate_series(rng, n_known + 1, kind="invoice", shipped=True)
    except RuntimeError:  # a template whose pages no question fits
        return ()
    is_taught = all(len(one.document.pages) == 1 and len(_rows(one)) >= 2 for one in series[:n_known])
    return series if is_taught else ()


def _rename(
    rows: Sequence[Mapping[str, JsonValue]], names: Mapping[str, str], *, null_key: str | None
) -> list[JsonValue]:
    """Return rows under other names, null under one of the old ones."""
    return [{new: None if key == null_key else row[key] for key, new in names.items()} for row in rows]


def _rows(one: SyntheticDocument) -> list[Mapping[str, JsonValue]]:
    rows = one.gold["line_items"]
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _fills(one: SyntheticDocument, key: str) -> bool:
    return bool(_rows(one)) and all(row[key] is not None for row in _rows(one))


def _schema(names: Mapping[str, str]) -> ExtractionSchema:
    text: JsonValue = {"type": ["string", "null"]}
    amount: JsonValue = {"type": ["string", "null"], "x-rasg-kind": "amount"}
    columns: dict[str, JsonValue] = {name: amount if key in _AMOUNTS else text for key, name in names.items()}
    return from_json_schema(
        {
            "title": "made",
            "type": "object",
            "properties": {
                "document_id": text,
                "line_items": {"type": "array", "items": {"type": "object", "properties": columns}},
            },
        }
    )


def _print_line(document: Document, label: str, price: str) -> Document | None:
    """Return the document with one more line below its last row, in the columns of texts and of amounts."""
    tables = [t for t in find_tables(document) if {c.kind for c in t.columns} >= {"description", "amount"}]
    if len(tables) != 1 or len(document.pages) != 1:
        return None
    (table,), page = tables, document.pages[0]
    at = {column.kind: index for index, column in enumerate(table.columns)}
    last = table.rows[-1]
    texts, amounts = last.cells[at["description"]], last.cells[at["amount"]]
    if not texts or not amounts:
        return None
    words = _below(page, last, page.words[texts[0]], page.words[amounts[-1]], label, price)
    arranged = arrange(words)
    changed = replace(
        page,
        words=arranged.words,
        lines=arranged.lines,
        block_order=arranged.block_order,
        cuts=arranged.cuts,
    )
    return replace(document, pages=(changed,))


def _below(page: Page, row: TableRow, text: Word, amount: Word, label: str, price: str) -> Sequence[Word]:
    """Return the page's words and those of the new line; what is below makes room, and the page is longer."""
    bottom = max(page.words[i].bbox.bottom for i in row.words)
    height = amount.bbox.bottom - amount.bbox.top
    step, width = 1.4 * height, (amount.bbox.right - amount.bbox.left) / len(amount.text)
    scale = 1 / (1 + step)
    top = bottom + step - height

    def box(left: float, right: float, upper: float, lower: float) -> BBox:
        return BBox(left=left, top=upper * scale, right=min(right, 1.0), bottom=lower * scale)

    words: list[Word] = []
    for word in page.words:
        down = step if (word.bbox.top + word.bbox.bottom) / 2 > bottom else 0.0
        b = word.bbox
        words.append(replace(word, bbox=box(b.left, b.right, b.top + down, b.bottom + down)))
    left = text.bbox.left
    for part in label.split():
        right = left + width * len(part)
        words.append(replace(text, text=part, bbox=box(left, right, top, top + height)))
        left = right + width
    start = amount.bbox.right - width * len(price)
    words.append(replace(amount, text=price, bbox=box(start, amount.bbox.right, top, top + height)))
    return words
