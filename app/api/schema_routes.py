"""The routes of schemas: those that ship with the service, and a tenant's own."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from app.api.deps import RequestTenant, State
from schemas.errors import InputError
from schemas.registry import json_schema_of, schema_names
from schemas.source import parse_schema_text
from schemas.spec import ExtractionSchema

router = APIRouter()

_Name = Annotated[str, Path(max_length=128, description="name, for the newest version, or name@version")]
_NEW_SCHEMA_BODY = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "schema": {"type": "object"}},
                    "required": ["name", "schema"],
                    "additionalProperties": False,
                }
            }
        },
        "required": True,
    }
}


class SchemaSummary(BaseModel):
    """A schema that ships with the service, or one version of a tenant's own."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    description: str
    source: Literal["shipped", "own"]

    @classmethod
    def of(cls, schema: ExtractionSchema) -> Self:
        """Return what of a schema is listed."""
        source: Literal["shipped", "own"] = "shipped" if schema.name in schema_names() else "own"
        return cls(name=schema.name, version=schema.version, description=schema.description, source=source)


@router.get("/v1/schemas")
async def schemas(state: State, tenant: RequestTenant) -> list[SchemaSummary]:
    """List the schemas that ship with the service, then your own, the newest version of each first."""
    known = await state.lookups.run(tenant.schemas.all)
    return [SchemaSummary.of(schema) for schema in known]


@router.get("/v1/schemas/{name}")
async def schema(name: _Name, state: State, tenant: RequestTenant) -> dict[str, JsonValue]:
    """Return one schema as JSON Schema."""
    return json_schema_of(await state.lookups.run(lambda: tenant.schemas.find(name)))


@router.post("/v1/schemas", status_code=201, openapi_extra=_NEW_SCHEMA_BODY)
async def register_schema(
    request: Request, response: Response, state: State, tenant: RequestTenant
) -> SchemaSummary:
    """Keep a JSON Schema under a name, as a new version; 200 if it is the newest version already.

    What is refused has its JSON pointer in the schema.
    """
    body = await request.body()

    def work() -> tuple[ExtractionSchema, bool]:
        # Read by hand: the framework's JSON reader takes NaN, repeated keys and any depth.
        asked = parse_schema_text(body)
        name, mapping = asked.get("name"), asked.get("schema")
        if asked.keys() != {"name", "schema"} or not isinstance(name, str) or not isinstance(mapping, dict):
            raise InputError('the body is {"name": <text>, "schema": <JSON Schema>}, and nothing else')
        registered = tenant.schemas.register(name, mapping)
        return registered.schema, registered.is_new

    kept, is_new = await state.lookups.run(work)
    response.status_code = 201 if is_new else 200
    return SchemaSummary.of(kept)


@router.delete("/v1/schemas/{name}", status_code=204)
async def delete_schema(name: _Name, state: State, tenant: RequestTenant) -> None:
    """Remove one version of your schema (`name@version`), or all; their numbers are not given again."""
    await state.lookups.run(lambda: tenant.schemas.remove(name))
