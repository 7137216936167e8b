"""Small random tables for the metrics' laws."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st
from pydantic import JsonValue

Row = Mapping[str, JsonValue]

# Few keys and values, so that rows agree in part and ties are common.
CELLS: st.SearchStrategy[JsonValue] = st.one_of(st.none(), st.sampled_from(["a", "b", "ab", "12", "1.2"]))
ROWS: st.SearchStrategy[dict[str, JsonValue]] = st.dictionaries(st.sampled_from("xyz"), CELLS, max_size=3)
TABLES: st.SearchStrategy[list[dict[str, JsonValue]]] = st.lists(ROWS, max_size=5)


def n_cells(table: list[dict[str, JsonValue]]) -> int:
    """Return the number of cells that are not null."""
    return sum(value is not None for row in table for value in row.values())
