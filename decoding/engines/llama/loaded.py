"""A Llama that requests are answered with, and its adapters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from decoding.engines.llama.adapters import read_factors
from decoding.engines.llama.config import read_shape
from decoding.engines.llama.kept_tokens import LlamaTokens
from decoding.engines.llama.model import LayerFactors, Llama
from decoding.engines.llama.weights import read_weights
from decoding.engines.token_tree import KeptTokens
from schemas.errors import AdapterNotFoundError, EngineUnavailableError


class LlamaModel:
    """The Llama in `folder`, on the processor.

    Raises
    ------
    NotPlainLlamaError
        If it is another model, or has more to it than is computed here.
    EngineUnavailableError
        If the folder's files are damaged.
    """

    def __init__(self, folder: Path, *, dtype: torch.dtype) -> None:
        try:
            shape = read_shape(folder)
            self._model = Llama(read_weights(folder, shape, dtype=dtype))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise EngineUnavailableError(f"cannot load the model in {folder.name!r}: {error}") from error
        self.max_context_tokens = shape.n_positions
        self._loaded: dict[str, Sequence[LayerFactors]] = {}
        self._factors: Sequence[LayerFactors] | None = None

    def begin(self) -> KeptTokens:
        """Return an empty text, to be read with the adapter that is in use."""
        return LlamaTokens(self._model, self._factors)

    def use_adapter(self, name: str | None, folder: Path | None) -> None:
        """Answer with the adapter `name` from now on, or with the base model for None.

        Raises
        ------
        AdapterNotFoundError
            If the weights in `folder` do not fit the model.
        """
        if name is None or folder is None:
            self._factors = None
            return
        if name not in self._loaded:
            try:
                self._loaded[name] = read_factors(folder, self._model.shape, dtype=self._model.dtype)
            except Exception as error:  # of any class: what is read is somebody's file
                # Its words may name paths, and reach callers.
                raise AdapterNotFoundError(
                    f"adapter {name!r} does not fit the model ({type(error).__name__})"
                ) from error
        self._factors = self._loaded[name]

    def drop_adapter(self, name: str) -> None:
        """Free the weights of adapter `name`, if they are loaded."""
        self._loaded.pop(name, None)
