"""ASGI middleware: who asks is known, may, and does not ask too much, before a byte of the body is read."""

from __future__ import annotations

from contextlib import ExitStack
from typing import cast

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.gate import Gate
from app.access.limits import Allowance
from app.api.callers import Callers
from app.api.problems import error_response
from app.api.scopes import scope_of
from schemas.access import Caller
from schemas.access import Scope as AccessScope
from schemas.errors import RasgError
from schemas.service_errors import ForbiddenError, UnauthenticatedError

# Where routes find who asks.
CALLER_KEY = "rasg.caller"


class AccessGuard:
    """Answers 401, 403 and 429; what it lets through has its caller in the scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._callers = Callers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        needed = _needed_by(scope)
        if needed is None:
            await self._app(scope, receive, send)
            return
        gate: Gate = scope["app"].state.gate
        with ExitStack() as running:
            try:
                caller = await self._callers.find(gate, key_in(Headers(scope=scope)))
                allowance = _let_in(caller, needed, gate, running)
            except RasgError as error:
                await error_response(error)(scope, receive, send)
                return
            scope[CALLER_KEY] = caller
            await self._app(scope, receive, send if allowance is None else _send_with(allowance, send))


def key_in(headers: Headers) -> str | None:
    """Return the key that a request carries; None if it carries none.

    Raises
    ------
    UnauthenticatedError
        If it carries several, or none where one should be.
    """
    found = set(headers.getlist("x-api-key"))
    for value in headers.getlist("authorization"):
        scheme, _, key = value.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("the key is sent as Authorization: Bearer <key>, or X-API-Key")
        found.add(key.strip())
    if len(found) > 1:
        raise UnauthenticatedError("the request carries more than one key")
    return next(iter(found), None)


def _let_in(caller: Caller, needed: AccessScope, gate: Gate, running: ExitStack) -> Allowance | None:
    if not caller.may(needed):
        raise ForbiddenError(f"this needs a key with the scope {needed!r}", scope=needed)
    if caller.key_id is None:
        return None
    return running.enter_context(gate.limiter.request(caller.key_id))


def _needed_by(scope: Scope) -> AccessScope | None:
    """Return the scope of the request's route; None where there is no route, or it needs no key."""
    if scope["type"] != "http":
        return None
    routes = cast("list[BaseRoute]", scope["app"].router.routes)
    path = next((_path_of(route) for route in routes if route.matches(scope)[0] is Match.FULL), None)
    return None if path is None else scope_of(scope["method"], path)


def _path_of(route: BaseRoute) -> str:
    return str(getattr(route, "path", ""))


def _send_with(allowance: Allowance, send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(allowance.headers())
        await send(message)

    return send_with_headers
