"""Schemas by name, from Pydantic classes and from JSON Schemas: all become one `ExtractionSchema`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import cast

from pydantic import BaseModel, JsonValue
from pydantic.errors import PydanticUserError

from schemas.canonical import canonical_text
from schemas.documents.bank_statement import BankStatement
from schemas.documents.generic_form import GenericForm
from schemas.documents.invoice import Invoice
from schemas.documents.purchase_order import PurchaseOrder
from schemas.documents.receipt import Receipt
from schemas.errors import InvalidSchemaError, UnknownSchemaError
from schemas.json_schema import read_schema
from schemas.pydantic_schema import SchemaGenerator
from schemas.report import LintReport, one_line
from schemas.source import JsonObject, parse_schema_text, plain_json, read_schema_file
from schemas.spec import ExtractionSchema

_BUILT_IN: dict[str, type[BaseModel]] = {
    "invoice": Invoice,
    "receipt": Receipt,
    "purchase_order": PurchaseOrder,
    "bank_statement": BankStatement,
    "generic_form": GenericForm,
}
_MAX_PATH_CHARS = 256
_MAX_NAME_CHARS = 64
_N_SHOWN_ISSUES = 3


def list_schemas() -> tuple[ExtractionSchema, ...]:
    """Return the built-in schemas, in the order of documentation."""
    return tuple(get_schema(name) for name in _BUILT_IN)


def schema_names() -> tuple[str, ...]:
    """Return the names of the built-in schemas, in the same order."""
    return tuple(_BUILT_IN)


@cache
def _built_in(name: str) -> ExtractionSchema:
    return from_pydantic(_BUILT_IN[name], name=name)


def get_schema(name: str) -> ExtractionSchema:
    """Return the built-in schema of that name (case, spaces and hyphens do not matter).

    Raises
    ------
    UnknownSchemaError
        If there is none; the hint holds near names.

    Examples
    --------
    >>> get_schema("purchase-order").name
    'purchase_order'
    """
    known = name.strip().lower().replace("-", "_").replace(" ", "_")
    if known in _BUILT_IN:
        return _built_in(known)
    near = get_close_matches(known, _BUILT_IN, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known schemas: {', '.join(_BUILT_IN)}"
    raise UnknownSchemaError(f"no schema is named {name[:_MAX_NAME_CHARS]!r}", hint=hint)


def load_schema(name_or_source: str | Path | type[BaseModel] | Mapping[str, object]) -> ExtractionSchema:
    """Return the schema that `name_or_source` names or is.

    A string is a built-in name, JSON text (it starts with a brace) or the path of a JSON file, in
    this order. Text from the network must not come here, since it could name any file: use
    `get_schema`, `from_json_text` and `from_json_schema` for it.

    Raises
    ------
    UnknownSchemaError
        If a string is neither a name nor JSON nor an existing file.
    InvalidSchemaError
        If the schema is refused; `issues` holds the JSON pointers and reasons.
    """
    if isinstance(name_or_source, type):
        return from_pydantic(name_or_source)
    if isinstance(name_or_source, Path):
        return from_json_schema(read_schema_file(name_or_source), name=name_or_source.stem)
    if isinstance(name_or_source, str):
        return _load_text(name_or_source)
    return from_json_schema(name_or_source)


def _load_text(text: str) -> ExtractionSchema:
    if text.lstrip().startswith("{"):
        return from_json_text(text)
    try:
        return get_schema(text)
    except UnknownSchemaError:
        if _is_file(text):
            return load_schema(Path(text))
        if "/" in text or text.endswith(".json"):
            raise UnknownSchemaError(f"there is no file {text[:_MAX_PATH_CHARS]!r} with a schema") from None
        raise


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL
        return False


def from_json_text(text: str | bytes, *, name: str | None = None) -> ExtractionSchema:
    """Return the schema in JSON `text`; errors and naming as `from_json_schema`."""
    return from_json_schema(parse_schema_text(text), name=name)


def from_json_schema(mapping: Mapping[str, object], *, name: str | None = None) -> ExtractionSchema:
    """Return the schema of a JSON Schema in the subset of docs/schemas.md.

    Parameters
    ----------
    name
        How the schema is called; its title if None, or "custom".

    Raises
    ------
    InvalidSchemaError
        If a keyword is refused; `issues` holds the JSON pointers and reasons.

    Examples
    --------
    >>> schema = from_json_schema({"type": "object", "properties": {"total": {"type": ["number", "null"]}}})
    >>> schema.name, [keys for keys, _ in schema.leaves()]
    ('custom', [('total',)])
    """
    document = plain_json(cast("Mapping[object, object]", mapping))
    report, root = read_schema(document)
    if root is None:
        raise _refusal(report)
    title = document.get("title")
    return ExtractionSchema(
        name=_schema_name(name or (title if isinstance(title, str) else "") or "custom"),
        root=root,
        json_schema=canonical_text(document),
        description=root.description,
    )


def from_pydantic(cls: type[BaseModel], *, name: str | None = None) -> ExtractionSchema:
    """Return the schema of a Pydantic class; `name` is the class's in snake case if None.

    What the class declares is read; validators written as Python code are not seen, so build the
    class from the output to run them. A `Decimal` is asked for as a JSON number.

    Raises
    ------
    InvalidSchemaError
        If the class has no JSON Schema, or one outside the subset.

    Examples
    --------
    >>> from_pydantic(Receipt).name
    'receipt'
    """
    if not issubclass(cls, BaseModel):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidSchemaError(f"{cls.__name__} is no Pydantic model", hint="derive it from BaseModel")
    try:
        mapping = cls.model_json_schema(schema_generator=SchemaGenerator)
    except PydanticUserError as error:
        raise InvalidSchemaError(f"{cls.__name__} has no JSON Schema: {error.message}") from error
    return from_json_schema(mapping, name=name or _snake_case(cls.__name__))


def json_schema_of(schema: ExtractionSchema) -> JsonObject:
    """Return the JSON Schema that outputs satisfy, as a mapping in canonical order."""
    value: JsonValue = parse_schema_text(schema.json_schema)
    return cast("JsonObject", value)


def _refusal(report: LintReport) -> InvalidSchemaError:
    shown = [f"{entry.pointer or '(root)'}: {entry.message}" for entry in report.refused[:_N_SHOWN_ISSUES]]
    n_more = len(report.refused) - len(shown)
    text = "; ".join(shown) + (f"; and {n_more} more" if n_more else "")
    return InvalidSchemaError(
        f"the schema is refused: {text}", issues=report.issues, hint=report.refused[0].hint
    )


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _schema_name(text: str) -> str:
    # Names go into file names, logs and URLs.
    return re.sub(r"[^\w.-]+", "_", one_line(text), flags=re.ASCII).strip("_.")[:_MAX_NAME_CHARS] or "custom"
