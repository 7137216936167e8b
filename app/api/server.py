"""The HTTP server around the application."""

from __future__ import annotations

import ctypes
import logging
import math
import os
import signal
import socket
import sys
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.listening import allow_connections, listen
from app.api.recycling import ReplacingServer
from app.errors import error_record
from app.log import configure_logging, log_uncaught
from app.service_settings import ApiSettings, is_loopback
from app.settings import Settings, load_settings
from app.wiring import build_keys, open_database
from schemas.errors import ConfigurationError, RasgError

logger = logging.getLogger(__name__)

# A client that sends its headers slower than this, or nothing at all, holds a connection for nothing; so does
# one that keeps its connection and asks no more.
_HEADER_TIMEOUT_MS = 5_000
# Of each connection; the server's own 400 kB are 100 MB where 250 files come at a time.
_BUFFER_BYTES = 2**16
# What a process has to close when its requests have ended.
_STOP_TIMEOUT_S = 10
# The command line's: nothing could be done at all.
_EXIT_NOT_STARTED = 2
_PR_SET_PDEATHSIG = 1


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve at `host`:`port` until interrupted: one process, whose threads do the work.

    Raises
    ------
    ConfigurationError
        If something listens there already, or others could reach a service that has no key.
    SystemExit
        With 2 if the application cannot start, such as on a damaged store, and 1 if its process dies later.
    """
    check_exposure(settings, host)
    os.environ["RASG_API__HOST"] = host  # the worker reads its settings anew
    with listen(host, port) as listener:
        logger.info("serving %s at http://%s:%s", settings.engine, host, port)
        run(f"{__name__}:application", listener, settings.api)


def run(target: str, listener: socket.socket, settings: ApiSettings) -> None:
    """Have a worker serve the application that the factory `target` (`module:name`) makes; see `serve`."""
    server = _Server(
        target,
        factory=True,
        interface=Interfaces.ASGI,
        # A connection that may be either has no deadline until it has said which: HTTP/2 is left out.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_TIMEOUT_MS, max_buffer_size=_BUFFER_BYTES),
        websockets=False,
        backpressure=allow_connections(),
        workers_kill_timeout=_stop_timeout_s(settings),
        workers_max_rss=settings.worker_max_rss_mb,
        log_enabled=False,
    )
    server.listener = listener
    server.serve()


class _Server(ReplacingServer):
    """Granian's server on a socket that is ours alone, whose exit code says how its worker ended."""

    listener: socket.socket

    def _init_shared_socket(self) -> None:
        self._ssp = self._sso = None
        # Its constructor is not in the stubs: descriptor, whether it is a unix socket, backlog.
        holder: Any = SocketHolder
        self._shd = holder(self.listener.fileno(), False, self.backlog)

    def _stop_workers(self) -> None:
        workers: list[Any] = [*self.wrks]
        codes: list[Any] = [worker.inner.exitcode for worker in workers]
        super()._stop_workers()
        if _EXIT_NOT_STARTED in codes:
            sys.exit(_EXIT_NOT_STARTED)


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


def application() -> ASGIApp:
    """Return the application of this process's environment; called in the server's worker."""
    die_with_parent()
    # Not above: the server forks its worker, and the search index of examples does not live through a fork.
    from app.api.service import create_app

    settings = load_settings()
    configure_logging(settings.log)
    log_uncaught()
    return StartsOrSays(create_app(settings, stops_on_signal=True))


def die_with_parent() -> None:
    """Have the kernel end this process when the one that forked it ends, however that ends."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before the kernel knew
        os._exit(1)


class StartsOrSays:
    """An application that, if it cannot start, says why in one line and ends its process with exit code 2.

    A store that is damaged, or one that another process has locked, is the operator's to see to: a traceback
    through the server's insides tells them less.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and stop."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        is_started = False

        async def send_unless_failed(message: Message) -> None:
            nonlocal is_started
            is_started = is_started or message["type"] == "lifespan.startup.complete"
            if message["type"] != "lifespan.startup.failed":  # the error itself comes next
                await send(message)

        try:
            await self._app(scope, receive, send_unless_failed)
        except Exception as error:
            if is_started:
                raise
            _say(error)
            os._exit(_EXIT_NOT_STARTED)


def _say(error: Exception) -> None:
    record = error_record(error)
    hint = f"; {record.hint}" if isinstance(error, RasgError) and record.hint else ""
    logger.error("cannot start: %s [%s]%s", record.message, record.code, hint)
    sys.stderr.flush()


def _stop_timeout_s(settings: ApiSettings) -> int:
    """Return the seconds after which a process that was asked to stop is killed."""
    return math.ceil(settings.drain_delay_s + settings.drain_s) + _STOP_TIMEOUT_S
