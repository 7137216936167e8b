"""How keys follow each other in a row, and the rows of a known table in a list."""

from __future__ import annotations

import json
from collections.abc import Sequence

from decoding.grammar.lark import LarkWriter, literal


def join_rows(writer: LarkWriter, rows: Sequence[str], *, is_sure: bool) -> str:
    """Return the list of some rows, named by their rules: all in order, or any of them if in doubt."""
    comma = literal(",")
    if is_sure:
        return f"{literal('[')} {f' {comma} '.join(rows)} {literal(']')}"
    # From the last row to the first: what may follow a row, and what a list may be.
    more, some = "", ""
    for row in reversed(rows):
        some = writer.rule(f"{row} {more} | {some}" if some else f"{row} {more}")
        more = writer.rule(f"{comma} {row} {more} | {more}" if more else f"({comma} {row})?")
    return f"{literal('[')} {some}? {literal(']')}"


def write_key(key: str, at: int) -> str:
    """Return the key at a position of an object, behind the comma that parts it from the one before."""
    return literal(f"{',' if at else ''}{json.dumps(key, ensure_ascii=False)}:")
