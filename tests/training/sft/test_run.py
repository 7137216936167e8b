"""A run learns, stops early, keeps its best epoch, and goes on after a kill as if nothing had been."""

# torch and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest
from decoding.grammar.build import build_grammar
from decoding.prompt import build_prompt
from schemas.adapter import AdapterCard, read_card
from schemas.errors import ConfigurationError, TrainingDivergedError
from tests.decoding.engines.tiny_model import make_model
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of
from training.encode import EncodedSample, joined
from training.run_folder import TrainingFolder
from training.sft.conversations import Conversation
from training.sft.model import LoraShape, OptimizerName, adapted_model, save_adapter
from training.sft.package import package
from training.sft.run import BEST, CANDIDATE, SftConfig, SftRun, SftState, begin, objective

CONFIG = SftConfig(
    lr=0.02,
    shape=LoraShape(rank=4),
    epochs=3,
    batch_tokens=64,
    row_tokens=32,
    patience=9,
    n_threads=1,
    warmup_share=0.1,
)

LRS: dict[OptimizerName, float] = {"adamw": 0.02, "lora-muon": 0.1}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny"))


def conversations() -> list[Conversation]:
    """Return pages of one token each, whose answer is always the same four tokens."""
    return [
        Conversation(
            origin="made up",
            document_sha256=f"{i:064x}",
            window_index=0,
            kind="plain",
            sample=joined([20 + i] * 8, [500, 501, 502, 2], [1.0] * 4),
        )
        for i in range(24)
    ]


def read_log(folder: Path) -> tuple[dict[str, float], ...]:
    return TrainingFolder(path=folder).log.records()


class Scores:
    """A validation that returns what it is told to, one after another."""

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)
        self.n_calls = 0

    def __call__(self, adapter: Path | None) -> dict[str, float]:
        if adapter is None:
            return {"kie": 0.1}
        assert (adapter / "adapter_config.json").is_file()
        self.n_calls += 1
        return {"kie": self.scores[min(self.n_calls, len(self.scores)) - 1]}


def run_of(base: Path, folder: Path, *scores: float, config: SftConfig = CONFIG) -> SftRun:
    folder.mkdir(exist_ok=True)
    return SftRun(
        config=config,
        base=base,
        conversations=conversations(),
        folder=folder,
        validate=Scores(*(scores or (0.2, 0.3, 0.4))),
    )


@pytest.mark.parametrize("optimizer", ["adamw", "lora-muon"])
def test_a_run_learns(base: Path, tmp_path: Path, optimizer: OptimizerName) -> None:
    state = run_of(base, tmp_path, config=replace(CONFIG, optimizer=optimizer, lr=LRS[optimizer])).train()
    losses = [record["loss"] for record in read_log(tmp_path) if "loss" in record]
    assert state.is_done
    assert losses[-1] < 0.7 * losses[0]
    assert (state.scores, state.base_scores) == ({"kie": 0.4}, {"kie": 0.1})


def test_the_best_epoch_is_kept(base: Path, tmp_path: Path) -> None:
    state = run_of(base, tmp_path, 0.2, 0.9, 0.5).train()
    assert (state.best_epoch, state.best_score) == (2, 0.9)
    kept = load_file(tmp_path / BEST / "adapter_model.safetensors")
    last = load_file(tmp_path / "candidate" / "adapter_model.safetensors")
    assert any(not kept[name].equal(last[name]) for name in kept)


def test_training_stops_when_nothing_gets_better(base: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=9, patience=2)
    assert run_of(base, tmp_path, 0.5, 0.4, 0.4, 0.9, config=config).train().epoch == 3


