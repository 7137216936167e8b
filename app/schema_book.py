"""The schemas that a tenant may name: those that ship with the service, and its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from app.extraction.schema_choice import is_auto
from schemas.errors import InputError, InvalidSchemaError, UnknownSchemaError
from schemas.registry import from_json_schema, from_json_text, get_schema, list_schemas, schema_names
from schemas.spec import ExtractionSchema
from storage.registered_schemas import RegisteredSchema, SchemaStore

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NAMED = re.compile(r"(?P<name>[a-z][a-z0-9_]{0,63})(@(?P<version>[1-9][0-9]{0,8}))?")
# "lint" is what a route does; the others would mean something else to another route.
_RESERVED = frozenset({"lint", "custom"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A tenant's schema as it was registered, and whether that made a new version."""

    schema: ExtractionSchema
    is_new: bool


class SchemaBook:
    """What a tenant's requests may name by `name`, for the newest version, or `name@version`."""

    def __init__(self, store: SchemaStore) -> None:
        self._store = store

    def find(self, named: str) -> ExtractionSchema:
        """Return the schema of a name; one that ships has version 1 alone.

        Raises
        ------
        UnknownSchemaError
            If neither the service nor the tenant has it.
        """
        parts = _NAMED.fullmatch(named.strip())
        if parts is None or parts["name"] in schema_names():
            return _shipped(named)
        try:
            return _parsed(self._store.get(parts["name"], _version(parts)))
        except UnknownSchemaError:
            versions = [str(kept.version) for kept in self._store.all() if kept.name == parts["name"]]
            if versions:
                message = f"the schema {parts['name']!r} has no version {parts['version']}"
                raise UnknownSchemaError(message, hint=f"it has {', '.join(versions)}") from None
            return _shipped(named)  # which knows other spellings, and near names

    def all(self) -> tuple[ExtractionSchema, ...]:
        """Return all schemas: those that ship, then the tenant's own, the newest version of each first."""
        own = (_parsed_or_none(kept) for kept in self._store.all())
        return (*list_schemas(), *(schema for schema in own if schema is not None))

    def register(self, name: str, mapping: Mapping[str, object]) -> Registered:
        """Keep a JSON Schema under a name; a text that is the newest version already makes no other.

        Raises
        ------
        InvalidSchemaError
            If the schema is refused; `issues` holds the JSON pointers and reasons.
        InputError
            If the name is none, or one of a schema that ships.
        """
        if not _NAME.fullmatch(name):
            raise InputError("a schema is named by 1 to 64 of a-z, 0-9 and _, the first a letter")
        if name in (*schema_names(), *_RESERVED) or is_auto(name):
            raise InputError(f"{name!r} is a name of the service's own", hint="take another one")
        schema = from_json_schema(mapping, name=name)
        kept, is_new = self._store.add(name, schema.json_schema)
        return Registered(schema=replace(schema, version=str(kept.version)), is_new=is_new)

    def remove(self, named: str) -> None:
        """Remove one version of a tenant's schema, or by its bare name all of them.

        Raises
        ------
        UnknownSchemaError
            If the tenant has no such schema.
        """
        parts = _NAMED.fullmatch(named)
        if parts is None:
            raise UnknownSchemaError("no schema of yours has that name")
        self._store.remove(parts["name"], _version(parts))


def _shipped(named: str) -> ExtractionSchema:
    """Return the schema that ships by that name; its one version may be named too."""
    name, _, version = named.partition("@")
    schema = get_schema(name)
    if version not in ("", schema.version):
        raise UnknownSchemaError(f"{schema.name} has the version {schema.version} alone")
    return schema


def _version(parts: re.Match[str]) -> int | None:
    return None if parts["version"] is None else int(parts["version"])


def _parsed_or_none(kept: RegisteredSchema) -> ExtractionSchema | None:
    """Return the schema of stored text; None for one that this program no longer takes."""
    try:
        return _parsed(kept)
    except InvalidSchemaError:
        return None


@lru_cache(maxsize=128)
def _parsed(kept: RegisteredSchema) -> ExtractionSchema:
    schema = from_json_text(kept.json_schema, name=kept.name)
    return replace(schema, version=str(kept.version))
