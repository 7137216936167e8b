"""Hold the service up with slow clients and print how long others wait.

`python -m benchmarks.slow_clients [N]`: starts `rasg serve` without a model, opens N connections (5,000) that
say nothing, drip headers or drip bodies, and new ones for those that are dropped; meanwhile it asks `/livez`
and has a schema checked. Prints the waiting times, how many slow clients were dropped, and the memory used.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

_PORT = 18_765
_SECONDS = 30.0
_SCHEMA = json.dumps({"type": "object", "properties": {"total": {"type": ["string", "null"]}}}).encode()
_FORM = b"POST /v1/examples HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
_WAYS = (
    b"",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    _FORM + b'Content-Length: 900000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n',
    _FORM + b"Transfer-Encoding: chunked\r\n\r\n3\r\n--b\r\n",
)


def _open(number: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", _PORT), timeout=20)
    client.sendall(_WAYS[number % len(_WAYS)])
    client.setblocking(False)
    return client


def _is_dropped(client: socket.socket) -> bool:
    """Return whether the server has hung up; a client that it has not sends a byte more."""
    try:
        if client.recv(65_536) == b"":
            return True
    except BlockingIOError:
        pass
    except OSError:
        return True
    with suppress(OSError):
        client.send(b"x")
    return False


def _row(name: str, seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99))
    return f"{name}\t{len(ordered)}\t{p50 * 1000:.0f} ms\t{p99 * 1000:.0f} ms\t{ordered[-1] * 1000:.0f} ms"


def _worker_memory_mb(main: int) -> float:
    (worker, *_) = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    pages = int(Path(f"/proc/{worker}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _hold_up(n: int, main: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with suppress(OSError):
            _ask("GET", "/livez")
            break
        time.sleep(0.2)
    probes: list[float] = []
    checks: list[float] = []
    n_dropped, before_mb = 0, _worker_memory_mb(main)
    held = [_open(number) for number in range(n)]
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        probes.append(_ask("GET", "/livez"))
        checks.append(_ask("POST", "/v1/schemas/lint", _SCHEMA))
        if len(probes) % 50 == 0:
            dropped = [client for client in held if _is_dropped(client)]
            n_dropped += len(dropped)
            gone = set(map(id, dropped))
            for client in dropped:
                client.close()
            held = [client for client in held if id(client) not in gone]
            held += [_open(number) for number in range(len(dropped))]
    print("asked\ttimes\tp50\tp99\tmost")
    print(_row("/livez", probes))
    print(_row("/v1/schemas/lint", checks))
    after_mb = _worker_memory_mb(main)
    print(f"{n} slow clients; {n_dropped} dropped and replaced; memory {before_mb:.0f} to {after_mb:.0f} MB")
    for client in held:
        client.close()


def _ask(method: str, path: str, body: bytes | None = None) -> float:
    """Return the seconds until an answer, over a connection of its own, as those who probe have."""
    started = time.perf_counter()
    with closing(HTTPConnection("127.0.0.1", _PORT, timeout=30)) as connection:
        connection.request(method, path, body)
        status = connection.getresponse().status
    if status != HTTPStatus.OK:
        raise RuntimeError(f"{method} {path}: {status}")
    return time.perf_counter() - started


def main() -> int:
    """Run the command; return the exit code."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory() as folder:
        settings = {"RASG_STORE__FOLDER": folder, "RASG_MODEL_FOLDER": folder, "RASG_LOG__LEVEL": "ERROR"}
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(_PORT)]
        with subprocess.Popen(command, env=os.environ | settings) as service:
            try:
                _hold_up(n, service.pid)
            finally:
                service.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
