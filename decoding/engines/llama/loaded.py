"""A Llama that requests are answered with, and its adapters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from decoding.engines.freed_memory import give_back_memory
from decoding.engines.llama.adapters import read_factors
from decoding.engines.llama.cache import KeysAndValues
from decoding.engines.llama.config import read_shape
from decoding.engines.llama.kept_heads import Head, KeptHeads, identify_adapter
from decoding.engines.llama.kept_tokens import LlamaTokens
from decoding.engines.llama.model import LayerFactors, Llama
from decoding.engines.llama.weights import read_weights
from decoding.engines.threads import Threads
from decoding.engines.token_tree import KeptTokens
from schemas.errors import AdapterNotFoundError, EngineUnavailableError


class LlamaModel:
    """The Llama in `folder`, on the processor; `cache` keeps what is worked out of its weights.

    `threads` is how many compute each pass; None is one.

    Raises
    ------
    NotPlainLlamaError
        If it is another model, or has more to it than is computed here.
    EngineUnavailableError
        If the folder's files are damaged.
    """

    def __init__(
        self, folder: Path, *, dtype: torch.dtype, cache: Path | None = None, threads: Threads | None = None
    ) -> None:
        try:
            shape = read_shape(folder)
            self._heads = KeptHeads(folder, shape, dtype=dtype, cache=cache)
            self._model = Llama(read_weights(folder, shape, dtype=dtype, cache=cache))
            give_back_memory()
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise EngineUnavailableError(f"cannot load the model in {folder.name!r}: {error}") from error
        self.max_context_tokens = shape.n_positions
        self._threads = threads or Threads.fixed(1)
        self._loaded: dict[str, tuple[Sequence[LayerFactors], tuple[object, ...]]] = {}
        self._factors: Sequence[LayerFactors] | None = None
        self._adapter: str | None = None
        self._adapter_parts: tuple[object, ...] = ()

    def begin(self, head: Sequence[int] = ()) -> KeptTokens:
        """Return a text to be read with the adapter that is in use.

        The tokens of `head`, with which many texts begin, have been read; they are read once. Read or kept,
        they are read by themselves, so that a text's answer does not depend on what was asked before it.
        """
        if not self._heads.takes(head):
            return self._tokens()
        asked = Head(tuple(head), self._adapter, self._adapter_parts)
        kept = self._heads.find(asked)
        if kept is None:
            tokens = self._tokens()
            tokens.read(head, positions=torch.arange(len(head)), mask=None, n_kept=1, weigh=False)
            kept = tokens.copy_kept()
            self._heads.keep(asked, kept)
        return self._tokens(kept)

    def _tokens(self, kept: KeysAndValues | None = None) -> LlamaTokens:
        return LlamaTokens(self._model, self._factors, kept, threads=self._threads)

    def use_adapter(self, name: str | None, folder: Path | None) -> None:
        """Answer with the adapter `name` from now on, or with the base model for None.

        Raises
        ------
        AdapterNotFoundError
            If the weights in `folder` do not fit the model.
        """
        if name is None or folder is None:
            self._forget_adapter()
            return
        if name not in self._loaded:
            try:
                parts = identify_adapter(folder)  # before its weights are read
                factors = read_factors(folder, self._model.shape, dtype=self._model.dtype)
                self._loaded[name] = (factors, parts)
                give_back_memory()
            except Exception as error:  # of any class: what is read is somebody's file
                # Its words may name paths, and reach callers.
                raise AdapterNotFoundError(
                    f"adapter {name!r} does not fit the model ({type(error).__name__})"
                ) from error
        self._adapter = name
        self._factors, self._adapter_parts = self._loaded[name]

    def drop_adapter(self, name: str) -> None:
        """Free the weights of adapter `name`, if they are loaded."""
        self._loaded.pop(name, None)
        self._heads.drop_adapter(name)
        if self._adapter == name:
            self._forget_adapter()

    def _forget_adapter(self) -> None:
        self._adapter, self._factors, self._adapter_parts = None, None, ()
