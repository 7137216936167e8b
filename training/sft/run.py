"""A finetuning run: steps on packed conversations, early stopping by real answers, resumed after a kill."""

# torch is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from decoding.engines.threads import set_threads
from schemas.errors import ConfigurationError
from training.divergence import DivergenceGuard
from training.encode import EncodedSample
from training.run_folder import TrainingFolder
from training.schedule import Schedule, scale_rates
from training.sft.conversations import Conversation, Kind
from training.sft.factors import load_factors
from training.sft.model import (
    LoraShape,
    OptimizerName,
    adapted_model,
    load_trainable,
    make_optimizer,
    packed_loss,
    save_adapter,
    trainable_state,
)
from training.sft.packing import PackedRow, batched, pack
from training.synthesis.sample import KINDS

logger = logging.getLogger(__name__)

BEST, CANDIDATE = "adapter", "candidate"
_CHECKPOINT_S = 300.0
# The first step is not of length 0: B would stay at 0.
_LEAST_LR_FACTOR = 0.02
# Settings that make no difference to the weights.
_MAY_DIFFER = ("n_threads", "device")
# What the guard against divergence has seen: a resumed run has not forgotten its start.
_OF_THE_GUARD = ("losses", "smoothed", "n_above")
# How often each kind of a window is drawn, of those that it has.
_KIND_WEIGHTS: Mapping[Kind, float] = {"example": 0.45, "plain": 0.35, "reasoning": 0.15, "flat": 0.05}


@dataclass(frozen=True, slots=True, kw_only=True)
class SftConfig:
    """How an adapter is trained.

    `lr` is AdamW's, or the length in W of a LoRA-Muon step. A step takes rows of about `batch_tokens`
    together, each of at most `row_tokens` where no sample is longer. `synthetic_share` of the conversations
    are of made-up documents. After `patience` validations without a better score training stops.
    """

    optimizer: OptimizerName = "adamw"
    lr: float = 1e-3
    shape: LoraShape = field(default_factory=LoraShape)
    momentum: float = 0.9
    weight_decay: float = 0.01
    epochs: int = 8
    batch_tokens: int = 4096
    # Attention grows with the square of a row (docs/log.md).
    row_tokens: int = 1024
    warmup_share: float = 0.05
    patience: int = 3
    synthetic_share: float = 0.0
    synthetic_kinds: tuple[str, ...] = KINDS
    grad_clip: float = 1.0
    seed: int = 0
    device: str = "cpu"
    n_threads: int = 2

    def __post_init__(self) -> None:
        if min(self.epochs, self.patience, self.n_threads) < 1:
            raise ConfigurationError("epochs, patience and threads must be positive")
        if min(self.batch_tokens, self.row_tokens) < 16:
            raise ConfigurationError("a step, and a row, have at least 16 tokens")
        if not 0 <= self.synthetic_share < 1 or not 0 <= self.warmup_share < 1:
            raise ConfigurationError("shares must be in [0, 1)")
        if not self.synthetic_kinds or not set(self.synthetic_kinds) <= set(KINDS):
            raise ConfigurationError(f"made-up documents are of {', '.join(KINDS)}")
        if not self.lr > 0:
            raise ConfigurationError(f"the learning rate must be positive, not {self.lr}")

    @property
    def schedule(self) -> Schedule:
        """Return the learning rate's course: linear warm-up, then linear to nearly nothing."""
        warm = self.warmup_share
        return Schedule(warmup_share=warm, cooldown_share=1 - warm, least=_LEAST_LR_FACTOR)


@dataclass(slots=True)
class SftState:
    """Where a run stands; saved with each checkpoint."""

    epoch: int = 0
    step_in_epoch: int = 0
    step: int = 0
    n_tokens: int = 0
    spent_s: float = 0.0
    best_score: float = 0.0  # of what training begins with, before the first epoch
    best_epoch: int = 0
    n_worse: int = 0
    is_done: bool = False
    scores: dict[str, float] = field(default_factory=dict[str, float])
    base_scores: dict[str, float] = field(default_factory=dict[str, float])
    guard: dict[str, Any] = field(default_factory=dict[str, Any])


