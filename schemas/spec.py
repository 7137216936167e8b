"""What to extract, as the rest of the service sees it: a tree of typed fields in schema order.

JSON Schemas and Pydantic classes are linted and converted to this tree once (`schemas.registry`);
prompts, grammars, grounding and evaluation only ever read the tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

# verbatim  text copied from the page, whole words but for what is glued to them
# amount    an amount, quantity or rate as printed on the page ("1.234,56 EUR" prints "1.234,56")
# date      a date as printed on the page ("12 March 2026")
# number    a JSON number (normalised; bounded digits)
# integer   a JSON integer
# boolean   true or false
# enum      one of `enum_values`
# iso_date  a normalised date, YYYY-MM-DD
# free      text that need not stand on the page, bounded by `max_length`
FieldKind = Literal["verbatim", "amount", "date", "number", "integer", "boolean", "enum", "iso_date", "free"]
GROUNDED_KINDS: frozenset[FieldKind] = frozenset({"verbatim", "amount", "date"})
NUMERIC_KINDS: frozenset[FieldKind] = frozenset({"amount", "number", "integer"})

DEFAULT_MAX_LENGTH = 256  # characters of a string without maxLength: an address block of 5 lines
DEFAULT_MAX_ITEMS = 4_096  # rows of an array without maxItems

PathPart = str | int
Path = tuple[PathPart, ...]

_NOT_PLAIN = re.compile(r"[.\[\]]")  # in a key: what a path is written with


def json_path(path: Path) -> str:
    """Return the path as text: dots between keys, brackets around indices and keys that hold either.

    Examples
    --------
    >>> json_path(("line_items", 0, "amount_net"))
    'line_items[0].amount_net'
    >>> json_path(("totals", "VAT incl. 7%"))
    'totals["VAT incl. 7%"]'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _NOT_PLAIN.search(part) or not part:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
        else:
            text += f".{part}" if text else part
    return text


def row_path(path: Path) -> Path | None:
    """Return the path of the row that `path` leads into, of the outermost list; None outside of lists.

    Examples
    --------
    >>> row_path(("line_items", 2, "taxes", 0, "rate")), row_path(("total",))
    (('line_items', 2), None)
    """
    depth = next((depth for depth, part in enumerate(path) if isinstance(part, int)), None)
    return None if depth is None else path[: depth + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One scalar to extract.

    `nullable` says whether null is a valid answer; `pattern` (anchored, RE2 subset) further restricts
    a string; `minimum` and `maximum` bound numbers. `code_format` is the form of the code that a verbatim
    field holds (`schemas.codes`), None for any text.
    """

    kind: FieldKind
    description: str = ""
    nullable: bool = True
    enum_values: tuple[str | int | float | bool | None, ...] = ()
    max_length: int = DEFAULT_MAX_LENGTH
    min_length: int = 0
    pattern: str | None = None
    code_format: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if (self.kind == "enum") != bool(self.enum_values):
            raise ValueError("enum fields, and only they, have enum_values")
        if self.code_format is not None and self.kind != "verbatim":
            raise ValueError(f"only verbatim fields have a code_format, not {self.kind} ones")
        if not 0 <= self.min_length <= self.max_length:
            raise ValueError(f"need 0 <= min_length <= max_length, got {self.min_length}, {self.max_length}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySpec:
    """An ordered list of `item`s; `nullable` says whether null may stand for the whole list."""

    item: Spec
    description: str = ""
    nullable: bool = False
    min_items: int = 0
    max_items: int = DEFAULT_MAX_ITEMS

    def __post_init__(self) -> None:
        if not 0 <= self.min_items <= self.max_items:
            raise ValueError(f"need 0 <= min_items <= max_items, got {self.min_items}, {self.max_items}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSpec:
    """Keys in the order in which they are written; every key is always written (null if absent)."""

    properties: tuple[tuple[str, Spec], ...]
    description: str = ""
    nullable: bool = False

    def __post_init__(self) -> None:
        keys = [key for key, _ in self.properties]
        if len(set(keys)) != len(keys):
            raise ValueError("property keys must be distinct")

    def get(self, key: str) -> Spec | None:
        """Return the property's spec, or None if there is none of that name."""
        return dict(self.properties).get(key)


Spec = FieldSpec | ArraySpec | ObjectSpec


def spec_at(spec: Spec, path: Path) -> Spec | None:
    """Return what stands at `path` below `spec`, at whatever index of a list; None if nothing does.

    Examples
    --------
    >>> total = FieldSpec(kind="amount")
    >>> rows = ObjectSpec(properties=(("rows", ArraySpec(item=ObjectSpec(properties=(("total", total),)))),))
    >>> spec_at(rows, ("rows", 7, "total")) == total, spec_at(rows, ("rows", "total"))
    (True, None)
    """
    for part in path:
        child: Spec | None = None
        if isinstance(spec, ArraySpec) and isinstance(part, int):
            child = spec.item
        elif isinstance(spec, ObjectSpec) and isinstance(part, str):
            child = spec.get(part)
        if child is None:
            return None
        spec = child
    return spec


def allows_null(spec: Spec) -> bool:
    """Return whether null is a valid value of `spec`: it is nullable, or an enum that lists null."""
    return spec.nullable or (isinstance(spec, FieldSpec) and None in spec.enum_values)


def field_paths(spec: Spec, path: Path = ()) -> Iterator[tuple[Path, FieldSpec]]:
    """Yield (path, field) for each scalar at or below `spec` in schema order; a list has its first item."""
    if isinstance(spec, FieldSpec):
        yield path, spec
    elif isinstance(spec, ArraySpec):
        yield from field_paths(spec.item, (*path, 0))
    else:
        for key, child in spec.properties:
            yield from field_paths(child, (*path, key))


def single_fields(spec: Spec) -> Iterator[tuple[Path, FieldSpec]]:
    """Yield (path, field) for each scalar at or below `spec` that stands in no list, in schema order."""
    return ((path, field) for path, field in field_paths(spec) if row_path(path) is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSchema:
    """A named schema: the tree that the service reads, and the JSON Schema that outputs must satisfy."""

    name: str
    root: ObjectSpec
    json_schema: str = field(repr=False)
    description: str = ""
    version: str = "1"

    def leaves(self) -> Iterator[tuple[tuple[str, ...], FieldSpec]]:
        """Yield (keys, field) for each scalar, arrays shown by the key `[]`, in schema order."""
        for path, spec in field_paths(self.root):
            yield tuple("[]" if isinstance(part, int) else part for part in path), spec
