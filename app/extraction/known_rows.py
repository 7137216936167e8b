"""The rows of lists that a window's tables show: which they are, and what room an answer needs for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from decoding.checks.completeness import SeenRow
from decoding.grammar.page_terms import row_cell_text
from decoding.required import Demand, subschema_for
from decoding.tables.match import ScopedList, ScopedRow, match_lists
from decoding.windows import Window
from schemas.document import Document
from schemas.prompt import Message, Prompt
from schemas.spec import ArraySpec, ExtractionSchema, ObjectSpec, Path, Spec, spec_at

# A window shows a table and little else if so many of its words are those of rows.
_TABLE_SHARE = 0.5
# Of the rows of a list, so many tell how long they are.
_MAX_MEASURED = 40

KnownRows = Mapping[Path, ScopedList]


def known_rows(window: Window, schema: ExtractionSchema) -> KnownRows:
    """Return the rows of the lists that a table of the window fills, by path."""
    return match_lists(schema.root, window.tables, window.priced)


def list_seen_rows(windows: Sequence[Window], schema: ExtractionSchema) -> Mapping[Path, Sequence[SeenRow]]:
    """Return the rows that the windows' tables show for certain, by list, as places in the whole document."""
    return join_seen_rows(windows, [known_rows(window, schema) for window in windows])


def join_seen_rows(windows: Sequence[Window], known: Sequence[KnownRows]) -> Mapping[Path, Sequence[SeenRow]]:
    """Return the rows that are certain of those known of each window, as places in the whole document.

    Of a list that some window shows without being sure which of its lines are rows, nothing is certain.
    """
    seen: dict[Path, list[SeenRow]] = {}
    doubtful: set[Path] = set()
    for window, lists in zip(windows, known, strict=True):
        for path, rows in lists.items():
            if not rows.is_sure:
                doubtful.add(path)
            seen.setdefault(path, []).extend(place_row(row, window) for row in rows.rows)
    return {path: rows for path, rows in seen.items() if path not in doubtful}


def place_row(row: ScopedRow, window: Window) -> SeenRow:
    """Return a window's row as a place in the whole document."""
    places = {(window.page_indices[page], window.starts[page] + word) for page, word in row.places}
    page_index = window.page_indices[row.page_index]
    return SeenRow(
        page_index=page_index,
        words=frozenset(word for page, word in places if page == page_index),
        continued=frozenset(place for place in places if place[0] != page_index),
    )


def count_row_tokens(
    lists: KnownRows,
    document: Document,
    schema: ExtractionSchema,
    count_tokens: Callable[[Prompt], int],
) -> int:
    """Return the tokens that an answer needs at most for known rows of a document; 0 if there are none."""
    needed = 0
    for path, known in lists.items():
        item = _array_at(schema.root, path).item
        rows = [_row_json(row, item, document) for row in known.rows]
        measured = rows[:: max(1, len(rows) // _MAX_MEASURED)]
        empty = count_tokens(_as_prompt([]))
        needed += (count_tokens(_as_prompt(measured)) - empty) * len(rows) // len(measured)
    return needed


def _as_prompt(rows: Sequence[str]) -> Prompt:
    return Prompt(messages=(Message(role="user", content=f"[{','.join(rows)}]"),))


def _row_json(row: ScopedRow, item: Spec, document: Document) -> str:
    """Return the row as it is written if each key has all of its cells."""
    keys = [key for key, _ in item.properties] if isinstance(item, ObjectSpec) else [""]
    # Without a heading a row has its words once, whichever key they are given to.
    cells = row.cells or {keys[0]: row.words}
    texts = {
        key: " ".join(row_cell_text(row, cell, document) for cell in cells.get(key, ())) or None
        for key in keys
    }
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def shows_rows_only(lists: KnownRows, document: Document) -> bool:
    """Return whether a document shows the known rows and little else."""
    rows = [row for known in lists.values() for row in known.rows]
    n_words = sum(len(row.places) for row in rows)
    return n_words > _TABLE_SHARE * document.n_words


def only_lists(schema: ExtractionSchema, lists: KnownRows) -> ExtractionSchema:
    """Return the part of `schema` that asks for some lists and nothing else."""
    wanted = [Demand(keys=_keys(path), spec=_array_at(schema.root, path)) for path in lists]
    return subschema_for(schema, wanted)


def _array_at(root: ObjectSpec, path: Path) -> ArraySpec:
    spec = spec_at(root, path)
    if not isinstance(spec, ArraySpec):
        raise ValueError(f"no list at {path}")
    return spec


def _keys(path: Path) -> tuple[str, ...]:
    """Return the keys down to a list: known lists stand in no other list."""
    return tuple(map(str, path))
