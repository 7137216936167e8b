"""The HTTP server around the application."""

from __future__ import annotations

import logging

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from app.log import configure_logging
from app.settings import Settings, load_settings

logger = logging.getLogger(__name__)

# A client that sends its headers slower than this holds a connection for nothing.
_HEADER_TIMEOUT_MS = 5_000
_STOP_TIMEOUT_S = 30


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve at `host`:`port` until interrupted: one process, whose threads do the work."""
    logger.info("serving %s at http://%s:%s", settings.engine, host, port)
    Server(
        f"{__name__}:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_TIMEOUT_MS),
        workers_kill_timeout=_STOP_TIMEOUT_S,
        log_enabled=False,
    ).serve()


def application() -> object:
    """Return the application of this process's environment; called in the server's worker."""
    # Not above: the server forks its worker, and the search index of examples does not live through a fork.
    from app.api.service import create_app

    settings = load_settings()
    configure_logging(settings.log)
    return create_app(settings)
