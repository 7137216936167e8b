"""Questions about a page: which fields are asked, under which keys, and the gold answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from decoding.grammar.value_patterns import looks_like_amount, looks_like_date
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, FieldSpec, ObjectSpec, Spec
from training.synthesis.dates import iso_date
from training.synthesis.numbers import amount_value
from training.synthesis.setting import Draft

if TYPE_CHECKING:
    from pydantic import JsonValue

# What stands on a page: tag to text. A tag that is missing is not on the page; one whose words do not
# stand together in any reading order is None, and nothing may be asked of it.
Facts = Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A scalar question: the key, the tag that answers it, and what the schema says of it."""

    key: str
    tag: str
    kind: FieldKind
    description: str = ""
    enum_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRows:
    """A question of several parts: all rows, one column of them as a plain list, or a record of fields."""

    key: str
    description: str
    columns: tuple[Ask, ...]
    shape: Literal["rows", "values", "record"] = "rows"


Question = tuple[Ask | AskRows, ...]


def to_schema(question: Question, *, name: str) -> ExtractionSchema:
    """Return the question as the service's schema tree, with its JSON Schema."""
    root = ObjectSpec(properties=tuple((ask.key, _spec(ask)) for ask in question))
    return ExtractionSchema(
        name=name, root=root, json_schema=json.dumps(_json_schema(root), ensure_ascii=False)
    )


def _spec(ask: Ask | AskRows) -> Spec:
    if isinstance(ask, Ask):
        return FieldSpec(kind=ask.kind, description=ask.description, enum_values=ask.enum_values)
    if ask.shape == "values":
        return ArraySpec(item=_spec(ask.columns[0]), description=ask.description)
    parts = tuple((column.key, _spec(column)) for column in ask.columns)
    if ask.shape == "record":
        return ObjectSpec(properties=parts, description=ask.description)
    return ArraySpec(item=ObjectSpec(properties=parts), description=ask.description)


def _json_schema(spec: Spec) -> dict[str, JsonValue]:
    if isinstance(spec, ObjectSpec):
        properties: dict[str, JsonValue] = {key: _json_schema(child) for key, child in spec.properties}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    if isinstance(spec, ArraySpec):
        return {"type": "array", "items": _json_schema(spec.item)}
    if spec.kind == "enum":
        return {"enum": [*(str(value) for value in spec.enum_values), None]}
    return {"type": [_JSON_TYPES.get(spec.kind, "string"), "null"]}


_JSON_TYPES = {"integer": "integer", "number": "number"}


class _NotAskable(Exception):  # noqa: N818 - a signal inside this module, no error of the service
    """The page does not answer this question well: a value in pieces, or one that does not parse."""


def gold_of(question: Question, facts: Facts, draft: Draft) -> dict[str, JsonValue] | None:
    """Return the gold answer, keys in the question's order; None if a value cannot be asked of this page."""
    try:
        return {ask.key: _gold(ask, facts, draft) for ask in question}
    except _NotAskable:
        return None


def _gold(ask: Ask | AskRows, facts: Facts, draft: Draft) -> JsonValue:
    if isinstance(ask, Ask):
        return _scalar(ask, ask.tag, facts, draft)
    if ask.shape == "record":
        return {part.key: _scalar(part, part.tag, facts, draft) for part in ask.columns}
    rows = [_row(ask, index, facts, draft) for index in range(draft.n_rows)]
    printed = [row for row in rows if any(value is not None for value in row.values())]
    if ask.shape == "values":
        return [value for row in printed for value in row.values()]
    return [dict(row) for row in printed]


def _row(ask: AskRows, index: int, facts: Facts, draft: Draft) -> dict[str, JsonValue]:
    return {part.key: _scalar(part, f"line.{index}.{part.tag}", facts, draft) for part in ask.columns}


def _scalar(ask: Ask, tag: str, facts: Facts, draft: Draft) -> JsonValue:
    if ask.kind == "enum":
        return draft.enums.get(tag) if tag != "currency" or _shows_currency(facts, draft) else None
    if tag not in facts:
        return None
    text = facts[tag]
    value = None if text is None else _normalised(ask, text, draft)
    if value is None:
        raise _NotAskable(tag)
    return value


def _shows_currency(facts: Facts, draft: Draft) -> bool:
    return "currency" in facts or draft.setting.money.placement in ("before_glued", "after_glued")


def _normalised(ask: Ask, text: str, draft: Draft) -> JsonValue:
    """Return the value as the kind of field wants it, None if the text does not parse."""
    if ask.kind == "iso_date":
        return iso_date(text, draft.setting.dates)
    if ask.kind == "number":
        return amount_value(text, draft.setting.money)
    if ask.kind == "integer":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    # What the service's grammar would not write ("1,O0", "DATE:17") teaches nothing but refusals.
    if ask.kind == "amount":
        return text if looks_like_amount(text) else None
    if ask.kind == "date":
        return text if looks_like_date(text) else None
    return text