# Scores of an adapter's folder, or of the base for None: "kie", "lir" if there are rows, and others.
Validate = Callable[[Path | None], dict[str, float]]
# n samples of made-up documents.
Synthesise = Callable[[random.Random, int], Sequence[EncodedSample]]


def objective(scores: Mapping[str, float]) -> float:
    """Return what is to be maximised: the mean of the scores on fields and rows."""
    chosen = [scores[key] for key in ("kie", "lir") if key in scores]
    if not chosen:
        raise ConfigurationError("validation gave no score on fields or rows")
    return sum(chosen) / len(chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class SftRun:
    """One run in one folder.

    Attributes
    ----------
    validate
        Extracts the validation part for real; the best adapter by it is kept in `folder`/adapter.
    start
        Folder of the adapter that training begins with, of the shape that is trained; None is fresh factors.
    synthesise
        Asked for each epoch's share of made-up conversations.
    report
        Told (steps done, steps in all, loss of the last one).
    """

    config: SftConfig
    base: Path
    conversations: Sequence[Conversation]
    folder: Path
    validate: Validate
    start: Path | None = None
    synthesise: Synthesise = lambda _rng, _n: ()
    report: Callable[[int, int, float], None] = lambda _done, _all, _loss: None
    stop: Callable[[], bool] = lambda: False

    def train(self) -> SftState:
        """Train, or go on where the folder's checkpoint stands; return the final state.

        Raises
        ------
        ConfigurationError
            If there is no conversation, the folder's checkpoint or log are no run's, or the adapter to begin
            with is of another shape.
        TrainingDivergedError
            If the loss left its start; the last checkpoint stands.
        """
        if not self.conversations:
            raise ConfigurationError("there is no conversation to train on")
        set_threads(self.config.n_threads)
        model = adapted_model(self.base, self.config.shape, seed=self.config.seed, device=self.config.device)
        if self.start is not None:
            load_factors(model, self.start)
        optimizer = self._optimizer(model)
        state = self._resumed(model, optimizer)
        if not state.base_scores:
            state.base_scores = self.validate(self.start)
            state.best_score = objective(state.base_scores)  # what is no better than its start is no adapter
            self.files.log.append({"step": 0, **{f"base_{k}": v for k, v in state.base_scores.items()}})
        while not state.is_done and not self.stop():
            self._epoch(model, optimizer, state)
        return state

    @property
    def files(self) -> TrainingFolder:
        """Return the run's files."""
        return TrainingFolder(path=self.folder)

    def _optimizer(self, model: Any) -> torch.optim.Optimizer:  # noqa: ANN401
        config = self.config
        return make_optimizer(
            model, config.optimizer, lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay
        )

    def _epoch(self, model: Any, optimizer: torch.optim.Optimizer, state: SftState) -> None:  # noqa: ANN401
        steps = self.steps(state.epoch)
        saved_at = time.monotonic()
        for rows in steps[state.step_in_epoch :]:
            if self.stop():
                self._checkpoint(model, optimizer, state)
                return
            started = time.monotonic()
            n_all = self.config.epochs * len(steps)
            loss = self._step(
                model, optimizer, rows, progress=min(1.0, state.step / n_all), n_done=state.step
            )
            guard = DivergenceGuard(**state.guard).after(loss)
            state.guard = {key: getattr(guard, key) for key in _OF_THE_GUARD}
            state.step, state.step_in_epoch = state.step + 1, state.step_in_epoch + 1
            state.n_tokens += sum(len(row.token_ids) for row in rows)
            state.spent_s += time.monotonic() - started
            record = {"step": state.step, "epoch": state.epoch, "loss": loss, "n_tokens": state.n_tokens}
            self.files.log.append(record)
            self.report(state.step, n_all, loss)
            if time.monotonic() - saved_at > _CHECKPOINT_S:
                self._checkpoint(model, optimizer, state)
                saved_at = time.monotonic()
        # Judging takes minutes, in which a run may be stopped: its steps are kept first.
        self._checkpoint(model, optimizer, state)
        state.epoch, state.step_in_epoch = state.epoch + 1, 0
        self._judge(model, state)
        self._checkpoint(model, optimizer, state)

    def steps(self, epoch: int) -> list[list[PackedRow]]:
        """Return the rows of each step of an epoch, the same whenever it is asked for."""
        rng = random.Random(f"{self.config.seed}/{epoch}")
        by_window: dict[tuple[str, str, int], dict[Kind, EncodedSample]] = defaultdict(dict)
        for one in self.conversations:
            by_window[one.origin, one.document_sha256, one.window_index][one.kind] = one.sample
        samples = [_drawn(kinds, rng) for kinds in by_window.values()]
        share = self.config.synthetic_share
        samples += self.synthesise(rng, round(len(samples) * share / (1 - share)))
        rows = pack(samples, max_tokens=self.config.row_tokens, rng=rng)
        return batched(rows, max_tokens=self.config.batch_tokens)

    def _step(
        self,
        model: Any,  # noqa: ANN401
        optimizer: torch.optim.Optimizer,
        rows: Sequence[PackedRow],
        *,
        progress: float,
        n_done: int,
    ) -> float:
        # A base may have dropout: a resumed run draws what one that was not stopped does.
        torch.manual_seed(1_000_003 * self.config.seed + n_done)
        weight = max(1.0, float(sum(row.weights.sum() for row in rows)))
        loss = 0.0
        for row in rows:
            with torch.autocast(self.config.device.split(":")[0], dtype=torch.bfloat16):
                share = packed_loss(model, row)[0] / weight
            share.backward()
            loss += share.item()
        if self.config.optimizer == "adamw":  # LoRA-Muon's steps do not depend on the gradient's size
            torch.nn.utils.clip_grad_norm_(model.parameters(), self.config.grad_clip)
        scale_rates([optimizer], self.config.schedule.factor(progress))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    def _judge(self, model: Any, state: SftState) -> None:  # noqa: ANN401
        candidate = self.folder / CANDIDATE
        save_adapter(model, candidate, base_name=self.base.resolve().name)
        scores = self.validate(candidate)
        set_threads(self.config.n_threads)
        self.files.log.append({"step": state.step, **scores})
        if objective(scores) > state.best_score:
            state.best_score, state.best_epoch, state.n_worse = objective(scores), state.epoch, 0
            state.scores = scores
            save_adapter(model, self.folder / BEST, base_name=self.base.resolve().name)
        else:
            state.n_worse += 1
        state.is_done = state.epoch >= self.config.epochs or state.n_worse >= self.config.patience

    def _checkpoint(self, model: Any, optimizer: torch.optim.Optimizer, state: SftState) -> None:  # noqa: ANN401
        self.files.save(
            {"model": trainable_state(model), "optimizer": optimizer.state_dict(), "state": asdict(state)}
        )

    def _resumed(self, model: Any, optimizer: torch.optim.Optimizer) -> SftState:  # noqa: ANN401
        saved = self.files.resume()
        if saved is None:
            return SftState()
        load_trainable(model, saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        state = SftState(**saved["state"])
        logger.info("goes on after step %s", state.step)
        return state


def _drawn(kinds: Mapping[Kind, EncodedSample], rng: random.Random) -> EncodedSample:
    """Return one of a window's conversations by the weights of their kinds."""
    names = sorted(kinds)
    return kinds[rng.choices(names, weights=[_KIND_WEIGHTS[name] for name in names])[0]]


def begin(folder: Path, config: SftConfig, **facts: object) -> None:
    """Write what a run is made of, or check that the folder's run is made of the same.

    Raises
    ------
    ConfigurationError
        Naming the first difference, or that the folder's settings cannot be read.
    """
    TrainingFolder(path=folder).begin({**asdict(config), **facts}, may_differ=_MAY_DIFFER)
