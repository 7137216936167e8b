"""A run that trains LoRA factors of a pretrained base on rows of conversations; stopped, it goes on."""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from schemas.errors import InputError, TrainingDivergedError
from training.divergence import DivergenceGuard
from training.encode import EncodedSample
from training.lean.llama import LeanLlama
from training.lora_muon import lora_pairs
from training.pair_norms import copy_factors, pair_norms
from training.param_groups import LoRAPair
from training.run_folder import TrainingFolder
from training.schedule import Schedule, note_rates, scale_rates
from training.sft.model import (
    LoraShape,
    OptimizerName,
    adapted_model,
    load_trainable,
    make_optimizer,
    trainable_state,
)
from training.sft.packing import PackedRow, pack_in_order

logger = logging.getLogger(__name__)

# At once: a GPU takes hardly longer for a row of many than for one.
_EVALUATED_TOKENS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraRunSettings:
    """How factors are trained.

    The rate warms up over `warmup_steps`, stays, and falls linearly to nothing over the last `cooldown_share`
    of the tokens, whatever the optimizer. Losses on kept-out conversations are taken `n_evaluations` times,
    evenly over the tokens and at the end; norms every `norms_every` steps.
    """

    rank: int = 32
    alpha: float = 64.0
    momentum: float = 0.9
    weight_decay: float = 0.01
    grad_clip: float = 1.0  # AdamW's; the steps of LoRA-Muon do not depend on the gradient's size
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


@dataclass(slots=True)
class LoraRunState:
    """Where a run stands; saved with each checkpoint."""

    step: int = 0
    n_tokens: int = 0
    seconds: float = 0.0  # of steps
    minutes: float = 0.0  # of everything, waiting for rows included
    largest_step: float = 0.0  # of W in spectral norm, in rates, at the steps that were measured
    evaluations: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    guard: DivergenceGuard = field(default_factory=DivergenceGuard)
    diverged: str | None = None  # why it was stopped, if its loss left its start


