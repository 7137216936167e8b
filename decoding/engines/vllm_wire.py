"""What a vLLM server sends, as far as it is read, and its errors as ours."""

from __future__ import annotations

import math
from typing import TypeVar

import httpx2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import (
    AdapterNotFoundError,
    ConfigurationError,
    EngineContractError,
    EngineUnavailableError,
    GrammarCompileError,
    PromptTooLongError,
    RasgError,
)
from schemas.extraction import FinishReason, TokenLogprob

_MAX_SHOWN = 300  # characters of a server's message; longer ones repeat the grammar, that is the page


class _Wire(BaseModel):
    """Of the server's answers only what is used is read; new fields are no error."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ModelEntry(_Wire):
    """A base model (`parent` None) or an adapter."""

    id: str
    parent: str | None = None
    max_model_len: int | None = None


class ModelList(_Wire):
    """The answer of /v1/models."""

    data: tuple[ModelEntry, ...]


class Tokenized(_Wire):
    """The answer of /tokenize."""

    count: int


class _Token(_Wire):
    token: str
    logprob: float
    bytes_: tuple[int, ...] | None = Field(default=None, alias="bytes")

    def as_value(self) -> TokenLogprob:
        written = self.token.encode() if self.bytes_ is None else bytes(self.bytes_)
        return TokenLogprob(token_bytes=written, logprob=min(self.logprob, 0.0))


class _Logprobs(_Wire):
    content: tuple[_Token, ...] | None = None


class _Message(_Wire):
    content: str | None = None


class _Usage(_Wire):
    prompt_tokens: int


class ResponseChoice(_Wire):
    """One answer to a prompt."""

    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None

    @property
    def text(self) -> str:
        """Return what was written."""
        return self.message.content or ""

    @property
    def reason(self) -> FinishReason:
        """Return why it ended; EngineContractError for anything but a stop or the token limit."""
        if self.finish_reason == "stop":
            return "stop"
        if self.finish_reason == "length":
            return "length"
        raise EngineContractError(f"the server ended a completion by {self.finish_reason!r}")

    @property
    def tokens(self) -> tuple[TokenLogprob, ...]:
        """Return the tokens that wrote the text; the end of text, which wrote nothing, is left out."""
        listed = self.logprobs.content if self.logprobs is not None else None
        tokens = [token.as_value() for token in listed or ()]
        n_bytes = len(self.text.encode())
        while tokens and sum(len(token.token_bytes) for token in tokens[:-1]) >= n_bytes:
            tokens.pop()
        return tuple(tokens)

    def rank(self) -> float:
        """Return the total log-probability; an answer that was cut ranks behind all others."""
        total = sum(token.logprob for token in self.tokens)
        return total if self.finish_reason == "stop" else -math.inf


class ChatResponse(_Wire):
    """The answer of /v1/chat/completions."""

    choices: tuple[ResponseChoice, ...] = Field(min_length=1)
    usage: _Usage


class _Error(_Wire):
    message: str


class _Refusal(_Wire):
    error: _Error


_W = TypeVar("_W", bound=_Wire)


def parse_as(kind: type[_W], response: httpx2.Response) -> _W:
    """Return the body as `kind`; EngineContractError if it is anything else."""
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        raise EngineContractError(
            f"the server's answer is no {kind.__name__}: {error.error_count()} fields are wrong"
        ) from error


def error_of(response: httpx2.Response, *, adapter: str | None) -> RasgError:
    """Return the error that a refused request stands for."""
    status, message = response.status_code, _message(response)
    if status in (401, 403):
        return ConfigurationError("the vLLM server refuses the API key")
    if adapter is not None and (status == 404 or (status == 400 and "lora" in message.lower())):
        return AdapterNotFoundError(f"the server has no adapter {adapter!r}: {message}")
    if status == 400 and "context length" in message:
        return PromptTooLongError(message)
    if status == 400 and ("grammar" in message.lower() or "structured" in message.lower()):
        return GrammarCompileError(f"the server refused the grammar: {message}")
    if status >= 500 or status == 429:
        return EngineUnavailableError(f"the vLLM server answers {status}: {message}")
    return EngineContractError(f"the vLLM server answers {status}: {message}")


def load_error(response: httpx2.Response, *, adapter: str) -> RasgError | None:
    """Return the error that a refusal to load an adapter stands for; None if the server has it.

    A server answers 500 for weights that it cannot take (another rank, another model), and 404 without a
    reason where it loads nothing while it serves.
    """
    status, message = response.status_code, _message(response)
    if response.is_success or "already been loaded" in message:
        return None
    if status in (401, 403, 429, 503) or "EngineCore" in message:
        return error_of(response, adapter=None)
    if status == 404 and message in ("", "Not Found"):
        return AdapterNotFoundError(
            "the server loads no adapters while it serves",
            hint="start it with `rasg vllm --runtime-adapters`",
        )
    return AdapterNotFoundError(f"the server refuses adapter {adapter!r}: {message}")


def _message(response: httpx2.Response) -> str:
    """Return the first line of the server's message, shortened."""
    try:
        text = _Refusal.model_validate_json(response.content).error.message
    except ValidationError:
        return ""
    return text.splitlines()[0][:_MAX_SHOWN] if text else ""
