"""Queries are taken at their word, as forms are: a parameter that a route does not know is not ignored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, get_args, get_origin

from fastapi import Depends, Request
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError
from starlette.datastructures import QueryParams

# What is told of a request that is wrong in many places, and of a name that is a document.
MAX_ISSUES, MAX_NAME_CHARS = 20, 64


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "is before the year 1 or after 9999 in UTC") from None


def _refuse_number(said: str) -> str:
    """Refuse a year, or a time in seconds: which of them it is, the number does not say."""
    try:
        float(said)
    except ValueError:
        return said
    raise PydanticCustomError("datetime_parsing", "Input is a number")


# A moment of a query, in UTC; the first and last hours of the calendar are none in every zone.
Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_number), AfterValidator(_to_utc)]


async def check_query(request: Request) -> None:
    """Refuse a query that names what its route does not know, or something twice that is wanted once.

    A misspelt filter would silently list everything, and of two values the last would win.

    Raises
    ------
    RequestValidationError
        Naming each such parameter; never a value.
    """
    if not request.query_params:
        return
    route: APIRoute = request.scope["route"]
    fields = {field.alias: field for field in get_flat_dependant(route.dependant).query_params}
    refuse_unknown(request.query_params, fields)
    lists = {name for name, field in fields.items() if _may_repeat(field.field_info.annotation)}
    refuse_repeated(request.query_params, lists)


def refuse_repeated(query: QueryParams, lists: Collection[str] = ()) -> None:
    """Refuse a query that names something twice which is none of the `lists`; errors as `check_query`."""
    sent = Counter(name for name, _ in query.multi_items())
    twice = [(name, n) for name, n in sent.items() if n > 1 and name not in lists][:MAX_ISSUES]
    if twice:
        raise RequestValidationError(
            [
                {
                    "type": "value_error",
                    "loc": ("query", name[:MAX_NAME_CHARS]),
                    "msg": f"sent {n} times, wanted once",
                }
                for name, n in twice
            ]
        )


def _may_repeat(annotation: object) -> bool:
    """Return whether a parameter of this type is a list, or one or nothing."""
    return any(get_origin(part) is list for part in (annotation, *get_args(annotation)))


def refuse_unknown(sent: Iterable[str], known: Collection[str]) -> None:
    """Refuse a query's names that are not known; errors as `check_query`."""
    unknown = [name for name in sent if name not in known][:MAX_ISSUES]
    if unknown:
        raise RequestValidationError(
            [
                {
                    "type": "value_error",
                    "loc": ("query", name[:MAX_NAME_CHARS]),
                    "msg": unknown_name(name, known, what="parameter"),
                }
                for name in unknown
            ]
        )


def unknown_name(name: str, known: Collection[str], *, what: str) -> str:
    """Return what is said of a name that is not known: which known one is like it, if one is."""
    near = get_close_matches(name[:MAX_NAME_CHARS], known, n=1)
    return f"there is no such {what}; did you mean {near[0]}?" if near else f"there is no such {what}"


CHECKED_QUERY = Depends(check_query)
