"""One trial of the study: a model trained by one optimizer at one learning rate, and its validation loss."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from schemas.errors import InputError
from training.lora_muon import LoRAMuon
from training.schedule import Schedule, note_rates, scale_rates
from training.spectron import Spectron
from training.study.model import CharacterModel, Shape

# muon       dense matrices, torch's Muon
# lora_muon  factors, LoRA-Muon with the paper's simultaneous halves
# spectron   factors, Spectron
# adamw      factors (or dense matrices, without a rank), torch's AdamW
Method = Literal["muon", "lora_muon", "spectron", "adamw"]

# What the paper leaves unsaid is chosen here, and the report says it.
CONTEXT = 64
BATCH = 16
N_STEPS = 980  # times 16 windows of 64 characters: one pass over the million of training characters
MOMENTUM = 0.9
WEIGHT_DECAY = 0.01
OTHERS_LR = 1e-2
# A cosine from 1 down to a tenth.
SCHEDULE = Schedule(cooldown_share=1.0, cooldown="cosine", end=0.1)
TRAINING_SHARE = 0.9
_EVALUATION_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is trained; `rank` None for dense matrices."""

    method: Method
    lr: float
    seed: int
    rank: int | None = None
    width: int = 128
    depth: int = 2
    rescaling: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a trial ended: losses in nats a character, infinite where it diverged."""

    trial: Trial
    val_loss: float
    train_loss: float
    n_parameters: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Characters as ids: training and validation part, int64 vectors."""

    n_characters: int
    training: Tensor
    validation: Tensor


def read_text(path: Path) -> Text:
    """Return a text's first nine tenths for training and the rest for validation.

    Raises
    ------
    InputError
        If the file is no UTF-8 text, or too short for one batch of each part.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the study's text cannot be read: {type(error).__name__}") from error
    ids = {character: i for i, character in enumerate(sorted(set(text)))}
    data = torch.tensor([ids[character] for character in text], dtype=torch.int64)
    cut = int(TRAINING_SHARE * len(data))
    if len(data) - cut <= CONTEXT:
        raise InputError(f"{len(data)} characters are too few: validation needs more than {CONTEXT}")
    return Text(n_characters=len(ids), training=data[:cut], validation=data[cut:])


def run_trial(trial: Trial, text: Text, *, device: str = "cpu", n_steps: int = N_STEPS) -> Outcome:
    """Train once and return the outcome; the same trial gives the same batches on every machine."""
    started = time.perf_counter()
    shape = Shape(
        n_characters=text.n_characters,
        context=CONTEXT,
        width=trial.width,
        depth=trial.depth,
        rank=trial.rank,
        rescaling=trial.rescaling,
    )
    model = CharacterModel(shape, seed=trial.seed).to(device)
    optimizers = make_optimizers(model, trial)
    batches = torch.Generator().manual_seed(1_000 + trial.seed)
    train_loss = math.inf
    for step in range(n_steps):
        scale_rates(optimizers, SCHEDULE.factor(step / n_steps))
        ids = _windows(text.training, batches).to(device)
        loss = _loss(model, ids)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        train_loss = loss.item()
        if not math.isfinite(train_loss):
            break
    return Outcome(
        trial=trial,
        val_loss=validation_loss(model, text.validation.to(device)),
        train_loss=train_loss if math.isfinite(train_loss) else math.inf,
        n_parameters=sum(p.numel() for p in model.parameters()),
        seconds=time.perf_counter() - started,
    )


def make_optimizers(model: CharacterModel, trial: Trial) -> Sequence[torch.optim.Optimizer]:
    """Return the optimizer of the blocks' matrices and the one, always the same, of everything else."""
    others = torch.optim.AdamW(model.others(), lr=OTHERS_LR, betas=(0.9, 0.95), weight_decay=0.0)
    optimizers = (_of_matrices(model, trial), others)
    note_rates(optimizers)
    return optimizers


def _of_matrices(model: CharacterModel, trial: Trial) -> torch.optim.Optimizer:
    if trial.method == "muon":
        return _dense_muon(model, trial.lr)
    if trial.method == "adamw":
        factors = [p for pair in model.pairs() for p in (pair.A, pair.B)]
        chosen = factors or model.matrices()
        return torch.optim.AdamW(chosen, lr=trial.lr, betas=(0.9, 0.95), weight_decay=WEIGHT_DECAY)
    # The paper is what is tested, so its form of the step.
    make = partial(LoRAMuon, halves="simultaneous") if trial.method == "lora_muon" else Spectron
    return make(model.pairs(), lr=trial.lr, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)


def _dense_muon(model: CharacterModel, lr: float) -> torch.optim.Optimizer:
    """Return torch's Muon as W ← (1 - λ η) W - η msign(m), without Nesterov.

    Its msign is Keller Jordan's quintic, five steps in bfloat16: singular values end in about [0.5, 1.5],
    where LoRA-Muon's end within a thousandth of 1.
    Its "original" rates are multiplied by √max(1, m / n); dividing by that gives η its plain meaning.
    """
    groups: list[dict[str, object]] = []
    for W in model.matrices():
        factor = max(1.0, W.shape[0] / W.shape[1]) ** 0.5
        # The decay is times the rate before that factor.
        groups.append({"params": [W], "lr": lr / factor, "weight_decay": WEIGHT_DECAY * factor})
    return torch.optim.Muon(groups, lr=lr, momentum=MOMENTUM, nesterov=False, adjust_lr_fn="original")


def _windows(data: Tensor, generator: torch.Generator) -> Tensor:
    """Return (16, 65) characters from random places."""
    starts = torch.randint(len(data) - CONTEXT, (BATCH,), generator=generator)
    return data[starts[:, None] + torch.arange(CONTEXT + 1)]


def _loss(model: CharacterModel, ids: Tensor) -> Tensor:
    logits = model(ids[:, :-1])  # (b, t, n_characters)
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


@torch.no_grad()
def validation_loss(model: CharacterModel, data: Tensor) -> float:
    """Return the mean loss in nats over all windows that follow each other; infinite if not finite."""
    windows = data[: (len(data) - 1) // CONTEXT * CONTEXT + 1].unfold(0, CONTEXT + 1, CONTEXT)
    total = sum(_loss(model, part).item() * len(part) for part in windows.split(_EVALUATION_BATCH))
    loss = total / len(windows)
    return loss if math.isfinite(loss) else math.inf
