from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidSchemaError
from schemas.keywords import RULES
from schemas.lint import lint
from schemas.registry import from_json_schema, from_json_text, load_schema
from schemas.source import MAX_SCHEMA_BYTES
from schemas.spec import ExtractionSchema
from tests.speed import within_cpu

Node = dict[str, Any]
CPU_LIMIT_S = 5.0  # measured: below 0.5 s each; the limit leaves room for a busy machine


def _nested(depth: int) -> Node:
    node: Node = {"type": ["string", "null"]}
    for _ in range(depth):
        node = {"type": "object", "properties": {"a": node}}
    return node


def _doubling(levels: int) -> Node:
    """Each definition uses the next one twice: 2^levels fields from a few lines."""
    defs: Node = {
        f"d{i}": {
            "type": "object",
            "properties": {"l": {"$ref": f"#/$defs/d{i + 1}"}, "r": {"$ref": f"#/$defs/d{i + 1}"}},
        }
        for i in range(levels)
    }
    defs[f"d{levels}"] = {"type": ["string", "null"]}
    return {"$ref": "#/$defs/d0", "$defs": defs}


def _reference_chain(length: int) -> Node:
    defs: Node = {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(length)}
    return {"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": defs}


def _self_containing() -> Node:
    node: Node = {"type": "object"}
    node["properties"] = {"a": node}
    return node


def _shared() -> Node:
    """A mapping of 40 objects that is 2^40 when written out."""
    node: Node = {"type": "string"}
    for _ in range(40):
        node = {"anyOf": [node, node]}
    return {"type": "object", "properties": {"a": node}}


def _union_tower(height: int) -> Node:
    node: Node = {"type": "string"}
    for _ in range(height):
        node = {"anyOf": [node, {"type": "null"}]}
    return node


def _towers_behind_references() -> Node:
    defs: Node = {}
    for i in range(60):
        tower = _union_tower(40)
        place = tower
        while "anyOf" in place["anyOf"][0]:
            place = place["anyOf"][0]
        place["anyOf"][0] = {"$ref": f"#/$defs/d{i + 1}"}
        defs[f"d{i}"] = tower
    return {"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": defs}


def _field(node: object, key: str = "a") -> Node:
    return {"type": "object", "properties": {key: node}}


HOSTILE: dict[str, Callable[[], Any]] = {
    "17 levels": lambda: _nested(18),
    "200 levels": lambda: _nested(200),
    "5,000 levels": lambda: _nested(900),
    "contains itself": _self_containing,
    "shared a trillion times": _shared,
    "references that double": lambda: _doubling(40),
    "references that double within the depth": lambda: _doubling(14),
    "a chain of references": lambda: _reference_chain(3_000),
    "a reference to itself": lambda: {**_field({"$ref": "#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/a"}}},
    "two references in a circle": lambda: {
        **_field({"$ref": "#/$defs/a"}),
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}},
    },
    "a list of itself": lambda: {
        **_field({"$ref": "#/$defs/a"}),
        "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}},
    },
    "unions behind references": _towers_behind_references,
    "a huge enum": lambda: _field({"enum": [f"v{i}" for i in range(20_000)]}),
    "a long enum text": lambda: _field({"enum": ["x" * 5_000]}),
    "many values": lambda: _field({"enum": [0] * 60_000}),
    "300 kB": lambda: _field({"type": "string", "description": "x" * 300_000}),
    "300 kB of keys": lambda: {"type": "object", "properties": {f"k{i:0100}": True for i in range(3_000)}},
    "control characters in a key": lambda: _field({"type": "string"}, "a\x00b"),
    "a line break in a key": lambda: _field({"type": "string"}, "a\nb"),
    "a text direction override in a key": lambda: _field({"type": "string"}, "total\u202e"),
    "half a surrogate pair": lambda: _field({"type": "string"}, "a\ud800"),
    "an empty key": lambda: _field({"type": "string"}, ""),
    "a long key": lambda: _field({"type": "string"}, "k" * 200),
    "NaN": lambda: _field({"type": "number", "minimum": math.nan}),
    "infinity": lambda: _field({"type": "number", "maximum": math.inf}),
    "an integer of 400 digits": lambda: _field({"type": "integer", "minimum": 10**400}),
    "a set": lambda: _field({"enum": {1, 2}}),
    "bytes": lambda: _field({"const": b"x"}),
    "a number as a key": lambda: _field({1: "string"}),
    "an exponential pattern": lambda: _field({"type": "string", "pattern": "^((a{99}){99}){99}$"}),
    "a bomb of groups": lambda: _field({"type": "string", "pattern": "^" + "(" * 200 + ")" * 200 + "$"}),
    "a step of nothing": lambda: _field({"type": "number", "multipleOf": -0.0}),
    "all values excluded": lambda: _field({"enum": ["a"], "minLength": 10**9}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_ends_in_a_typed_error_quickly(name: str) -> None:
    schema = HOSTILE[name]()
    with within_cpu(CPU_LIMIT_S):
        report = lint(schema)
        with pytest.raises(InvalidSchemaError) as caught:
            from_json_schema(schema)
    assert not report.ok
    assert caught.value.issues
    assert all(reason for _, reason in caught.value.issues)
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"type": "object", "type": "object"}',
        '{"minimum": NaN}',
        '{"minimum": 1e999}',
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"minimum": ' + "9" * 10_000 + "}",
        " " * (MAX_SCHEMA_BYTES + 1),
        b'{"type": "\xff"}',
        b"\x00\x01",
    ],
)
def test_text_that_is_no_bounded_json_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidSchemaError):
        from_json_text(text)


def test_a_schema_of_369_fields_works_and_is_quick() -> None:
    rows: Node = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                f"col_{i}": {"type": ["number", "null"], "description": "A figure"} for i in range(69)
            },
        },
    }
    fields: Node = {f"field_{i}": {"anyOf": [{"type": "string"}, {"type": "null"}]} for i in range(300)}
    with within_cpu(CPU_LIMIT_S):
        schema = from_json_schema({"type": "object", "properties": {**fields, "rows": rows}})
    assert len(list(schema.leaves())) == 369


def test_the_limits_themselves_are_allowed() -> None:
    assert len(list(from_json_schema(_nested(16)).leaves())) == 1
    assert len(list(from_json_schema(_doubling(8)).leaves())) == 2**8
    assert len(list(from_json_schema(_field({"enum": list(range(2_048))})).leaves())) == 1


def test_odd_keys_that_can_be_printed_are_kept() -> None:
    keys = ["Phone No.", "a[0]", 'say "hi"', "\\", "Größe", "合計", "$ref", "type", "~/", "🧾"]
    schema = from_json_schema(
        {"type": "object", "properties": {key: {"type": ["string", "null"]} for key in keys}}
    )
    assert [key for key, _ in schema.root.properties] == keys
    assert list(json.loads(schema.json_schema)["properties"]) == keys


keywords = st.sampled_from([rule.keyword for rule in RULES])
arguments = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["string", "object", "array", "null", "#/$defs/a", "date", "verbatim", "^a$"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(keywords, inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@given(st.dictionaries(keywords | st.text(max_size=3), arguments, max_size=6))
def test_any_mapping_is_a_schema_or_an_invalid_schema_error(mapping: Node) -> None:
    report = lint(mapping)
    try:
        schema = load_schema(mapping)
    except InvalidSchemaError:
        assert not report.ok
    else:
        assert report.ok
        assert isinstance(schema, ExtractionSchema)
