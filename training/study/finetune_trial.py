"""One finetuning of a pretrained base by one optimizer at one rate: what it learns after how many tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from training.lora_run import Evaluation, LoraRun, LoraRunSettings, LoraRunState
from training.run_folder import TrainingFolder
from training.sft.model import OptimizerName
from training.study.conversations_file import SourcedSample, training_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneTrial:
    """What is tried: the seed gives the factors and the order of the conversations."""

    optimizer: OptimizerName
    lr: float
    seed: int
    n_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneSettings(LoraRunSettings):
    """What all trials share."""

    batch_tokens: int = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneOutcome:
    """How a trial ended; `diverged` says why it was stopped, if it was.

    `largest_step` is of W in spectral norm, in rates, at the steps that were measured.
    """

    trial: FinetuneTrial
    evaluations: tuple[Evaluation, ...]
    tokens_per_s: float
    seconds: float
    largest_step: float
    diverged: str | None = None


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
    device: str = "cpu"
    stop: Callable[[], bool] = lambda: False

    def train(self) -> FinetuneOutcome | None:
        """Train to the end, from the folder's checkpoint if there is one; None if it was stopped before.

        Raises
        ------
        InputError
            If there is no conversation.
        """
        trial, batch_tokens = self.trial, self.settings.batch_tokens
        state = LoraRun(
            optimizer=trial.optimizer,
            lr=trial.lr,
            seed=trial.seed,
            n_tokens=trial.n_tokens,
            settings=self.settings,
            base=self.base,
            rows=lambda n_done: islice(
                training_steps(self.conversations, seed=trial.seed, batch_tokens=batch_tokens), n_done, None
            ),
            held_out={source: [one.sample for one in found] for source, found in self.held_out.items()},
            folder=TrainingFolder(path=self.folder),
            checkpoint_s=self.checkpoint_s,
            device=self.device,
            stop=self.stop,
        ).train()
        is_done = state.n_tokens >= trial.n_tokens or state.diverged is not None
        return _outcome(trial, state) if is_done else None


def _outcome(trial: FinetuneTrial, state: LoraRunState) -> FinetuneOutcome:
    return FinetuneOutcome(
        trial=trial,
        evaluations=tuple(Evaluation(**one) for one in state.evaluations),
        tokens_per_s=state.n_tokens / max(state.seconds, 1e-9),
        seconds=state.seconds,
        largest_step=state.largest_step,
        diverged=state.diverged,
    )
