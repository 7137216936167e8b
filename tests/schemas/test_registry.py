from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from schemas.documents.fields import Amount, Date, Free, Verbatim
from schemas.documents.generic_form import GenericForm
from schemas.errors import InvalidSchemaError, UnknownSchemaError
from schemas.registry import (
    from_json_schema,
    from_json_text,
    from_pydantic,
    get_schema,
    json_schema_of,
    list_schemas,
    load_schema,
    schema_names,
)
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, FieldSpec, ObjectSpec
from schemas.validate import validate_output

SMALL: dict[str, Any] = {"type": "object", "properties": {"total": {"type": ["string", "null"]}}}


class Status(Enum):
    OPEN = "open"
    PAID = "paid"


class Share(BaseModel):
    model_config = ConfigDict(extra="forbid")

    owner: Verbatim = Field(default=None, description="Who owns it")
    percent: Amount = None


class Deal(BaseModel):
    """Deal between parties."""

    name: str
    note: Annotated[str | None, Field(max_length=40)] = None
    summary: Free = None
    signed: Date = None
    valid_from: date | None = None
    fee: Decimal | None = Field(default=None, ge=0, max_digits=8, decimal_places=2)
    count: Annotated[int, Field(gt=0, le=99)] | None = None
    ratio: float | None = None
    is_final: bool | None = None
    status: Status | None = None
    currency: Literal["EUR", "USD"] | None = None
    code: Annotated[str, Field(pattern=r"^[A-Z]{2}\d{3}$")] | None = None
    shares: list[Share] | None = None
    matrix: list[list[Share | None]] = []
    main: Share | None = Field(default=None, description="Main share")
    tags: tuple[str, ...] = ()


def _fields(schema: ExtractionSchema) -> dict[str, FieldSpec]:
    return {".".join(keys): field for keys, field in schema.leaves()}


def test_a_callers_class_keeps_its_order_kinds_and_bounds() -> None:
    schema = from_pydantic(Deal)
    assert (schema.name, schema.description) == ("deal", "Deal between parties.")
    kinds: list[tuple[str, FieldKind, bool]] = [(k, f.kind, f.nullable) for k, f in _fields(schema).items()]
    assert kinds == [
        ("name", "verbatim", False),
        ("note", "verbatim", True),
        ("summary", "free", True),
        ("signed", "date", True),
        ("valid_from", "iso_date", True),
        ("fee", "number", True),
        ("count", "integer", True),
        ("ratio", "number", True),
        ("is_final", "boolean", True),
        ("status", "enum", True),
        ("currency", "enum", True),
        ("code", "verbatim", True),
        ("shares.[].owner", "verbatim", True),
        ("shares.[].percent", "amount", True),
        ("matrix.[].[].owner", "verbatim", True),
        ("matrix.[].[].percent", "amount", True),
        ("main.owner", "verbatim", True),
        ("main.percent", "amount", True),
        ("tags.[]", "verbatim", False),
    ]
    fields = _fields(schema)
    assert fields["note"].max_length == 40
    assert (fields["count"].minimum, fields["count"].maximum) == (1, 99)
    # Eight digits, two of them after the point: less than a million.
    assert (fields["fee"].minimum, fields["fee"].maximum) == (0, 10**6)
    assert fields["code"].pattern == "^[A-Z]{2}[0-9]{3}$"
    assert fields["status"].enum_values == ("open", "paid")


def test_optional_lists_and_objects_of_a_class_are_nullable() -> None:
    root = from_pydantic(Deal).root
    shares, matrix, main = root.get("shares"), root.get("matrix"), root.get("main")
    assert isinstance(shares, ArraySpec)
    assert shares.nullable
    assert isinstance(matrix, ArraySpec)
    assert not matrix.nullable
    assert isinstance(matrix.item, ArraySpec)
    assert isinstance(matrix.item.item, ObjectSpec)
    assert matrix.item.item.nullable
    assert isinstance(main, ObjectSpec)
    assert (main.nullable, main.description) == (True, "Main share")


def test_what_validates_builds_the_callers_class() -> None:
    schema = from_pydantic(Deal)
    value: dict[str, Any] = {key: None for key, _ in schema.root.properties}
    value |= {
        "name": "A",
        "fee": 12.5,
        "valid_from": "2026-03-12",
        "matrix": [[{"owner": "B", "percent": "5 %"}]],
    }
    value |= {"tags": ["x"], "status": "paid", "code": "DE123"}
    assert validate_output(value, schema) == ()
    deal = Deal.model_validate(value)
    assert (deal.fee, deal.valid_from) == (Decimal("12.5"), date(2026, 3, 12))
    assert validate_output({**value, "fee": 1.005}, schema) == ((("fee",), "is not a multiple of 0.01"),)
    assert validate_output({**value, "fee": 10**6}, schema) == ((("fee",), "is not less than 1000000"),)


class Recursive(BaseModel):
    child: Recursive | None = None


class WithDict(BaseModel):
    open_keys: dict[str, str]


