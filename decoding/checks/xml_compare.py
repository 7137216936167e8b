"""What was read on the page against what an e-invoice's XML says, value by value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from pydantic import JsonValue

from decoding.checks.xml_differs import differs
from schemas.einvoices.values import read_number
from schemas.extraction import ExtractionWarning, FieldMetadata, Output
from schemas.spec import NUMERIC_KINDS, Path, Spec, json_path, row_path
from schemas.walk import Leaf, leaves, lists, value_at

_NOT_WORD = re.compile(r"[\W_]+")


def compare_with_xml(
    read: Output, said: JsonValue, root: Spec, paths: Collection[Path]
) -> tuple[ExtractionWarning, ...]:
    """Return an `xml_differs` for each value that both have and that is not the same.

    Parameters
    ----------
    read, said
        What the page and the XML answer to the schema of `root`.
    paths
        Of the leaves that the XML answers.

    Notes
    -----
    Amounts and dates are compared by value, texts by their letters and digits. Rows are compared in order if
    there are as many of them; if not, that is the difference.
    """
    uneven = dict(_uneven(read.value, said, root))
    found = (
        differs(leaf.path, str(leaf.value), str(shown), _page_number(read, leaf.path))
        for leaf in leaves(root, said)
        if leaf.path in paths and (row_path(leaf.path) or (None,))[:-1] not in uneven
        for shown in (value_at(read.value, leaf.path),)
        if leaf.value is not None and shown is not None and not _is_same(leaf, shown, read.metadata)
    )
    lengths = (
        differs(path, f"{in_xml} rows", f"{on_page} rows") for path, (in_xml, on_page) in uneven.items()
    )
    return (*lengths, *found)


def _uneven(read: JsonValue, said: JsonValue, root: Spec) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Yield the lists that the XML fills and that have another number of rows on the page, with both."""
    for found in lists(root, said):
        shown = value_at(read, found.path)
        n_shown = len(shown) if isinstance(shown, list) else 0
        if row_path(found.path) is None and found.items and n_shown != len(found.items):
            yield found.path, (len(found.items), n_shown)


def _is_same(leaf: Leaf, shown: JsonValue, metadata: Mapping[str, FieldMetadata]) -> bool:
    entry = metadata.get(json_path(leaf.path))
    normalised = None if entry is None else entry.normalised
    if leaf.spec.kind in NUMERIC_KINDS:
        wanted, got = read_number(str(leaf.value)), read_number(normalised)
        return wanted is None or got is None or abs(wanted - got) < Decimal("0.005")
    if leaf.spec.kind in ("date", "iso_date"):
        return normalised is None or normalised == leaf.value
    return _key(str(leaf.value)) == _key(str(shown))


def _key(text: str) -> str:
    return _NOT_WORD.sub("", text).casefold()


def _page_number(read: Output, path: Path) -> int | None:
    entry = read.metadata.get(json_path(path))
    return None if entry is None or not entry.citations else entry.citations[0].page_number
