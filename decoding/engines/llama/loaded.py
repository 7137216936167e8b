"""A Llama that requests are answered with, and its adapters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from decoding.engines.llama.adapters import read_factors
from decoding.engines.llama.cache import KeysAndValues
from decoding.engines.llama.config import read_shape
from decoding.engines.llama.kept_tokens import LlamaTokens
from decoding.engines.llama.model import LayerFactors, Llama
from decoding.engines.llama.weights import read_weights
from decoding.engines.token_tree import KeptTokens
from schemas.errors import AdapterNotFoundError, EngineUnavailableError

# Of beginnings of prompts whose keys and values are kept: of the default base 23 kB a token.
_MOST_HEAD_TOKENS = 4096


class LlamaModel:
    """The Llama in `folder`, on the processor; `cache` keeps what is worked out of its weights.

    Raises
    ------
    NotPlainLlamaError
        If it is another model, or has more to it than is computed here.
    EngineUnavailableError
        If the folder's files are damaged.
    """

    def __init__(self, folder: Path, *, dtype: torch.dtype, cache: Path | None = None) -> None:
        try:
            shape = read_shape(folder)
            self._model = Llama(read_weights(folder, shape, dtype=dtype, cache=cache))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise EngineUnavailableError(f"cannot load the model in {folder.name!r}: {error}") from error
        self.max_context_tokens = shape.n_positions
        self._loaded: dict[str, Sequence[LayerFactors]] = {}
        self._factors: Sequence[LayerFactors] | None = None
        self._adapter: str | None = None
        self._heads: OrderedDict[tuple[str | None, tuple[int, ...]], KeysAndValues] = OrderedDict()

    def begin(self, head: Sequence[int] = ()) -> KeptTokens:
        """Return a text to be read with the adapter that is in use.

        The tokens of `head`, with which many texts begin, have been read; they are read once. Read or kept,
        they are read by themselves, so that a text's answer does not depend on what was asked before it.
        """
        if not 0 < len(head) <= _MOST_HEAD_TOKENS:
            return LlamaTokens(self._model, self._factors)
        key = (self._adapter, tuple(head))
        if key not in self._heads:
            tokens = LlamaTokens(self._model, self._factors)
            tokens.read(head, positions=torch.arange(len(head)), mask=None, n_kept=1, weigh=False)
            self._heads[key] = tokens.copy_kept()
            self._forget_heads()
        self._heads.move_to_end(key)
        return LlamaTokens(self._model, self._factors, self._heads[key])

    def _forget_heads(self) -> None:
        """Drop those that were not used for longest, until the rest fit what is kept."""
        while len(self._heads) > 1 and sum(len(tokens) for _, tokens in self._heads) > _MOST_HEAD_TOKENS:
            self._heads.popitem(last=False)

    def use_adapter(self, name: str | None, folder: Path | None) -> None:
        """Answer with the adapter `name` from now on, or with the base model for None.

        Raises
        ------
        AdapterNotFoundError
            If the weights in `folder` do not fit the model.
        """
        if name is None or folder is None:
            self._adapter = self._factors = None
            return
        if name not in self._loaded:
            try:
                self._loaded[name] = read_factors(folder, self._model.shape, dtype=self._model.dtype)
            except Exception as error:  # of any class: what is read is somebody's file
                # Its words may name paths, and reach callers.
                raise AdapterNotFoundError(
                    f"adapter {name!r} does not fit the model ({type(error).__name__})"
                ) from error
        self._adapter, self._factors = name, self._loaded[name]

    def drop_adapter(self, name: str) -> None:
        """Free the weights of adapter `name`, if they are loaded."""
        self._loaded.pop(name, None)
        for key in [key for key in self._heads if key[0] == name]:
            del self._heads[key]
        if self._adapter == name:
            self._adapter = self._factors = None
