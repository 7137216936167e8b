"""A walk over an answer comes to each leaf once, by a path at which it is found again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from schemas.spec import FieldSpec, ObjectSpec, Spec, field_paths, json_path, row_path, single_fields
from schemas.walk import holds, leaves, lists, replace_leaves, scalars, value_at
from tests.schemas.answers import SPECS, VALUES, array, field, fitting


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
    taxes = array(ObjectSpec(properties=(("rate", field("amount")),)))
    rows = array(ObjectSpec(properties=(("text", field("verbatim")), ("taxes", taxes))))
    grid = array(array(field("verbatim")))
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
