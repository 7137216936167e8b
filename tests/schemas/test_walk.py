"""A walk over an answer comes to each leaf once, by a path at which it is found again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from schemas.spec import (
    ArraySpec,
    FieldKind,
    FieldSpec,
    ObjectSpec,
    Spec,
    field_paths,
    json_path,
    row_path,
    single_fields,
)
from schemas.walk import holds, leaves, lists, replace_leaves, scalars, value_at

ODD_KEYS = st.sampled_from(["", ".", "[0]", "0", "[]", "Box [1]", "a.b", '["a"]', "a", "b"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab[].", max_size=3)
KINDS = st.sampled_from(("verbatim", "amount", "date", "number", "integer", "boolean", "free"))


def _field(kind: FieldKind) -> FieldSpec:
    return FieldSpec(kind=kind)


def _array(item: Spec) -> ArraySpec:
    return ArraySpec(item=item, nullable=True)


def objects(children: st.SearchStrategy[Spec]) -> st.SearchStrategy[ObjectSpec]:
    """Return objects of `children` under keys that paths must escape, or that look like parts of paths."""
    pairs = st.lists(st.tuples(ODD_KEYS, children), max_size=4, unique_by=lambda pair: pair[0])
    return st.builds(ObjectSpec, properties=pairs.map(tuple), nullable=st.just(True))


SPECS: st.SearchStrategy[Spec] = st.recursive(
    KINDS.map(_field), lambda children: objects(children) | children.map(_array), max_leaves=8
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_KEYS, inner, max_size=3),
    max_leaves=8,
)


def fitting(spec: Spec, data: st.DataObject) -> JsonValue:
    """Draw an answer that fits `spec`, null now and then."""
    if isinstance(spec, FieldSpec):
        return data.draw(SCALARS)
    if data.draw(st.integers(0, 9)) == 0:
        return None
    if isinstance(spec, ArraySpec):
        return [fitting(spec.item, data) for _ in range(data.draw(st.integers(0, 3)))]
    return {key: fitting(child, data) for key, child in spec.properties}


@given(SPECS, st.data())
def test_each_leaf_comes_once_and_is_found_again_by_its_path(spec: Spec, data: st.DataObject) -> None:
    value = fitting(spec, data)
    found = list(leaves(spec, value))
    paths = [leaf.path for leaf in found]
    assert len(set(paths)) == len(paths)
    assert len({json_path(path) for path in paths}) == len(paths)
    assert all(holds(value, leaf.path) and value_at(value, leaf.path) == leaf.value for leaf in found)
    written = dict(scalars(value))
    assert written.keys() >= set(paths)
    assert all(written[path] is None for path in written.keys() - set(paths))  # null lists and objects


@given(SPECS, VALUES)
def test_a_value_that_does_not_fit_is_walked_as_far_as_it_does(spec: Spec, value: JsonValue) -> None:
    found = list(leaves(spec, value))
    assert all(value_at(value, leaf.path) == leaf.value for leaf in found)
    assert replace_leaves(spec, None, lambda _: "new") == ("new" if isinstance(spec, FieldSpec) else None)
    for listed in lists(spec, value):
        assert value_at(value, listed.path) == list(listed.items)


@given(SPECS, st.data())
def test_leaves_are_replaced_and_nothing_else(spec: Spec, data: st.DataObject) -> None:
    value = fitting(spec, data)
    assert replace_leaves(spec, value, lambda leaf: leaf.value) == value
    blank = replace_leaves(spec, value, lambda leaf: json_path(leaf.path))
    assert [(leaf.path, leaf.value) for leaf in leaves(spec, blank)] == [
        (leaf.path, json_path(leaf.path)) for leaf in leaves(spec, value)
    ]


@given(SPECS, st.data())
def test_a_schema_shows_each_list_by_its_first_item(spec: Spec, data: st.DataObject) -> None:
    value = fitting(spec, data)
    asked = dict(field_paths(spec))
    for leaf in leaves(spec, value):
        first = tuple(0 if isinstance(part, int) else part for part in leaf.path)
        assert asked[first] is leaf.spec
    assert [path for path, _ in single_fields(spec)] == [path for path in asked if row_path(path) is None]


def test_lists_come_before_those_inside_of_their_rows() -> None:
    taxes = _array(ObjectSpec(properties=(("rate", _field("amount")),)))
    rows = _array(ObjectSpec(properties=(("text", _field("verbatim")), ("taxes", taxes))))
    grid = _array(_array(_field("verbatim")))
    spec = ObjectSpec(properties=(("grid", grid), ("rows", rows)))
    value: JsonValue = {
        "rows": [{"taxes": [{"rate": "7"}]}, {"text": "b", "taxes": None}],
        "grid": [["A"], []],
    }
    assert [found.path for found in lists(spec, value)] == [
        ("grid",),
        ("grid", 0),
        ("grid", 1),
        ("rows",),
        ("rows", 0, "taxes"),
    ]
    assert [leaf.path for leaf in leaves(spec, value)] == [
        ("grid", 0, 0),
        ("rows", 0, "text"),
        ("rows", 0, "taxes", 0, "rate"),
        ("rows", 1, "text"),
    ]


def test_null_is_a_value_and_what_is_not_there_is_none() -> None:
    value: JsonValue = {"a": None, "rows": [[]], "0": "x"}
    assert holds(value, ())
    assert holds(value, ("a",))
    assert not holds(value, ("b",))
    assert not holds(value, ("a", "b"))
    assert not holds(value, ("rows", 0, 0))
    assert not holds(value, ("rows", -1))
    assert not holds(value, (0,))
    assert value_at(value, ("0",)) == "x"
    assert value_at(value, ("rows", "0")) is None
