"""The rows of lists that a window's tables show: which they are, and what room an answer needs for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from decoding.tables.match import ScopedList, ScopedRow, match_lists
from decoding.windows import Window
from schemas.document import Document
from schemas.prompt import Message, Prompt
from schemas.spec import ArraySpec, ExtractionSchema, ObjectSpec, Path, Spec

# A window shows a table and little else if so many of its words are those of rows.
_TABLE_SHARE = 0.5
# Of the rows of a list, so many tell how long they are.
_MAX_MEASURED = 40


def known_rows(window: Window, schema: ExtractionSchema) -> dict[Path, ScopedList]:
    """Return the rows of the lists that a table of the window fills, by path."""
    return match_lists(schema.root, window.tables, window.priced)


def count_row_tokens(window: Window, schema: ExtractionSchema, count_tokens: Callable[[Prompt], int]) -> int:
    """Return the tokens that an answer needs at most for the known rows of a window; 0 if there are none."""
    needed = 0
    for path, known in known_rows(window, schema).items():
        item = _item(schema.root, path)
        rows = [_row_json(row, item, window.document) for row in known.rows]
        measured = rows[:: max(1, len(rows) // _MAX_MEASURED)]
        empty = count_tokens(_as_prompt([]))
        needed += (count_tokens(_as_prompt(measured)) - empty) * len(rows) // len(measured)
    return needed


def _as_prompt(rows: Sequence[str]) -> Prompt:
    return Prompt(messages=(Message(role="user", content=f"[{','.join(rows)}]"),))


def _row_json(row: ScopedRow, item: Spec, document: Document) -> str:
    """Return the row as it is written if each key has all of its cells."""
    words = document.pages[row.page_index].words
    keys = [key for key, _ in item.properties] if isinstance(item, ObjectSpec) else [""]
    # Without a heading a row has its words once, whichever key they are given to.
    cells = row.cells or {keys[0]: row.words[:1]}
    texts = {
        key: " ".join(words[i].text for cell in cells.get(key, ()) for i in cell) or None for key in keys
    }
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def _item(spec: Spec, path: Path) -> Spec:
    for key in path:
        child = spec.get(str(key)) if isinstance(spec, ObjectSpec) else None
        spec = spec if child is None else child
    return spec.item if isinstance(spec, ArraySpec) else spec


def shows_rows_only(window: Window, schema: ExtractionSchema) -> bool:
    """Return whether a window shows the rows of one table and little else."""
    rows = [row for known in known_rows(window, schema).values() for row in known.rows]
    n_words = sum(len(frozenset(word for cell in row.words for word in cell)) for row in rows)
    return n_words > _TABLE_SHARE * window.document.n_words


def only_lists(schema: ExtractionSchema, lists: Mapping[Path, ScopedList]) -> ExtractionSchema:
    """Return the part of `schema` that asks for some lists and nothing else."""
    return replace(schema, root=_only(schema.root, (), lists))


def _only(spec: ObjectSpec, path: Path, lists: Mapping[Path, ScopedList]) -> ObjectSpec:
    kept: list[tuple[str, Spec]] = []
    for key, child in spec.properties:
        below = (*path, key)
        if below in lists:
            kept.append((key, child))
        elif isinstance(child, ObjectSpec) and any(other[: len(below)] == below for other in lists):
            kept.append((key, _only(child, below, lists)))
    return replace(spec, properties=tuple(kept))
