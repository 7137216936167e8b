"""Amounts that a page only carries over to the next one: no totals, where another page has one."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from decoding.tables.totals import folded_words, names_carried_sum
from schemas.document import Document
from schemas.spec import ObjectSpec, Path, row_path
from schemas.walk import leaves


def find_carried(root: ObjectSpec, value: Mapping[str, JsonValue], document: Document) -> frozenset[Path]:
    """Return the amounts of an answer, outside of lists, that stand on lines of carried-over sums alone.

    An amount that stands on no line of the document, or on another one too, is none of them.
    """
    amounts = {
        leaf.path: leaf.value
        for leaf in leaves(root, dict(value))
        if leaf.spec.kind == "amount" and isinstance(leaf.value, str) and row_path(leaf.path) is None
    }
    if not amounts:
        return frozenset()
    lines = [
        [word.text for word in page.words[start:end]] for page in document.pages for start, end in page.lines
    ]
    carried = [names_carried_sum(folded_words(line)) for line in lines]
    texts = [f" {' '.join(line)} " for line in lines]

    def is_carried(amount: str) -> bool:
        found = [known for text, known in zip(texts, carried, strict=True) if f" {amount} " in text]
        return bool(found) and all(found)

    return frozenset(path for path, amount in amounts.items() if is_carried(amount))
