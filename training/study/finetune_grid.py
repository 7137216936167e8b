"""Optimizers compared on a pretrained base: rates sought the same way for each, then seeds at the best ones.

Several processes may work on one folder: each takes trials that no other is at, and goes on where a killed
one stopped.
"""

from __future__ import annotations

import fcntl
import json
import logging
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.errors import InputError
from training.lora_run import Evaluation
from training.run_folder import RunLog
from training.sft.model import OptimizerName
from training.study.conversations_file import Parts, SourcedSample
from training.study.finetune_trial import (
    FinetuneOutcome,
    FinetuneRun,
    FinetuneSettings,
    FinetuneTrial,
)

logger = logging.getLogger(__name__)

OUTCOMES, SETTINGS = "outcomes.jsonl", "settings.json"
_WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneStudy:
    """What is compared, in `folder`.

    Attributes
    ----------
    rates
        Of each optimizer, as many for one as for another.
    tuning_seed, tuning_tokens
        Of the short runs that choose a rate, on conversations that the comparison does not look at.
    """

    base: Path
    parts: Parts
    folder: Path
    settings: FinetuneSettings
    rates: Mapping[OptimizerName, tuple[float, ...]]
    tuning_seed: int
    tuning_tokens: int
    seeds: tuple[int, ...]
    n_tokens: int
    device: str = "cpu"
    stop: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        if len({len(rates) for rates in self.rates.values()}) > 1:
            raise InputError("every optimizer is tried at as many rates")
        if self.tuning_seed in self.seeds:
            raise InputError(f"seed {self.tuning_seed} chooses the rates: compare with others")

    def run(self) -> bool:
        """Run what is not done yet; return whether all is, which `stop` may prevent."""
        if not self._run_all(self.tuning_trials(), self.parts.tuning):
            return False
        return self._run_all(self.comparison_trials(), self.parts.test)

    def tuning_trials(self) -> tuple[FinetuneTrial, ...]:
        """Return the short runs, the optimizers in turns."""
        turns = zip(*(self._at(name, rates) for name, rates in self.rates.items()), strict=True)
        return tuple(trial for turn in turns for trial in turn)

    def _at(self, name: OptimizerName, rates: Sequence[float]) -> Iterator[FinetuneTrial]:
        for lr in rates:
            yield FinetuneTrial(optimizer=name, lr=lr, seed=self.tuning_seed, n_tokens=self.tuning_tokens)

    def best_rates(self) -> dict[OptimizerName, float]:
        """Return each optimizer's rate of the lowest mean loss over sources; of equals the lower one.

        Raises
        ------
        InputError
            If not all short runs are done, or none of an optimizer ended.
        """
        ends = {outcome.trial: final_loss(outcome) for outcome in self.outcomes()}
        missing = [trial for trial in self.tuning_trials() if trial not in ends]
        if missing:
            raise InputError(f"{len(missing)} runs that choose the rates are not done")
        best: dict[OptimizerName, float] = {}
        for name, rates in self.rates.items():
            trials = list(self._at(name, sorted(rates)))
            found = min(trials, key=lambda trial: ends[trial])
            if math.isinf(ends[found]):
                raise InputError(f"{name} left the base at every rate", hint="try lower ones")
            best[name] = found.lr
        return best

    def comparison_trials(self) -> tuple[FinetuneTrial, ...]:
        """Return the long runs at the best rates, one seed after the other."""
        return tuple(
            FinetuneTrial(optimizer=name, lr=lr, seed=seed, n_tokens=self.n_tokens)
            for seed in self.seeds
            for name, lr in self.best_rates().items()
        )

    def outcomes(self) -> tuple[FinetuneOutcome, ...]:
        """Return what is done so far."""
        return tuple(_outcome(line) for line in RunLog(path=self.folder / OUTCOMES).lines())

    def begin(self, **facts: object) -> None:
        """Write what the folder's outcomes are of, or check that they are of the same.

        Raises
        ------
        InputError
            Naming the first difference.
        """
        asked = json.loads(json.dumps({**asdict(self.settings), "tuning_seed": self.tuning_seed, **facts}))
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / SETTINGS
        with _locked(self.folder / "lock"):
            if not path.is_file():
                path.write_text(json.dumps(asked, indent=1) + "\n", encoding="utf-8")
        begun = json.loads(path.read_text(encoding="utf-8"))
        for key, value in asked.items():
            if begun.get(key) != value:
                raise InputError(
                    f"the folder {self.folder.name!r} compares with another {key}",
                    hint="choose another folder",
                )

    def _run_all(
        self, trials: Sequence[FinetuneTrial], held_out: Mapping[str, tuple[SourcedSample, ...]]
    ) -> bool:
        while pending := self._pending(trials):
            if not any(self._run(trial, held_out) for trial in pending):
                time.sleep(_WAIT_S)  # the rest is with other processes
            if self.stop():
                return False
        return True

    def _pending(self, trials: Sequence[FinetuneTrial]) -> list[FinetuneTrial]:
        done = {outcome.trial for outcome in self.outcomes()}
        return [trial for trial in trials if trial not in done]

    def _run(self, trial: FinetuneTrial, held_out: Mapping[str, tuple[SourcedSample, ...]]) -> bool:
        """Run a trial if no other process is at it; return whether it was run here."""
        name = f"{trial.optimizer}-{trial.lr:g}-seed{trial.seed}-{trial.n_tokens}"
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        with _claimed(folder / "lock") as is_mine:
            if not is_mine or not self._pending([trial]):
                return False
            logger.info("%s", trial)
            outcome = FinetuneRun(
                trial=trial,
                settings=self.settings,
                base=self.base,
                conversations=self.parts.training,
                held_out=held_out,
                folder=folder,
                device=self.device,
                stop=self.stop,
            ).train()
            if outcome is not None:
                _append(self.folder / OUTCOMES, outcome)
                (folder / "checkpoint.pt").unlink(missing_ok=True)
            return True


def final_loss(outcome: FinetuneOutcome) -> float:
    """Return the last mean loss over sources; infinite where the trial diverged."""
    if outcome.diverged is not None or not outcome.evaluations:
        return math.inf
    return outcome.evaluations[-1].mean


def _outcome(line: str) -> FinetuneOutcome:
    try:
        record = json.loads(line)
        trial = FinetuneTrial(**record.pop("trial"))
        evaluations = tuple(Evaluation(**one) for one in record.pop("evaluations"))
        return FinetuneOutcome(trial=trial, evaluations=evaluations, **record)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"a line of {OUTCOMES} is not an outcome: {type(error).__name__}") from error


def _append(path: Path, outcome: FinetuneOutcome) -> None:
    """Add a line, after what a kill has left of another is cut off."""
    with _locked(path.with_suffix(".lock")), path.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(asdict(outcome)).encode() + b"\n")


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _claimed(path: Path) -> Generator[bool]:
    """Yield whether this process holds the lock; a killed one holds none."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
