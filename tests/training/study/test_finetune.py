"""The comparison on a pretrained base: what is kept out, the order of the rest, runs, rates, the report."""

from __future__ import annotations

import gzip
import json
import math
import pickle
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas.errors import InputError
from tests.decoding.engines.tiny_model import make_model
from training.encode import joined
from training.lora_run import Evaluation
from training.run_folder import CHECKPOINT, LOG
from training.study import finetune_grid
from training.study.conversations_file import (
    Parts,
    SourcedSample,
    keep_out,
    read_conversations,
    training_steps,
)
from training.study.finetune_grid import OUTCOMES, FinetuneStudy, final_loss
from training.study.finetune_report import finetune_report
from training.study.finetune_trial import (
    FinetuneOutcome,
    FinetuneRun,
    FinetuneSettings,
    FinetuneTrial,
)

SETTINGS = FinetuneSettings(rank=2, alpha=4.0, batch_tokens=64, warmup_steps=2, norms_every=2)
TRIAL = FinetuneTrial(optimizer="lora-muon", lr=0.1, seed=0, n_tokens=640)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny"))


def conversations(n_pages: int = 12, *, source: str = "receipts") -> list[SourcedSample]:
    """Return three conversations about each page: what is asked comes first and differs, the page last."""
    made: list[SourcedSample] = []
    rng = random.Random(source)
    for _ in range(n_pages):
        page = [rng.randrange(20, 400) for _ in range(70)]
        for kind, asked in (("alias", 401), ("plain", 402), ("example", 403)):
            sample = joined([asked, *page], [500, 501, 502, 2], [1.0] * 4)
            made.append(SourcedSample(source=source, kind=kind, sample=sample))
    return made


def page_of(one: SourcedSample) -> tuple[int, ...]:
    return tuple(one.sample.token_ids[1 : one.sample.n_asked].tolist())


def kept_out(parts: Parts) -> list[SourcedSample]:
    return [one for part in (parts.tuning, parts.test) for found in part.values() for one in found]


def test_a_page_is_in_one_part_only_whatever_is_asked_about_it() -> None:
    parts = keep_out([*conversations(), *conversations(40, source="invoices")], n_pages=2)
    trained = {page_of(one) for one in parts.training}
    pages = [page_of(one) for one in kept_out(parts)]
    assert len(set(pages)) == len(pages)
    assert trained.isdisjoint(pages)
    # Twelve pages: a quarter is three, one for each part; forty: two for each.
    assert {source: len(found) for source, found in parts.test.items()} == {"invoices": 2, "receipts": 1}
    assert {source: len(found) for source, found in parts.tuning.items()} == {"invoices": 2, "receipts": 1}
    assert {one.kind for one in kept_out(parts)} == {"plain"}
    assert len(parts.training) == 3 * (12 - 2 + 40 - 4)


def test_what_is_kept_out_does_not_depend_on_the_file_s_order() -> None:
    given = conversations()
    mixed = given[::-1]
    pages = [{page_of(one) for one in kept_out(keep_out(some, n_pages=2))} for some in (given, mixed)]
    assert pages[0] == pages[1]


def test_a_source_of_a_few_pages_is_trained_on_whole() -> None:
    parts = keep_out(conversations(7), n_pages=2)
    assert not parts.test
    assert len(parts.training) == 21


def test_every_pass_sees_each_conversation_once_in_an_order_of_its_own() -> None:
    given = conversations(8)
    seen = [row.token_ids for row in islice(training_steps(given, seed=3, batch_tokens=10), 48)]
    firsts = [sorted(map(bytes, part)) for part in (seen[:24], seen[24:])]
    assert firsts[0] == firsts[1] == sorted(bytes(one.sample.token_ids) for one in given)
    assert list(map(bytes, seen[:24])) != list(map(bytes, seen[24:]))


def test_a_seed_gives_one_order_and_rows_are_no_longer_than_asked() -> None:
    first, again, other = (
        list(islice(training_steps(conversations(), seed=seed, batch_tokens=200), 10)) for seed in (0, 0, 1)
    )
    assert all(np.array_equal(a.token_ids, b.token_ids) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a.token_ids, b.token_ids) for a, b in zip(first, other, strict=True))
    # 75 tokens each: two fit.
    assert {len(row.token_ids) for row in first} == {150}


