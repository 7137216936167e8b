"""Tables as Parquet: amounts are decimal128, dates date32; written a batch of rows at a time."""

# pyarrow is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from decimal import Context, Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.outputs.cells import Cell, CellKind, plain_text
from app.outputs.tables import Row, Table

# Digits of an amount, and those after its point: what warehouses take as their plain decimal.
PRECISION, SCALE = 38, 9
_SMALLEST = Decimal(1).scaleb(-SCALE)
_LARGEST = Decimal(10) ** (PRECISION - SCALE)
_EXACT = Context(prec=PRECISION)
_INT64 = 2**63
_BATCH_ROWS = 4096


def _types() -> dict[CellKind, Any]:
    return {
        "text": pa.string(),
        "amount": pa.decimal128(PRECISION, SCALE),
        "date": pa.date32(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
    }


class ParquetRows:
    """Writes the rows of a table to a file; some thousand of them are held at a time."""

    def __init__(self, target: Path | BytesIO, table: Table) -> None:
        types = _types()
        self._kinds: tuple[CellKind, ...] = tuple(column.kind for column in table.columns)
        self._schema = pa.schema([(plain_text(c.name), types[c.kind]) for c in table.columns])
        self._writer: Any = pq.ParquetWriter(target, self._schema)
        self._rows: list[tuple[Cell, ...]] = []

    def add(self, row: Row) -> None:
        """Write one row, now or with the next ones."""
        self._rows.append(tuple(_fitting(c, kind) for c, kind in zip(row, self._kinds, strict=True)))
        if len(self._rows) == _BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(cells, type=kind) for cells, kind in zip(columns, self._schema.types, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()

    def close(self) -> None:
        """Write the rows that are left, and the end of the file."""
        if self._rows:
            self._flush()
        self._writer.close()


def _fitting(cell: Cell, kind: CellKind) -> Cell:
    """Return the cell as the column's type holds it; None where that would not be the same value."""
    if kind == "text":
        return None if cell is None else plain_text(cell)
    if isinstance(cell, Decimal):
        held = cell.quantize(_SMALLEST, context=_EXACT) if abs(cell) < _LARGEST else None
        return held if held == cell else None
    if kind == "integer" and isinstance(cell, int) and not -_INT64 <= cell < _INT64:
        return None
    return cell
