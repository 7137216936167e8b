"""The HTTP server around the application."""

from __future__ import annotations

import logging

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from app.log import configure_logging
from app.settings import Settings, is_loopback, load_settings
from app.wiring import build_keys, open_database
from schemas.errors import ConfigurationError

logger = logging.getLogger(__name__)

# A client that sends its headers slower than this holds a connection for nothing.
_HEADER_TIMEOUT_MS = 5_000
_STOP_TIMEOUT_S = 30


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve at `host`:`port` until interrupted: one process, whose threads do the work.

    Raises
    ------
    ConfigurationError
        If others could reach a service that has no key.
    """
    check_exposure(settings, host)
    logger.info("serving %s at http://%s:%s", settings.engine, host, port)
    Server(
        "app.api.server:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_TIMEOUT_MS),
        workers_kill_timeout=_STOP_TIMEOUT_S,
        log_enabled=False,
    ).serve()


def check_exposure(settings: Settings, host: str) -> None:
    """Refuse to listen where others are while everyone would be let in.

    Raises
    ------
    ConfigurationError
        If `host` is no loopback address, there is no key, and the settings do not allow it.
    """
    database = open_database(settings)
    try:
        is_locked = build_keys(database).is_locked()
    finally:
        database.dispose()  # before the server forks
    if is_locked:
        return
    if is_loopback(host):
        logger.warning("there is no key: whoever is on this machine may ask; rasg keys create makes one")
    elif settings.api.allow_open:
        logger.warning("there is no key, and RASG_API__ALLOW_OPEN: whoever reaches %s may ask", host)
    else:
        raise ConfigurationError(
            f"there is no key, and {host} can be reached by others",
            hint="rasg keys create makes one; RASG_API__ALLOW_OPEN=true lets everyone in",
        )


def application() -> object:
    """Return the application of this process's environment; called in the server's worker."""
    # Not above: the server forks its worker, and the search index of examples does not live through a fork.
    from app.api.service import create_app

    settings = load_settings()
    configure_logging(settings.log)
    return create_app(settings)
