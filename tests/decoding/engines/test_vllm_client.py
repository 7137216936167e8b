"""What the client makes of a server's answers, sound and odd, from a real HTTP server in a thread."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from decoding.engines.engine import EngineRequest
from decoding.engines.vllm_client import VllmEngine
from decoding.grammar.build import build_grammar
from schemas.errors import (
    AdapterNotFoundError,
    ConfigurationError,
    EngineContractError,
    EngineUnavailableError,
    GrammarCompileError,
    PromptTooLongError,
    RasgError,
)
from schemas.prompt import Message, Prompt
from schemas.spec import FieldSpec
from tests.decoding.pages import document_of, schema_of

Reply = tuple[int, object]
GRAMMAR = build_grammar(schema_of(x=FieldSpec(kind="boolean")), document_of(()))
PROMPT = Prompt(messages=(Message(role="user", content="page"),))
MODELS = {
    "data": [
        {"id": "lora", "parent": "base", "max_model_len": None},
        {"id": "base", "parent": None, "max_model_len": 100, "unknown": 1},
    ]
}


def _answer(*choices: dict[str, Any]) -> dict[str, Any]:
    return {"choices": choices, "usage": {"prompt_tokens": 10}}


def _always(status: int, body: object) -> Callable[[str, dict[str, Any]], Reply]:
    def reply(_: str, __: dict[str, Any]) -> Reply:
        return status, body

    return reply


def _choice(text: str, *, reason: str = "stop", logprob: float = -0.5) -> dict[str, Any]:
    content = [{"token": text, "logprob": logprob, "bytes": list(text.encode())}]
    end = {"token": "<|im_end|>", "logprob": 0.0, "bytes": list(b"<|im_end|>")}
    return {
        "message": {"content": text},
        "finish_reason": reason,
        "logprobs": {"content": [*content, end] if reason == "stop" else content},
    }


@contextmanager
def _serving(reply: Callable[[str, dict[str, Any]], Reply]) -> Generator[VllmEngine]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, MODELS)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*((200, {"count": 10}) if self.path == "/tokenize" else reply(self.path, body)))

        def _send(self, status: int, body: object) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    engine = VllmEngine(f"http://127.0.0.1:{server.server_port}/v1/", timeout_s=5, sample_candidates=True)
    try:
        yield engine
    finally:
        engine.close()
        server.shutdown()
        server.server_close()
        thread.join()


def _request(
    *, adapter: str | None = None, max_tokens: int = 50, n_candidates: int = 1, seed: int = 0
) -> EngineRequest:
    return EngineRequest(
        prompt=PROMPT,
        grammar=GRAMMAR,
        adapter=adapter,
        max_tokens=max_tokens,
        n_candidates=n_candidates,
        seed=seed,
    )


def test_the_grammar_goes_where_the_server_looks_for_it() -> None:
    seen: list[dict[str, Any]] = []

    def reply(_: str, body: dict[str, Any]) -> Reply:
        seen.append(body)
        return 200, _answer(_choice('{"x":true}'))

    with _serving(reply) as engine:
        (completion,) = engine.complete([_request(max_tokens=500)])
    assert seen[0]["structured_outputs"] == {"grammar": GRAMMAR.lark}
    assert seen[0]["model"] == "base"
    assert seen[0]["max_tokens"] == 90  # the context of 100 less the prompt's 10
    assert completion.text == '{"x":true}'
    assert completion.n_completion_tokens == 1  # the end of text is no part of it


def test_a_server_that_ignores_the_grammar_fails_the_probe() -> None:
    with (
        _serving(_always(200, _answer(_choice("Hello! How can I help?")))) as engine,
        pytest.raises(EngineContractError, match="does not follow"),
    ):
        engine.probe()


def test_of_several_candidates_the_likeliest_is_taken() -> None:
    def reply(_: str, body: dict[str, Any]) -> Reply:
        if "n" not in body:
            return 200, _answer(_choice('{"x":true}', logprob=-2.0))
        assert (body["n"], body["seed"]) == (2, 7)
        cut = _choice('{"x', reason="length", logprob=-0.1)
        return 200, _answer(_choice('{"x":false}', logprob=-1.0), cut)

    with _serving(reply) as engine:
        (completion,) = engine.complete([_request(n_candidates=3, seed=7)])
    assert completion.text == '{"x":false}'


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": {"message": "Grammar error: unknown name"}}, GrammarCompileError),
        (400, {"error": {"message": "maximum context length is 100"}}, PromptTooLongError),
        (400, {"error": {"message": "odd"}}, EngineContractError),
        (401, {"error": "Unauthorized"}, ConfigurationError),
        (404, {"error": {"message": "no such model"}}, EngineContractError),
        (500, {"error": {"message": "EngineCore died"}}, EngineUnavailableError),
        (503, b"not json", EngineUnavailableError),
        (200, b"not json", EngineContractError),
        (200, {"choices": [], "usage": {"prompt_tokens": 1}}, EngineContractError),
        (200, _answer(_choice("", reason="error")), EngineContractError),
    ],
)
def test_refusals_and_odd_answers_are_typed_errors(status: int, body: object, error: type[RasgError]) -> None:
    with _serving(_always(status, body)) as engine, pytest.raises(error):
        engine.complete([_request()])


def test_an_unknown_adapter_is_told_from_an_unknown_model() -> None:
    with (
        _serving(_always(404, {"error": {"message": "The model `nope` does not exist."}})) as engine,
        pytest.raises(AdapterNotFoundError, match="'nope'"),
    ):
        engine.complete([_request(adapter="nope")])


def test_error_messages_do_not_repeat_the_grammar() -> None:
    page = "secret " * 100
    with (
        _serving(_always(400, {"error": {"message": f"Grammar error\n{page}"}})) as engine,
        pytest.raises(GrammarCompileError) as caught,
    ):
        engine.complete([_request()])
    assert "secret" not in str(caught.value)


_TWICE = {
    "error": {"message": "The lora adapter 'x' has already been loaded. If you want to load it in place"}
}
_RANK = {"error": {"message": "LoRA rank 64 is greater than max_lora_rank 16."}}


@pytest.mark.parametrize(("status", "body"), [(200, b"Success"), (400, _TWICE)])
def test_an_adapter_that_the_server_has_is_loaded(status: int, body: object) -> None:
    seen: list[dict[str, Any]] = []

    def reply(path: str, asked: dict[str, Any]) -> Reply:
        seen.append({"path": path, **asked})
        return status, body

    with _serving(reply) as engine:
        engine.load_adapter("x", Path("/adapters/x"))
    assert seen == [{"path": "/v1/load_lora_adapter", "lora_name": "x", "lora_path": "/adapters/x"}]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, {"detail": "Not Found"}, AdapterNotFoundError),
        (404, {"error": {"message": "Not Found"}}, AdapterNotFoundError),
        (404, {"error": {"message": "No adapter found for /adapters/x"}}, AdapterNotFoundError),
        (500, _RANK, AdapterNotFoundError),
        (500, {"error": {"message": "EngineCore encountered an issue"}}, EngineUnavailableError),
        (503, b"busy", EngineUnavailableError),
        (401, {"error": "Unauthorized"}, ConfigurationError),
    ],
)
def test_a_server_that_refuses_an_adapter_is_a_typed_error(
    status: int, body: object, error: type[RasgError]
) -> None:
    with _serving(_always(status, body)) as engine, pytest.raises(error) as caught:
        engine.load_adapter("x", Path("/adapters/x"))
    if status == 404 and "No adapter" not in str(body):
        assert "--runtime-adapters" in (caught.value.hint or "")


def test_unloading_what_is_not_there_is_a_typed_error() -> None:
    body = {"error": {"message": "The lora adapter 'x' cannot be found."}}
    with _serving(_always(404, body)) as engine, pytest.raises(AdapterNotFoundError):
        engine.unload_adapter("x")
