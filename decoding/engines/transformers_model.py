"""Any causal language model that Transformers loads, its cache, and its adapters by PEFT."""

# Torch and Transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PretrainedConfig
from transformers.cache_utils import Cache, CacheLayerMixin
from transformers.utils.logging import disable_progress_bar

from decoding.engines.next_token import NextToken, weigh_rows
from decoding.engines.token_tree import KeptTokens
from schemas.errors import AdapterNotFoundError, EngineUnavailableError

_FIRST_ROOM = 512  # cache slots beyond the prompt, before the first doubling


class TransformersModel:
    """The model in `folder`.

    Attributes
    ----------
    model
        As Transformers has it.
    has_tree
        Whether its cache can hold several branches at once: not with sliding windows or recurrent layers.

    Raises
    ------
    EngineUnavailableError
        If the folder cannot be loaded.
    """

    def __init__(self, folder: Path, *, dtype: torch.dtype, device: str) -> None:
        disable_progress_bar()
        try:
            model = AutoModelForCausalLM.from_pretrained(
                folder, dtype=dtype, attn_implementation="sdpa", local_files_only=True
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EngineUnavailableError(f"cannot load the model in {folder.name!r}: {error}") from error
        self.model: Any = model.eval()
        self.model.to(device)
        self.max_context_tokens = int(self.model.config.max_position_embeddings)
        self.has_tree = _attends_fully(self.model.config)
        # By name, what PEFT knows them by: it takes no name with a dot.
        self._loaded_adapters: dict[str, str] = {}
        self._n_read = 0

    def begin(self, head: Sequence[int] = ()) -> KeptTokens:
        """Return an empty text, to be read with the adapter that is in use; nothing of `head` is kept."""
        del head
        return _CachedTokens(self.model)

    def use_adapter(self, name: str | None, folder: Path | None) -> None:
        """Answer with the adapter `name` from now on, or with the base model for None.

        Raises
        ------
        AdapterNotFoundError
            If the weights in `folder` do not fit the model.
        """
        if name is None or folder is None:
            if getattr(self.model, "_hf_peft_config_loaded", False):
                self.model.disable_adapters()
            return
        if name not in self._loaded_adapters:
            self._read_adapter(name, folder)
        self.model.enable_adapters()
        self.model.set_adapter(self._loaded_adapters[name])

    def _read_adapter(self, name: str, folder: Path) -> None:
        self._n_read += 1
        key = f"adapter{self._n_read}"
        try:
            with warnings.catch_warnings():
                # PEFT warns of a second adapter beside the first, which is the purpose here.
                warnings.filterwarnings("ignore", message="Already found a `peft_config`")
                self.model.load_adapter(str(folder), adapter_name=key)
        except Exception as error:  # of any class: what is read is somebody's file
            self._withdraw(key)
            # Its words may name paths, and reach callers.
            raise AdapterNotFoundError(
                f"adapter {name!r} does not fit the model ({type(error).__name__})"
            ) from error
        self.model.eval()
        self._loaded_adapters[name] = key

    def _withdraw(self, key: str) -> None:
        """Take out an adapter; the layers of one that was read in part would answer for the base model."""
        if key in getattr(self.model, "peft_config", {}):
            with warnings.catch_warnings():
                # PEFT says that another adapter is active now; every request says which one it wants.
                warnings.filterwarnings("ignore", message="Adapter .* was active which is now deleted")
                self.model.delete_adapter(key)

    def drop_adapter(self, name: str) -> None:
        """Free the weights of adapter `name`, if they are loaded."""
        key = self._loaded_adapters.pop(name, None)
        if key is not None:
            self._withdraw(key)


def _attends_fully(config: PretrainedConfig) -> bool:
    kinds = getattr(config, "layer_types", None) or ["full_attention"]
    return set(kinds) == {"full_attention"} and getattr(config, "sliding_window", None) is None


class _CachedTokens:
    """`KeptTokens` of a Transformers model."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401
        self._model = model
        self._layers = [_SlabLayer() for _ in range(int(model.config.num_hidden_layers))]
        self._cache = Cache(layers=list(self._layers))

    @property
    def length(self) -> int:
        return self._layers[0].length

    @torch.inference_mode()
    def read(
        self, tokens: Sequence[int], *, positions: Tensor, mask: Tensor | None, n_kept: int, weigh: bool
    ) -> tuple[NextToken, ...]:
        del weigh  # it has the scores of the whole vocabulary anyway
        device = self._model.device
        output = self._model(
            input_ids=torch.tensor([list(tokens)], device=device),
            position_ids=positions[None].to(device),
            attention_mask=None if mask is None else mask[None, None].to(device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=n_kept,
        )
        return weigh_rows(output.logits[0])

    @torch.inference_mode()
    def keep(self, base: int, slots: Tensor) -> None:
        for layer in self._layers:
            layer.keep(base, slots.to(self._model.device))


class _SlabLayer(CacheLayerMixin):
    """Keys and values of one layer in a buffer with room to grow: appending copies nothing."""

    is_sliding = False

    def __init__(self) -> None:
        super().__init__()
        self.length = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        room = key_states.shape[-2] + _FIRST_ROOM
        self.keys = key_states.new_empty((*key_states.shape[:2], room, key_states.shape[-1]))
        self.values = value_states.new_empty((*value_states.shape[:2], room, value_states.shape[-1]))
        self.is_initialized = True

    def update(
        self,
        key_states: Tensor,
        value_states: Tensor,
        *_args: object,
        **_kwargs: object,
    ) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.length + key_states.shape[-2]
        keys, values = self._buffers(end)
        keys[:, :, self.length : end] = key_states
        values[:, :, self.length : end] = value_states
        self.length = end
        return keys[:, :, :end], values[:, :, :end]

    def _buffers(self, needed: int) -> tuple[Tensor, Tensor]:
        """Return the buffers, doubled if they hold fewer than `needed` entries."""
        if self.keys is None or self.values is None:
            raise ValueError("the layer's buffers are made at its first update")
        if needed > self.keys.shape[-2]:
            self.keys = _extended(self.keys, needed)
            self.values = _extended(self.values, needed)
        return self.keys, self.values

    def keep(self, base: int, slots: Tensor) -> None:
        """Keep the first `base` entries and then those at `slots`, in that order."""
        keys, values = self._buffers(self.length)
        end = base + len(slots)
        keys[:, :, base:end] = keys[:, :, slots]  # the right side is a copy: overlap is safe
        values[:, :, base:end] = values[:, :, slots]
        self.length = end

    def get_seq_length(self) -> int:
        return self.length

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.length + query_length, 0

    def get_max_length(self) -> int:
        return -1


def _extended(buffer: Tensor, n_more: int) -> Tensor:
    return torch.cat([buffer, buffer.new_empty((*buffer.shape[:2], n_more, buffer.shape[-1]))], dim=2)
