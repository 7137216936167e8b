"""Values of a part of a document that are given only where no other part has another one.

A sum that a page carries over, or of rows that others follow, is no total; what stands in a table's rows or
its heading is no field of the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from decoding.tables.totals import folded_words, names_carried_sum, names_subtotal
from schemas.spec import ObjectSpec, Path, row_path
from schemas.walk import Leaf, leaves

_COPIED = frozenset(("verbatim", "amount", "date"))


def find_second_choices(
    root: ObjectSpec,
    value: Mapping[str, JsonValue],
    lines: Sequence[Sequence[str]],
    *,
    in_rows: frozenset[int] = frozenset(),
    rows_follow: bool = False,
) -> frozenset[Path]:
    """Return the values of an answer, outside of lists, that stand on such lines alone.

    A value that stands on none of the lines in one piece, or on another one too, is none of them.

    Parameters
    ----------
    lines
        The words of each line of the part.
    in_rows
        Which of the lines belong to a table.
    rows_follow
        Whether a list goes on in a later part: subtotals are sums of some rows, too.
    """
    copied = [leaf for leaf in leaves(root, dict(value)) if _is_copied(leaf)]
    if not copied:
        return frozenset()
    folded = [folded_words(line) for line in lines]
    sums = {
        i
        for i, words in enumerate(folded)
        if names_carried_sum(words) or (rows_follow and names_subtotal(words))
    }
    texts = [f" {' '.join(line)} " for line in lines]

    def is_second(leaf: Leaf) -> bool:
        places = {i for i, text in enumerate(texts) if f" {leaf.value} " in text}
        known = in_rows | sums if leaf.spec.kind == "amount" else in_rows
        return bool(places) and places <= known

    return frozenset(leaf.path for leaf in copied if is_second(leaf))


def _is_copied(leaf: Leaf) -> bool:
    return leaf.spec.kind in _COPIED and isinstance(leaf.value, str) and row_path(leaf.path) is None
