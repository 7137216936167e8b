"""A service that is asked to stop is unready at once, ends what runs, and then stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from app.api.drain import Drain, DrainGuard
from tests.paths import ROOT

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/v1/x", "headers": []}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _status_of(guard: DrainGuard, path: str = "/v1/x") -> int:
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await guard({**SCOPE, "path": path}, _receive, send)
    return statuses[0]


def _app(wait: Callable[[], object]) -> Callable[[Scope, Receive, Send], object]:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await asyncio.sleep(0)
        result = wait()
        if asyncio.iscoroutine(result):
            await result
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


@pytest.mark.anyio
async def test_what_runs_ends_and_what_comes_later_is_sent_elsewhere() -> None:
    stopped, release = asyncio.Event(), asyncio.Event()
    drain = Drain(delay_s=0, limit_s=30, stop=stopped.set)
    guard = DrainGuard(_app(release.wait), drain=drain)  # pyright: ignore[reportArgumentType]
    running = asyncio.ensure_future(_status_of(guard))
    await asyncio.sleep(0.01)
    drain.begin()
    assert drain.is_draining
    await asyncio.sleep(0.01)
    assert await _status_of(guard) == 503
    assert not stopped.is_set()
    release.set()
    assert await running == 200
    await asyncio.wait_for(stopped.wait(), 5)


@pytest.mark.anyio
async def test_requests_are_still_taken_while_others_learn_that_it_stops() -> None:
    stopped = asyncio.Event()
    drain = Drain(delay_s=0.1, limit_s=0, stop=stopped.set)
    guard = DrainGuard(_app(lambda: None), drain=drain)  # pyright: ignore[reportArgumentType]
    drain.begin()
    drain.begin()  # a second signal changes nothing
    assert await _status_of(guard) == 200
    await asyncio.wait_for(stopped.wait(), 5)
    assert (await _status_of(guard), await _status_of(guard, "/livez")) == (503, 200)


@pytest.mark.anyio
async def test_a_request_that_does_not_end_is_waited_for_only_so_long() -> None:
    stopped = asyncio.Event()
    drain = Drain(delay_s=0, limit_s=0.1, stop=stopped.set)
    guard = DrainGuard(_app(asyncio.Event().wait), drain=drain)  # pyright: ignore[reportArgumentType]
    running = asyncio.ensure_future(_status_of(guard))
    await asyncio.sleep(0.01)
    drain.begin()
    await asyncio.wait_for(stopped.wait(), 5)
    assert drain.n_running == 1
    running.cancel()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Yield a real `rasg serve` on a free port that has no model, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "RASG_MODEL_FOLDER": str(tmp_path / "none"),
        "RASG_STORE__FOLDER": str(tmp_path / "store"),
        "RASG_API__DRAIN_DELAY_S": "2",
        "RASG_LOG__FORMAT": "json",
    }
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_until_alive(client: httpx2.Client) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            client.get("/livez")
        except httpx2.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server does not answer")


@pytest.mark.slow
def test_a_real_server_is_unready_at_once_ends_its_requests_and_exits_with_0(
    server: tuple[subprocess.Popen[bytes], str],
) -> None:
    process, address = server
    with httpx2.Client(base_url=address, timeout=20) as client:
        _wait_until_alive(client)
        before = client.get("/v1/schemas").status_code
        # A request whose body is on its way while the signal comes.
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as running:
            head = f"POST /v1/schemas/lint HTTP/1.1\r\nHost: {host}\r\nContent-Length: 17\r\n\r\n"
            running.sendall(head.encode() + b'{"type": ')
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            unready, alive = client.get("/readyz"), client.get("/livez")
            time.sleep(2.2)  # beyond the delay: only what runs is waited for now
            refused = client.get("/v1/schemas")
            running.sendall(b'"object"}'[:8])
            answer = running.recv(4096)
    assert before == 200
    assert (unready.status_code, unready.json()["code"]) == (503, "draining")
    assert alive.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (503, "draining")
    assert answer.startswith(b"HTTP/1.1 422")  # 17 bytes, one short of JSON: it was read to its end
    assert process.wait(timeout=20) == 0
