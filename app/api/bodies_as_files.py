"""A file as the whole body of a request, or in base64 inside a JSON document."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import PydanticCustomError
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from app.api.acceptance import accept_file
from app.api.deps import ServiceState, State, TenantName, find_schema_choice, pages_of
from app.api.json_body import json_text, load_json, refuse_too_much
from app.api.queries import MAX_ISSUES, refuse_repeated, refuse_unknown
from app.api.waiting import AskedReply
from app.extraction.options import ExtractionOptions, SplitMode
from app.extraction.schema_choice import SchemaChoice
from app.jobs.request import JobRequest
from app.log import request_id
from schemas.registry import from_json_schema, get_schema, schema_names

_NO_BASE64 = (
    "is no base64 (RFC 4648, section 4: A-Z, a-z, 0-9, + and /, filled up with =); it may be broken into "
    "lines, and be a data: URL"
)
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_JSON = "application/json"
# Of the query, beside the options.
_QUERY = frozenset({"schema", "split", "pages", "file_name", "wait"})
# Of each body that is being sent; hundreds may be. Longer ones are on disk while they come.
_IN_MEMORY_BYTES = 2**17


def _media_type(scope: Scope) -> str:
    return Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()


class JsonRoute(APIRoute):
    """Takes requests whose body is a JSON document; another route takes the others."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the request is this route's."""
        match, child = super().matches(scope)
        return (match, child) if match == Match.FULL and _media_type(scope) == _JSON else (Match.NONE, {})


class RawRoute(APIRoute):
    """Takes requests whose body is a file of the type that they name."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the request is this route's."""
        match, child = super().matches(scope)
        named = _media_type(scope)
        is_file = named not in ("", _JSON, *_FORMS)
        return (match, child) if match == Match.FULL and is_file else (Match.NONE, {})


json_router = APIRouter(route_class=JsonRoute)
raw_router = APIRouter(route_class=RawRoute)


def _check_schema(asked: JsonValue) -> JsonValue:
    """Refuse once what is neither; the union would be refused for each of its kinds."""
    if isinstance(asked, str | dict):
        return asked
    raise PydanticCustomError("schema", "is neither a name nor a JSON Schema")


class JsonRequest(BaseModel):
    """What is asked of a file in a JSON document.

    Attributes
    ----------
    schema
        A name, `auto`, or a JSON Schema.
    options
        Those of the form, by their names; what is not named is as the settings say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked: Annotated[str | dict[str, JsonValue], BeforeValidator(_check_schema)] = Field(alias="schema")
    options: dict[str, JsonValue] = Field(default_factory=dict)
    split: SplitMode = "never"
    pages: str | None = Field(default=None, max_length=2_000)
    password: str | None = Field(default=None, max_length=127)

    def to_request(self, state: ServiceState, tenant: str) -> JobRequest:
        """Return what is asked."""
        return JobRequest(
            schema=_schema_of(self.asked, state, tenant),
            options=options_with(state.options, self.options),
            split=self.split,
            pages=pages_of(self.pages),
            password=self.password,
            request_id=request_id.get(),
        )


def decode_base64(text: str) -> bytes:
    """Return the bytes of base64, which may be broken into lines or stand in a data: URL (RFC 2045, 2397).

    Raises
    ------
    ValueError
        If it is neither, with characters of no base64 or without its padding.
    """
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise ValueError("a data: URL that is not in base64")
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return b64decode("".join(text.split()), validate=True)


class JsonFile(BaseModel):
    """A file in base64, and its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: str
    file_name: str | None = None

    def to_bytes(self, *where: str | int) -> bytes:
        """Return the file's bytes.

        Raises
        ------
        RequestValidationError
            If it is no base64; it names the `content` of what stands at `where` in the body.
        """
        try:
            return decode_base64(self.content)
        except (binascii.Error, ValueError) as error:
            raise _refusal(("body", *where, "content"), _NO_BASE64) from error


class JsonExtraction(JsonRequest, JsonFile):
    """A file in base64, and what is asked of it."""


