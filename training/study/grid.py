"""The study's grid of trials, run in processes and resumed where it stopped."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import multiprocessing
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError, InputError
from training.run_folder import RunLog, TrainingFolder
from training.study.trial import N_STEPS, Outcome, Text, Trial, read_text, run_trial

logger = logging.getLogger(__name__)

OUTCOMES = "outcomes.jsonl"
SETTINGS = "settings.json"
# The paper sweeps 0.01 to 1; here the best lie lower, and nothing is learned at 1.
LRS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
# Of widths, depths and rescalings.
FEWER_LRS = (0.01, 0.02, 0.05, 0.1, 0.2)
# Where AdamW's best must be sought: its steps are not lengths in W.
ADAMW_LRS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
RANKS = (1, 2, 4, 8, 16, 32)
WIDTHS = (64, 128)
DEPTHS = (1, 2, 4)
RESCALINGS = (1.0, 3.0, 9.0, 27.0)
# Widths, depths and rescalings are compared at this rank.
PROXY_RANK = 8


def full_grid(n_seeds: int) -> tuple[Trial, ...]:
    """Return all trials, one seed after the other, so that any beginning of a run is a whole study."""
    return tuple(trial for seed in range(n_seeds) for trial in dict.fromkeys(_of_seed(seed)))


def _of_seed(seed: int) -> Iterator[Trial]:
    for lr in LRS:
        yield Trial(method="muon", lr=lr, seed=seed)
    for rank, lr in itertools.product(RANKS, LRS):
        yield Trial(method="lora_muon", rank=rank, lr=lr, seed=seed)
    for method, rescaling, lr in itertools.product(("lora_muon", "spectron"), RESCALINGS, FEWER_LRS):
        yield Trial(method=method, rank=PROXY_RANK, rescaling=rescaling, lr=lr, seed=seed)
    sizes = [(width, 2) for width in WIDTHS] + [(128, depth) for depth in DEPTHS]
    for (width, depth), lr in itertools.product(sizes, FEWER_LRS):
        yield Trial(method="lora_muon", rank=PROXY_RANK, lr=lr, seed=seed, width=width, depth=depth)
        yield Trial(method="muon", lr=lr, seed=seed, width=width, depth=depth)
    for rank, lr in itertools.product((PROXY_RANK, None), ADAMW_LRS):
        yield Trial(method="adamw", rank=rank, lr=lr, seed=seed)


def run_grid(
    trials: Sequence[Trial],
    text_path: Path,
    folder: Path,
    *,
    n_processes: int = 1,
    device: str = "cpu",
    n_steps: int = N_STEPS,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Outcome, ...]:
    """Run the trials that the folder has no outcome of, and return all outcomes.

    Each outcome is a line of `outcomes.jsonl`, written when its trial ends: a run that is killed loses the
    trials under way and no other.

    Raises
    ------
    InputError
        If the text is none, or the folder's outcomes are of another text or another number of steps.
    """
    read_text(text_path)  # says what is wrong with it before any process starts
    text_sha256 = hashlib.sha256(text_path.read_bytes()).hexdigest()
    log = _begun(folder, {"text_sha256": text_sha256, "n_steps": n_steps})
    known = {outcome.trial for outcome in read_outcomes(folder)}
    log.drop_cut_line()
    pending = [trial for trial in trials if trial not in known]
    logger.info("%s of %s trials are done", len(trials) - len(pending), len(trials))
    with ProcessPoolExecutor(n_processes, multiprocessing.get_context("spawn"), _prepare) as pool:
        running: dict[Any, Trial] = {}
        queue = iter(pending)
        while True:
            while len(running) < n_processes and not stop():
                trial = next(queue, None)
                if trial is None:
                    break
                running[pool.submit(_run, trial, text_path, device, n_steps)] = trial
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                running.pop(future)
                _append(log, future.result())
    return read_outcomes(folder)


def _files(folder: Path) -> TrainingFolder:
    return TrainingFolder(path=folder, config_name=SETTINGS, log_name=OUTCOMES)


def _begun(folder: Path, settings: dict[str, str | int]) -> RunLog:
    """Write what the outcomes are of, or refuse a folder of other ones; return where they are written."""
    files = _files(folder)
    with _chosen_by_the_caller():
        if not files.is_begun and files.log.lines():
            raise InputError(f"{folder.name!r} has outcomes and no {SETTINGS}: what they are of is not known")
        files.begin(settings)
    return files.log


@contextmanager
def _chosen_by_the_caller() -> Generator[None]:
    """Say that another folder would do: a study's folder is input like its text."""
    try:
        yield
    except ConfigurationError as error:
        raise InputError(str(error), hint=error.hint) from error


_texts: dict[Path, Text] = {}


def _prepare() -> None:
    import torch

    torch.set_num_threads(1)


def _run(trial: Trial, text_path: Path, device: str, n_steps: int) -> Outcome:
    if text_path not in _texts:
        _texts[text_path] = read_text(text_path)
    return run_trial(trial, _texts[text_path], device=device, n_steps=n_steps)


def _append(log: RunLog, outcome: Outcome) -> None:
    logger.info("%s: %.4f in %.0f s", outcome.trial, outcome.val_loss, outcome.seconds)
    log.append(asdict(outcome))


def read_outcomes(folder: Path) -> tuple[Outcome, ...]:
    """Return the outcomes of a folder; a last line that was cut is left out.

    Raises
    ------
    InputError
        If another line is not an outcome.
    """
    with _chosen_by_the_caller():
        return tuple(_outcome(line) for line in _files(folder).log.lines())


def _outcome(line: str) -> Outcome:
    try:
        record = json.loads(line)
        trial = Trial(**record.pop("trial"))
        return Outcome(trial=trial, **record)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"a line of {OUTCOMES} is not an outcome: {type(error).__name__}") from error
