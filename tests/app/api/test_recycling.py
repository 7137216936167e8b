"""A serving process that grows is replaced without a gap; a server that stops replaces nobody."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from typing import Any, cast

import pytest
from granian.constants import Interfaces
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import recycling
from app.api.recycling import ReplacingServer


class FakeWorker:
    """A process that starts, or does not, and stops when it is asked unless it is stubborn."""

    def __init__(self, events: list[str], name: str, *, on_start: Callable[[], None] = lambda: None) -> None:
        self._events, self._name, self._on_start = events, name, on_start
        self.alive, self.is_stubborn = True, False

    def start(self) -> None:
        self._events.append(f"{self._name} begins")
        self._on_start()

    def is_alive(self) -> bool:
        return self.alive

    def terminate(self) -> None:
        self._events.append(f"{self._name} is asked to stop")
        self.alive = self.is_stubborn

    def kill(self) -> None:
        self._events.append(f"{self._name} is killed")
        self.alive = False

    def join(self, timeout: float | None = None) -> None:
        del timeout


class FakeServer(ReplacingServer):
    """Spawns fakes; a real one's signals and processes are left out."""

    def __init__(self, act: Callable[[FakeServer], None]) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "none", interface=Interfaces.ASGI, workers_kill_timeout=1, log_enabled=False
        )
        self.events: list[str] = []
        self.old = FakeWorker(self.events, "old")
        self.wrks = cast("list[Any]", [self.old])
        self._act = act

    def _spawn_worker(self, idx: int, target: object, callback_loader: object) -> Any:  # noqa: ANN401
        del idx, target, callback_loader
        self._started = recycling.multiprocessing.Event()
        self.new = FakeWorker(self.events, "new", on_start=lambda: self._act(self))
        return self.new

    def announce(self) -> None:
        self.events.append("new serves")
        self._started.set()

    def interrupt(self) -> None:
        self.signal_handler_interrupt()  # pyright: ignore[reportUnknownMemberType]

    def replace(self) -> None:
        self._respawn_workers([0], None, lambda: _answer)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    await send({"type": "lifespan.startup.complete" if scope["type"] == "lifespan" else "x"})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycling, "_START_TIMEOUT_S", 0.3)
    monkeypatch.setattr(recycling, "_TICK_S", 0.01)


def test_the_old_process_stops_only_once_the_new_one_serves() -> None:
    server = FakeServer(FakeServer.announce)
    server.replace()
    assert server.events == ["new begins", "new serves", "old is asked to stop"]
    assert server.wrks == [server.new]


def test_a_process_that_does_not_start_leaves_the_old_one(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeServer(lambda _: None)
    with caplog.at_level(logging.WARNING):
        server.replace()
    assert server.events == ["new begins", "new is killed"]
    assert server.wrks == [server.old]
    assert "has not started" in caplog.text


def test_a_process_that_dies_as_it_starts_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycling, "_START_TIMEOUT_S", 600)
    server = FakeServer(lambda server: setattr(server.new, "alive", False))
    server.replace()
    assert server.wrks == [server.old]


def test_a_server_that_is_asked_to_stop_replaces_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycling, "_START_TIMEOUT_S", 600)
    server = FakeServer(FakeServer.interrupt)
    server.replace()
    assert server.wrks == [server.old]
    assert not server.new.is_alive()


def test_a_process_that_does_not_stop_is_killed() -> None:
    server = FakeServer(FakeServer.announce)
    server.old.is_stubborn = True
    server.workers_kill_timeout = 0
    server.replace()
    assert server.events[-2:] == ["old is asked to stop", "old is killed"]


def test_a_server_that_stops_meanwhile_stops_both() -> None:
    server = FakeServer(FakeServer.announce)
    server.old.is_stubborn = True
    server.old.terminate = server.interrupt
    server.replace()
    assert server.wrks == [server.new, server.old]


@pytest.mark.anyio
async def test_an_application_announces_its_start_and_is_killed_by_a_signal_until_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handlers: dict[int, object] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    started = recycling.multiprocessing.Event()

    def load() -> ASGIApp:
        assert handlers == {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.SIG_DFL}
        return _answer

    app = recycling._load_and_announce(load, started)  # pyright: ignore[reportPrivateUsage]
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {}

    await app({"type": "http"}, receive, send)
    assert not started.is_set()
    await app({"type": "lifespan"}, receive, send)
    assert started.is_set()
    assert [message["type"] for message in sent] == ["x", "lifespan.startup.complete"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
