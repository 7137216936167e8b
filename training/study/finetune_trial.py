"""One finetuning of a pretrained base by one optimizer at one rate: what it learns after how many tokens."""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import logging
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from schemas.errors import InputError, TrainingDivergedError
from training.divergence import DivergenceGuard
from training.lean.llama import LeanLlama
from training.lora_muon import lora_pairs
from training.pair_norms import copy_factors, pair_norms
from training.param_groups import LoRAPair
from training.run_log import whole_lines
from training.sft.model import (
    LoraShape,
    OptimizerName,
    adapted_model,
    load_trainable,
    make_optimizer,
    trainable_state,
)
from training.sft.packing import PackedRow, row_of
from training.study.conversations_file import SourcedSample, training_steps

logger = logging.getLogger(__name__)

CHECKPOINT, LOG = "checkpoint.pt", "log.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneTrial:
    """What is tried: the seed gives the factors and the order of the conversations."""

    optimizer: OptimizerName
    lr: float
    seed: int
    n_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneSettings:
    """What all trials share.

    The rate warms up over `warmup_steps`, stays, and falls linearly to nothing over the last `cooldown_share`
    of the tokens, whatever the optimizer. Losses on kept-out conversations are taken `n_evaluations` times,
    evenly over the tokens and at the end; norms every `norms_every` steps.
    """

    rank: int = 32
    alpha: float = 64.0
    momentum: float = 0.9
    weight_decay: float = 0.01
    grad_clip: float = 1.0  # AdamW's; the steps of LoRA-Muon do not depend on the gradient's size
    batch_tokens: int = 2048
    warmup_steps: int = 10
    cooldown_share: float = 0.4
    n_evaluations: int = 4
    norms_every: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Losses in nats a token by source, after `n_tokens` of training."""

    n_tokens: int
    losses: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Return the mean over sources, each counted once."""
        return statistics.fmean(self.losses.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneOutcome:
    """How a trial ended; `diverged` says why it was stopped, if it was."""

    trial: FinetuneTrial
    evaluations: tuple[Evaluation, ...]
    tokens_per_s: float
    seconds: float
    largest_step: float  # of W in spectral norm, in rates, at the steps that were measured
    diverged: str | None = None


@dataclass(slots=True)
class _State:
    step: int = 0
    n_tokens: int = 0
    seconds: float = 0.0
    largest_step: float = 0.0
    evaluations: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    guard: DivergenceGuard = field(default_factory=DivergenceGuard)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneRun:
    """A trial in a folder of its own, where it goes on if it was stopped.

    Attributes
    ----------
    held_out
        Conversations by source that its loss is taken on.
    stop
        Asked before each step; a run that stops has written a checkpoint.
    """

    trial: FinetuneTrial
    settings: FinetuneSettings
    base: Path
    conversations: Sequence[SourcedSample]
    held_out: Mapping[str, Sequence[SourcedSample]]
    folder: Path
    checkpoint_s: float = 300.0
    stop: Callable[[], bool] = lambda: False

    def train(self) -> FinetuneOutcome | None:
        """Train to the end, from the folder's checkpoint if there is one; None if it was stopped before.

        Raises
        ------
        InputError
            If there is no conversation.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        shape = LoraShape(rank=self.settings.rank, alpha=self.settings.alpha)
        model = adapted_model(self.base, shape, seed=self.trial.seed, device="cpu")
        optimizer = make_optimizer(
            model,
            self.trial.optimizer,
            lr=self.trial.lr,
            momentum=self.settings.momentum,
            weight_decay=self.settings.weight_decay,
        )
        state = self._resumed(model, optimizer)
        try:
            is_done = self._steps(model, optimizer, state)
        except TrainingDivergedError as error:
            logger.warning("%s: %s", self.trial, error)
            return self._outcome(state, diverged=str(error))
        return self._outcome(state) if is_done else None

    def _steps(self, model: Any, optimizer: torch.optim.Optimizer, state: _State) -> bool:  # noqa: ANN401
        lean = LeanLlama.of_peft(model)
        pairs = lora_pairs(model)
        saved_at = time.monotonic()
        batch_tokens = self.settings.batch_tokens
        rows = training_steps(self.conversations, seed=self.trial.seed, batch_tokens=batch_tokens)
        for row in islice(rows, state.step, None):
            if state.n_tokens >= self.trial.n_tokens:
                return True
            if self.stop() or time.monotonic() - saved_at > self.checkpoint_s:
                self._checkpoint(model, optimizer, state)
                saved_at = time.monotonic()
            if self.stop():
                return False
            self._step(lean, pairs, optimizer, row, state)
            if self._is_due(state, len(row.token_ids)):
                self._evaluate(lean, state)
                self._checkpoint(model, optimizer, state)
        raise InputError("there is no conversation to train on")

    def _step(
        self,
        lean: LeanLlama,
        pairs: Sequence[LoRAPair],
        optimizer: torch.optim.Optimizer,
        row: PackedRow,
        state: _State,
    ) -> None:
        started = time.monotonic()
        total, weight = lean.loss(row)
        (total / max(weight, 1.0)).backward()
        if self.trial.optimizer == "adamw":
            factors = [p for group in optimizer.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(factors, self.settings.grad_clip)
        lr = self.trial.lr * self.lr_factor(state)
        for group in optimizer.param_groups:
            group["lr"] = lr
        is_measured = state.step % self.settings.norms_every == 0
        before = copy_factors(pairs) if is_measured else ()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss = total.item() / max(weight, 1.0)
        state.step, state.n_tokens = state.step + 1, state.n_tokens + len(row.token_ids)
        state.seconds += time.monotonic() - started
        record = {"step": state.step, "n_tokens": state.n_tokens, "loss": loss, "lr": lr}
        if is_measured:
            record |= self._norms(pairs, before, lr, state)
        self._log({**record, "tokens_per_s": state.n_tokens / state.seconds})
        state.guard = state.guard.after(loss)

    def lr_factor(self, state: _State) -> float:
        """Return the rate's factor in [0, 1] for the next step."""
        warm = min(1.0, (state.step + 1) / self.settings.warmup_steps) if self.settings.warmup_steps else 1.0
        left = 1.0 - state.n_tokens / self.trial.n_tokens
        cool = left / self.settings.cooldown_share if self.settings.cooldown_share else 1.0
        return min(warm, cool, 1.0)

    def _norms(
        self, pairs: Sequence[LoRAPair], before: Sequence[Any], lr: float, state: _State
    ) -> dict[str, float]:
        """Return the spectral norms of this step, apart from decay, and of the whole update."""
        shrunk = 1.0 - self.settings.weight_decay * lr
        # AdamW's decay is of each factor, LoRA-Muon's of their product.
        found = pair_norms(pairs, before, kept=shrunk**2 if self.trial.optimizer == "adamw" else shrunk)
        largest = max(norms.step for norms in found)
        state.largest_step = max(state.largest_step, largest / lr)
        updates = [norms.update for norms in found]
        return {
            "largest_step": largest,
            "median_update": statistics.median(updates),
            "largest_update": max(updates),
        }

    def _is_due(self, state: _State, n_last: int) -> bool:
        """Return whether an evaluation's share of the tokens was reached by the last step."""
        n, every = self.settings.n_evaluations, self.trial.n_tokens
        done, before = (
            min(n, int(n * tokens / every)) for tokens in (state.n_tokens, state.n_tokens - n_last)
        )
        return done > before

    @torch.no_grad()
    def _evaluate(self, lean: LeanLlama, state: _State) -> None:
        losses = {source: mean_loss(lean, held_out) for source, held_out in self.held_out.items()}
        evaluation = Evaluation(n_tokens=state.n_tokens, losses=losses)
        state.evaluations.append(asdict(evaluation))
        self._log({"step": state.step, "held_out": losses, "held_out_mean": evaluation.mean})
        logger.info("%s after %s tokens: %.4f", self.trial, state.n_tokens, evaluation.mean)

    def _outcome(self, state: _State, *, diverged: str | None = None) -> FinetuneOutcome:
        return FinetuneOutcome(
            trial=self.trial,
            evaluations=tuple(Evaluation(**one) for one in state.evaluations),
            tokens_per_s=state.n_tokens / max(state.seconds, 1e-9),
            seconds=state.seconds,
            largest_step=state.largest_step,
            diverged=diverged,
        )

    def _log(self, record: Mapping[str, object]) -> None:
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(record) + "\n")

    def _checkpoint(self, model: Any, optimizer: torch.optim.Optimizer, state: _State) -> None:  # noqa: ANN401
        saved = {"model": trainable_state(model), "optimizer": optimizer.state_dict(), "state": asdict(state)}
        part = self.folder / f"{CHECKPOINT}.part"
        torch.save(saved, part)
        part.replace(self.folder / CHECKPOINT)

    def _resumed(self, model: Any, optimizer: torch.optim.Optimizer) -> _State:  # noqa: ANN401
        path = self.folder / CHECKPOINT
        if not path.is_file():
            (self.folder / LOG).unlink(missing_ok=True)
            return _State()
        saved = torch.load(path, weights_only=True)
        load_trainable(model, saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        guard = DivergenceGuard(**saved["state"].pop("guard"))
        state = _State(**saved["state"], guard=guard)
        # The steps after the checkpoint are taken again.
        kept = [line for line in whole_lines(self.folder / LOG) if json.loads(line)["step"] <= state.step]
        (self.folder / LOG).write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        return state


@torch.no_grad()
def mean_loss(lean: LeanLlama, conversations: Sequence[SourcedSample]) -> float:
    """Return the weighted mean loss of the conversations' answers in nats a token."""
    found = [lean.loss(row_of([one.sample])) for one in conversations]
    return sum(total.item() for total, _ in found) / sum(weight for _, weight in found)
