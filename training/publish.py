"""A finished run to the model folder that the service ships: weights, tokenizer, loss curve."""

# torch, transformers and matplotlib are typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Literal

from schemas.errors import ConfigurationError
from training.hf import load_model, load_tokenizer
from training.plots import loss_curve

Dtype = Literal["float32", "bfloat16"]


def publish(run: Path, out: Path, *, dtype: Dtype = "bfloat16") -> None:
    """Write the model of `run` to `out` in Hugging Face form, with its settings and loss curve.

    The folder's own README (the model card) is left as it is.

    Raises
    ------
    ConfigurationError
        If the run has no model yet.
    """
    import torch

    if not (run / "model" / "config.json").is_file():
        raise ConfigurationError(f"no model in {run.name!r}: the run has not reached a checkpoint")
    out.mkdir(parents=True, exist_ok=True)
    model = load_model(run / "model").to(getattr(torch, dtype))
    model.generation_config.eos_token_id = model.config.eos_token_id
    model.save_pretrained(out, max_shard_size="64MB")
    load_tokenizer(run / "tokenizer").save_pretrained(out)
    shutil.copyfile(run / "config.json", out / "training_config.json")
    last = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    state = {key: value for key, value in json.loads(last).items() if key != "loss"}
    (out / "training_state.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
    loss_curve(run / "log.jsonl", out / "loss.png")
