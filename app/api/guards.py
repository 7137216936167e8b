"""ASGI middleware before any parsing: a request id for each request, and no errands of foreign pages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import SCOPE_KEY, problem_response
from app.errors import http_problem
from app.log import request_id
from app.service_settings import is_loopback

# What callers may use as an id: it goes into logs and headers.
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HEADER = b"x-request-id"
# They change nothing (RFC 9110, 9.2.1).
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Of Sec-Fetch-Site: a page of ours, or a person.
_OWN_SITES = frozenset({"same-origin", "none"})


class RequestIdGuard:
    """Takes over a well-formed X-Request-Id, makes one otherwise, and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(_HEADER, b"")
        current = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex.encode()
        scope[SCOPE_KEY] = current.decode()
        token = request_id.set(current.decode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (_HEADER, current)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            request_id.reset(token)


class OriginGuard:
    """Answers 403 to a browser that a foreign page has told to change something here.

    A page of any site can post a form to a service on the same machine or network, and so teach it examples
    or have it read what it likes. Browsers say on whose behalf they ask; programs do not, and need not.

    Parameters
    ----------
    allowed
        Origins (`https://review.example.com`) whose pages may; beside them those of the service itself.
    is_local
        The service listens to this machine alone: then a page is its own only if its address says so as well,
        as any name can be made to point here.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str], is_local: bool) -> None:
        self._app = app
        self._allowed = frozenset(allowed)
        self._is_local = is_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request unless a foreign page makes it."""
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS or self._may(scope):
            await self._app(scope, receive, send)
            return
        detail = "the request comes from a page of another origin"
        problem = http_problem(403, detail, request_id=request_id.get(), code="foreign_origin")
        hint = "name the origin in RASG_API__ALLOWED_ORIGINS if its pages may"
        await problem_response(problem.model_copy(update={"hint": hint}))(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origins = headers.getlist("origin")
        if not origins:
            return headers.get("sec-fetch-site", "none") in _OWN_SITES
        return all(origin in self._allowed or self._is_own(origin, scope) for origin in origins)

    def _is_own(self, origin: str, scope: Scope) -> bool:
        scheme, _, place = origin.partition("://")
        is_same = bool(place) and place.lower() == Headers(scope=scope).get("host", "").lower()
        if not is_same or scheme not in ("http", "https"):
            return False
        name = place.rpartition(":")[0] if place.rpartition(":")[2].isdigit() else place
        return is_loopback(name) or not self._is_local