def write(path: Path, records: Any) -> Path:  # noqa: ANN401
    with gzip.open(path, "wb") as file:
        pickle.dump(records, file)
    return path


def test_a_file_is_read_without_what_is_too_long(tmp_path: Path) -> None:
    short, long = conversations(2)[0].sample, joined([7] * 200, [2], [1.0])
    records = [("a", "plain", s.token_ids, s.weights, s.n_asked) for s in (short, long)]
    (read,) = read_conversations(write(tmp_path / "c.pkl.gz", records), max_tokens=100)
    assert (read.source, read.kind, read.sample.n_asked) == ("a", "plain", short.n_asked)
    assert np.array_equal(read.sample.token_ids, short.token_ids)


@pytest.mark.parametrize("records", [[], [("a", "plain")], 7])
def test_a_file_without_conversations_is_refused(tmp_path: Path, records: Any) -> None:  # noqa: ANN401
    with pytest.raises(InputError, match=r"c\.pkl\.gz"):
        read_conversations(write(tmp_path / "c.pkl.gz", records), max_tokens=100)


def test_a_file_that_is_no_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.pkl.gz").write_bytes(b"none")
    with pytest.raises(InputError, match="BadGzipFile"):
        read_conversations(tmp_path / "c.pkl.gz", max_tokens=100)


def run_of(base: Path, folder: Path, trial: FinetuneTrial = TRIAL, **changes: Any) -> FinetuneRun:  # noqa: ANN401
    given = conversations()
    settings: dict[str, Any] = {"conversations": given[:30], "held_out": {"receipts": given[30:]}, **changes}
    return FinetuneRun(trial=trial, settings=SETTINGS, base=base, folder=folder, **settings)


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


def ended(run: FinetuneRun) -> FinetuneOutcome:
    outcome = run.train()
    assert outcome is not None
    return outcome


@pytest.mark.parametrize("trial", [replace(TRIAL, lr=0.3), replace(TRIAL, optimizer="adamw", lr=0.02)])
def test_a_trial_learns(base: Path, tmp_path: Path, trial: FinetuneTrial) -> None:
    outcome = ended(run_of(base, tmp_path, replace(trial, n_tokens=3000)))
    losses = [evaluation.mean for evaluation in outcome.evaluations]
    # How far it comes in so few tokens depends on how the processor rounds: 0.53 of its start on AVX2.
    assert losses[-1] < 0.6 * losses[0]


def test_a_trial_is_measured_evenly(base: Path, tmp_path: Path) -> None:
    outcome = ended(run_of(base, tmp_path))
    # Nine steps of 75 tokens: the first to reach 160, 320, 480 and 640.
    assert [evaluation.n_tokens for evaluation in outcome.evaluations] == [225, 375, 525, 675]
    assert outcome.diverged is None
    steps = [record for record in records(tmp_path) if "loss" in record]
    assert [record["step"] for record in steps] == list(range(1, 10))
    assert [record["step"] for record in steps if "largest_step" in record] == [1, 3, 5, 7, 9]


def test_rates_rise_over_the_warm_up_stay_and_fall_with_the_tokens(base: Path, tmp_path: Path) -> None:
    ended(run_of(base, tmp_path))
    rates = [record["lr"] for record in records(tmp_path) if "loss" in record]
    assert rates[:3] == pytest.approx([0.05, 0.1, 0.1])
    # Before the last step 600 of 640 tokens are seen: 1/16 is left, of the 0.4 in which it falls.
    assert rates[-1] == pytest.approx(0.1 * (1 / 16) / 0.4)


def test_a_step_of_lora_muon_is_at_most_its_rate(base: Path, tmp_path: Path) -> None:
    outcome = ended(run_of(base, tmp_path))
    assert 0.3 < outcome.largest_step < 1.001


