"""The production engine: a vLLM server over its OpenAI-compatible HTTP API.

The server runs in its own process and environment (`decoding.engines.vllm_server`, or started by hand). It
silently ignores fields it does not know, a constraint among them, so `probe` makes it prove that it
constrains before anything is asked of it.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from decoding.engines.breaker import CircuitBreaker
from decoding.engines.chat_text import defuse
from decoding.engines.engine import EngineRequest
from decoding.engines.vllm_transport import VllmTransport
from decoding.engines.vllm_wire import (
    ChatResponse,
    ModelList,
    ResponseChoice,
    Tokenized,
    error_of,
    load_error,
    parse_as,
)
from decoding.grammar.lark import literal
from schemas.cancellation import check_cancelled
from schemas.errors import (
    EngineContractError,
    PromptTooLongError,
)
from schemas.extraction import Completion
from schemas.prompt import Message, Prompt

logger = logging.getLogger(__name__)

_MAX_PARALLEL = 16  # requests in flight; the server batches them
_SAMPLING_TEMPERATURE = 0.7
# A second name of the base model, by which a server tells which weights it has.
BASE_PREFIX = "rasg-base-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """The base model on a server: its name, context, and the hash of its weights if the server tells it."""

    name: str
    n_context: int
    base_sha256: str | None


class VllmEngine:
    """A vLLM server at `base_url`; safe to share by threads.

    Parameters
    ----------
    base_url
        Where the server listens, with or without "/v1".
    api_key
        Sent as a bearer token; None sends none.
    model
        Name of the base model on the server; None takes the one that it serves.
    timeout_s
        For one completion, from sending to the last byte.
    sample_candidates
        Whether requests with `n_candidates` above 1 also sample that many answers less one and take the
        likeliest of all by total log-probability. Off, every request is decoded greedily once: the API
        has no search over single values, and sampling whole answers multiplies the work.
    breaker
        Leaves the server alone while it fails; one with the defaults if none is given.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        model: str | None = None,
        timeout_s: float = 300.0,
        sample_candidates: bool = False,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._transport = VllmTransport(
            base_url, api_key=api_key, timeout_s=timeout_s, breaker=breaker or CircuitBreaker()
        )
        self._model = model
        self._sample_candidates = sample_candidates
        self._lock = threading.Lock()
        self._served: _Served | None = None
        self._listed: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return "vllm"."""
        return "vllm"

    @property
    def model(self) -> str:
        """Return the base model's name on the server."""
        return self._base().name

    @property
    def base_sha256(self) -> str | None:
        """Return the hash of the base's weights, which servers of `vllm_server` tell; None of another one."""
        return self._base().base_sha256

    @property
    def max_context_tokens(self) -> int:
        """Return the longest prompt and completion that the server accepts together."""
        return self._base().n_context

    def probe(self) -> None:
        """Make the server write a random text under a grammar of that text alone.

        Raises
        ------
        EngineUnavailableError
            If it cannot be reached.
        EngineContractError
            If it writes anything else: it does not constrain, or has no model.
        """
        nonce = f"ready {secrets.token_hex(8)}"
        message = Message(role="user", content="Say hello.")
        body = self._body(Prompt(messages=(message,)), f"start: {literal(nonce)}", self.model, 64)
        choice = parse_as(ChatResponse, self._post("/v1/chat/completions", body)).choices[0]
        if choice.message.content != nonce:
            raise EngineContractError(
                "the server does not follow the grammar it is given",
                hint='start vLLM with --structured-outputs-config \'{"backend": "guidance"}\'',
            )

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        """Return one completion for each request; see `Engine.complete` for the errors.

        Requests go out in parallel, so that the server decodes them in one batch.
        """
        if not requests:
            return ()
        with ThreadPoolExecutor(min(len(requests), _MAX_PARALLEL)) as pool:
            # Each thread has a context of its own, and with it what may cancel the work.
            futures = [pool.submit(copy_context().run, self._complete, request) for request in requests]
            return tuple(future.result() for future in futures)

    def count_tokens(self, prompt: Prompt) -> int:
        """Return the tokens that `prompt` takes, chat template included."""
        messages = _messages(defuse(prompt))
        body = {"model": self.model, "messages": messages, "add_generation_prompt": True}
        return parse_as(Tokenized, self._post("/tokenize", body)).count

    def has_adapter(self, name: str) -> bool:
        """Return whether the server lists the adapter `name`; asked until it does."""
        if name not in self._listed:
            models = parse_as(ModelList, self._get("/v1/models"))
            self._listed = frozenset(entry.id for entry in models.data if entry.parent is not None)
        return name in self._listed

    def load_adapter(self, name: str, folder: Path) -> None:
        """Load the LoRA weights in `folder`, a path on the server's machine, as `name`.

        The server must allow it (`VLLM_ALLOW_RUNTIME_LORA_UPDATING=1`). One that has an adapter of that name
        keeps it: another client was first.

        Raises
        ------
        AdapterNotFoundError
            If the server does not find or accept the folder, or loads nothing while it serves.
        """
        body = {"lora_name": name, "lora_path": str(folder)}
        error = load_error(self._reach("POST", "/v1/load_lora_adapter", body), adapter=name)
        if error is not None:
            raise error

    def unload_adapter(self, name: str) -> None:
        """Drop the adapter `name` from the server; AdapterNotFoundError if it has none of that name."""
        self._post("/v1/unload_lora_adapter", {"lora_name": name}, adapter=name)

    @property
    def is_cut_off(self) -> bool:
        """Return whether requests are refused because the server failed again and again."""
        return self._transport.is_cut_off

    def check(self) -> None:
        """Return if requests get through; a server that was left alone is asked once its time is over.

        Raises
        ------
        EngineUnavailableError, EngineContractError
            If they do not.
        """
        if self._transport.is_cut_off:
            self._get("/v1/models")

    def close(self) -> None:
        """Close the connections; the server goes on."""
        self._transport.close()

    def _complete(self, request: EngineRequest) -> Completion:
        started_s = time.perf_counter()
        room = self.max_context_tokens - self.count_tokens(request.prompt)
        if room < 1:
            raise PromptTooLongError(
                f"the prompt is {-room} tokens longer than the context of {self.max_context_tokens}",
                hint="use smaller windows, or no example",
            )
        max_tokens = min(request.max_tokens, room)
        model = request.adapter or self.model
        body = self._body(defuse(request.prompt), request.grammar.lark, model, max_tokens)
        answers = [self._ask(body, request.adapter)]
        if self._sample_candidates and request.n_candidates > 1:
            sampling = {
                "n": request.n_candidates - 1,
                "temperature": _SAMPLING_TEMPERATURE,
                "seed": request.seed,
            }
            answers.append(self._ask({**body, **sampling}, request.adapter))
        choices = [choice for answer in answers for choice in answer.choices]
        best = max(choices, key=ResponseChoice.rank)  # the greedy one comes first and wins ties
        return Completion(
            text=best.text,
            finish_reason=best.reason,
            n_prompt_tokens=answers[0].usage.prompt_tokens,
            n_completion_tokens=len(best.tokens),
            tokens=best.tokens,
            engine=self.name,
            model=self.model,
            adapter=request.adapter,
            seconds=time.perf_counter() - started_s,
        )

    def _ask(self, body: dict[str, Any], adapter: str | None) -> ChatResponse:
        return parse_as(ChatResponse, self._post("/v1/chat/completions", body, adapter=adapter))

    @staticmethod
    def _body(prompt: Prompt, lark: str, model: str, max_tokens: int) -> dict[str, Any]:
        return {
            "model": model,
            "messages": _messages(prompt),
            "max_tokens": max_tokens,
            "temperature": 0.0,
            "logprobs": True,
            "structured_outputs": {"grammar": lark},
        }

    def _base(self) -> _Served:
        """Return what the server serves, asked once."""
        with self._lock:
            if self._served is None:
                self._served = self._find_base(parse_as(ModelList, self._get("/v1/models")))
            return self._served

    def _find_base(self, models: ModelList) -> _Served:
        hashes = [entry.id.removeprefix(BASE_PREFIX) for entry in models.data if _is_hash(entry.id)]
        for entry in models.data:
            is_base = entry.parent is None and not _is_hash(entry.id)
            is_wanted = is_base if self._model is None else entry.id == self._model
            if is_wanted and entry.max_model_len is not None:
                return _Served(
                    name=entry.id, n_context=entry.max_model_len, base_sha256=next(iter(hashes), None)
                )
        raise EngineContractError(f"the server serves no base model {self._model or ''}".rstrip())

    def _get(self, path: str) -> httpx2.Response:
        return self._send("GET", path, None, adapter=None)

    def _post(self, path: str, body: dict[str, Any], *, adapter: str | None = None) -> httpx2.Response:
        return self._send("POST", path, body, adapter=adapter)

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, *, adapter: str | None
    ) -> httpx2.Response:
        response = self._reach(method, path, body)
        if response.is_success:
            return response
        raise error_of(response, adapter=adapter)

    def _reach(self, method: str, path: str, body: dict[str, Any] | None) -> httpx2.Response:
        check_cancelled()
        return self._transport.send(method, path, body, may_repeat=method == "GET" or path == "/tokenize")


def _is_hash(name: str) -> bool:
    return name.startswith(BASE_PREFIX)


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in prompt.messages]
