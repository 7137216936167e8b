"""One walk over an answer: its leaves with their fields and paths, its lists, the value at a path.

A value that does not fit its spec is no error here: what is no object has no leaves, what is no list has no
items, and a key that is missing is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path, PathPart, Spec, json_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One scalar of an answer: its place, what the schema asks for there, and what was answered."""

    path: Path
    spec: FieldSpec
    value: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerList:
    """One list of an answer: its place, what the schema asks for there, and its items."""

    path: Path
    spec: ArraySpec
    items: tuple[JsonValue, ...]


def leaves(spec: Spec, value: JsonValue, path: Path = ()) -> Iterator[Leaf]:
    """Yield the leaves of `value`, null ones too, in schema order; `path` is that of `value` itself.

    Each path is yielded once. Keys that the schema does not know are passed over.

    Examples
    --------
    >>> from schemas.spec import ObjectSpec
    >>> rows = ArraySpec(item=FieldSpec(kind="amount"))
    >>> spec = ObjectSpec(properties=(("name", FieldSpec(kind="verbatim")), ("prices", rows)))
    >>> [(leaf.path, leaf.value) for leaf in leaves(spec, {"prices": ["1.00", "2.00"]})]
    [(('name',), None), (('prices', 0), '1.00'), (('prices', 1), '2.00')]
    """
    if isinstance(spec, FieldSpec):
        yield Leaf(path=path, spec=spec, value=value)
    for part, child, below in _children(spec, value):
        yield from leaves(child, below, (*path, part))


def lists(spec: Spec, value: JsonValue, path: Path = ()) -> Iterator[AnswerList]:
    """Yield the lists of `value` in schema order, each before those inside of its items."""
    if isinstance(spec, ArraySpec) and isinstance(value, list):
        yield AnswerList(path=path, spec=spec, items=tuple(value))
    for part, child, below in _children(spec, value):
        yield from lists(child, below, (*path, part))


def _children(spec: Spec, value: JsonValue) -> Iterator[tuple[PathPart, Spec, JsonValue]]:
    if isinstance(spec, ArraySpec):
        for position, item in enumerate(value if isinstance(value, list) else ()):
            yield position, spec.item, item
    elif not isinstance(spec, FieldSpec) and isinstance(value, Mapping):
        for key, child in spec.properties:
            yield key, child, value.get(key)


def replace_leaves(
    spec: Spec, value: JsonValue, new: Callable[[Leaf], JsonValue], path: Path = ()
) -> JsonValue:
    """Return `value` with each leaf as `new` has it, in schema order; what does not fit `spec` stays."""
    if isinstance(spec, FieldSpec):
        return new(Leaf(path=path, spec=spec, value=value))
    if isinstance(spec, ArraySpec):
        if not isinstance(value, list):
            return value
        return [replace_leaves(spec.item, item, new, (*path, i)) for i, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    return {key: replace_leaves(s, value.get(key), new, (*path, key)) for key, s in spec.properties}


def with_values(
    spec: ObjectSpec, value: Mapping[str, JsonValue], new: Mapping[Path, JsonValue]
) -> dict[str, JsonValue]:
    """Return an answer whose leaves at the paths of `new` are as it has them; other paths change nothing.

    Examples
    --------
    >>> root = ObjectSpec(properties=(("total", FieldSpec(kind="amount")),))
    >>> with_values(root, {"total": "9.00"}, {("total",): "8.00"})
    {'total': '8.00'}
    """

    def choose(leaf: Leaf) -> JsonValue:
        return new.get(leaf.path, leaf.value)

    return {key: replace_leaves(child, value.get(key), choose, (key,)) for key, child in spec.properties}


def holds(value: JsonValue, path: Path) -> bool:
    """Return whether there is a value, null too, at `path` in `value`."""
    return _find(value, path) is not None


def value_at(value: JsonValue, path: Path) -> JsonValue:
    """Return what stands at `path` in `value`; null where nothing does.

    Examples
    --------
    >>> value_at({"rows": [{"text": "a"}]}, ("rows", 0, "text")), value_at({"rows": []}, ("rows", 0, "text"))
    ('a', None)
    """
    found = _find(value, path)
    return None if found is None else found[0]


def _find(value: JsonValue, path: Path) -> tuple[JsonValue] | None:
    """Return the value at `path`, wrapped, as null is a value too; None where there is none."""
    for part in path:
        if isinstance(part, str):
            if not isinstance(value, Mapping) or part not in value:
                return None
            value = value[part]
        else:
            if not isinstance(value, list) or not 0 <= part < len(value):
                return None
            value = value[part]
    return (value,)


def scalars(value: JsonValue, path: Path = ()) -> Iterator[tuple[Path, JsonValue]]:
    """Yield (path, scalar) for every scalar of `value`, null too, in its own order: for want of a schema."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from scalars(child, (*path, key))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from scalars(child, (*path, position))
    else:
        yield path, value


def values_by_path(value: JsonValue) -> dict[str, JsonValue]:
    """Return every scalar of `value`, null too, by its JSON path, in order.

    Examples
    --------
    >>> values_by_path({"total": "9.00", "rows": [{"text": None}]})
    {'total': '9.00', 'rows[0].text': None}
    """
    return {json_path(path): scalar for path, scalar in scalars(value)}
