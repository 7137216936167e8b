"""The documents adapter: what is mixed, how factors come and go, and a run that goes on where it stopped."""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import gzip
import json
import pickle
import random
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from schemas.adapter import WEIGHTS
from schemas.errors import ConfigurationError
from tests.decoding.engines.tiny_model import make_adapter, make_model
from training.cli import app
from training.documents.mixture import Mixture, mix
from training.encode import EncodedSample, joined
from training.run_folder import TrainingFolder
from training.sft.factors import load_factors, read_scale, write_factors
from training.sft.model import LoraShape, adapted_model, save_adapter
from training.sft.packing import pack_in_order
from training.study.conversations_file import SourcedSample

# A token that made-up documents do not have in this place: the first.
MARK = 401


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("documents") / "base")


def conversations(n: int, source: str, *, length: int = 30) -> list[SourcedSample]:
    rng = random.Random(source)
    asked = [[MARK, *(rng.randrange(20, 400) for _ in range(length))] for _ in range(n)]
    return [
        SourcedSample(source=source, kind="plain", sample=joined(one, [500, 501, 2], [1.0] * 3))
        for one in asked
    ]


def is_real(sample: EncodedSample) -> bool:
    return int(sample.token_ids[0]) == MARK


# --- the mixture


def test_the_shares_are_those_that_are_asked_for(base: Path) -> None:
    mixture = Mixture(real_share=0.6, refilled_share=0.0)
    drawn = list(islice(mix(mixture, conversations(4, "a"), str(base), seed=0), 60))
    # 36 of 60, and three standard deviations of 3.8.
    assert 25 <= sum(map(is_real, drawn)) <= 47


def test_a_small_source_is_not_drowned_by_a_large_one(base: Path) -> None:
    given = [*conversations(2, "small", length=5), *conversations(200, "large", length=9)]
    mixture = Mixture(real_share=1.0, refilled_share=0.0)
    lengths = Counter(len(one) for one in islice(mix(mixture, given, str(base), seed=1), 400))
    # 2 ** 0.7 of 2 ** 0.7 + 200 ** 0.7 is 0.038; in proportion it would be 0.01.
    assert lengths[min(lengths)] / 400 == pytest.approx(0.038, abs=0.03)
    assert lengths[min(lengths)] > 4


def test_one_seed_gives_one_order(base: Path) -> None:
    mixture = Mixture(real_share=0.5, refilled_share=0.0)
    first, again, other = (
        [
            one.token_ids.tobytes()
            for one in islice(mix(mixture, conversations(9, "a"), str(base), seed=s), 12)
        ]
        for s in (3, 3, 4)
    )
    assert first == again != other


def test_conversations_that_are_too_long_are_left_out(base: Path) -> None:
    given = [*conversations(3, "a", length=10), *conversations(3, "b", length=90)]
    mixture = Mixture(real_share=1.0, refilled_share=0.0, max_tokens=50)
    assert {len(one) for one in islice(mix(mixture, given, str(base), seed=0), 20)} == {14}


@pytest.mark.parametrize(("real", "refilled"), [(0.7, 0.4), (-0.1, 0.0), (0.0, 0.3)])
def test_shares_that_cannot_be_are_refused(real: float, refilled: float) -> None:
    with pytest.raises(ConfigurationError):
        Mixture(real_share=real, refilled_share=refilled)


def test_without_real_conversations_none_can_be_asked_for(base: Path) -> None:
    with pytest.raises(ConfigurationError, match="real conversation"):
        next(mix(Mixture(real_share=0.5, refilled_share=0.0), (), str(base), seed=0))


def test_rows_are_no_longer_than_asked_and_lose_nothing() -> None:
    samples = [one.sample for one in conversations(9, "a", length=26)]  # 30 tokens each
    rows = list(pack_in_order(iter(samples), max_tokens=100))
    assert [len(row.token_ids) for row in rows] == [90, 90, 90]
    assert np.array_equal(rows[0].token_ids, np.concatenate([s.token_ids for s in samples[:3]]))


# --- factors


def test_factors_that_are_loaded_and_saved_are_the_same(base: Path, tmp_path: Path) -> None:
    source = make_adapter(base, tmp_path / "source", seed=3)
    scale = read_scale(source)
    targets = tuple(json.loads((source / "adapter_config.json").read_text())["target_modules"])
    shape = LoraShape(rank=scale.rank, alpha=scale.alpha, targets=targets)
    model = adapted_model(base, shape, seed=0, device="cpu")
    load_factors(model, source)
    save_adapter(model, tmp_path / "saved", base_name="base")
    ours, theirs = (load_file(folder / WEIGHTS) for folder in (tmp_path / "saved", source))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name].to(ours[name].dtype)) for name in ours)


def test_factors_of_another_shape_are_refused(base: Path, tmp_path: Path) -> None:
    source = make_adapter(base, tmp_path / "source", seed=3)
    model = adapted_model(base, LoraShape(rank=read_scale(source).rank + 1), seed=0, device="cpu")
    with pytest.raises(ConfigurationError, match="does not fit"):
        load_factors(model, source)
    with pytest.raises(ConfigurationError, match="no adapter"):
        read_scale(tmp_path)


