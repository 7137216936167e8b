"""Metrics of a process that serves no requests, such as a worker of jobs, on a port of their own."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app.service_settings import MetricsSettings
from app.telemetry.metrics import CONTENT_TYPE, Metrics
from schemas.errors import ConfigurationError

logger = logging.getLogger(__name__)

# A connection that says nothing for longer is closed.
_IDLE_S = 10.0
# How long the end of serving waits, at most.
_POLL_S = 0.1


@contextmanager
def exposing(metrics: Metrics, settings: MetricsSettings) -> Generator[int | None]:
    """Yield the port at which `metrics` are served meanwhile; None if the settings name none.

    Raises
    ------
    ConfigurationError
        If the port cannot be used.
    """
    if settings.worker_port is None:
        yield None
        return
    token = None if settings.token is None else settings.token.get_secret_value()
    try:
        server = _Server((settings.worker_host, settings.worker_port), _handler(metrics, token))
    except OSError as error:
        raise ConfigurationError(
            f"the metrics cannot be served at port {settings.worker_port}: {error.strerror}"
        ) from error
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave out the traceback that the library prints: whoever hangs up is no trouble of ours."""
        del request, client_address
        logger.debug("a reader of the metrics hung up")


def _handler(metrics: Metrics, token: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_S

        def do_GET(self) -> None:
            if self.path != "/metrics":
                self._reply(404, b"", "text/plain")
            elif token is not None and not _is_allowed(self.headers.get("Authorization"), token):
                self._reply(401, b"", "text/plain")
            else:
                self._reply(200, metrics.expose(), CONTENT_TYPE)

        def _reply(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            if status == 401:
                self.send_header("WWW-Authenticate", "Bearer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing: lines of machines that ask every few seconds."""

    return Handler


def _is_allowed(authorization: str | None, token: str) -> bool:
    return hmac.compare_digest((authorization or "").encode(), f"Bearer {token}".encode())