def test_a_run_that_was_stopped_ends_as_one_that_was_not(base: Path, tmp_path: Path) -> None:
    whole = run_of(base, tmp_path / "whole")
    whole.train()
    steps: list[int] = []
    cut = run_of(base, tmp_path / "cut")

    def report(step: int, _n: int, _loss: float) -> None:
        steps.append(step)

    first = replace(cut, report=report, stop=lambda: len(steps) >= 7)
    assert not first.train().is_done
    assert cut.train().is_done
    one, other = (
        load_file(tmp_path / name / BEST / "adapter_model.safetensors") for name in ("whole", "cut")
    )
    assert all(one[name].equal(other[name]) for name in one)
    logs = [[r["loss"] for r in read_log(tmp_path / name) if "loss" in r] for name in ("whole", "cut")]
    assert logs[0] == logs[1]


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    begin(tmp_path, CONFIG, data_sha256="a")
    begin(tmp_path, replace(CONFIG, n_threads=7), data_sha256="a")  # makes no difference
    with pytest.raises(ConfigurationError, match="another lr"):
        begin(tmp_path, replace(CONFIG, lr=0.5), data_sha256="a")
    with pytest.raises(ConfigurationError, match="another data_sha256"):
        begin(tmp_path, CONFIG, data_sha256="b")


def test_settings_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"config\.json"):
        begin(tmp_path, CONFIG)


def test_nothing_to_train_on_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no conversation"):
        replace(run_of(base, tmp_path), conversations=()).train()


def test_synthetic_conversations_are_mixed_in(base: Path, tmp_path: Path) -> None:
    asked: list[int] = []
    sample = joined([7] * 6, [8, 2], [1.0] * 2)

    def synthesise(_rng: random.Random, n: int) -> list[EncodedSample]:
        asked.append(n)
        return [sample] * n

    run = replace(run_of(base, tmp_path, config=replace(CONFIG, synthetic_share=0.25)), synthesise=synthesise)
    rows = [row for step in run.steps(0) for row in step]
    assert asked == [8]  # 24 / 0.75 * 0.25
    assert sum((row.positions == 0).sum() for row in rows) == 32


@pytest.mark.parametrize(
    "changes",
    [
        {"lr": 0.0},
        {"epochs": 0},
        {"patience": 0},
        {"synthetic_share": 1.0},
        {"batch_tokens": 1},
        {"row_tokens": 1},
        {"synthetic_kinds": ("letter",)},
        {"synthetic_kinds": ()},
    ],
)
def test_settings_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        replace(CONFIG, **changes)


def test_a_file_that_is_asked_two_questions_is_trained_on_both(base: Path, tmp_path: Path) -> None:
    first = conversations()[0]
    both = [first, replace(first, origin="other", sample=joined([9] * 20, [8, 2], [1.0] * 2))]
    rows = [row for step in replace(run_of(base, tmp_path), conversations=both).steps(0) for row in step]
    assert sum(len(row.token_ids) for row in rows) == 12 + 22


def test_what_is_never_better_than_the_base_is_no_adapter(base: Path, tmp_path: Path) -> None:
    state = run_of(base, tmp_path, 0.1, 0.05, 0.0).train()
    assert (state.best_epoch, state.is_done) == (0, True)
    assert not (tmp_path / BEST).exists()