def test_a_trial_that_was_stopped_goes_on_bit_by_bit(base: Path, tmp_path: Path) -> None:
    whole = ended(run_of(base, tmp_path / "whole"))
    asked: list[int] = []

    def stop() -> bool:
        asked.append(0)
        return len(asked) > 9

    cut = tmp_path / "cut"
    assert run_of(base, cut, stop=stop).train() is None
    assert (cut / CHECKPOINT).is_file()
    with (cut / LOG).open("a") as log:
        log.write('{"step": 99, "loss": 1.0}\n{"st')  # of steps that no checkpoint has
    went_on = ended(run_of(base, cut))
    assert went_on.evaluations == whole.evaluations
    losses = [[r["loss"] for r in records(folder) if "loss" in r] for folder in (cut, tmp_path / "whole")]
    assert losses[0] == losses[1]


def test_a_trial_that_leaves_its_start_is_stopped(base: Path, tmp_path: Path) -> None:
    trial = FinetuneTrial(optimizer="adamw", lr=1e30, seed=0, n_tokens=75 * 40)
    outcome = ended(run_of(base, tmp_path, trial))
    assert outcome.diverged == "the loss is nan"
    assert final_loss(outcome) == math.inf
    assert records(tmp_path)[-1]["step"] < 5


def test_nothing_to_train_on_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no conversation"):
        run_of(base, tmp_path, conversations=()).train()


def study_of(base: Path, folder: Path, **changes: Any) -> FinetuneStudy:  # noqa: ANN401
    settings: dict[str, Any] = {
        "settings": SETTINGS,
        "rates": {"adamw": (0.001, 0.02), "lora-muon": (0.01, 0.1)},
        "tuning_seed": 9,
        "tuning_tokens": 300,
        "seeds": (0, 1),
        "n_tokens": 300,
        **changes,
    }
    folder.mkdir(exist_ok=True)
    return FinetuneStudy(base=base, parts=keep_out(conversations(), n_pages=2), folder=folder, **settings)


def made_up(trial: FinetuneTrial, losses: Mapping[str, float], **changes: Any) -> FinetuneOutcome:  # noqa: ANN401
    settings: dict[str, Any] = {"tokens_per_s": 200.0, "seconds": 1.0, "largest_step": 0.9, **changes}
    evaluation = Evaluation(n_tokens=trial.n_tokens + 5, losses=losses)
    return FinetuneOutcome(trial=trial, evaluations=(evaluation,), **settings)


def fill(study: FinetuneStudy, *outcomes: FinetuneOutcome) -> None:
    for outcome in outcomes:
        finetune_grid._append(study.folder / OUTCOMES, outcome)  # pyright: ignore[reportPrivateUsage]


def tuned(study: FinetuneStudy) -> None:
    """Give every tried rate a loss: the first of each optimizer the lower one."""
    for rates in study.rates.values():
        for trial in study.tuning_trials():
            if trial.lr in rates:
                fill(study, made_up(trial, {"a": 1.0 + rates.index(trial.lr), "b": 0.5}))


@pytest.mark.slow
def test_a_study_chooses_rates_and_compares_at_them_and_goes_on(base: Path, tmp_path: Path) -> None:
    study = study_of(base, tmp_path / "study", seeds=(0,))
    assert study.run()
    assert set(study.best_rates()) == {"adamw", "lora-muon"}
    done = study.outcomes()
    assert [o.trial for o in done] == [*study.tuning_trials(), *study.comparison_trials()]
    assert study_of(base, tmp_path / "study", seeds=(0,)).run()
    assert study.outcomes() == done  # nothing ran twice
    assert "| lora-muon - adamw |" in finetune_report(study)


def test_the_lowest_mean_over_sources_chooses_the_rate(base: Path, tmp_path: Path) -> None:
    study = study_of(base, tmp_path / "study")
    tuned(study)
    assert study.best_rates() == {"adamw": 0.001, "lora-muon": 0.01}
    assert study.comparison_trials()[:2] == (
        FinetuneTrial(optimizer="adamw", lr=0.001, seed=0, n_tokens=300),
        FinetuneTrial(optimizer="lora-muon", lr=0.01, seed=0, n_tokens=300),
    )