def products(folder: Path) -> dict[str, torch.Tensor]:
    saved, scale = load_file(folder / WEIGHTS), read_scale(folder)
    return {
        name: scale.alpha
        / scale.rank
        * saved[name.replace("lora_A", "lora_B")].double()
        @ saved[name].double()
        for name in saved
        if "lora_A" in name
    }


def test_a_cut_keeps_the_largest_part_of_each_update(base: Path, tmp_path: Path) -> None:
    source = make_adapter(base, tmp_path / "source", seed=5)
    rank = read_scale(source).rank
    energy = write_factors(source, tmp_path / "cut", rank=rank - 1, base_name="base")
    assert read_scale(tmp_path / "cut").rank == rank - 1
    whole = left = 0.0
    for name, product in products(source).items():
        squares = torch.linalg.svdvals(product) ** 2
        whole, left = whole + float(squares.sum()), left + float(squares[rank - 1 :].sum())
        error = torch.linalg.matrix_norm(products(tmp_path / "cut")[name] - product)
        # The nearest matrix of that rank is as far away as what it leaves out; bfloat16 adds 2⁻⁸ of it.
        assert float(error) == pytest.approx(
            float(squares[rank - 1 :].sum()) ** 0.5, abs=0.01 * float(squares.sum()) ** 0.5
        )
    assert energy == pytest.approx(1 - left / whole)


def test_what_is_not_larger_is_kept_whole(base: Path, tmp_path: Path) -> None:
    source = make_adapter(base, tmp_path / "source", seed=5)
    assert write_factors(source, tmp_path / "kept", rank=64, base_name="base") == pytest.approx(1.0)
    for name, product in products(source).items():
        assert torch.allclose(
            products(tmp_path / "kept")[name], product, atol=0.02 * float(product.abs().max())
        )


# --- a run


def write(path: Path, given: list[SourcedSample]) -> Path:
    records = [
        (one.source, one.kind, one.sample.token_ids, one.sample.weights, one.sample.n_asked) for one in given
    ]
    with gzip.open(path, "wb") as file:
        pickle.dump(records, file)
    return path


def train(base: Path, folder: Path, *more: str) -> str:
    command = ["documents", "train", "--base", str(base), "--run", str(folder), "--conversations"]
    command += [str(write(folder.parent / "c.pkl.gz", conversations(20, "a"))), "--held-out"]
    command += [str(write(folder.parent / "h.pkl.gz", conversations(3, "b"))), "--real-share", "1"]
    command += ["--refilled-share", "0", "--row-tokens", "70", "--max-tokens", "70", "--evaluations", "2"]
    command += ["--rank", "2", "--lr", "0.02", "--warmup-steps", "2", *more]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_a_run_ends_by_the_clock_with_a_cooled_rate(base: Path, tmp_path: Path) -> None:
    train(base, tmp_path / "run", "--tokens", "100000000", "--minutes", "0.1")
    records = TrainingFolder(path=tmp_path / "run").log.records()
    rates = [record["lr"] for record in records if "lr" in record]
    assert max(rates) == pytest.approx(0.02)
    assert rates[-1] < 0.2 * max(rates)
    assert sum("held_out_mean" in record for record in records) == 3
    assert read_scale(tmp_path / "run" / "factors").rank == 2


def test_a_run_learns_goes_on_and_is_packed(base: Path, tmp_path: Path) -> None:
    assert "tokens" in train(base, tmp_path / "run", "--tokens", "2000")
    records = TrainingFolder(path=tmp_path / "run").log.records()
    held_out = [record["held_out_mean"] for record in records if "held_out_mean" in record]
    assert len(held_out) == 3  # before the first step, halfway, at the end
    assert held_out[-1] < 0.7 * held_out[0]
    n_lines = len(records)
    train(base, tmp_path / "run", "--tokens", "2000")  # there is nothing left to do
    assert len(TrainingFolder(path=tmp_path / "run").log.records()) == n_lines
    packed = [
        "documents",
        "pack",
        "--run",
        str(tmp_path / "run"),
        "--out",
        str(tmp_path / "out"),
        "--rank",
        "1",
    ]
    assert CliRunner().invoke(app, packed).exit_code == 0
    assert read_scale(tmp_path / "out").rank == 1
    further = train(
        base, tmp_path / "further", "--tokens", "300", "--start", str(tmp_path / "run" / "factors")
    )
    assert "step" in further
    first = next(r for r in TrainingFolder(path=tmp_path / "further").log.records() if "held_out_mean" in r)
    assert first["held_out_mean"] == pytest.approx(held_out[-1], rel=0.02)  # it begins where the other ended


def test_another_run_in_the_folder_is_refused(base: Path, tmp_path: Path) -> None:
    train(base, tmp_path / "run", "--tokens", "100")
    with pytest.raises(AssertionError):
        train(base, tmp_path / "run", "--tokens", "200")
