"""How callers' Pydantic classes are written as JSON Schema: as Pydantic does, but for decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class SchemaGenerator(GenerateJsonSchema):
    """Writes `Decimal` as a plain number with its bounds, places and digits.

    Pydantic itself writes a union of number and string, since it reads both; an answer needs one.
    """

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Return the schema of a number: `decimal_places` as `multipleOf`, `max_digits` as bounds."""
        json_schema: dict[str, object] = {"type": "number"}
        for keyword, name in _BOUND_NAMES:
            value = schema.get(name)
            if value is not None:
                json_schema[keyword] = _plain(cast("Decimal", value))
        places = schema.get("decimal_places")
        if places is not None and "multipleOf" not in json_schema:
            json_schema["multipleOf"] = _plain(Decimal(1).scaleb(-places))
        digits = schema.get("max_digits")
        if digits is not None:
            limit = _plain(Decimal(1).scaleb(digits - (places or 0)))
            json_schema.setdefault("exclusiveMinimum", -limit)
            json_schema.setdefault("exclusiveMaximum", limit)
        return cast("JsonSchemaValue", json_schema)


_BOUND_NAMES = (
    ("multipleOf", "multiple_of"),
    ("minimum", "ge"),
    ("exclusiveMinimum", "gt"),
    ("maximum", "le"),
    ("exclusiveMaximum", "lt"),
)


def _plain(value: Decimal | float) -> int | float:
    exact = Decimal(value)
    return int(exact) if exact == exact.to_integral_value() else float(exact)
