from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.json_schema import MAX_ITEMS
from schemas.keywords import RULES, keyword_table
from schemas.lint import lint
from schemas.registry import from_json_schema, json_schema_of, list_schemas
from schemas.report import LintReport, Verdict
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Spec
from tests.paths import ROOT

Node = dict[str, Any]


def _wrap(node: object, **beside: object) -> Node:
    return {"type": "object", "properties": {"f": node}, **beside}


def _verdict(report: LintReport, pointer: str) -> Verdict:
    return next(entry.verdict for entry in report.entries if entry.pointer == pointer)


def _spec(node: Node, **beside: object) -> Spec:
    return from_json_schema(_wrap(node, **beside)).root.properties[0][1]


DEFS: Node = {"$defs": {"X": {"type": "string"}}}
# One schema for each keyword and verdict; the keyword stands in the field `f`, or at the root.
VERDICTS: list[tuple[str, Verdict, Node]] = [
    (
        "/$schema",
        "annotation",
        _wrap({"type": "null"}, **{"$schema": "https://json-schema.org/draft/2020-12/schema"}),
    ),
    ("/$id", "annotation", _wrap({"type": "null"}, **{"$id": "urn:x"})),
    ("/properties/f/title", "annotation", _wrap({"type": "string", "title": "T"})),
    ("/properties/f/description", "annotation", _wrap({"type": "string", "description": "T"})),
    ("/properties/f/type", "decoding", _wrap({"type": "string"})),
    ("/properties/f/x-rasg-kind", "decoding", _wrap({"type": "string", "x-rasg-kind": "amount"})),
    ("/properties/f/x-rasg-format", "decoding", _wrap({"type": "string", "x-rasg-format": "iban"})),
    ("/properties/f/enum", "decoding", _wrap({"enum": ["a"]})),
    ("/properties/f/const", "decoding", _wrap({"const": "a"})),
    ("/properties/f/$ref", "decoding", _wrap({"$ref": "#/$defs/X"}, **DEFS)),
    ("/properties/f/anyOf", "decoding", _wrap({"anyOf": [{"type": "string"}, {"type": "null"}]})),
    ("/properties/f/oneOf", "decoding", _wrap({"oneOf": [{"type": "string"}, {"type": "null"}]})),
    ("/properties", "decoding", _wrap({"type": "string"})),
    ("/required", "decoding", _wrap({"type": "string"}, required=["f"])),
    ("/additionalProperties", "decoding", _wrap({"type": "string"}, additionalProperties=False)),
    ("/properties/f/items", "decoding", _wrap({"type": "array", "items": {"type": "string"}})),
    (
        "/properties/f/minItems",
        "decoding",
        _wrap({"type": "array", "items": {"type": "string"}, "minItems": 1}),
    ),
    (
        "/properties/f/maxItems",
        "decoding",
        _wrap({"type": "array", "items": {"type": "string"}, "maxItems": 1}),
    ),
    ("/properties/f/minLength", "decoding", _wrap({"type": "string", "minLength": 1})),
    ("/properties/f/maxLength", "decoding", _wrap({"type": "string", "maxLength": 1})),
    ("/properties/f/pattern", "decoding", _wrap({"type": "string", "pattern": "^a$"})),
    ("/properties/f/pattern", "after", _wrap({"type": "string", "pattern": "^2.*$", "format": "date"})),
    ("/properties/f/format", "decoding", _wrap({"type": "string", "format": "date"})),
    ("/properties/f/minimum", "decoding", _wrap({"type": "number", "minimum": 1})),
    ("/properties/f/maximum", "decoding", _wrap({"type": "integer", "maximum": 1})),
    ("/properties/f/exclusiveMinimum", "decoding", _wrap({"type": "integer", "exclusiveMinimum": 1})),
    ("/properties/f/exclusiveMinimum", "after", _wrap({"type": "number", "exclusiveMinimum": 1})),
    ("/properties/f/exclusiveMaximum", "decoding", _wrap({"type": "integer", "exclusiveMaximum": 1})),
    ("/properties/f/exclusiveMaximum", "after", _wrap({"type": "number", "exclusiveMaximum": 1})),
    ("/properties/f/multipleOf", "after", _wrap({"type": "number", "multipleOf": 0.01})),
    ("/properties/f/multipleOf", "decoding", _wrap({"enum": [1, 2], "multipleOf": 2})),
    ("/$defs", "decoding", _wrap({"$ref": "#/$defs/X"}, **DEFS)),
    ("/definitions", "decoding", _wrap({"$ref": "#/definitions/X"}, definitions=DEFS["$defs"])),
    *(
        (f"/properties/f/{keyword}", "annotation", _wrap({"type": "string", keyword: True}))
        for keyword in ("default", "examples", "deprecated", "readOnly", "writeOnly", "$comment")
    ),
    *(
        (f"/properties/f/{rule.keyword}", "refused", _wrap({"type": "string", rule.keyword: {}}))
        for rule in RULES
        if rule.verdicts == ("refused",)
    ),
]


