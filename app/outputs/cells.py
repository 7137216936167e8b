"""Cells of tables: what they can hold, and texts that no spreadsheet takes for a formula."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import JsonValue

from schemas.extraction import FieldMetadata
from schemas.spec import FieldKind

# What a column holds; where schemas disagree about one, it is text.
CellKind = Literal["text", "amount", "date", "integer", "number", "boolean"]
Cell = str | Decimal | date | int | float | None

_KINDS: dict[FieldKind, CellKind] = {
    "amount": "amount",
    "date": "date",
    "iso_date": "date",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
}
# Spreadsheets run what begins like this as a formula, and pass over what is not seen before it; in their
# full width the signs count too where that is how people type.
_UNSEEN = "\\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff"
_FORMULA = re.compile(f"[{_UNSEEN}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]")
# Numbers with a sign are none.
_NUMBER = re.compile(r"[+\-]?[\d.,'\s]*\d[\d.,'\s]*%?")
_PLAIN_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


def cell_kind(kind: FieldKind) -> CellKind:
    """Return what the column of a field holds."""
    return _KINDS.get(kind, "text")


def typed_cell(value: JsonValue, kind: CellKind, entry: FieldMetadata | None) -> Cell:
    """Return a value as its column's kind has it; None where it is absent or not surely such a value.

    An amount or date is what grounding made of the print (`normalised`). Without an entry, which answers of
    other origin lack, it counts if it is written in its normal form already.
    """
    if value is None:
        return None
    if kind == "amount":
        return _amount(value, entry)
    if kind == "date":
        return _date(value, entry)
    if kind == "text":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if kind == "number":
        return float(value)
    return int(value) if value == int(value) else None


def _amount(value: JsonValue, entry: FieldMetadata | None) -> Decimal | None:
    if isinstance(value, bool):
        return None
    text = str(value) if entry is None else entry.normalised
    return Decimal(text) if text is not None and _PLAIN_DECIMAL.fullmatch(text) else None


def _date(value: JsonValue, entry: FieldMetadata | None) -> date | None:
    # A normalised date of the schema is what it is; a printed one is what grounding made of it.
    candidates = (None if entry is None else entry.normalised, str(value))
    for text in candidates:
        if text is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                continue
    return None


def is_formula(text: str) -> bool:
    r"""Return whether a spreadsheet would run a cell of this text; signed numbers are none.

    Examples
    --------
    >>> [is_formula(text) for text in ("=1+1", " \u200b=1+1", "@SUM(A1)", "-45,00", "+49 30 123", "a=b")]
    [True, True, True, False, False, False]
    """
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs: one that it would has an apostrophe before it."""
    return f"'{text}" if is_formula(text) else text


def plain_text(cell: Cell) -> str:
    """Return a cell as text: decimals with a point, dates by ISO 8601, nothing for None.

    A text that is no UTF-8 (half of a pair) has a mark in the place of what is not.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, date):
        return cell.isoformat()
    text = str(cell)
    return text.encode("utf-8", "replace").decode("utf-8")
