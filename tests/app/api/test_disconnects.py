"""Callers who hang up: what has not begun never does, and what has stops."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any, cast
from unittest.mock import Mock

import pytest
from starlette.types import ASGIApp, Message

from app.api.disconnects import DisconnectWatch
from app.api.runner import Runner
from app.api.service import create_app
from app.extraction.pipeline import Pipeline
from app.settings import Settings
from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest
from decoding.grammar.build import build_grammar
from ocr.reader import ReadOptions, read_document
from schemas.access import Caller as AccessCaller
from schemas.cancellation import Cancellation, cancelled_by, check_cancelled
from schemas.errors import ExtractionTimeoutError, WorkCancelledError
from schemas.registry import get_schema
from tests.decoding.engines.tiny_model import make_model
from tests.paths import ROOT

INVOICE = (ROOT / "samples" / "invoice.pdf").read_bytes()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Caller:
    """Sends one request to an application, and hangs up when told to."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        path: str = "/",
        query: bytes = b"",
        body: bytes = b"",
        type_: str = "text/plain",
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        self._app = app
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [
                (b"content-type", type_.encode()),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
            "http_version": "1.1",
            "scheme": "http",
        }
        self.sent: list[Message] = []
        self.say({"type": "http.request", "body": body, "more_body": False})

    def begin(self, part: bytes) -> None:
        """Send a part of the body in the place of it all."""
        self._messages.get_nowait()
        self.say({"type": "http.request", "body": part, "more_body": True})

    def say(self, message: Message) -> None:
        self._messages.put_nowait(message)

    def hang_up(self) -> None:
        self.say({"type": "http.disconnect"})

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def ask(self) -> None:
        await self._app(self._scope, self._messages.get, self.send)


def busy_app(runner: Runner, job: Callable[[], object]) -> ASGIApp:
    """Return an application that reads its request and has a runner do a job."""

    async def app(_scope: Any, receive: Callable[[], Awaitable[Message]], _send: Any) -> None:  # noqa: ANN401
        await receive()
        with pytest.raises(WorkCancelledError):
            await runner.run(job)

    return DisconnectWatch(app)


@pytest.mark.anyio
async def test_abandoned_work_stops_at_its_next_stage_and_what_waits_never_begins() -> None:
    runner = Runner("extractions", n_concurrent=1, n_waiting=1, timeout_s=30)
    begun, stopped, second_began = threading.Event(), threading.Event(), threading.Event()

    def long_job() -> None:
        begun.set()
        try:
            for _ in range(1000):
                check_cancelled()
                threading.Event().wait(0.01)
        except WorkCancelledError:
            stopped.set()
            raise

    first, second = Caller(busy_app(runner, long_job)), Caller(busy_app(runner, second_began.set))
    asked = [asyncio.create_task(first.ask()), asyncio.create_task(second.ask())]
    assert await asyncio.to_thread(begun.wait, 5)
    second.hang_up()
    await asyncio.sleep(0.05)
    first.hang_up()
    await asyncio.wait_for(asyncio.gather(*asked), 5)
    assert await asyncio.to_thread(stopped.wait, 5)
    # Both places are free again, and the second job was never begun.
    assert await runner.run(lambda: "next") == "next"
    assert not second_began.is_set()
    runner.close()


@pytest.mark.anyio
async def test_late_work_is_stopped_as_well() -> None:
    runner = Runner("extractions", n_concurrent=1, n_waiting=0, timeout_s=0.05)
    stopped = threading.Event()

    def endless() -> None:
        try:
            while True:
                check_cancelled()
                threading.Event().wait(0.01)
        except WorkCancelledError:
            stopped.set()

    with pytest.raises(ExtractionTimeoutError):
        await runner.run(endless)
    assert await asyncio.to_thread(stopped.wait, 5)
    runner.close()


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/v1/extractions", "/v1/examples", "/v1/schemas/lint"])
async def test_a_caller_who_hangs_up_while_sending_is_no_error(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Settings(), pipeline=cast("Pipeline", None))
    app.state.service = Mock()
    admin = AccessCaller(tenant="default", scopes=("admin",))
    app.state.gate = Mock(caller_of=Mock(return_value=admin))
    kind = "application/json" if path.endswith("lint") else "multipart/form-data; boundary=x"
    caller = Caller(app, path=path, type_=kind, body=b'--x\r\nContent-Disposition: form-data; name="a"')
    caller.begin(b"--x\r\nContent-Disp")
    caller.hang_up()
    with caplog.at_level(logging.INFO):
        await caller.ask()
    assert [m["status"] for m in caller.sent if "status" in m] == [400]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_reading_stops_between_pages() -> None:
    stop = Cancellation()
    stop.cancel()
    with cancelled_by(stop), pytest.raises(WorkCancelledError):
        read_document(INVOICE)


def test_decoding_stops_between_passes_and_the_next_answer_is_as_ever(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EmbeddedEngine(make_model(tmp_path_factory.mktemp("stopped"), seed=3))
    document, schema = read_document(INVOICE, options=ReadOptions(n_workers=1)), get_schema("invoice")
    from decoding.prompt import build_prompt

    request = EngineRequest(
        prompt=build_prompt(schema, "Invoice 4711"), grammar=build_grammar(schema, document), max_tokens=40
    )
    (whole,) = engine.complete([request])
    stop, n_passes = Cancellation(), 0

    def count() -> None:
        nonlocal n_passes
        n_passes += 1
        if n_passes == 2:
            stop.cancel()
        check_cancelled()

    monkeypatch.setattr("decoding.engines.token_tree.check_cancelled", count)
    with cancelled_by(stop), pytest.raises(WorkCancelledError):
        engine.complete([request])
    assert n_passes == 2
    (again,) = engine.complete([request])
    assert again.text == whole.text
    engine.close()
