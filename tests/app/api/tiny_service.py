"""A service of two routes that starts at once, behind the server and the guards of the real one."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse

from app.api.bodies import BodyGuard, BodyLimits
from app.api.disconnects import DisconnectWatch
from app.api.guards import RequestIdGuard
from app.api.listening import listen
from app.api.problems import add_problem_handlers
from app.api.server import StartsOrSays, die_with_parent, run
from app.api.unread_bodies import UnreadBodyGuard
from app.log import configure_logging
from app.service_settings import ApiSettings
from app.settings import LogSettings
from schemas.errors import RetrievalError


async def livez(_: Request) -> PlainTextResponse:
    """Say that the process answers."""
    return PlainTextResponse("ok")


async def count(request: Request) -> JSONResponse:
    """Return the length of the body, and the process that read it."""
    return JSONResponse({"n": len(await request.body()), "pid": os.getpid()})


async def boom(_: Request) -> PlainTextResponse:
    """Raise what names a value of a document."""
    raise ValueError("Jane Doe,\nIBAN DE89")


async def cut(_: Request) -> StreamingResponse:
    """Raise it when the answer has begun."""

    async def say() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ValueError("Jane Doe,\nIBAN DE89")

    return StreamingResponse(say())


async def big(_: Request) -> PlainTextResponse:
    """Return more than any socket buffers."""
    return PlainTextResponse(b"x" * 30_000_000)


def application() -> StartsOrSays:
    """Return the application."""
    die_with_parent()
    configure_logging(LogSettings())
    app = FastAPI()
    app.add_route("/livez", livez)
    app.add_route("/v1/examples", count, methods=["POST"])
    app.add_route("/big", big)
    app.add_route("/boom", boom)
    app.add_route("/cut", cut)
    add_problem_handlers(app)
    limits = BodyLimits(document_bytes=1_000_000, grace_s=1.0, least_rate=100_000)
    guarded = BodyGuard(DisconnectWatch(app), limits=limits)
    return StartsOrSays(UnreadBodyGuard(RequestIdGuard(guarded)))


def broken() -> StartsOrSays:
    """Return an application that cannot start."""

    async def fail(*_: object) -> None:
        raise RetrievalError("the store is damaged")

    configure_logging(LogSettings())
    return StartsOrSays(fail)


if __name__ == "__main__":
    with listen("127.0.0.1", int(sys.argv[2])) as listener:
        run(f"tests.app.api.tiny_service:{sys.argv[1]}", listener, ApiSettings())
