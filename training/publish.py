"""A finished run to the model folder that the service ships: weights, tokenizer, loss curve."""

# torch, transformers and matplotlib are typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from schemas.errors import ConfigurationError
from training.hf import load_model, load_tokenizer
from training.house import checkpoint_state
from training.plots import loss_curve
from training.run_folder import CONFIG, TrainingFolder

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

    if not (run / "model" / "config.json").is_file() or checkpoint_state(run).step == 0:
        raise ConfigurationError(f"no model in {run.name!r}: the run has not reached a checkpoint")
    out.mkdir(parents=True, exist_ok=True)
    model = load_model(run / "model").to(getattr(torch, dtype))
    model.generation_config.eos_token_id = model.config.eos_token_id
    model.save_pretrained(out, max_shard_size="64MB")
    load_tokenizer(run / "tokenizer").save_pretrained(out)
    shutil.copyfile(run / CONFIG, out / "training_config.json")
    state = checkpoint_state(run)
    (out / "training_state.json").write_text(json.dumps(asdict(state), indent=1) + "\n", encoding="utf-8")
    loss_curve(TrainingFolder(path=run).log.records(until_step=state.step), out / "loss.png")
