"""A server that hangs, answers 500, nonsense or half an answer, goes away and comes back."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stamina

from decoding.engines.breaker import CircuitBreaker
from decoding.engines.engine import EngineRequest, Recovers
from decoding.engines.vllm_client import VllmEngine
from decoding.grammar.build import build_grammar
from schemas.errors import EngineContractError, EngineUnavailableError, RasgError
from schemas.prompt import Message, Prompt
from schemas.spec import FieldSpec
from tests.decoding.pages import document_of, schema_of
from tests.speed import slowdown

REQUEST = EngineRequest(
    prompt=Prompt(messages=(Message(role="user", content="page"),)),
    grammar=build_grammar(schema_of(x=FieldSpec(kind="boolean")), document_of(())),
    max_tokens=20,
)
COMPLETIONS = "/v1/chat/completions"
ANSWER = json.dumps(
    {
        "choices": [
            {
                "message": {"content": '{"x":true}'},
                "finish_reason": "stop",
                "logprobs": {"content": [{"token": '{"x":true}', "logprob": -0.5}]},
            }
        ],
        "usage": {"prompt_tokens": 10},
    }
).encode()
SOUND: dict[str, bytes] = {
    "/v1/models": json.dumps({"data": [{"id": "base", "max_model_len": 100}]}).encode(),
    "/tokenize": b'{"count": 10}',
    COMPLETIONS: ANSWER,
}
Misbehave = Callable[[BaseHTTPRequestHandler], None]


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes, *, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


class FaultyServer:
    """Answers as a sound server, but for paths that `faults` names; `asked` counts requests by path."""

    def __init__(self) -> None:
        self.faults: dict[str, Misbehave] = {}
        self.asked: dict[str, int] = {}
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._reply()

            def _reply(self) -> None:
                outer.asked[self.path] = outer.asked.get(self.path, 0) + 1
                fault = outer.faults.get(self.path)
                if fault is None:
                    answer(self, 200, SOUND[self.path])
                else:
                    fault(self)

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.02), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    server = FaultyServer()
    with stamina.set_testing(True, attempts=3, cap=True):  # no waits between tries
        yield server
    server.close()


@pytest.fixture
def engine(server: FaultyServer) -> Iterator[VllmEngine]:
    breaker = CircuitBreaker(n_failures=3, cool_down_s=0.2)
    engine = VllmEngine(server.url, timeout_s=0.4, breaker=breaker)
    yield engine
    engine.close()


def reply(status: int, body: bytes = b"", *, length: int | None = None) -> Misbehave:
    return lambda handler: answer(handler, status, body, length=length)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(40):  # 4 s, each piece within the limit for one
        try:
            handler.wfile.write(b" ")
        except OSError:
            return
        time.sleep(0.1)


def test_a_server_that_hangs_is_given_up_after_its_limit(server: FaultyServer, engine: VllmEngine) -> None:
    def hang(_: BaseHTTPRequestHandler) -> None:
        server.released.wait(5)

    server.faults[COMPLETIONS] = hang
    started = time.monotonic()
    with pytest.raises(EngineUnavailableError, match="ReadTimeout"):
        engine.complete([REQUEST])
    assert time.monotonic() - started < 2 * slowdown()
    assert server.asked[COMPLETIONS] == 1


def test_an_answer_that_drips_is_given_up_after_its_limit(server: FaultyServer, engine: VllmEngine) -> None:
    server.faults[COMPLETIONS] = drip
    started = time.monotonic()
    with pytest.raises(EngineUnavailableError, match="ReadTimeout"):
        engine.complete([REQUEST])
    assert time.monotonic() - started < 2 * slowdown()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (reply(500, b'{"error": {"message": "EngineCore died"}}'), EngineUnavailableError),
        (reply(200, b"<html>garbage</html>"), EngineContractError),
        (reply(200, b"\xff\xfe\x00" * 100), EngineContractError),
        (reply(200, ANSWER[: len(ANSWER) // 2]), EngineContractError),
        (reply(200, ANSWER[:50], length=len(ANSWER)), EngineUnavailableError),
        (reply(200, b"[" * 100_000), EngineContractError),
        (hang_up, EngineUnavailableError),
    ],
)
def test_a_completion_that_was_taken_is_never_asked_for_again(
    server: FaultyServer, engine: VllmEngine, fault: Misbehave, error: type[RasgError]
) -> None:
    server.faults[COMPLETIONS] = fault
    with pytest.raises(error):
        engine.complete([REQUEST])
    assert server.asked[COMPLETIONS] == 1


@pytest.mark.parametrize("status", [502, 503])
def test_a_completion_that_was_put_off_is_asked_for_again(
    server: FaultyServer, engine: VllmEngine, status: int
) -> None:
    def put_off_once(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, *((status, b"") if server.asked[COMPLETIONS] == 1 else (200, ANSWER)))

    server.faults[COMPLETIONS] = put_off_once
    (completion,) = engine.complete([REQUEST])
    assert completion.text == '{"x":true}'
    assert server.asked[COMPLETIONS] == 2


def test_a_question_that_costs_nothing_is_asked_again_when_it_breaks_off(
    server: FaultyServer, engine: VllmEngine
) -> None:
    def break_off_once(handler: BaseHTTPRequestHandler) -> None:
        if server.asked["/tokenize"] == 1:
            hang_up(handler)
        else:
            answer(handler, 200, SOUND["/tokenize"])

    server.faults["/tokenize"] = break_off_once
    assert engine.count_tokens(REQUEST.prompt) == 10
    assert server.asked["/tokenize"] == 2


def test_a_server_that_keeps_failing_is_left_alone_and_taken_back_when_it_recovers(
    server: FaultyServer, engine: VllmEngine
) -> None:
    assert isinstance(engine, Recovers)
    engine.count_tokens(REQUEST.prompt)
    for path in ("/tokenize", "/v1/models"):
        server.faults[path] = reply(500)
    for _ in range(3):
        with pytest.raises(EngineUnavailableError, match="answers 500"):
            engine.count_tokens(REQUEST.prompt)
    n_asked = server.asked["/tokenize"]
    with pytest.raises(EngineUnavailableError, match="left alone") as caught:
        engine.complete([REQUEST])
    assert server.asked["/tokenize"] == n_asked  # not even asked
    assert caught.value.retry_after_s == 1
    assert engine.is_cut_off
    time.sleep(0.25)
    with pytest.raises(EngineUnavailableError, match="answers 500"):  # tried, and cut off again
        engine.check()
    assert engine.is_cut_off
    server.faults.clear()
    time.sleep(0.45)  # twice as long as at first
    engine.check()
    assert not engine.is_cut_off
    assert engine.complete([REQUEST])[0].text == '{"x":true}'


def test_a_server_that_went_away_is_unreachable_and_then_left_alone(
    server: FaultyServer, engine: VllmEngine
) -> None:
    engine.count_tokens(REQUEST.prompt)
    server.close()
    for _ in range(3):
        with pytest.raises(EngineUnavailableError, match=r"connect|broke off"):
            engine.count_tokens(REQUEST.prompt)
    with pytest.raises(EngineUnavailableError, match="left alone"):
        engine.count_tokens(REQUEST.prompt)


def test_refused_requests_and_weights_say_nothing_against_the_server(
    server: FaultyServer, engine: VllmEngine
) -> None:
    refusal: Any = reply(400, b'{"error": {"message": "odd"}}')
    server.faults[COMPLETIONS] = refusal
    for _ in range(5):
        with pytest.raises(EngineContractError):
            engine.complete([REQUEST])
    assert not engine.is_cut_off


def test_retries_are_logged_and_never_printed(
    server: FaultyServer,
    engine: VllmEngine,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.faults[COMPLETIONS] = reply(503)
    with caplog.at_level(logging.WARNING), pytest.raises(EngineUnavailableError, match="answers 503"):
        engine.complete([REQUEST])
    assert server.asked[COMPLETIONS] == 3
    assert "stamina" in caplog.text
    assert "page" not in caplog.text
    assert capsys.readouterr().out == ""
