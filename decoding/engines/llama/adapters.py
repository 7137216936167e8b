"""The factors of a LoRA adapter, read from a folder that PEFT or `rasg-train` wrote."""

# Torch and safetensors leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from decoding.engines.llama.config import LlamaShape
from decoding.engines.llama.projection import Beside, Factors
from decoding.engines.llama.weights import PARTS, Update, Updates, part_sizes

_NAME = re.compile(r"base_model\.model\.model\.layers\.(\d+)\.(.+)\.lora_([AB])\.weight")
# More is a mistake in a file, and products that are not finite.
_LARGEST_SCALE = 1e4
# What else an adapter of PEFT's may ask for, and its value where it asks for nothing.
_PLAIN: dict[str, tuple[object, ...]] = {
    "bias": ("none", None),
    "use_dora": (False, None),
    "modules_to_save": ([], None),
    "fan_in_fan_out": (False, None),
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
    "layer_replication": ([], None),
    "trainable_token_indices": ([], None),
    "layers_to_transform": ([], None),
    "layers_pattern": ([], None),
    "exclude_modules": ([], None),
    "alora_invocation_tokens": ([], None),
    "lora_bias": (False, None),
    "megatron_config": ({}, None),
    "target_parameters": ([], None),
    # Others take something from the base's weights.
    "init_lora_weights": (True, False, "gaussian", None),
}


def make_factors(
    updates: Updates, *, dtype: torch.dtype, in_weights: Updates | None = None
) -> tuple[dict[str, Beside], ...]:
    """Return what an adapter adds to each layer's products, by the names of `PARTS`.

    `in_weights` is what the weights have had added, but for their four bits: it is taken off again where
    these weights are multiplied. The same object as `updates` leaves nothing to be added there.
    """
    others: Updates = [{}] * len(updates) if in_weights is None else in_weights
    return tuple(
        {
            key: _beside(own.get(key), other.get(key), dtype, is_added=in_weights is updates)
            for key in PARTS
            if key in own or key in other
        }
        for own, other in zip(updates, others, strict=True)
    )


def _beside(own: Update | None, other: Update | None, dtype: torch.dtype, *, is_added: bool) -> Beside:
    if own is not None and other is None:
        factors = Factors(own.A, own.B, dtype=dtype)
        return Beside(factors, factors)
    base = None if own is None else Factors(own.A, own.B, dtype=dtype, for_few=True)
    if is_added or other is None:
        return Beside(base, None)
    both = [other] if own is None else [own, other]
    signs = [-1] if own is None else [1, -1]
    joined = torch.cat([sign * each.B for sign, each in zip(signs, both, strict=True)])
    return Beside(base, Factors(torch.cat([each.A for each in both], 1), joined, dtype=dtype))


def no_updates(shape: LlamaShape) -> Updates:
    """Return what adds nothing to any layer."""
    return tuple({} for _ in range(shape.n_layers))


def read_updates(folder: Path, shape: LlamaShape) -> Updates:
    """Return what the adapter in a folder adds to the matrices of each layer.

    Raises
    ------
    ValueError
        If it is more than plain LoRA on a layer's matrices, or of another shape of model.
    OSError, KeyError, TypeError, safetensors.SafetensorError
        If the files are not there, or none of an adapter.
    """
    config: dict[str, Any] = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    scale, targets = _read_scale(config), config["target_modules"]
    if not isinstance(targets, list) and targets != "all-linear":
        raise ValueError("its matrices are named by a pattern")
    tensors = load_file(folder / "adapter_model.safetensors")
    halves: dict[tuple[int, str, str], Tensor] = {}
    for name, tensor in tensors.items():
        found = _NAME.fullmatch(name)
        if not found or int(found[1]) >= shape.n_layers or found[2] not in part_sizes(shape):
            raise ValueError(f"{name} is of no matrix of this model")
        if isinstance(targets, list) and not _is_among(f"model.layers.{found[1]}.{found[2]}", targets):
            raise ValueError(f"{name} is of no matrix that the adapter says it is for")
        halves[int(found[1]), found[2], found[3]] = tensor.float()
    if not halves:
        raise ValueError("there are no factors")
    if any(len(factor) != int(config["r"]) for (_, _, half), factor in halves.items() if half == "A"):
        raise ValueError("a factor is of another rank than the adapter says")
    for index, part, _ in halves:
        _check(halves.get((index, part, "A")), halves.get((index, part, "B")), part_sizes(shape)[part])
    return tuple(
        {
            key: _join(halves, index, parts, shape, scale)
            for key, parts in PARTS.items()
            if any((index, part, "A") in halves for part in parts)
        }
        for index in range(shape.n_layers)
    )


def _read_scale(config: dict[str, Any]) -> float:
    for key, plain in _PLAIN.items():
        if config.get(key) not in plain:
            raise ValueError(f"{key} is {config[key]!r}, which no plain LoRA has")
    rank = int(config["r"])
    if rank < 1:
        raise ValueError(f"rank {rank}")
    scale = float(config["lora_alpha"]) / (math.sqrt(rank) if config.get("use_rslora") else rank)
    if not abs(scale) < _LARGEST_SCALE:
        raise ValueError(f"its update is taken {scale} times")
    return scale


def _is_among(name: str, targets: Sequence[str]) -> bool:
    """Return whether PEFT would take a matrix for one of the targets, which may be ends of names."""
    return any(f".{name}".endswith(f".{target}") for target in targets)


def _check(first: Tensor | None, second: Tensor | None, size: tuple[int, int]) -> None:
    if first is None or second is None:
        raise ValueError("a factor lacks its other half")
    rank = len(first)
    if first.shape != (rank, size[1]) or second.shape != (size[0], rank):
        raise ValueError(f"factors {tuple(first.shape)}, {tuple(second.shape)} are not of a matrix {size}")
    if not (bool(first.isfinite().all()) and bool(second.isfinite().all())):
        raise ValueError("a factor is not finite")


def _join(
    halves: dict[tuple[int, str, str], Tensor],
    index: int,
    parts: Sequence[str],
    shape: LlamaShape,
    scale: float,
) -> Update:
    """Return the factors of matrices that lie side by side as one pair: each has outputs of its own."""
    pairs = [(part, halves.get((index, part, "A")), halves.get((index, part, "B"))) for part in parts]
    down = [A for _, A, _ in pairs if A is not None]
    blocks = [B if B is not None else torch.zeros(part_sizes(shape)[part][0], 0) for part, _, B in pairs]
    joined = torch.block_diag(*blocks) * scale  # (Σ outputs, Σ r)
    return Update(torch.cat(down).mT.contiguous(), joined.mT.contiguous())
