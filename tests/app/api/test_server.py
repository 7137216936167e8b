"""The server itself, as a process: who may share its port, how it ends, and whom it waits for."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from app.api.listening import allow_connections, listen
from schemas.errors import ConfigurationError
from tests.paths import ROOT
from tests.speed import slowdown


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def tiny_service(port: int, name: str = "application") -> Generator[subprocess.Popen[bytes]]:
    """Yield the running process of a small service behind the real server."""
    command = [sys.executable, "-m", "tests.app.api.tiny_service", name, str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=40)
    assert b"Traceback" not in out, out.decode()


def wait_for(condition: Callable[[], bool], *, within_s: float = 30.0) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def answers(port: int) -> bool:
    with suppress(OSError):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5).read() == b"ok"
    return False


def connect(port: int, sent: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(sent)
    return client


def is_closed(client: socket.socket) -> bool:
    """Return whether the server has hung up; what it said before is dropped."""
    client.setblocking(False)
    try:
        return client.recv(65_536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_a_port_is_listened_at_once_alone_even_by_those_who_would_share() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigurationError, match="address in use"):
            listen("127.0.0.1", port)
        with socket.socket() as stranger:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with pytest.raises(OSError, match="in use"):
                stranger.bind(("127.0.0.1", port))
    with socket.socket() as sharer:  # the server used to listen so
        sharer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sharer.bind(("127.0.0.1", 0))
        sharer.listen()
        with pytest.raises(ConfigurationError, match="address in use"):
            listen("127.0.0.1", sharer.getsockname()[1])


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "300.1.1.1"])
def test_an_address_of_no_such_machine_is_a_setting_that_is_wrong(host: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot listen"):
        listen(host, 18_000)


def test_connections_are_bounded_by_the_files_that_the_process_may_open() -> None:
    assert 64 <= allow_connections() <= 16_384


def test_what_nobody_expected_is_one_line_of_log_without_its_message() -> None:
    port = free_port()
    with tiny_service(port) as process:
        assert wait_for(lambda: answers(port))
        for path, status in (("boom", 500), ("cut", None)):
            with suppress(httpx2.RemoteProtocolError):
                assert httpx2.get(f"http://127.0.0.1:{port}/{path}", timeout=10).status_code == status
        assert answers(port)
        process.terminate()
        out = (process.stdout or sys.stdin.buffer).read()
    assert out.count(b"unexpected ValueError") == 2
    assert b"Jane" not in out
    assert b"IBAN" not in out


def worker_of(port: int) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/examples", data=b"abc")
    answer = json.load(urllib.request.urlopen(request, timeout=10))
    assert answer["n"] == 3
    return int(answer["pid"])


def test_when_the_main_process_is_killed_its_worker_ends_and_the_port_is_free() -> None:
    port = free_port()
    with tiny_service(port) as service:
        assert wait_for(lambda: answers(port))
        worker = worker_of(port)
        assert worker != service.pid
        service.send_signal(signal.SIGKILL)
        assert wait_for(lambda: not Path(f"/proc/{worker}").exists(), within_s=5)
    listen("127.0.0.1", port).close()


def test_a_service_that_cannot_start_says_so_in_one_line_and_exits_with_2() -> None:
    with tiny_service(free_port(), "broken") as service:
        said = service.stdout.read() if service.stdout else b""
        service.wait(timeout=40)
    assert service.returncode == 2
    (line,) = said.decode().splitlines()
    assert line.endswith("cannot start: the store is damaged [retrieval_failed]")


@pytest.mark.slow
def test_a_damaged_store_stops_the_real_service_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "rasg.sqlite").write_bytes(b"no database " * 100)
    settings = {"RASG_STORE__FOLDER": str(tmp_path), "RASG_MODEL_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(free_port())]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | settings | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == b""
    said = b"rasg: the store's database failed: DatabaseError [retrieval_failed]"
    assert done.stderr.splitlines() == [said]


def test_who_is_refused_while_sending_loses_no_later_request() -> None:
    port = free_port()
    with tiny_service(port):
        assert wait_for(lambda: answers(port))
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(20):
                assert client.post("/nowhere", content=b"x" * 200_000).status_code == 404


@contextmanager
def closing() -> Generator[list[socket.socket]]:
    """Yield a list for connections, which are closed in the end."""
    clients: list[socket.socket] = []
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def idle_clients(port: int, n: int) -> list[socket.socket]:
    """Return connections that hold the server up, each in one of the ways there are."""
    ways = (
        b"",
        b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /v1/examples HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\nx",
        b"POST /v1/examples HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    )
    return [connect(port, ways[number % len(ways)]) for number in range(n)]


def drip(clients: list[socket.socket]) -> None:
    for client in clients:
        with suppress(OSError):
            client.setblocking(False)
            client.send(b"x")


def seconds_of_answers(port: int, n: int) -> list[float]:
    found: list[float] = []
    for _ in range(n):
        started = time.monotonic()
        assert answers(port)
        found.append(time.monotonic() - started)
    return sorted(found)


def test_probes_answer_while_others_send_nothing_or_drip_and_those_are_dropped() -> None:
    port = free_port()
    with tiny_service(port), closing() as clients:
        assert wait_for(lambda: answers(port))
        clients += idle_clients(port, 60)
        assert seconds_of_answers(port, 20)[-1] < 2 * slowdown()
        worker_of(port)

        def all_closed() -> bool:
            drip(clients)
            return all(is_closed(client) for client in clients)

        # 5 s for headers, and 1 s here for a body's first bytes.
        assert wait_for(all_closed, within_s=15)


@pytest.mark.slow
def test_a_client_that_takes_no_answer_is_dropped() -> None:
    port = free_port()
    with tiny_service(port), closing() as clients:
        assert wait_for(lambda: answers(port))
        clients.append(connect(port, b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n"))
        worker = worker_of(port)
        # Whoever reads nothing for 30 s is reset by the kernel.
        assert wait_for(lambda: n_connections(worker, port) == 0, within_s=60)


def n_connections(process: int, port: int) -> int:
    """Return how many connections of a process's network are established to a local port."""
    table = Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in table]
    return sum(int(row[1].rpartition(":")[2], 16) == port and row[3] == "01" for row in rows)


@pytest.mark.slow
def test_probes_and_work_are_answered_beside_1500_slow_clients() -> None:
    port = free_port()
    with tiny_service(port), closing() as clients:
        assert wait_for(lambda: answers(port))
        held: list[socket.socket] = []
        for _ in range(4):  # as fast as they are dropped, others come
            held = [client for client in held if not is_closed(client)]
            new = idle_clients(port, 1_500 - len(held))
            clients += new
            held += new
            drip(held)
            times = seconds_of_answers(port, 50)
            assert times[48] < 1.0, times[-5:]
            worker_of(port)
