"""Values that must not be null, in documents of several windows: one window has to give them, not each.

The windows answer to the `relax` schema; what the merged answer does not satisfy are the schema's
`find_demands`, which are then asked of single windows by a schema of their own (`subschema_for`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Spec, allows_null


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What an answer lacks: the keys down to it, and what is still to be found there."""

    keys: tuple[str, ...]
    spec: Spec


def relax(schema: ExtractionSchema) -> ExtractionSchema:
    """Return `schema` with null allowed for every value outside of rows, and every list allowed to be empty.

    Rows stay as they are: a window that shows a row shows its cells.
    """
    return replace(schema, root=_relax_object(schema.root))


def _relax_object(spec: ObjectSpec) -> ObjectSpec:
    return replace(spec, properties=tuple((key, _relax(child)) for key, child in spec.properties))


def _relax(spec: Spec) -> Spec:
    if isinstance(spec, FieldSpec):
        return replace(spec, nullable=True)
    return replace(spec, min_items=0) if isinstance(spec, ArraySpec) else _relax_object(spec)


def find_demands(schema: ExtractionSchema, value: Mapping[str, JsonValue]) -> tuple[Demand, ...]:
    """Return what `value`, an answer to the relaxed schema, misses of what `schema` demands.

    Of a list too short the rows that it lacks, none of those it has.
    """
    return tuple(_find_demands(schema.root, dict(value), ()))


def _find_demands(spec: Spec, value: JsonValue, keys: tuple[str, ...]) -> Iterator[Demand]:
    if value is None:
        if not allows_null(spec):
            yield Demand(keys=keys, spec=spec)
    elif isinstance(spec, ObjectSpec) and isinstance(value, Mapping):
        for key, child in spec.properties:
            yield from _find_demands(child, value.get(key), (*keys, key))
    elif isinstance(spec, ArraySpec) and isinstance(value, list) and len(value) < spec.min_items:
        n_rows = len(value)
        missing = replace(spec, min_items=spec.min_items - n_rows, max_items=spec.max_items - n_rows)
        yield Demand(keys=keys, spec=replace(missing, nullable=False))


def subschema_for(schema: ExtractionSchema, wanted: Sequence[Demand]) -> ExtractionSchema:
    """Return the part of `schema` that asks for what is wanted and nothing else, in schema order.

    An answer to it joins the answer that lacked it by `decoding.merging.merge_answers`.
    """
    by_keys = {demand.keys: demand.spec for demand in wanted}
    return replace(schema, root=_restrict(schema.root, (), by_keys))


def _restrict(spec: ObjectSpec, keys: tuple[str, ...], by_keys: Mapping[tuple[str, ...], Spec]) -> ObjectSpec:
    properties: list[tuple[str, Spec]] = []
    for key, child in spec.properties:
        below = (*keys, key)
        if below in by_keys:
            properties.append((key, by_keys[below]))
        elif isinstance(child, ObjectSpec) and any(other[: len(below)] == below for other in by_keys):
            properties.append((key, _restrict(child, below, by_keys)))
    return replace(spec, properties=tuple(properties), nullable=False)
