"""The HTTP server around the application."""

from __future__ import annotations

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from app.api.service import create_app
from app.log import configure_logging
from app.settings import Settings, load_settings

# A client that sends its headers slower than this holds a connection for nothing.
_HEADER_TIMEOUT_MS = 5_000
_STOP_TIMEOUT_S = 30


def serve(settings: Settings) -> None:
    """Serve until interrupted: one process, whose threads do the work."""
    Server(
        "app.api.server:application",
        factory=True,
        address=settings.api.host,
        port=settings.api.port,
        interface=Interfaces.ASGI,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_TIMEOUT_MS),
        workers_kill_timeout=_STOP_TIMEOUT_S,
        log_enabled=False,
    ).serve()


def application() -> object:
    """Return the application of this process's environment; called in the server's worker."""
    settings = load_settings()
    configure_logging(settings.log)
    return create_app(settings)