# Rows without end, from the step that is given on: what a resumed run sees next.
Rows = Callable[[int], Iterator[PackedRow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraRun:
    """One run in a folder of its own, where it goes on if it was stopped.

    Attributes
    ----------
    n_tokens
        When it ends.
    n_minutes
        When it ends at the latest, however few tokens it has seen: for a device that is lent. The rate
        follows whichever share is the larger.
    start
        Called once with the fresh model, to put other factors in than A random and B zero.
    held_out
        Conversations by source that its loss is taken on.
    measures_start
        Whether that is done before the first step too.
    stop
        Asked before each step; a run that stops has written a checkpoint.
    """

    optimizer: OptimizerName
    lr: float
    seed: int
    n_tokens: int
    settings: LoraRunSettings
    base: Path
    rows: Rows
    held_out: Mapping[str, Sequence[EncodedSample]]
    folder: TrainingFolder
    start: Callable[[Any], None] = lambda _model: None
    measures_start: bool = False
    checkpoint_s: float = 300.0
    device: str = "cpu"
    n_minutes: float | None = None
    stop: Callable[[], bool] = lambda: False

    def train(self, *, finish: Callable[[Any], None] = lambda _model: None) -> LoraRunState:
        """Train to the end, from the folder's checkpoint if there is one; `finish` gets the trained model.

        Returns
        -------
        LoraRunState
            Of a run that was stopped, or whose loss left its start (`diverged`), `n_tokens` is less than was
            asked for, and `finish` was not called.

        Raises
        ------
        InputError
            If the rows end.
        """
        self.folder.path.mkdir(parents=True, exist_ok=True)
        shape = LoraShape(rank=self.settings.rank, alpha=self.settings.alpha)
        model = adapted_model(self.base, shape, seed=self.seed, device=self.device)
        self.start(model)
        optimizer = make_optimizer(
            model,
            self.optimizer,
            lr=self.lr,
            momentum=self.settings.momentum,
            weight_decay=self.settings.weight_decay,
        )
        note_rates([optimizer])
        state = self._resume(model, optimizer)
        try:
            self._train(model, optimizer, state)
        except TrainingDivergedError as error:
            logger.warning("%s", error)
            state.diverged = str(error)
        if self._progress(state) >= 1 and state.diverged is None:
            finish(model)
        return state

    def _train(self, model: Any, optimizer: torch.optim.Optimizer, state: LoraRunState) -> None:  # noqa: ANN401
        lean = LeanLlama.of_peft(model)
        pairs = lora_pairs(model)
        saved_at = begun_at = time.monotonic()
        before = state.minutes
        if self.measures_start and not state.evaluations:
            self._evaluate(lean, state)
        rows = self.rows(state.step)
        while (progress := self._progress(state)) < 1:
            if self.stop() or time.monotonic() - saved_at > self.checkpoint_s:
                self._checkpoint(model, optimizer, state)
                saved_at = time.monotonic()
            if self.stop():
                return
            row = next(rows, None)
            if row is None:
                raise InputError("there is no conversation to train on")
            self._step(lean, pairs, optimizer, row, state)
            state.minutes = before + (time.monotonic() - begun_at) / 60
            if self._is_due(progress, self._progress(state)):
                self._evaluate(lean, state)
                self._checkpoint(model, optimizer, state)

    def _step(
        self,
        lean: LeanLlama,
        pairs: Sequence[LoRAPair],
        optimizer: torch.optim.Optimizer,
        row: PackedRow,
        state: LoraRunState,
    ) -> None:
        started = time.monotonic()
        total, weight = lean.loss(row)
        (total / max(weight, 1.0)).backward()
        if self.optimizer == "adamw":
            factors = [p for group in optimizer.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(factors, self.settings.grad_clip)
        factor = self.lr_factor(state)
        scale_rates([optimizer], factor)
        is_measured = state.step % self.settings.norms_every == 0
        before = copy_factors(pairs) if is_measured else ()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss = total.item() / max(weight, 1.0)
        state.step, state.n_tokens = state.step + 1, state.n_tokens + len(row.token_ids)
        state.seconds += time.monotonic() - started
        record = {"step": state.step, "n_tokens": state.n_tokens, "loss": loss, "lr": self.lr * factor}
        if is_measured:
            record |= self._norms(pairs, before, self.lr * factor, state)
        self.folder.log.append({**record, "tokens_per_s": state.n_tokens / state.seconds})
        state.guard = state.guard.after(loss)

    def lr_factor(self, state: LoraRunState) -> float:
        """Return the rate's factor in [0, 1] for the next step."""
        warm = min(1.0, (state.step + 1) / self.settings.warmup_steps) if self.settings.warmup_steps else 1.0
        cooldown = Schedule(cooldown_share=self.settings.cooldown_share)
        return min(warm, cooldown.factor(self._progress(state)))

    def _progress(self, state: LoraRunState) -> float:
        """Return the share of the run that is over, in [0, 1]."""
        spent = state.minutes / self.n_minutes if self.n_minutes else 0.0
        return min(1.0, max(state.n_tokens / self.n_tokens, spent))

    def _norms(
        self, pairs: Sequence[LoRAPair], before: Sequence[Any], lr: float, state: LoraRunState
    ) -> dict[str, float]:
        """Return the spectral norms of this step, apart from decay, and of the whole update."""
        shrunk = 1.0 - self.settings.weight_decay * lr
        # AdamW's decay is of each factor, LoRA-Muon's of their product.
        found = pair_norms(pairs, before, kept=shrunk**2 if self.optimizer == "adamw" else shrunk)
        largest = max(norms.step for norms in found)
        state.largest_step = max(state.largest_step, largest / lr)
        updates = [norms.update for norms in found]
        return {
            "largest_step": largest,
            "median_update": statistics.median(updates),
            "largest_update": max(updates),
        }

    def _is_due(self, before: float, now: float) -> bool:
        """Return whether the last step reached the share of the run at which losses are taken."""
        n = self.settings.n_evaluations
        return int(n * now) > int(n * before)

    @torch.no_grad()
    def _evaluate(self, lean: LeanLlama, state: LoraRunState) -> None:
        if not self.held_out:
            return
        losses = {source: mean_loss(lean, held_out) for source, held_out in self.held_out.items()}
        evaluation = Evaluation(n_tokens=state.n_tokens, losses=losses)
        state.evaluations.append(asdict(evaluation))
        self.folder.log.append({"step": state.step, "held_out": losses, "held_out_mean": evaluation.mean})
        logger.info("after %s tokens: %.4f", state.n_tokens, evaluation.mean)

    def _checkpoint(self, model: Any, optimizer: torch.optim.Optimizer, state: LoraRunState) -> None:  # noqa: ANN401
        self.folder.save(
            {"model": trainable_state(model), "optimizer": optimizer.state_dict(), "state": asdict(state)}
        )

    def _resume(self, model: Any, optimizer: torch.optim.Optimizer) -> LoraRunState:  # noqa: ANN401
        saved = self.folder.resume()
        if saved is None:
            return LoraRunState()
        load_trainable(model, saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        guard = DivergenceGuard(**saved["state"].pop("guard"))
        return LoraRunState(**saved["state"], guard=guard)


@torch.no_grad()
def mean_loss(lean: LeanLlama, conversations: Sequence[EncodedSample]) -> float:
    """Return the weighted mean loss of the conversations' answers in nats a token."""
    found = [lean.loss(row) for row in pack_in_order(conversations, max_tokens=_EVALUATED_TOKENS)]
    return sum(total.item() for total, _ in found) / sum(weight for _, weight in found)
