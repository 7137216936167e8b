"""The socket that the service listens on: its own alone, and patient with nobody for ever."""

from __future__ import annotations

import errno
import resource
import socket

from schemas.errors import ConfigurationError

# Connections that have sent nothing yet wait in the kernel; it may allow fewer.
_BACKLOG = 4096
# A peer that takes nothing of what it is sent for so long is gone: else it holds a connection for ever.
_USER_TIMEOUT_MS = 30_000
# A connection on which nobody says anything, not even the peer's kernel, is probed and then dropped.
_KEEPALIVE = {socket.TCP_KEEPIDLE: 60, socket.TCP_KEEPINTVL: 15, socket.TCP_KEEPCNT: 4}
# Each costs some 10 kB until its deadline: more than a flood of slow clients brings within a deadline.
_MAX_CONNECTIONS = 16_384
# Files that the service itself opens: documents, children, the database, the search index.
_OWN_FILES = 1_024
_LEAST_CONNECTIONS = 64


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host`:`port`, which nobody else can listen at while it is open.

    Raises
    ------
    ConfigurationError
        If something listens there already, or the host is none of this machine's.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, proto)
    except OSError as error:
        raise ConfigurationError(f"cannot listen at {host}:{port}: no such address") from error
    try:
        # Without SO_REUSEPORT: with it a second service would share the port, and answer for another tenant.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # Those that are accepted inherit these.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
        for option, value in _KEEPALIVE.items():
            listener.setsockopt(socket.IPPROTO_TCP, option, value)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"cannot listen at {host}:{port}: {_reason(error)}", hint="stop what does, or use --port"
        ) from error
    listener.setblocking(False)
    return listener


def _reason(error: OSError) -> str:
    return (
        "address in use" if error.errno == errno.EADDRINUSE else (error.strerror or "it is refused").lower()
    )


def allow_connections() -> int:
    """Return how many connections may be open at a time, with as many open files as this process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_CONNECTIONS + _OWN_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(_LEAST_CONNECTIONS, allowed - _OWN_FILES)
