"""JSON bodies: read off the event loop, within a bound on how much they hold."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from app.api.queries import MAX_ISSUES
from schemas.distinct_json import RepeatedKeyError, load_distinct

Model = TypeVar("Model", bound=BaseModel)

# Of commas and brackets, also those inside of strings. A corrected answer of 10,000 rows of ten cells has
# some 130,000; each value costs about 100 bytes of memory where it took one or two to send.
_MAX_MARKS = 250_000


def json_body(model: type[Model]) -> Callable[[Request], Coroutine[Any, Any, Model]]:
    """Return the dependency that gives a request's body as a `model`; refusals are 422 and show no value."""

    async def read(request: Request) -> Model:
        body = await request.body()
        # Other requests go on while a long one is parsed.
        return await run_in_threadpool(parse_json, body, model)

    return read


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the route of a `json_body` adds to its OpenAPI operation."""
    content = {
        "application/json": {"schema": model.model_json_schema(ref_template="#/components/schemas/{model}")}
    }
    return {"requestBody": {"content": content, "required": True}}


def holds_too_much(body: bytes) -> bool:
    """Return whether a JSON text would become far more in memory than any answer is."""
    return sum(body.count(mark) for mark in (b",", b"[", b"{")) > _MAX_MARKS


def refuse_too_much(body: bytes) -> None:
    """Refuse what holds too much.

    Raises
    ------
    RequestValidationError
        If it does (`holds_too_much`).
    """
    if holds_too_much(body):
        raise _refused("the body holds too many values")


def json_text(body: bytes) -> bytes:
    """Return a JSON text without the byte order mark that some programs begin it with (RFC 8259, 8.1).

    Raises
    ------
    RequestValidationError
        If it is in another encoding than UTF-8.
    """
    try:
        body.decode()  # takes a tenth of the time that parsing does
    except UnicodeDecodeError as error:
        raise _refused("the body is not UTF-8") from error
    return body.removeprefix(codecs.BOM_UTF8)


def parse_json(body: bytes, model: type[Model]) -> Model:
    """Return a JSON text as a `model`.

    Raises
    ------
    RequestValidationError
        If it is no JSON, holds too much, or is no such `model`; it names the first 20 places at most.
    """
    body = json_text(body)
    refuse_too_much(body)
    value = load_json(body)
    if isinstance(value, dict):
        _refuse_unknown_keys(value, model)  # pyright: ignore[reportUnknownArgumentType] # JSON
    try:
        return model.model_validate(value)
    except ValidationError as error:
        issues = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [{**issue, "loc": ("body", *issue["loc"])} for issue in issues[:MAX_ISSUES]]
        ) from None


def load_json(body: bytes) -> object:
    """Return what a JSON text says.

    Raises
    ------
    RequestValidationError
        If it is no JSON, is nested too deeply, or an object in it has a key twice: it would say two things.
    """
    try:
        return load_distinct(body)
    except RepeatedKeyError as error:
        raise _refused(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _refused("the body is no JSON, or nested too deeply") from error


def _refuse_unknown_keys(value: dict[str, object], model: type[BaseModel]) -> None:
    """Refuse before validation: that would make an error, with a copy of the value, of each of them."""
    unknown = [key for key in value if key not in model.model_fields]
    if unknown and model.model_config.get("extra") == "forbid":
        raise RequestValidationError(
            [
                {"type": "extra_forbidden", "loc": ("body", key), "msg": "there is no such field"}
                for key in unknown[:MAX_ISSUES]
            ]
        )


def _refused(reason: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("body",), "msg": reason}])