def test_a_run_killed_before_its_first_checkpoint_begins_its_log_anew(base: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 9.0}\n{"step": 2, "lo')
    run_of(base, tmp_path).train()
    assert [r["step"] for r in read_log(tmp_path) if "loss" in r][0:2] == [1, 2]
    assert all(record.get("loss", 0.0) != 9.0 for record in read_log(tmp_path))


def test_the_objective_is_the_mean_of_fields_and_rows() -> None:
    assert objective({"kie": 0.4, "lir": 0.8, "other": 9.0}) == pytest.approx(0.6)
    with pytest.raises(ConfigurationError):
        objective({})


def test_a_fresh_adapter_answers_as_the_base_and_fits_it(base: Path, tmp_path: Path) -> None:
    model = adapted_model(base, LoraShape(rank=2), seed=0, device="cpu")
    save_adapter(model, tmp_path / "a", base_name="tiny")
    config = json.loads((tmp_path / "a" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    engine = EmbeddedEngine(base, adapters={"a": tmp_path / "a"})
    grammar = build_grammar(RECEIPT_SCHEMA, document_of(RECEIPT_LINES))
    prompt = build_prompt(RECEIPT_SCHEMA, document_of(RECEIPT_LINES).pages[0].text)
    alone, adapted = (
        engine.complete([EngineRequest(prompt=prompt, grammar=grammar, adapter=name, n_candidates=1)])[0]
        for name in (None, "a")
    )
    assert adapted.text == alone.text


@pytest.mark.parametrize("targets", [("nowhere",)])
def test_layers_that_are_not_there_are_refused(base: Path, targets: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="no such layers"):
        adapted_model(base, LoraShape(targets=targets), seed=0, device="cpu")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot load"):
        adapted_model(tmp_path, LoraShape(), seed=0, device="cpu")


def card(state: SftState) -> AdapterCard:
    return AdapterCard(
        name="tiny",
        base_model="tiny",
        base_sha256="a" * 64,
        data_sha256="b" * 64,
        schema_names=("bill",),
        settings={"lr": 0.02},
        scores={"base_kie": 0.1, **state.scores},
    )


def test_a_run_is_packed_with_its_card(base: Path, tmp_path: Path) -> None:
    state = run_of(base, tmp_path / "run").train()
    package(tmp_path / "run", tmp_path / "out", card(state))
    assert read_card(tmp_path / "out").scores["kie"] == 0.4
    assert "| kie | 0.100 | 0.400 |" in (tmp_path / "out" / "README.md").read_text()
    assert (tmp_path / "out" / "curves.png").stat().st_size > 1000


def test_a_run_without_an_adapter_cannot_be_packed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no adapter"):
        package(tmp_path, tmp_path / "out", card(SftState()))


def test_a_run_begins_with_an_adapter_and_is_compared_with_it(base: Path, tmp_path: Path) -> None:
    run_of(base, tmp_path / "first").train()
    start = tmp_path / "first" / BEST
    asked: list[Path | None] = []

    def validate(adapter: Path | None) -> dict[str, float]:
        asked.append(adapter)
        return {"kie": 0.5}

    further = replace(
        run_of(base, tmp_path / "further", config=replace(CONFIG, epochs=1, lr=1e-9)),
        validate=validate,
        start=start,
    )
    state = further.train()
    assert asked[0] == start
    assert (state.best_epoch, state.base_scores) == (0, {"kie": 0.5})  # no better than its start
    begun = load_file(start / "adapter_model.safetensors")
    trained = load_file(tmp_path / "further" / CANDIDATE / "adapter_model.safetensors")
    assert all(begun[name].allclose(trained[name], atol=1e-5) for name in begun)
    first = next(record["loss"] for record in read_log(tmp_path / "further") if "loss" in record)
    fresh = next(record["loss"] for record in read_log(tmp_path / "first") if "loss" in record)
    assert first < 0.7 * fresh


def test_an_adapter_of_another_shape_is_no_start(base: Path, tmp_path: Path) -> None:
    run_of(base, tmp_path / "first").train()
    config = replace(CONFIG, shape=LoraShape(rank=2))
    other = replace(run_of(base, tmp_path / "other", config=config), start=tmp_path / "first" / BEST)
    with pytest.raises(ConfigurationError, match="does not fit"):
        other.train()


def test_a_run_that_leaves_its_start_ends_with_an_error_also_when_resumed(base: Path, tmp_path: Path) -> None:
    run_of(base, tmp_path / "first").train()
    wild = replace(CONFIG, lr=0.5, epochs=30, grad_clip=1e9, warmup_share=0.0)
    run = replace(run_of(base, tmp_path / "wild", config=wild), start=tmp_path / "first" / BEST)
    steps: list[int] = []

    def count(done: int, _all: int, _loss: float) -> None:
        steps.append(done)

    state = replace(run, stop=lambda: len(steps) > 2, report=count).train()
    assert len(state.guard["losses"]) == len(steps) == 3
    with pytest.raises(TrainingDivergedError, match="left its start"):
        run.train()
    assert TrainingFolder(path=tmp_path / "wild").resume() is not None  # the last checkpoint stands
