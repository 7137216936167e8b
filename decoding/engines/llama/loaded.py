"""A Llama that requests are answered with, and its adapters."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from decoding.engines.freed_memory import give_back_memory
from decoding.engines.llama.cache import KeysAndValues
from decoding.engines.llama.config import LlamaShape, read_shape
from decoding.engines.llama.kept_heads import Head, KeptHeads
from decoding.engines.llama.kept_tokens import LlamaTokens
from decoding.engines.llama.merged import Adapter, Merged, read_adapter
from decoding.engines.llama.model import Llama
from decoding.engines.llama.weights import read_weights
from decoding.engines.threads import Threads
from decoding.engines.token_tree import KeptTokens
from schemas.errors import AdapterNotFoundError, EngineUnavailableError

logger = logging.getLogger(__name__)


class LlamaModel:
    """The Llama in `folder`, on the processor; `cache` keeps what is worked out of its weights.

    `threads` is how many compute each pass; None is one. `usual_adapter` is the folder of the one that most
    texts are read with: it is added to the weights, and these cost what the base alone costs.

    Raises
    ------
    NotPlainLlamaError
        If it is another model, or has more to it than is computed here.
    EngineUnavailableError
        If the folder's files are damaged.
    """

    def __init__(
        self,
        folder: Path,
        *,
        dtype: torch.dtype,
        cache: Path | None = None,
        threads: Threads | None = None,
        usual_adapter: Path | None = None,
    ) -> None:
        try:
            shape = read_shape(folder)
            self._merged = _merge(usual_adapter, shape)
            parts = () if self._merged is None else self._merged.parts
            self._heads = KeptHeads(folder, shape, dtype=dtype, cache=cache, merged=parts)
            updates = None if self._merged is None else self._merged.take_updates()
            self._model = Llama(read_weights(folder, shape, dtype=dtype, cache=cache, updates=updates))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise EngineUnavailableError(f"cannot load the model in {folder.name!r}: {error}") from error
        del updates
        give_back_memory()
        self.max_context_tokens = shape.n_positions
        self._threads = threads or Threads.fixed(1)
        self._loaded: dict[str | None, Adapter] = {}
        self._name: str | None = None

    def begin(self, head: Sequence[int] = ()) -> KeptTokens:
        """Return a text to be read with the adapter that is in use.

        The tokens of `head`, with which many texts begin, have been read; they are read once. Read or kept,
        they are read by themselves, so that a text's answer does not depend on what was asked before it.
        """
        if not self._heads.takes(head):
            return self._tokens()
        asked = Head(tuple(head), self._name, self._adapter().parts)
        kept = self._heads.find(asked)
        if kept is None:
            tokens = self._tokens()
            tokens.read(head, positions=torch.arange(len(head)), mask=None, n_kept=1, weigh=False)
            kept = tokens.copy_kept()
            self._heads.keep(asked, kept)
        return self._tokens(kept)

    def _tokens(self, kept: KeysAndValues | None = None) -> LlamaTokens:
        return LlamaTokens(self._model, self._adapter().factors, kept, threads=self._threads)

    def use_adapter(self, name: str | None, folder: Path | None) -> None:
        """Answer with the adapter `name` from now on, or with the base model for None.

        Raises
        ------
        AdapterNotFoundError
            If the weights in `folder` do not fit the model.
        EngineUnavailableError
            If the usual adapter was replaced since it was added to the weights.
        """
        if name is None or folder is None:
            self._name = None
            return
        if name not in self._loaded:
            self._loaded[name] = self._read(name, folder)
        self._name = name

    def drop_adapter(self, name: str) -> None:
        """Free the weights of adapter `name`, if they are loaded."""
        self._loaded.pop(name, None)
        self._heads.drop_adapter(name)
        if self._name == name:
            self._name = None

    def _adapter(self) -> Adapter:
        """Return the adapter that is in use; what makes the base is read when it is first asked."""
        if self._name is None and None not in self._loaded:
            self._loaded[None] = self._read(None, None)
        return self._loaded[self._name]

    def _read(self, name: str | None, folder: Path | None) -> Adapter:
        try:
            found = read_adapter(folder, self._model.shape, dtype=self._model.dtype, merged=self._merged)
            give_back_memory()
        except EngineUnavailableError:
            raise
        except Exception as error:  # of any class: what is read is somebody's file
            # Its words may name paths, and reach callers.
            raise AdapterNotFoundError(
                f"adapter {name!r} does not fit the model ({type(error).__name__})"
            ) from error
        return found


def _merge(folder: Path | None, shape: LlamaShape) -> Merged | None:
    """Return the adapter to be added to the weights; None where there is none that fits: its use says so."""
    if folder is None:
        return None
    try:
        return Merged(folder, shape)
    except Exception as error:  # noqa: BLE001 - of any class: what is read is somebody's file
        logger.info(
            "the usual adapter is not added to the weights: it does not fit (%s)", type(error).__name__
        )
        return None
