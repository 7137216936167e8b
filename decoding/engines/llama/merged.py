"""An adapter whose factors are added to the weights, and what others add to such weights.

The adapter that most texts are read with then costs nothing, but for the few rows that are multiplied with
the base's four bits. Rounded to bfloat16, weights with an update in them make what is written as likely as
rounded factors beside rounded weights do, up to the same rounding (docs/results/decoding.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from decoding.engines.llama.adapters import make_factors, no_updates, read_updates
from decoding.engines.llama.config import LlamaShape
from decoding.engines.llama.kept_heads import identify_adapter
from decoding.engines.llama.model import AllFactors
from decoding.engines.llama.weights import Updates
from schemas.errors import EngineUnavailableError


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is added to products with the weights, and what tells the adapter from others."""

    factors: AllFactors | None
    parts: tuple[object, ...]


class Merged:
    """The adapter in `folder`, to be added to the weights of a model of `shape`.

    Raises
    ------
    ValueError, OSError, KeyError, TypeError, safetensors.SafetensorError
        If it is no adapter of such a model.
    """

    def __init__(self, folder: Path, shape: LlamaShape) -> None:
        self.parts = identify_adapter(folder)  # before its weights are read
        self._updates: Updates | None = read_updates(folder, shape)
        self._folder = folder

    def take_updates(self) -> Updates | None:
        """Return what it adds, once: it is seldom wanted again, and not kept."""
        updates, self._updates = self._updates, None
        return updates

    def read_again(self, shape: LlamaShape) -> Updates:
        """Return what was added to the weights.

        Raises
        ------
        EngineUnavailableError
            If its file is not there any more, or another.
        """
        try:
            updates = read_updates(self._folder, shape)
            is_same = identify_adapter(self._folder) == self.parts
        except Exception as error:  # of any class: what is read is somebody's file
            raise _replaced() from error
        if not is_same:
            raise _replaced()
        return updates


def _replaced() -> EngineUnavailableError:
    return EngineUnavailableError(
        "the model's own adapter was replaced while it was in use",
        hint="start the process again, which reads the new one",
    )


def read_adapter(
    folder: Path | None, shape: LlamaShape, *, dtype: torch.dtype, merged: Merged | None
) -> Adapter:
    """Return the adapter in `folder`, or what makes the base of the weights that `merged` was added to.

    Raises
    ------
    ValueError, OSError, KeyError, TypeError, safetensors.SafetensorError
        As `read_updates` does.
    EngineUnavailableError
        If what was merged is not there any more.
    """
    parts = () if folder is None else identify_adapter(folder)  # before its weights are read
    is_added = merged is not None and parts == merged.parts
    if (folder is None and merged is None) or (is_added and dtype == torch.float32):
        return Adapter(None, parts)  # in float32 nothing has four bits
    in_weights = None if merged is None or is_added else merged.read_again(shape)
    updates = no_updates(shape) if folder is None else read_updates(folder, shape)
    found = make_factors(updates, dtype=dtype, in_weights=updates if is_added else in_weights)
    return Adapter(found, parts)