OTHER_BODIES: dict[str, Any] = {
    "requestBody": {
        "content": {
            _JSON: {"schema": JsonExtraction.model_json_schema(ref_template="#/components/schemas/{model}")},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            "image/*": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


Body = TypeVar("Body", bound=BaseModel)


def read_json(model: type[Body], text: bytes) -> Body:
    """Return a body that is as documented; not for the event loop, as it may be long.

    Raises
    ------
    RequestValidationError
        If it is not, with places and reasons and no values, the first few.
    """
    text = json_text(text)
    refuse_too_much(text)
    value = load_json(text)  # which knows of keys that stand twice, of which the last would win
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _refusal_of(error, "body") from None


def options_with(usual: ExtractionOptions, said: Mapping[str, JsonValue]) -> ExtractionOptions:
    """Return the usual options with those that are said.

    Raises
    ------
    RequestValidationError
        If one is unknown or refused.
    """
    try:
        return ExtractionOptions.model_validate({**usual.model_dump(), **said})
    except ValidationError as error:
        raise _refusal_of(error, "body", "options") from None


def _read_query(state: ServiceState, tenant: str, said: Mapping[str, str]) -> JobRequest:
    """Return what the query asks; a name that it does not know is refused, as in a form."""
    known = _QUERY | ExtractionOptions.model_fields.keys()
    refuse_unknown(said, known)
    if "schema" not in said:
        raise _refusal(
            ("query", "schema"), "is missing: of a body that is a file the query says what is asked"
        )
    asked = {name: said[name] for name in ("split", "pages") if name in said}
    body: dict[str, object] = {**asked, "schema": said["schema"]}
    body["options"] = {name: value for name, value in said.items() if name not in _QUERY}
    try:
        return JsonRequest.model_validate(body).to_request(state, tenant)
    except ValidationError as error:
        raise _refusal_of(error, "query") from None
    except RequestValidationError as error:
        raise _as_of_query(error) from None


def _as_of_query(error: RequestValidationError) -> RequestValidationError:
    """Return a refusal of what a JSON body would say, with the places that it has in a query."""
    return RequestValidationError(
        [
            {**issue, "loc": ("query", *(part for part in issue["loc"] if part not in ("body", "options")))}
            for issue in error.errors()
        ]
    )


def _schema_of(asked: str | Mapping[str, JsonValue], state: ServiceState, tenant: str) -> SchemaChoice:
    if not isinstance(asked, str):
        return from_json_schema(asked)
    if asked in schema_names():  # the same for every tenant
        return get_schema(asked)
    return find_schema_choice(asked.strip(), state.tenants.of(tenant))


def _refusal_of(error: ValidationError, *where: str) -> RequestValidationError:
    """Return the refusal of what a model refused: the first few places and reasons, and no value."""
    issues = error.errors(include_url=False, include_context=False, include_input=False)[:MAX_ISSUES]
    return RequestValidationError([{**issue, "loc": (*where, *issue["loc"])} for issue in issues])


def _refusal(where: tuple[str | int, ...], reason: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": where, "msg": reason}])


@json_router.post("/v1/extractions", include_in_schema=False)
async def create_from_json(request: Request, state: State, tenant: TenantName, reply: AskedReply) -> Response:
    """Keep a file that stands in a JSON document as a job, and answer as the caller waits."""
    text = await request.body()

    def read() -> tuple[JobRequest, bytes, str | None]:
        body = read_json(JsonExtraction, text)
        return body.to_request(state, tenant), body.to_bytes(), body.file_name

    asked, data, file_name = await state.lookups.run(read)
    return await accept_file(state, tenant, asked, BytesIO(data), file_name=file_name, reply=reply)


@raw_router.post("/v1/extractions", include_in_schema=False)
async def create_from_body(request: Request, state: State, tenant: TenantName, reply: AskedReply) -> Response:
    """Keep the request's body as a job's file; what is asked of it stands in the query."""
    said = dict(request.query_params)
    refuse_repeated(request.query_params)
    if said.get("schema") in schema_names():  # there is nothing to look up, and nothing to check
        asked = _read_query(state, tenant, said)
    else:
        asked = await state.lookups.run(lambda: _read_query(state, tenant, said))
    with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        async for chunk in request.stream():
            file.write(chunk)
        return await accept_file(state, tenant, asked, file, file_name=said.get("file_name"), reply=reply)