def test_a_rate_that_diverged_is_not_chosen_and_none_left_is_said(base: Path, tmp_path: Path) -> None:
    study = study_of(base, tmp_path / "study", rates={"adamw": (0.001, 0.02)})
    low, high = study.tuning_trials()
    fill(study, made_up(low, {"a": 0.1}, diverged="the loss left its start"), made_up(high, {"a": 2.0}))
    assert study.best_rates() == {"adamw": 0.02}
    worse = study_of(base, tmp_path / "worse", rates={"adamw": (0.001,)})
    fill(worse, made_up(low, {"a": 0.1}, diverged="the loss left its start"))
    with pytest.raises(InputError, match="left the base"):
        worse.best_rates()


def test_a_report_gives_differences_seed_by_seed(base: Path, tmp_path: Path) -> None:
    study = study_of(base, tmp_path / "study")
    tuned(study)
    for i, trial in enumerate(study.comparison_trials()):
        # Seed 0: 0.2 and 0.3, seed 1: 0.4 and 0.5.
        fill(study, made_up(trial, {"a": 0.2 + 0.1 * i}))
    report = finetune_report(study)
    # Means 0.3 and 0.4; t with one degree of freedom: 12.706 * 0.1414 / √2 = 1.271
    assert "| 300 | a | 0.300 ± 1.271 | 0.400 ± 1.271 | +0.1000 ± 0.0000 |" in report
    assert "| adamw | 0.001 | 0.7500 | 0.9 | 200 | best, at the edge of what was tried |" in report


def test_a_report_of_a_beginning_has_rates_only(base: Path, tmp_path: Path) -> None:
    study = study_of(base, tmp_path / "study")
    fill(study, made_up(study.tuning_trials()[0], {"a": 1.0}))
    report = finetune_report(study)
    assert "## Rates" in report
    assert "## Losses" not in report


def test_what_a_kill_left_of_a_line_is_cut_off(base: Path, tmp_path: Path) -> None:
    study = study_of(base, tmp_path / "study")
    first, second = (made_up(trial, {"a": 1.0}) for trial in study.tuning_trials()[:2])
    fill(study, first)
    with (study.folder / OUTCOMES).open("a") as file:
        file.write('{"trial": {"opt')
    assert study.outcomes() == (first,)
    fill(study, second)
    assert study.outcomes() == (first, second)


def test_a_trial_that_another_process_is_at_is_left_to_it(tmp_path: Path) -> None:
    with (
        finetune_grid._claimed(tmp_path / "lock") as mine,  # pyright: ignore[reportPrivateUsage]
        finetune_grid._claimed(tmp_path / "lock") as theirs,  # pyright: ignore[reportPrivateUsage]
    ):
        assert (mine, theirs) == (True, False)
    with finetune_grid._claimed(tmp_path / "lock") as later:  # pyright: ignore[reportPrivateUsage]
        assert later


def test_a_folder_of_another_comparison_is_refused(base: Path, tmp_path: Path) -> None:
    study_of(base, tmp_path / "study").begin(base_sha256="a")
    study_of(base, tmp_path / "study").begin(base_sha256="a")
    with pytest.raises(InputError, match="another base_sha256"):
        study_of(base, tmp_path / "study").begin(base_sha256="b")
    with pytest.raises(InputError, match="another rank"):
        study_of(base, tmp_path / "study", settings=replace(SETTINGS, rank=3)).begin(base_sha256="a")


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"rates": {"adamw": (0.1,), "lora-muon": (0.1, 0.2)}}, "as many rates"), ({"seeds": (9,)}, "seed 9")],
)
def test_an_unfair_comparison_is_refused(
    base: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        study_of(base, tmp_path / "study", **changes)


def test_a_line_that_is_no_outcome_is_refused(base: Path, tmp_path: Path) -> None:
    study = study_of(base, tmp_path / "study")
    (study.folder / OUTCOMES).write_text('{"trial": 1}\n')
    with pytest.raises(InputError, match="not an outcome"):
        study.outcomes()
