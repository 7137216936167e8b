"""The engine inside the process, constrained by llguidance.

The default where no server is configured. It loads any folder with a Hugging Face causal language model, a
fast tokenizer and a chat template: plain Llamas by `decoding.engines.llama`, on the processor, and others by
Transformers; nothing is ever downloaded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from decoding.engines.engine import EngineRequest
from schemas.adapter import weights_sha256
from schemas.cancellation import check_cancelled
from schemas.errors import AdapterNotFoundError, EngineUnavailableError, PromptTooLongError
from schemas.extraction import Completion, TokenLogprob
from schemas.prompt import Prompt

if TYPE_CHECKING:
    from decoding.engines.embedded_runtime import Runtime
    from decoding.engines.hypotheses import Decoded, Ranking

logger = logging.getLogger(__name__)

Dtype = Literal["float32", "bfloat16"]


class EmbeddedEngine:
    """A causal language model in this process; loaded by the first call, safe to share by threads.

    Parameters
    ----------
    folder
        A Hugging Face model folder (config.json, *.safetensors, tokenizer.json, chat template).
    adapters
        LoRA folders by name; `load_adapter` adds more.
    usual_adapter
        The folder of the one that most requests name: in float32 it is added to the weights, so that these
        requests cost what the base alone costs, and others somewhat more.
    dtype
        Of the weights and the arithmetic; log-probabilities are always computed in float32. None is bfloat16
        where the weights are and the processor computes in it, float32 otherwise.
    ranking
        How candidate values are compared (see `decoding.engines.span_search`); None is by total.
    device
        "cpu", or "cuda" where there is one.
    with_transformers
        Leave even a plain Llama to Transformers: what this engine's own arithmetic is compared with.
    cache
        A folder that keeps what is worked out of weights at the first start; made if it is not there.
    n_threads
        So many compute; None is one for each core that nobody else needs.
    before_loading
        Called before the model is loaded; what it raises is why there is none.
    """

    def __init__(
        self,
        folder: Path,
        *,
        adapters: Mapping[str, Path] | None = None,
        usual_adapter: Path | None = None,
        dtype: Dtype | None = None,
        ranking: Ranking | None = None,
        device: str = "cpu",
        with_transformers: bool = False,
        cache: Path | None = None,
        n_threads: int | None = None,
        before_loading: Callable[[], None] | None = None,
    ) -> None:
        self._folder = folder
        self._adapters: dict[str, Path] = {}
        self._dtype: Dtype | None = dtype
        self._ranking = ranking
        self._device = device
        self._with_transformers = with_transformers
        self._cache = cache
        self._n_threads = n_threads
        self._before_loading = before_loading
        self._usual_adapter = usual_adapter
        self._lock = threading.RLock()
        self._loaded: Runtime | None = None
        self._base_sha256: str | None = None
        self._is_closed = False
        for name, adapter_folder in (adapters or {}).items():
            self.load_adapter(name, adapter_folder)

    @property
    def name(self) -> str:
        """Return "embedded"."""
        return "embedded"

    @property
    def model(self) -> str:
        """Return the folder's name."""
        return self._folder.resolve().name

    @property
    def base_sha256(self) -> str | None:
        """Return the hash of the weights in the folder, computed once; None if there are none."""
        with self._lock:
            if self._base_sha256 is None and any(self._folder.glob("*.safetensors")):
                self._base_sha256 = weights_sha256(self._folder)
            return self._base_sha256

    @property
    def max_context_tokens(self) -> int:
        """Return how many positions the model has; loads it.

        Raises
        ------
        EngineUnavailableError
            If torch or transformers is not installed, or the folder cannot be loaded.
        """
        return self._runtime().max_context_tokens

    @property
    def adapters(self) -> tuple[str, ...]:
        """Return the names of adapters that requests may use."""
        return tuple(self._adapters)

    def has_adapter(self, name: str) -> bool:
        """Return whether requests may name the adapter `name`."""
        return name in self._adapters

    def load_adapter(self, name: str, folder: Path) -> None:
        """Make the LoRA weights in `folder` available as `name`; they are read when first used.

        Raises
        ------
        AdapterNotFoundError
            If the folder holds no adapter.
        """
        if not (folder / "adapter_config.json").is_file():
            raise AdapterNotFoundError(f"no adapter_config.json in the folder of adapter {name!r}")
        with self._lock:
            self.unload_adapter(name)
            self._adapters[name] = folder

    def unload_adapter(self, name: str) -> None:
        """Forget the adapter `name`; one that is not loaded is ignored."""
        with self._lock:
            if self._adapters.pop(name, None) is not None and self._loaded is not None:
                self._loaded.drop_adapter(name)

    def prepare(self, adapter: str | None = None, *, warm: bool = False) -> None:
        """Load the model and an adapter, and with `warm` read some tokens for nothing.

        Raises
        ------
        EngineUnavailableError, AdapterNotFoundError
            As `complete` does.
        """
        with self._lock:
            runtime = self._runtime()
            runtime.use_adapter(adapter, self._folder_of(adapter))
            if warm:
                with runtime.threads.in_use():
                    runtime.warm()

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        """Return one completion for each request; see `Engine.complete` for the errors.

        `n_candidates` is the width of the beam over each value (`decoding.engines.span_search`); 1 is
        greedy decoding. Nothing is sampled, so `seed` has no effect.
        """
        with self._lock:
            check_cancelled()  # others may have been before it for a long time
            runtime = self._runtime()
            return tuple(self._complete(runtime, request) for request in requests)

    def _complete(self, runtime: Runtime, request: EngineRequest) -> Completion:
        started_s = time.perf_counter()
        prompt_tokens = runtime.encode(request.prompt)
        n_context = runtime.max_context_tokens
        room = n_context - len(prompt_tokens)
        if room < 1:
            raise PromptTooLongError(
                f"the prompt of {len(prompt_tokens)} tokens fills the context of {n_context}",
                hint="use smaller windows, or no example",
            )
        runtime.use_adapter(request.adapter, self._folder_of(request.adapter))
        with runtime.threads.in_use():
            decoded = runtime.decode(
                prompt_tokens,
                request.grammar,
                max_tokens=min(request.max_tokens, room),
                n_candidates=request.n_candidates,
                ranking=self._ranking,
                head=runtime.encode_head(request.prompt, prompt_tokens),
            )
        return self._completion(runtime, request, decoded, len(prompt_tokens), started_s)

    def _completion(
        self,
        runtime: Runtime,
        request: EngineRequest,
        decoded: Decoded,
        n_prompt_tokens: int,
        started_s: float,
    ) -> Completion:
        tokens = tuple(
            TokenLogprob(
                token_bytes=runtime.token_bytes(step.token),
                logprob=step.logprob,
                raw_logprob=step.raw_logprob,
            )
            for step in decoded.steps
        )
        seconds = time.perf_counter() - started_s
        logger.debug("decoded %d tokens after %d in %.2f s", len(tokens), n_prompt_tokens, seconds)
        return Completion(
            # A cut may fall inside a character: what is left of it is dropped.
            text=b"".join(token.token_bytes for token in tokens).decode("utf-8", errors="ignore"),
            finish_reason=decoded.finish_reason,
            n_prompt_tokens=n_prompt_tokens,
            n_completion_tokens=len(tokens),
            tokens=tokens,
            others=decoded.others,
            engine=self.name,
            model=self.model,
            adapter=request.adapter,
            seconds=seconds,
        )

    def count_tokens(self, prompt: Prompt) -> int:
        """Return the tokens that `prompt` takes, chat template included."""
        with self._lock:
            return len(self._runtime().encode(prompt))

    def close(self) -> None:
        """Free the model; further calls raise EngineUnavailableError."""
        with self._lock:
            self._loaded, self._is_closed = None, True

    def _folder_of(self, adapter: str | None) -> Path | None:
        if adapter is None:
            return None
        if adapter not in self._adapters:
            raise AdapterNotFoundError(f"no adapter {adapter!r} is loaded; loaded are {self.adapters}")
        return self._adapters[adapter]

    def _runtime(self) -> Runtime:
        with self._lock:
            if self._is_closed:
                raise EngineUnavailableError("the engine was closed")
            if self._loaded is None:
                if self._before_loading is not None:
                    self._before_loading()
                runtime = _import_runtime(self._folder)
                self._loaded = runtime(
                    self._folder,
                    dtype=self._dtype,
                    device=self._device,
                    with_transformers=self._with_transformers,
                    cache=self._cache,
                    n_threads=self._n_threads,
                    usual_adapter=self._usual_adapter,
                )
            return self._loaded


def _import_runtime(folder: Path) -> type[Runtime]:
    if not (folder / "config.json").is_file():
        raise EngineUnavailableError(f"no model in {folder.name!r}: config.json is missing")
    try:
        from decoding.engines.embedded_runtime import Runtime
    except ImportError as error:
        raise EngineUnavailableError(
            f"the embedded engine needs {error.name}", hint="install the extra `embedded`"
        ) from error
    return Runtime
