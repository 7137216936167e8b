"""What every engine is: a prompt and a grammar in, a completion with log-probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from schemas.extraction import Completion
from schemas.prompt import Prompt

if TYPE_CHECKING:  # who asks for the default options builds no grammar
    from decoding.grammar.build import Grammar

DEFAULT_MAX_TOKENS = 2048
# Four candidates are ranked for each value: a beam of one trusts the first token of a span.
DEFAULT_N_CANDIDATES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRequest:
    """One completion to make.

    Attributes
    ----------
    prompt, grammar
        The conversation, and the constraint on the answer to it.
    adapter
        Name of the LoRA weights to answer with; None is the base model.
    max_tokens
        Tokens to generate at most; the answer is cut there (`finish_reason` "length").
    n_candidates
        How many candidates to rank; 1 decodes greedily. How they are made is the engine's affair.
    seed
        Makes engines that sample repeatable.
    """

    prompt: Prompt
    grammar: Grammar
    adapter: str | None = None
    max_tokens: int = DEFAULT_MAX_TOKENS
    n_candidates: int = DEFAULT_N_CANDIDATES
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.n_candidates < 1:
            raise ValueError(
                f"max_tokens and n_candidates must be positive, got {self.max_tokens}, {self.n_candidates}"
            )


@runtime_checkable
class Engine(Protocol):
    """Code wrapping a language model; what all share: `tests/decoding/engines/test_engine_contract.py`."""

    @property
    def name(self) -> str:
        """Return "embedded" or "vllm"."""
        ...

    @property
    def model(self) -> str:
        """Return the name of the model that answers, without the path to it."""
        ...

    @property
    def base_sha256(self) -> str | None:
        """Return the hash of the base model's weights (`schemas.adapter.weights_sha256`), None if unknown."""
        ...

    @property
    def max_context_tokens(self) -> int:
        """Return the prompt and completion tokens that fit together."""
        ...

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        """Return one completion for each request, in their order.

        Raises
        ------
        PromptTooLongError
            If a prompt leaves no room for a single token.
        AdapterNotFoundError
            If the engine knows no adapter of a request's name.
        GrammarCompileError
            If the constraint engine refuses a grammar.
        EngineUnavailableError, EngineContractError
            If the engine cannot be reached, or answers without the constraint.
        """
        ...

    def count_tokens(self, prompt: Prompt) -> int:
        """Return the tokens that `prompt` takes, chat template included."""
        ...

    def close(self) -> None:
        """Free what the engine holds; further calls are errors."""
        ...


@runtime_checkable
class LoadsAdapters(Protocol):
    """An engine that takes and drops LoRA weights while it serves."""

    def has_adapter(self, name: str) -> bool:
        """Return whether requests may name the weights `name`."""
        ...

    def load_adapter(self, name: str, folder: Path) -> None:
        """Make the weights in `folder` available as `name`; other weights never come under the same name.

        Raises
        ------
        AdapterNotFoundError
            If the engine refuses them.
        """
        ...

    def unload_adapter(self, name: str) -> None:
        """Drop the weights `name`; AdapterNotFoundError, or nothing, if there are none of that name."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """An engine that is slow to begin: what its first request would wait for can be done before."""

    def prepare(self, adapter: str | None = None, *, warm: bool = False) -> None:
        """Load what answers with an adapter, or with the base model for None.

        `warm` also reads some tokens for nothing: what is made when it is first used is made then.

        Raises
        ------
        EngineUnavailableError, AdapterNotFoundError
            As `Engine.complete` does.
        """
        ...


@runtime_checkable
class Recovers(Protocol):
    """An engine outside of this process: calls to it are cut short while it fails again and again."""

    @property
    def is_cut_off(self) -> bool:
        """Return whether calls are refused now."""
        ...

    def check(self) -> None:
        """Return if calls get through; where they were refused and it is time to, try one.

        Raises
        ------
        EngineUnavailableError, EngineContractError
            If they do not.
        """
        ...