@pytest.mark.parametrize(("pointer", "verdict", "schema"), VERDICTS)
def test_each_keyword_has_its_verdict_at_its_pointer(pointer: str, verdict: Verdict, schema: Node) -> None:
    report = lint(schema)
    assert _verdict(report, pointer) == verdict
    assert report.ok == (verdict != "refused")


def test_the_list_above_shows_every_verdict_of_the_table() -> None:
    shown = {(pointer.rsplit("/", 1)[1], verdict) for pointer, verdict, _ in VERDICTS}
    assert shown == {(rule.keyword, verdict) for rule in RULES for verdict in rule.verdicts}


def _keyword_pointers(node: Any, pointer: str = "") -> list[str]:  # noqa: ANN401
    """Return the pointer of every keyword of a schema, found without the linter."""
    found: list[str] = []
    for keyword, argument in node.items():
        place = f"{pointer}/{keyword}"
        found.append(place)
        if keyword in ("properties", "$defs"):
            for key, child in argument.items():
                found.extend(_keyword_pointers(child, f"{place}/{key}"))
        elif keyword in ("anyOf", "oneOf"):
            for index, child in enumerate(argument):
                found.extend(_keyword_pointers(child, f"{place}/{index}"))
        elif keyword == "items":
            found.extend(_keyword_pointers(argument, place))
    return found


def test_no_keyword_of_a_built_in_schema_is_without_an_entry() -> None:
    for schema in list_schemas():
        document = json_schema_of(schema)
        report = lint(document)
        assert report.ok
        assert report.warnings == ()
        assert {entry.pointer for entry in report.entries} == set(_keyword_pointers(document))


@given(st.dictionaries(st.sampled_from([rule.keyword for rule in RULES] + ["typo", "x-mine"]), st.just(True)))
def test_no_keyword_of_any_field_is_silently_ignored(keywords: Node) -> None:
    report = lint(_wrap({"type": "string", **keywords}))
    pointers = {entry.pointer for entry in report.entries}
    assert pointers >= {f"/properties/f/{keyword}" for keyword in keywords}


