"""What of a model folder's configuration this package computes by, and which models it is not for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NotPlainLlamaError(Exception):
    """The folder's model is no Llama, or one with more to it than is computed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaShape:
    """Sizes of a Llama; `size` is of one head, `theta` the base of its rotary angles."""

    n_layers: int
    width: int
    n_heads: int
    n_key_heads: int
    size: int
    inner: int
    vocabulary: int
    n_positions: int
    eps: float
    theta: float
    is_tied: bool

    @property
    def n_shared(self) -> int:
        """Return how many query heads share one head of keys."""
        return self.n_heads // self.n_key_heads


def read_shape(folder: Path) -> LlamaShape:
    """Return the sizes of the Llama in a Hugging Face folder.

    Raises
    ------
    NotPlainLlamaError
        If it is another model, or has biases, another activation, scaled positions or quantised weights, or
        if a size is left to Transformers' defaults.
    OSError, ValueError, TypeError
        If `config.json` is not there or none.
    """
    try:
        return _read_shape(folder)
    except KeyError as error:
        raise NotPlainLlamaError(f"no {error}") from error


def _read_shape(folder: Path) -> LlamaShape:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rope: dict[str, Any] = config.get("rope_parameters") or config.get("rope_scaling") or {}
    odd = [
        name
        for name, is_there in (
            (f"model type {config['model_type']!r}", config["model_type"] != "llama"),
            ("biases", config.get("attention_bias") or config.get("mlp_bias")),
            ("another activation", config.get("hidden_act", "silu") != "silu"),
            ("scaled positions", rope.get("rope_type", rope.get("type", "default")) != "default"),
            ("quantised weights", config.get("quantization_config")),
            ("layers cut in parts", (config.get("pretraining_tp") or 1) != 1),
        )
        if is_there
    ]
    if odd:
        raise NotPlainLlamaError(", ".join(odd))
    n_heads, width = int(config["num_attention_heads"]), int(config["hidden_size"])
    return LlamaShape(
        n_layers=int(config["num_hidden_layers"]),
        width=width,
        n_heads=n_heads,
        n_key_heads=int(config.get("num_key_value_heads") or n_heads),
        size=int(config.get("head_dim") or width // n_heads),
        inner=int(config["intermediate_size"]),
        vocabulary=int(config["vocab_size"]),
        n_positions=int(config["max_position_embeddings"]),
        eps=float(config["rms_norm_eps"]),
        theta=float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0),
        is_tied=bool(config.get("tie_word_embeddings")),
    )
