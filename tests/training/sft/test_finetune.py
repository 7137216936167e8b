"""From a tenant's documents to a folder that `rasg adapters add` takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from app.adapters.files import AdapterFiles
from app.examples.service import ExampleService
from retrieval.store import ExampleStore
from schemas.adapter import read_card, weights_sha256
from schemas.errors import ConfigurationError
from storage.database import sqlite_url
from tests.app.bills import FIRST, SCHEMA, VALUE
from tests.decoding.engines.tiny_model import make_model
from tests.decoding.pages import document_of
from training.sft.data import of_store
from training.sft.finetune import KEPT_OUT, Job, finetune
from training.sft.model import LoraShape, adapted_model, save_adapter
from training.sft.progress import StageView, Stop, Stopped
from training.sft.run import BEST, SftConfig, SftRun, SftState
from training.sft.split import Shares, split

CONFIG = SftConfig(
    shape=LoraShape(rank=2),
    epochs=1,
    batch_tokens=2048,
    n_threads=1,
    synthetic_share=0.2,
    synthetic_kinds=("receipt",),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ExampleStore]:
    opened = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    book = ExampleService(opened, tenant="acme", per_template=None)
    for number in range(12):
        document = replace(document_of([*FIRST, f"Number {number}"]), sha256=f"{number:064x}")
        book.add(document, SCHEMA, VALUE, source="annotated", confirmed_by="me")
    yield opened
    opened.close()


def job(store: ExampleStore, base: Path, folder: Path, shares: Shares) -> Job:
    source = of_store(store, "acme", schema_name="bill", min_similarity=0.3)
    return Job(
        name="bills",
        base=base,
        run=folder / "run",
        out=folder / "out",
        sources=(source,),
        config=CONFIG,
        shares=shares,
        n_validation=1,
    )


def best_at_once(run: SftRun) -> SftState:
    """Validate the base for real, and take fresh factors for the best adapter."""
    run.steps(0)
    scores = run.validate(None)
    model = adapted_model(run.base, run.config.shape, seed=0, device="cpu")
    save_adapter(model, run.folder / BEST, base_name="tiny")
    return SftState(is_done=True, epoch=1, best_epoch=1, scores={"kie": 0.5}, base_scores=scores)


def test_a_run_ends_in_an_adapter_that_can_be_added(
    store: ExampleStore, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SftRun, "train", best_at_once)
    asked = job(store, base, tmp_path, Shares())
    done = finetune(asked)
    assert done.card is not None
    assert done.n_conversations >= done.outcomes["made"] > 0
    assert read_card(asked.out) == done.card
    assert done.card.base_sha256 == weights_sha256(base)
    assert done.card.settings["synthetic_kinds"] == ["receipt"]
    assert set(done.card.scores) == {"kie", "base_kie", "base_lir"}
    kept_out = {d.sha256 for d in split(asked.sources[0].documents, asked.shares).kept_out}
    assert kept_out
    assert kept_out.isdisjoint(done.card.trained_on)
    assert (asked.run / KEPT_OUT).read_text().split() == sorted(kept_out)
    AdapterFiles(tmp_path / "files", model_folder=base, max_rank=16).keep(asked.out)


def test_each_document_is_told_and_a_stop_between_two_ends_the_run(
    store: ExampleStore, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SftRun, "train", best_at_once)
    asked = job(store, base, tmp_path, Shares())
    told: list[tuple[str, int, int]] = []

    def tell(stage: str, n_done: int, n_all: int) -> None:
        told.append((stage, n_done, n_all))

    finetune(asked, advance=tell)
    stages = [stage for stage, n_done, _ in told if n_done == 0]
    assert stages == ["conversations", "validation"]
    assert all(n_done < n_all for _, n_done, n_all in told)
    stop = Stop(is_told=True)
    with pytest.raises(Stopped):
        finetune(asked, advance=StageView(console=Console(stderr=True), stop=stop).advance)


@pytest.mark.parametrize(
    "shares", [Shares(validation=0.0, kept_out=0.2), Shares(validation=0.9999, kept_out=0.0)]
)
def test_too_few_documents_are_refused(
    store: ExampleStore, base: Path, tmp_path: Path, shares: Shares
) -> None:
    with pytest.raises(ConfigurationError, match="left"):
        finetune(job(store, base, tmp_path, shares))


def test_a_folder_that_is_no_model_is_refused(store: ExampleStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.json"):
        finetune(job(store, tmp_path / "nowhere", tmp_path, Shares()))
