"""The HTTP server around the application."""

from __future__ import annotations

import logging
import math

from granian.constants import Interfaces
from granian.http import HTTP1Settings

from app.api.recycling import ReplacingServer
from app.log import configure_logging, log_uncaught
from app.settings import ApiSettings, Settings, load_settings

logger = logging.getLogger(__name__)

# A client that sends its headers slower than this holds a connection for nothing.
_HEADER_TIMEOUT_MS = 5_000
# What a process has to close when its requests have ended.
_STOP_TIMEOUT_S = 10


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve at `host`:`port` until interrupted: one process, whose threads do the work."""
    logger.info("serving %s at http://%s:%s", settings.engine, host, port)
    ReplacingServer(
        "app.api.server:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_TIMEOUT_MS),
        workers_kill_timeout=_stop_timeout_s(settings.api),
        workers_max_rss=settings.api.worker_max_rss_mb,
        log_enabled=False,
    ).serve()


def application() -> object:
    """Return the application of this process's environment; called in the server's worker."""
    # Not above: the server forks its worker, and the search index of examples does not live through a fork.
    from app.api.service import create_app

    settings = load_settings()
    configure_logging(settings.log)
    log_uncaught()
    return create_app(settings, stops_on_signal=True)


def _stop_timeout_s(settings: ApiSettings) -> int:
    """Return the seconds after which a process that was asked to stop is killed."""
    return math.ceil(settings.drain_delay_s + settings.drain_s) + _STOP_TIMEOUT_S