REFUSALS: list[tuple[str, Node]] = [
    ("", {"type": "array", "items": {"type": "string"}}),
    ("", {"type": ["object", "null"], "properties": {"a": {"type": "string"}}}),
    ("", {}),
    ("", {"type": "object"}),
    ("/$schema", _wrap({"type": "string"}, **{"$schema": "http://json-schema.org/draft-04/schema#"})),
    ("/required", _wrap({"type": "string"}, required=["g"])),
    ("/required", _wrap({"type": "string"}, required=True)),
    ("/additionalProperties", _wrap({"type": "string"}, additionalProperties={"type": "string"})),
    ("/properties/f", _wrap(True)),
    ("/properties/f", _wrap({})),
    ("/properties/f", _wrap({"minLength": 3})),
    ("/properties/f", _wrap({"type": "object", "properties": {}})),
    ("/properties/f", _wrap({"type": "array"})),
    ("/properties/f/type", _wrap({"type": ["string", "number"]})),
    ("/properties/f/type", _wrap({"type": "text"})),
    ("/properties/f/type", _wrap({"type": []})),
    ("/properties/f/type", _wrap({"enum": ["a"], "type": "text"})),
    ("/properties/f/items", _wrap({"type": "array", "items": [{"type": "string"}]})),
    ("/properties/f/items", _wrap({"type": "array", "items": True})),
    ("/properties/f/minItems", _wrap({"type": "array", "items": {"type": "string"}, "minItems": -1})),
    (
        "/properties/f/minItems",
        _wrap({"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 2}),
    ),
    ("/properties/f/minItems", _wrap({"type": "array", "items": {"type": "string"}, "minItems": 5000})),
    ("/properties/f/minLength", _wrap({"type": "string", "minLength": "3"})),
    ("/properties/f/minLength", _wrap({"type": "string", "minLength": 5, "maxLength": 4})),
    ("/properties/f/minLength", _wrap({"type": "string", "minLength": 10**9})),
    ("/properties/f/maxLength", _wrap({"type": "string", "format": "date", "maxLength": 9})),
    ("/properties/f/pattern", _wrap({"type": "string", "pattern": "abc"})),
    ("/properties/f/pattern", _wrap({"type": "string", "pattern": 5})),
    ("/properties/f/pattern", _wrap({"type": "string", "pattern": "^(?=a)a$"})),
    ("/properties/f/format", _wrap({"type": "string", "format": "email"})),
    ("/properties/f/format", _wrap({"type": "number", "format": "double"})),
    ("/properties/f/minLength", _wrap({"type": "number", "minLength": 1})),
    ("/properties/f/minimum", _wrap({"type": "string", "minimum": 1})),
    ("/properties/f/minimum", _wrap({"type": "number", "minimum": "1"})),
    ("/properties/f/minimum", _wrap({"type": "integer", "minimum": 3, "maximum": 2})),
    ("/properties/f/minimum", _wrap({"type": "integer", "minimum": 1.2, "maximum": 1.8})),
    ("/properties/f/minimum", _wrap({"type": "number", "minimum": 1e20})),
    ("/properties/f/minimum", _wrap({"type": "number", "minimum": 1, "exclusiveMaximum": 1})),
    ("/properties/f/multipleOf", _wrap({"type": "number", "multipleOf": 0})),
    ("/properties/f/enum", _wrap({"enum": []})),
    ("/properties/f/enum", _wrap({"enum": [{"a": 1}]})),
    ("/properties/f/enum", _wrap({"type": "string", "enum": [1, 2]})),
    ("/properties/f/x-rasg-kind", _wrap({"type": "string", "x-rasg-kind": "money"})),
    ("/properties/f/x-rasg-format", _wrap({"type": "string", "x-rasg-format": "IBAN"})),
    ("/properties/f/x-rasg-format", _wrap({"type": "string", "x-rasg-format": "tax_id:zz"})),
    ("/properties/f/x-rasg-format", _wrap({"type": "string", "x-rasg-format": ["iban"]})),
    ("/properties/f/x-rasg-format", _wrap({"type": "number", "x-rasg-format": "gtin"})),
    (
        "/properties/f/x-rasg-format",
        _wrap({"type": "string", "x-rasg-kind": "amount", "x-rasg-format": "gtin"}),
    ),
    (
        "/properties/f/x-rasg-format",
        _wrap({"type": "string", "pattern": "^DE\\d+$", "x-rasg-format": "eu_vat"}),
    ),
    ("/properties/f/x-rasg-format", _wrap({"$ref": "#/$defs/X", "x-rasg-format": "zz"}, **DEFS)),
    ("/properties/f/x-rasg-kind", _wrap({"type": "string", "x-rasg-kind": ["amount"]})),
    ("/properties/f/x-rasg-kind", _wrap({"type": "number", "x-rasg-kind": "amount"})),
    ("/properties/f/x-rasg-kind", _wrap({"type": "string", "format": "date", "x-rasg-kind": "date"})),
    ("/properties/f/x-rasg-kind", _wrap({"type": "string", "x-rasg-kind": "iso_date"})),
    (
        "/properties/f/x-rasg-kind",
        _wrap({"type": "array", "items": {"type": "string"}, "x-rasg-kind": "amount"}),
    ),
    ("/properties/f/x-rasg-kind", _wrap({"$ref": "#/$defs/X", "x-rasg-kind": "number"}, **DEFS)),
    ("/properties/f/$ref", _wrap({"$ref": "#/$defs/Y"}, **DEFS)),
    ("/properties/f/$ref", _wrap({"$ref": "https://example.com/schema.json"})),
    ("/properties/f/$ref", _wrap({"$ref": "#"})),
    ("/properties/f/$ref", _wrap({"$ref": 5})),
    ("/properties/f/maxLength", _wrap({"$ref": "#/$defs/X", "maxLength": 5}, **DEFS)),
    ("/properties/f/type", _wrap({"anyOf": [{"type": "string"}, {"type": "null"}], "type": "string"})),
    ("/properties/f/anyOf", _wrap({"anyOf": []})),
    ("/properties/f/anyOf", _wrap({"anyOf": [{"type": "string"}, {"type": "number"}]})),
    ("/properties/f/oneOf", _wrap({"oneOf": [{"type": ["string", "null"]}, {"type": "null"}]})),
    ("/properties/f/oneOf", _wrap({"oneOf": [{"enum": [1, 2]}, {"enum": [2.0]}]})),
    ("/properties/f/oneOf", _wrap({"anyOf": [{"type": "string"}], "oneOf": [{"type": "string"}]})),
    ("/properties/f/$defs", _wrap({"type": "string", "$defs": {}})),
    ("/properties/f/description", _wrap({"type": "string", "description": 5})),
    ("/properties/f/minLenght", _wrap({"type": "string", "minLenght": 5})),
    ("/$defs", _wrap({"type": "string"}, **{"$defs": 5})),
]


@pytest.mark.parametrize(("pointer", "schema"), REFUSALS)
def test_what_cannot_be_kept_is_refused_at_its_pointer(pointer: str, schema: Node) -> None:
    report = lint(schema)
    assert not report.ok
    assert pointer in [place for place, _ in report.issues]


def test_a_refusal_says_what_to_do() -> None:
    report = lint(_wrap({"type": "string", "minLenght": 5}))
    assert [entry.hint for entry in report.refused] == ["did you mean minLength?"]


def test_a_pointer_escapes_what_json_pointer_escapes() -> None:
    report = lint({"type": "object", "properties": {"net/gross~": {"type": "string", "not": {}}}})
    assert [pointer for pointer, _ in report.issues] == ["/properties/net~1gross~0/not"]


def test_a_definition_without_a_reference_is_named_and_not_read() -> None:
    report = lint(_wrap({"type": "string"}, **{"$defs": {"Unused": {"not": True}}}))
    assert report.ok
    assert _verdict(report, "/$defs/Unused") == "annotation"


def test_a_field_that_may_not_be_null_is_a_warning() -> None:
    report = lint(
        {
            "type": "object",
            "properties": {
                "a": {"type": "string"},
                "b": {"type": "string"},
                "c": {"type": ["string", "null"]},
            },
            "required": ["a"],
        }
    )
    assert [(w.pointer, w.message.split(":")[0]) for w in report.warnings] == [
        ("/properties/a", "required and not nullable"),
        ("/properties/b", "not required, but not nullable"),
    ]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"type": "string"}, FieldSpec(kind="verbatim", nullable=False)),
        ({"type": ["null", "string"]}, FieldSpec(kind="verbatim", nullable=True)),
        ({"type": "string", "format": "date"}, FieldSpec(kind="iso_date", nullable=False)),
        (
            {"type": "string", "x-rasg-kind": "free", "maxLength": 9},
            FieldSpec(kind="free", nullable=False, max_length=9),
        ),
        ({"type": "string", "maxLength": 10**9}, FieldSpec(kind="verbatim", nullable=False, max_length=4096)),
        (
            {"type": "string", "minLength": 300},
            FieldSpec(kind="verbatim", nullable=False, min_length=300, max_length=300),
        ),
        (
            {"type": "string", "pattern": r"^\d$"},
            FieldSpec(kind="verbatim", nullable=False, pattern="^[0-9]$"),
        ),
        ({"type": "boolean"}, FieldSpec(kind="boolean", nullable=False)),
        ({"type": "number", "minimum": 0.5}, FieldSpec(kind="number", nullable=False, minimum=0.5)),
        (
            {"type": "integer", "exclusiveMinimum": 0, "maximum": 9.5},
            FieldSpec(kind="integer", nullable=False, minimum=1, maximum=9),
        ),
        (
            {"type": "integer", "maximum": 2**63},
            FieldSpec(kind="integer", nullable=False, maximum=10**13 - 1),
        ),
        (
            {"enum": ["a", "b", None, "a"]},
            FieldSpec(kind="enum", nullable=True, enum_values=("a", "b")),
        ),
        (
            {"type": "string", "enum": ["a", "bcd", 1, None], "maxLength": 2},
            FieldSpec(kind="enum", nullable=False, enum_values=("a",)),
        ),
        ({"enum": [1, True, 1.0]}, FieldSpec(kind="enum", nullable=False, enum_values=(1, True))),
        ({"const": 5}, FieldSpec(kind="enum", nullable=False, enum_values=(5,))),
        ({"type": "null"}, FieldSpec(kind="enum", nullable=True, enum_values=(None,))),
        (
            {"anyOf": [{"type": "string", "description": "in"}, {"type": "null"}], "description": "out"},
            FieldSpec(kind="verbatim", description="out"),
        ),
        (
            {"anyOf": [{"type": "string", "description": "in\n it"}, {"type": "null"}]},
            FieldSpec(kind="verbatim", description="in it"),
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}], "x-rasg-kind": "date"},
            FieldSpec(kind="date"),
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}], "x-rasg-format": "tax_id:br"},
            FieldSpec(kind="verbatim", code_format="tax_id:br"),
        ),
        (
            {"anyOf": [{"$ref": "#/$defs/X"}, {"type": "null"}], "x-rasg-kind": "amount"},
            FieldSpec(kind="amount"),
        ),
        (
            {"anyOf": [{"enum": ["a"]}, {"const": "b"}, {"enum": [None, "a"]}]},
            FieldSpec(kind="enum", enum_values=("a", "b")),
        ),
        (
            {"type": ["array", "null"], "items": {"type": ["integer", "null"]}, "minItems": 1},
            ArraySpec(item=FieldSpec(kind="integer"), nullable=True, min_items=1),
        ),
        (
            {"items": {"type": ["integer", "null"]}, "maxItems": 10**9},
            ArraySpec(item=FieldSpec(kind="integer"), max_items=MAX_ITEMS),
        ),
        (
            {"type": ["object", "null"], "properties": {"z": {"type": "null"}, "a": {"type": "null"}}},
            ObjectSpec(
                nullable=True,
                properties=(
                    ("z", FieldSpec(kind="enum", enum_values=(None,))),
                    ("a", FieldSpec(kind="enum", enum_values=(None,))),
                ),
            ),
        ),
    ],
)
def test_a_schema_becomes_this_spec(node: Node, expected: Spec) -> None:
    defs = DEFS if "$ref" in json.dumps(node) else {}
    assert _spec(node, **defs) == expected


def test_the_documentation_shows_the_table_that_the_linter_uses() -> None:
    text = (ROOT / "docs" / "schemas.md").read_text(encoding="utf-8")
    shown = text.split("<!-- keywords:begin -->\n")[1].split("\n<!-- keywords:end -->")[0]
    assert shown == keyword_table()


@pytest.mark.parametrize("wrapped", ["schema", "json_schema", "input_schema"])
def test_a_wrapper_around_a_schema_is_told_with_what_to_send(wrapped: str) -> None:
    report = lint({"name": "bill", "strict": True, wrapped: _wrap({"type": "string"})})
    assert not report.ok
    assert [(entry.pointer, entry.hint) for entry in report.entries] == [
        ("", f"write what stands in its `{wrapped}` alone")
    ]


def test_a_reference_inside_all_of_is_told_to_stand_alone() -> None:
    report = lint(_wrap({"allOf": [{"$ref": "#/$defs/X"}], "description": "d"}, **DEFS))
    hints = [entry.hint for entry in report.entries if entry.verdict == "refused"]
    assert hints == [
        "write its $ref or its keywords here",
        "write all keywords into one schema; for a single $ref write it",
    ]
