"""Schemas of any shape, and answers to them, under keys that a printed path must escape."""

from __future__ import annotations

from hypothesis import strategies as st
from pydantic import JsonValue

from schemas.spec import ArraySpec, FieldKind, FieldSpec, ObjectSpec, Spec

ODD_KEYS = st.sampled_from(["", ".", "[0]", "0", "[]", "Box [1]", "a.b", '["a"]', "a", "b"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab[].", max_size=3)
KINDS: st.SearchStrategy[FieldKind] = st.sampled_from(
    ("verbatim", "amount", "date", "number", "integer", "boolean", "free")
)


def field(kind: FieldKind) -> FieldSpec:
    """Return a field of a kind."""
    return FieldSpec(kind=kind)


def array(item: Spec) -> ArraySpec:
    """Return a list of items; null may stand for it."""
    return ArraySpec(item=item, nullable=True)


def objects(children: st.SearchStrategy[Spec]) -> st.SearchStrategy[ObjectSpec]:
    """Return objects of `children` under odd keys; null may stand for them."""
    pairs = st.lists(st.tuples(ODD_KEYS, children), max_size=4, unique_by=lambda pair: pair[0])
    return st.builds(ObjectSpec, properties=pairs.map(tuple), nullable=st.just(True))


SPECS: st.SearchStrategy[Spec] = st.recursive(
    KINDS.map(field), lambda children: objects(children) | children.map(array), max_leaves=8
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_KEYS, inner, max_size=3),
    max_leaves=8,
)


def fitting(spec: Spec, data: st.DataObject) -> JsonValue:
    """Draw an answer of the shape of `spec`; null stands for a list or an object now and then."""
    if isinstance(spec, FieldSpec):
        return data.draw(SCALARS)
    if data.draw(st.integers(0, 9)) == 0:
        return None
    if isinstance(spec, ArraySpec):
        return [fitting(spec.item, data) for _ in range(data.draw(st.integers(0, 3)))]
    return {key: fitting(child, data) for key, child in spec.properties}
