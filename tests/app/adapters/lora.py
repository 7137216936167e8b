"""LoRA folders with random weights and a card, written without loading a model."""

# safetensors leaves the names of files untyped
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from schemas.adapter import CARD, CONFIG, WEIGHTS, AdapterCard, weights_sha256


def write_card(folder: Path, model_folder: Path, **changes: object) -> AdapterCard:
    """Write the card of an adapter for a model."""
    given = {
        "name": folder.name,
        "base_model": model_folder.name,
        "base_sha256": weights_sha256(model_folder),
        "data_sha256": "d" * 64,
        **changes,
    }
    card = AdapterCard.model_validate(given)
    (folder / CARD).write_text(card.model_dump_json())
    return card


def write_adapter(
    folder: Path, model_folder: Path, *, seed: int, rank: int = 4, std: float = 0.5, **card: object
) -> Path:
    """Write an adapter of a Llama's attention; `std` 0 leaves every answer as it is."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    config = json.loads((model_folder / "config.json").read_text())
    n_hidden, n_query = config["hidden_size"], config["num_attention_heads"] * config["head_dim"]
    shapes = {
        "q_proj": (n_query, n_hidden),
        "v_proj": (config["num_key_value_heads"] * config["head_dim"], n_hidden),
        "o_proj": (n_hidden, n_query),
    }
    tensors = {
        f"base_model.model.model.layers.{layer}.self_attn.{module}.lora_{factor}.weight": (
            rng.standard_normal((rank, n_in) if factor == "A" else (n_out, rank)) * std
        ).astype(np.float32)
        for layer in range(config["num_hidden_layers"])
        for module, (n_out, n_in) in shapes.items()
        for factor in "AB"
    }
    save_file(tensors, folder / WEIGHTS)
    settings = {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "target_modules": list(shapes)}
    (folder / CONFIG).write_text(json.dumps({**settings, "bias": "none", "inference_mode": True}))
    write_card(folder, model_folder, **card)
    return folder
