"""The Parquet tables of a part of a batch's results, as bytes: the two tables, and all that is known."""

# pyarrow is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from app.outputs.parquet_tables import ParquetRows
from app.outputs.records import FileResult, result_line
from app.outputs.tables import tables_of
from schemas.spec import ExtractionSchema

_RECORDS = "records"


def part_tables(results: Iterable[FileResult], schemas: Sequence[ExtractionSchema]) -> Mapping[str, bytes]:
    """Return the tables of results by their names: `results`, `line_items` and `records`, in this order.

    `records` has the columns `file`, and `record`: the JSON line of `results.jsonl`.
    """
    held = tuple(results)
    made: dict[str, bytes] = {}
    for table in tables_of(schemas):
        target = BytesIO()
        rows = ParquetRows(target, table)
        for result in held:
            for row in table.rows(result):
                rows.add(row)
        rows.close()
        made[table.name] = target.getvalue()
    records = {"file": [r.file for r in held], "record": [result_line(r).rstrip("\n") for r in held]}
    made[_RECORDS] = _write(
        pa.table(records, schema=pa.schema([("file", pa.string()), ("record", pa.string())]))
    )
    return made


def keep_rows(parquet: bytes, documents: Collection[str]) -> bytes:
    """Return a table with the rows of the documents of these names alone."""
    table = pq.read_table(BytesIO(parquet))
    compute: Any = pyarrow.compute
    wanted = pa.array(sorted(documents), pa.string())
    return _write(table.filter(compute.is_in(table["file"], value_set=wanted)))


def _write(table: Any) -> bytes:  # noqa: ANN401 - pyarrow's table
    target = BytesIO()
    pq.write_table(table, target)
    return target.getvalue()
