"""Factors from an adapter's folder into a model and back, cut to a lower rank on the way out."""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from schemas.adapter import CONFIG, WEIGHTS
from schemas.errors import ConfigurationError

_A, _B = ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A plain LoRA's rank and alpha: its update is alpha / rank · B A."""

    rank: int
    alpha: float


def read_scale(folder: Path) -> Scale:
    """Return the rank and alpha of the adapter in a folder.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return Scale(rank=int(config["r"]), alpha=float(config["lora_alpha"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{folder.name!r} holds no adapter: {type(error).__name__}") from error


def load_factors(model: Any, folder: Path) -> None:  # noqa: ANN401
    """Put the factors of the adapter in a folder into a PEFT model of the same shape.

    Raises
    ------
    ConfigurationError
        If the adapter is for other layers, or of another rank.
    """
    saved = load_file(folder / WEIGHTS)
    own = {_file_name(name): p for name, p in model.named_parameters() if p.requires_grad}
    shapes = ({name: tuple(t.shape) for name, t in some.items()} for some in (own, saved))
    if len({tuple(sorted(one.items())) for one in shapes}) > 1:
        raise ConfigurationError(f"the adapter in {folder.name!r} does not fit the factors that are trained")
    with torch.no_grad():
        for name, p in own.items():
            p.copy_(saved[name])


def _file_name(name: str) -> str:
    """Return how PEFT's files name a parameter: without the adapter's name in it."""
    return name.replace(".default.weight", ".weight")


def write_factors(source: Path, target: Path, *, rank: int, base_name: str) -> float:
    """Write an adapter's factors to `target` in bfloat16, cut to a rank; return the energy that is kept.

    Each update alpha / r · B A keeps its largest singular values; alpha becomes the new rank, so that the
    scale is 1. Of factors that have no more than `rank` nothing is cut.

    Returns
    -------
    float
        The share of the sum of squared singular values over all updates, in [0, 1].

    Raises
    ------
    ConfigurationError
        If there is no adapter.
    """
    scale = read_scale(source)
    saved = load_file(source / WEIGHTS)
    kept_rank = min(rank, scale.rank)
    factors: dict[str, Tensor] = {}
    kept = whole = 0.0
    for name in [name.removesuffix(_A) for name in saved if name.endswith(_A)]:
        A, B = saved[name + _A].double(), saved[name + _B].double()
        cut_A, cut_B, energies = _cut(A, B * (scale.alpha / scale.rank), kept_rank)
        factors[name + _A] = cut_A.to(torch.bfloat16).contiguous()
        factors[name + _B] = cut_B.to(torch.bfloat16).contiguous()
        kept, whole = kept + float(energies[:kept_rank].sum()), whole + float(energies.sum())
    target.mkdir(parents=True, exist_ok=True)
    save_file(factors, target / WEIGHTS, metadata={"format": "pt"})
    config = json.loads((source / CONFIG).read_text(encoding="utf-8"))
    config |= {"r": kept_rank, "lora_alpha": kept_rank, "base_model_name_or_path": base_name}
    (target / CONFIG).write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return kept / whole if whole else 1.0


def _cut(A: Tensor, B: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return A (rank, n), B (m, rank) of the nearest product, balanced, and all squared singular values."""
    Q_B, R_B = torch.linalg.qr(B)  # (m, r), (r, r)
    Q_A, R_A = torch.linalg.qr(A.mT)  # (n, r), (r, r)
    U, S, V = torch.linalg.svd(R_B @ R_A.mT)  # (r, r)
    root = S[:rank].sqrt()
    return root[:, None] * (V[:rank] @ Q_A.mT), (Q_B @ U[:, :rank]) * root, S**2
