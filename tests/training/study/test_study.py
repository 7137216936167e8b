"""The study: its model, its trials, its grid that resumes, and its verdicts."""

# torch is typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from schemas.errors import InputError
from training.study.curves import DENSE, best_lr, curves, difference, estimate
from training.study.grid import OUTCOMES, SETTINGS, full_grid, read_outcomes, run_grid
from training.study.model import CharacterModel, Factorised, Shape
from training.study.nearest import near_best, run_near_best
from training.study.report import write_report
from training.study.trial import Method, Outcome, Text, Trial, make_optimizers, read_text, run_trial
from training.study.verdicts import verdicts

SHAPE = Shape(n_characters=20, width=32, depth=1)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def text_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "input.txt"
    path.write_text("the cat sat on the mat. the dog sat on the log.\n" * 60)
    return path


@pytest.fixture(scope="module")
def text(text_path: Path) -> Text:
    return read_text(text_path)


def test_a_full_rank_factorisation_is_the_dense_matrix() -> None:
    W = torch.randn(12, 8)
    layer = Factorised(W, rank=8, rescaling=1.0)
    x = torch.randn(3, 8)
    torch.testing.assert_close(layer(x), x @ W.mT, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("rescaling", [3.0, 27.0])
def test_rescaling_changes_the_factors_and_not_the_model(rescaling: float) -> None:
    plain = CharacterModel(replace(SHAPE, rank=2), seed=4)
    scaled = CharacterModel(replace(SHAPE, rank=2, rescaling=rescaling), seed=4)
    ids = torch.randint(20, (2, 16))
    torch.testing.assert_close(plain(ids), scaled(ids), atol=1e-5, rtol=1e-4)
    ratio = scaled.pairs()[0].A / plain.pairs()[0].A
    torch.testing.assert_close(ratio, torch.full_like(ratio, rescaling))


def test_a_character_does_not_see_what_follows() -> None:
    model = CharacterModel(SHAPE, seed=0)
    ids = torch.randint(20, (1, 16))
    other = ids.clone()
    other[0, 9:] = (other[0, 9:] + 1) % 20
    torch.testing.assert_close(model(ids)[0, :9], model(other)[0, :9])


@pytest.mark.parametrize("rank", [None, 3])
def test_every_parameter_has_one_optimizer(rank: int | None) -> None:
    model = CharacterModel(replace(SHAPE, rank=rank), seed=0)
    trial = Trial(method="muon" if rank is None else "lora_muon", rank=rank, lr=0.1, seed=0)
    owned = [p for o in make_optimizers(model, trial) for g in o.param_groups for p in g["params"]]
    assert sorted(id(p) for p in owned) == sorted(id(p) for p in model.parameters())


@pytest.mark.parametrize(
    ("method", "rank", "lr"),
    [
        ("muon", None, 0.05),
        ("lora_muon", 4, 0.05),
        ("spectron", 4, 0.2),
        ("adamw", 4, 3e-3),
        ("adamw", None, 3e-3),
    ],
)
def test_every_method_learns(text: Text, method: Method, rank: int | None, lr: float) -> None:
    trial = Trial(method=method, rank=rank, lr=lr, seed=0, width=32, depth=1)
    outcome = run_trial(trial, text, n_steps=40)
    assert outcome.val_loss < 0.75 * math.log(text.n_characters)


def test_a_trial_is_repeated_bit_by_bit(text: Text) -> None:
    trial = Trial(method="lora_muon", rank=2, lr=0.05, seed=3, width=32, depth=1)
    first, second = (run_trial(trial, text, n_steps=5) for _ in range(2))
    assert first.val_loss == second.val_loss


def test_a_diverged_trial_is_an_outcome(text: Text) -> None:
    trial = Trial(method="adamw", rank=2, lr=1e30, seed=0, width=32, depth=1)
    assert run_trial(trial, text, n_steps=4).val_loss == math.inf


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe"])
def test_a_text_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_text(path)


def test_a_text_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_text(tmp_path / "no.txt")


@pytest.mark.slow
def test_a_grid_goes_on_where_it_was_cut(text_path: Path, tmp_path: Path) -> None:
    trials = [Trial(method="lora_muon", rank=2, lr=lr, seed=0, width=32, depth=1) for lr in (0.01, 0.1, 0.2)]
    run_grid(trials[:2], text_path, tmp_path, n_steps=2)
    with (tmp_path / OUTCOMES).open("a") as file:
        file.write('{"trial": {"meth')  # killed while writing
    found = run_grid(trials, text_path, tmp_path, n_steps=2)
    assert [outcome.trial for outcome in found] == trials
    assert read_outcomes(tmp_path) == found


def test_a_line_that_is_no_outcome_is_refused(tmp_path: Path) -> None:
    (tmp_path / OUTCOMES).write_text("{}\n")
    with pytest.raises(InputError, match="not an outcome"):
        read_outcomes(tmp_path)


def test_the_grid_asks_nothing_twice_and_one_seed_after_another() -> None:
    grid = full_grid(2)
    assert len(set(grid)) == len(grid)
    assert [trial.seed for trial in grid] == sorted(trial.seed for trial in grid)


def test_later_seeds_can_keep_to_the_first_ones_best_rates() -> None:
    grid = full_grid(2)
    kept = near_best(grid, made_up(valley, n_seeds=1))
    assert [trial for trial in kept if trial.seed == 0] == list(full_grid(1))
    muon = [trial for trial in kept if trial.seed == 1 and trial.method == "muon" and trial.width == 64]
    assert [trial.lr for trial in muon] == [0.02, 0.05, 0.1]
    at_the_edge = [trial.lr for trial in kept if trial.seed == 1 and trial.method == "adamw"]
    assert sorted(set(at_the_edge)) == [0.01, 0.03]
    assert near_best(grid, made_up(valley, n_seeds=1)[:3]) == grid  # nothing is known of a whole curve


def _near_best_of(loss: Callable[[Trial], float], n_seeds: int) -> Sequence[Outcome]:
    """Return the outcomes of a run with `--near-best`."""
    everything = {outcome.trial: outcome for outcome in made_up(loss, n_seeds=n_seeds)}
    done: dict[Trial, Outcome] = {}

    def run(trials: Sequence[Trial]) -> Sequence[Outcome]:
        done.update({trial: everything[trial] for trial in trials})
        return tuple(done.values())

    return run_near_best(full_grid(n_seeds), run)


def test_rescaled_factors_are_compared_where_all_seeds_are() -> None:
    def loss(trial: Trial) -> float:
        if trial.method == "spectron" and trial.rescaling > 1:
            return {0.01: 2.6, 0.02: 2.4, 0.05: 2.0, 0.1: 1.86, 0.2: 1.84}[trial.lr]
        return valley(trial)

    whole = {v.claim: v.ruling for v in verdicts(curves(made_up(loss)))}
    near = {v.claim: v.ruling for v in verdicts(curves(_near_best_of(loss, 3)))}
    assert near == whole
    assert whole["Rescaling the factors by 9 hurts Spectron"] == "holds"


def test_later_seeds_can_move_the_best_rate() -> None:
    def loss(trial: Trial) -> float:
        of_first = {0.05: 2.0, 0.1: 2.01, 0.2: 2.03}
        of_others = {0.05: 2.08, 0.1: 2.02, 0.2: 1.98}
        dense = of_first if trial.seed == 0 else of_others
        is_dense = trial.method == "muon" and (trial.width, trial.depth) == (128, 2)
        return dense.get(trial.lr, 2.5) if is_dense else valley(trial)

    found = curves(_near_best_of(loss, 6))
    assert best_lr(found[DENSE]) == 0.2


def test_what_diverges_at_a_rate_is_said(tmp_path: Path) -> None:
    def loss(trial: Trial) -> float:
        return math.inf if trial.method == "spectron" and trial.lr > 0.05 else valley(trial)

    report = write_report(made_up(loss), tmp_path)
    assert "nan" not in report
    (line,) = [line for line in report.splitlines() if line.startswith("| Spectron, change at 9")]
    assert line.count("diverges") == 2


def made_up(loss: Callable[[Trial], float], *, n_seeds: int = 3) -> list[Outcome]:
    return [
        Outcome(trial=t, val_loss=loss(t) + 0.001 * t.seed, train_loss=1.0, n_parameters=1, seconds=1.0)
        for t in full_grid(n_seeds)
    ]


def valley(trial: Trial) -> float:
    """Return a loss that is lowest at 0.05 for every configuration; rank 32 and dense are equal."""
    return 1.7 + math.log(trial.lr / 0.05) ** 2 / 10 + 1 / (trial.rank or 32)


def test_all_claims_hold_where_they_do(tmp_path: Path) -> None:
    def loss(trial: Trial) -> float:
        hurt = 0.02 * math.log(trial.rescaling) if trial.method == "spectron" else 0.0
        return valley(trial) + hurt

    found = curves(made_up(loss))
    assert [v.ruling for v in verdicts(found)] == ["holds"] * 5
    assert "| holds |" in write_report(made_up(loss), tmp_path)
    assert (tmp_path / "sweep.png").stat().st_size > 10_000


def test_claims_do_not_hold_where_they_do_not() -> None:
    def loss(trial: Trial) -> float:
        shifted = replace(trial, lr=trial.lr / (4 if trial.rank == 2 else 1))
        hurt = 0.5 if trial.method == "lora_muon" and trial.rescaling > 1 else 0.0
        return valley(shifted) + hurt + (0.3 if trial.rank == 32 else 0.0)

    assert [v.ruling for v in verdicts(curves(made_up(loss)))] == ["does not hold"] * 5


def test_one_seed_and_wide_intervals_decide_nothing() -> None:
    def noisy(trial: Trial) -> float:
        # What hurts, helps as much with another seed.
        return valley(trial) + 0.5 * (trial.rescaling > 1 or trial.rank == 32) * (-1) ** trial.seed

    for outcomes in (made_up(valley, n_seeds=1), made_up(noisy, n_seeds=2)):
        assert [v.ruling for v in verdicts(curves(outcomes))][2:] == ["not decided"] * 3
    assert {v.ruling for v in verdicts(curves(made_up(valley, n_seeds=1)))} == {"not decided"}


def test_what_diverges_is_hurt() -> None:
    def loss(trial: Trial) -> float:
        return math.inf if trial.method == "spectron" and trial.rescaling > 1 else valley(trial)

    assert verdicts(curves(made_up(loss)))[3].ruling == "holds"


def test_rescalings_are_compared_at_a_rate_that_both_were_tried_at(tmp_path: Path) -> None:
    def lowest_at_the_edge(trial: Trial) -> float:
        return 1.7 + trial.lr  # 0.005 is tried of the ranks only

    assert "0.005" in write_report(made_up(lowest_at_the_edge), tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_settings_that_cannot_be_read_are_said(text_path: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / SETTINGS).write_text(content)
    with pytest.raises(InputError, match=r"cannot be read|another"):
        run_grid([], text_path, tmp_path)


def test_a_folder_of_another_text_is_refused(text_path: Path, tmp_path: Path) -> None:
    run_grid([], text_path, tmp_path, n_steps=2)
    with pytest.raises(InputError, match="another n_steps"):
        run_grid([], text_path, tmp_path, n_steps=3)
    other = tmp_path / "other.txt"
    other.write_text(text_path.read_text(encoding="utf-8")[::-1], encoding="utf-8")
    with pytest.raises(InputError, match="another text_sha256"):
        run_grid([], other, tmp_path, n_steps=2)


def test_outcomes_of_an_unknown_text_are_not_gone_on_with(text_path: Path, tmp_path: Path) -> None:
    (tmp_path / OUTCOMES).write_text("{}\n")
    with pytest.raises(InputError, match="not known"):
        run_grid([], text_path, tmp_path)


def test_a_study_that_has_only_begun_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no trial yet"):
        write_report(made_up(valley)[:5], tmp_path)


def test_intervals_are_students() -> None:
    found = estimate([1.0, 2.0, 3.0])
    # t(0.975, 2) = 4.303, s = 1: 4.303 / sqrt(3)
    assert (found.mean, found.half_width) == (2.0, pytest.approx(2.484, abs=1e-3))
    assert estimate([1.0]).half_width is None
    assert estimate([1.0, math.inf]).mean == math.inf


def test_differences_are_taken_seed_by_seed() -> None:
    assert difference({0: 1.0, 1: 5.0}, {0: 0.5, 1: 4.5, 2: 9.0}).mean == 0.5
    with pytest.raises(InputError):
        difference({0: 1.0}, {1: 1.0})


def test_the_best_rate_is_that_of_the_lowest_mean() -> None:
    assert best_lr({0.1: {0: 2.0, 1: 2.0}, 0.2: {0: 1.0, 1: 4.0}}) == 0.1


def test_a_rate_of_fewer_seeds_is_not_the_best() -> None:
    assert best_lr({0.1: {0: 2.0, 1: 2.2}, 0.2: {0: 2.05}}) == 0.1
