"""The model that is finetuned: a base with LoRA factors, and its loss on packed rows."""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schemas.adapter import CONFIG, WEIGHTS
from schemas.errors import ConfigurationError
from training.hf import load_model
from training.lora_muon import LoRAMuon, lora_pairs
from training.schedule import note_rates
from training.sft.packing import PackedRow

OptimizerName = Literal["adamw", "lora-muon"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraShape:
    """The factors: `rank` r, PEFT's scale `alpha` / r, and which linear layers get them."""

    rank: int = 8
    alpha: float = 16.0
    targets: tuple[str, ...] | Literal["all-linear"] = "all-linear"

    def __post_init__(self) -> None:
        if self.rank < 1 or self.alpha <= 0:
            raise ConfigurationError(f"rank and alpha must be positive, not {self.rank} and {self.alpha}")


def adapted_model(base: Path, shape: LoraShape, *, seed: int, device: str) -> Any:  # noqa: ANN401
    """Return the base with fresh factors (A random, B zero): it answers as the base until it is trained.

    Raises
    ------
    ConfigurationError
        If the folder holds no model, or the model none of the layers.
    """
    from peft import LoraConfig, get_peft_model

    try:
        model = load_model(base)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"cannot load the model in {base.name!r}: {error}") from error
    torch.manual_seed(seed)
    targets = shape.targets if isinstance(shape.targets, str) else list(shape.targets)
    config = LoraConfig(
        r=shape.rank,
        lora_alpha=cast("int", shape.alpha),
        lora_dropout=0.0,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise ConfigurationError(f"the model in {base.name!r} has no such layers: {error}") from error
    return adapted.to(device).train()


def make_optimizer(
    model: nn.Module, name: OptimizerName, *, lr: float, momentum: float, weight_decay: float
) -> torch.optim.Optimizer:
    """Return the optimizer of the model's factors; `momentum` is the first of AdamW's betas."""
    optimizer: torch.optim.Optimizer
    if name == "lora-muon":
        optimizer = LoRAMuon(lora_pairs(model), lr=lr, momentum=momentum, weight_decay=weight_decay)
    else:
        trainable = [p for p in model.parameters() if p.requires_grad]
        betas = (momentum, 0.999)
        optimizer = torch.optim.AdamW(trainable, lr=lr, betas=betas, weight_decay=weight_decay)
    note_rates([optimizer])
    return optimizer


def packed_loss(model: Any, row: PackedRow) -> tuple[Tensor, float]:  # noqa: ANN401
    """Return the sum of weighted cross-entropies in nats of a row, and the sum of its weights.

    Positions that begin again tell Transformers where one sample ends: it masks attention between them.
    Logits are computed where something is learned, and nowhere else.
    """
    device = model.device
    token_ids = torch.from_numpy(row.token_ids).long().to(device)[None]  # (1, t)
    weights = torch.from_numpy(row.weights).to(device)
    learned = torch.nonzero(weights).flatten()  # (n,)
    output = model(
        input_ids=token_ids,
        position_ids=torch.from_numpy(row.positions).long().to(device)[None],
        use_cache=False,  # with a cache, positions are not looked at
        logits_to_keep=learned - 1,
    )
    logits = output.logits[0].float()  # (n, vocabulary)
    losses = F.cross_entropy(logits, token_ids[0, learned], reduction="none")
    return (losses * weights[learned]).sum(), float(weights[learned].sum())


def save_adapter(model: Any, folder: Path, *, base_name: str) -> None:  # noqa: ANN401
    """Write the factors in PEFT's form, replacing what is there; no path of this machine is in it."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    with warnings.catch_warnings():
        # PEFT looks at a hub for the base's vocabulary, which LoRA on linear layers does not touch.
        warnings.simplefilter("ignore")
        model.save_pretrained(part, safe_serialization=True, save_embedding_layers=False)
    config = json.loads((part / CONFIG).read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base_name
    (part / CONFIG).write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for file in part.iterdir():
        if file.name not in (CONFIG, WEIGHTS):
            file.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)


def trainable_state(model: nn.Module) -> dict[str, Tensor]:
    """Return the trained parameters by name."""
    return {name: p.detach().cpu() for name, p in model.named_parameters() if p.requires_grad}


def load_trainable(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Put trained parameters back.

    Raises
    ------
    ConfigurationError
        If they are of another shape of adapter.
    """
    own = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if {name: p.shape for name, p in own.items()} != {name: p.shape for name, p in state.items()}:
        raise ConfigurationError(
            "the checkpoint is of an adapter of another shape", hint="choose another folder"
        )
    with torch.no_grad():
        for name, p in own.items():
            p.copy_(state[name])