class WithAny(BaseModel):
    anything: Any = None


class WithUnion(BaseModel):
    amount: str | float | None = None


class WithDatetime(BaseModel):
    at: datetime | None = None


class WithSet(BaseModel):
    tags: set[str]


class WithTuple(BaseModel):
    pair: tuple[int, int]


class WithUnanchored(BaseModel):
    code: Annotated[str, Field(pattern="[A-Z]+")]


class WithCallable(BaseModel):
    call: type


@pytest.mark.parametrize(
    ("cls", "pointer"),
    [
        (Recursive, "/$defs/Recursive/properties/child/anyOf/0/$ref"),
        (WithDict, "/properties/open_keys/additionalProperties"),
        (WithAny, "/properties/anything"),
        (WithUnion, "/properties/amount/anyOf"),
        (WithDatetime, "/properties/at/anyOf/0/format"),
        (WithSet, "/properties/tags/uniqueItems"),
        (WithTuple, "/properties/pair/prefixItems"),
        (WithUnanchored, "/properties/code/pattern"),
    ],
)
def test_a_class_outside_the_subset_is_refused_at_its_pointer(cls: type[BaseModel], pointer: str) -> None:
    with pytest.raises(InvalidSchemaError) as caught:
        from_pydantic(cls)
    assert pointer in [place for place, _ in caught.value.issues]
    assert caught.value.hint


def test_a_class_without_a_json_schema_is_refused() -> None:
    with pytest.raises(InvalidSchemaError, match="WithCallable"):
        from_pydantic(WithCallable)


@pytest.mark.parametrize("schema", list_schemas(), ids=lambda schema: schema.name)
def test_a_built_in_schema_survives_the_round_trip_through_its_json_schema(schema: ExtractionSchema) -> None:
    again = from_json_text(schema.json_schema, name=schema.name)
    assert again == schema
    assert again.json_schema == schema.json_schema
    assert [key for key, _ in again.root.properties] == list(json_schema_of(schema)["properties"])  # type: ignore[arg-type]


def test_every_built_in_schema_has_its_name() -> None:
    assert schema_names() == ("invoice", "receipt", "purchase_order", "bank_statement", "generic_form")
    assert tuple(schema.name for schema in list_schemas()) == schema_names()


@pytest.mark.parametrize("name", ["Purchase Order", "purchase-order", " PURCHASE_ORDER "])
def test_names_forgive_case_spaces_and_hyphens(name: str) -> None:
    assert get_schema(name).name == "purchase_order"


@pytest.mark.parametrize(
    ("name", "near"), [("invioce", "invoice"), ("reciept", "receipt"), ("zzz", "known schemas")]
)
def test_an_unknown_name_is_answered_with_near_ones(name: str, near: str) -> None:
    with pytest.raises(UnknownSchemaError) as caught:
        get_schema(name)
    assert near in (caught.value.hint or "")


def test_a_schema_loads_from_name_text_path_class_and_mapping(tmp_path: Path) -> None:
    path = tmp_path / "my order.v2.json"
    path.write_text(json.dumps(SMALL), encoding="utf-8-sig")
    assert load_schema("invoice") is get_schema("invoice")
    assert load_schema(json.dumps(SMALL)) == from_json_schema(SMALL)
    assert load_schema(SMALL).name == "custom"
    assert load_schema({**SMALL, "title": "My Order"}).name == "My_Order"
    assert load_schema(path).name == "my_order.v2"
    assert load_schema(str(path)) == load_schema(path)
    assert load_schema(GenericForm) == get_schema("generic_form")


@pytest.mark.parametrize("name", ["no_such.json", "", "a\0b", "x" * 5000, "../../etc"])
def test_a_string_that_is_nothing_is_an_unknown_schema(name: str) -> None:
    with pytest.raises(UnknownSchemaError):
        load_schema(name)


@pytest.mark.parametrize("name", ["no/such/order", "order.json"])
def test_a_path_where_there_is_no_file_is_told_as_that(name: str) -> None:
    with pytest.raises(UnknownSchemaError, match="there is no file"):
        load_schema(name)


def test_a_file_that_is_no_schema_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\xff\xfe{")
    for path in (broken, tmp_path, tmp_path / "missing.json", Path("/dev/zero")):
        with pytest.raises(InvalidSchemaError):
            load_schema(path)


def test_property_order_stays_and_keyword_order_does_not_matter() -> None:
    forward = {"type": "object", "properties": {"z": {"type": "null"}, "a": {"type": "null", "title": "A"}}}
    backward = {"properties": {"z": {"type": "null"}, "a": {"title": "A", "type": "null"}}, "type": "object"}
    assert from_json_schema(forward).json_schema == from_json_schema(backward).json_schema
    assert [key for key, _ in from_json_schema(forward).root.properties] == ["z", "a"]


def test_definitions_that_are_not_used_leave_the_canonical_text() -> None:
    raw = {**SMALL, "$defs": {"Unused": {"not": True}}}
    assert "Unused" not in from_json_schema(raw).json_schema
