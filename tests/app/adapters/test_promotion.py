"""From a folder of weights to a live adapter: on the command line, over HTTP, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from app.api.service import create_app
from app.cli import app
from app.models.catalogue import ShippedAdapter
from app.models.choice import ChosenModel
from app.settings import Settings, StoreSettings, load_settings
from app.wiring import build_files, build_pipeline, open_store
from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest
from ocr.reader import ReadOptions
from retrieval.store import ExampleStore
from schemas.adapter import adapter_sha256, served_name
from schemas.errors import (
    AdapterNotFoundError,
    ConfigurationError,
    EngineUnavailableError,
    InputError,
    InvalidAdapterError,
)
from schemas.extraction import Completion
from storage.adapters import AdapterRegistry, RegisteredAdapter
from storage.database import write_session
from storage.feedback import FeedbackScore, FeedbackSummary, feedback_summaries, keep_score
from tests.app.adapters.lora import write_adapter, write_card
from tests.app.api.test_example_routes import SCHEMA, bill
from tests.decoding.engines.tiny_model import make_adapter
from tests.paths import ROOT

HOUSE = ROOT / "models" / "house"
N_GOLD = 3


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an adapter that PEFT wrote, with which the model writes nonsense."""
    folder = make_adapter(HOUSE, tmp_path_factory.mktemp("peft") / "wild", seed=1)
    write_card(folder, HOUSE)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    lines: list[str] = []
    for n in range(1, N_GOLD + 1):
        (tmp_path / "docs" / f"{n}.pdf").write_bytes(bill(n, total=f"{n}2.50"))
        record = {"id": str(n), "file": f"docs/{n}.pdf", "dataset": "d", "doc_type": "bill"}
        lines.append(json.dumps({**record, "kie": {"vendor": "ACME Ltd", "total": f"{n}2.50"}}))
    (tmp_path / "labels.jsonl").write_text("\n".join(lines))
    (tmp_path / "bill.json").write_text(SCHEMA)
    (tmp_path / "new.pdf").write_bytes(bill(9, total="81.00"))
    return tmp_path


def invoke(*arguments: str) -> Result:
    env = {"RASG_LOG__LEVEL": "ERROR", "RASG_N_CANDIDATES": "1", "RASG_EXAMPLES__N": "0", "COLUMNS": "160"}
    return CliRunner(env=env).invoke(app, [*arguments])


def run(*arguments: str) -> str:
    done = invoke(*arguments)
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.output


def same(folder: Path, name: str, **card: object) -> Path:
    """Return an adapter that changes no answer."""
    return write_adapter(folder / name, HOUSE, seed=len(name), std=0.0, rank=len(name), **card)


def extracted(folder: Path, *arguments: str) -> dict[str, Any]:
    out = folder / "out"
    schema = str(folder / "bill.json")
    run("extract", str(folder / "new.pdf"), "--schema", schema, "--out", str(out), *arguments)
    return json.loads((out / "new.pdf.json").read_text())["extraction"]


def registered(tenant: str = "default") -> list[tuple[str, str]]:
    store = open_store(load_settings())
    try:
        return [(a.name, a.state) for a in AdapterRegistry(store.database, tenant=tenant).all()]
    finally:
        store.close()


def test_an_adapter_goes_live_and_back(folder: Path) -> None:
    schema = ("--schema", str(folder / "bill.json"))
    run("examples", "import", str(folder), *schema, "--by", "ada")
    fine = same(folder, "fine", schema_names=("bill",))
    name = served_name("fine", adapter_sha256(fine))
    assert f"{name}  candidate" in run("adapters", "add", str(fine), "--by", "ada")
    assert extracted(folder)["adapter"] is None
    assert extracted(folder, "--adapter", "fine")["adapter"] == name

    done = run("adapters", "promote", "fine", "--by", "ada")
    assert "| default | kie |" in done
    assert f"{name} is live for bill" in done
    runs = list((load_settings().store.folder / "promotions").glob("*/*/*/predictions.jsonl"))
    assert sorted(path.parent.name for path in runs) == ["after", "before"]
    assert [len(path.read_text().splitlines()) for path in runs] == [N_GOLD] * 2

    answer = extracted(folder)
    assert (answer["adapter"], answer["adapter_sha256"]) == (name, adapter_sha256(fine))
    assert extracted(folder, "--adapter", "base")["adapter"] is None
    assert "the base model answers" in run("adapters", "rollback", *schema)
    assert extracted(folder)["adapter"] is None
    shown = run("adapters", "list")
    assert "retired" in shown
    assert adapter_sha256(fine)[:12] in shown


def test_what_people_said_of_any_adapter_is_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = same(folder, "own", schema_names=("bill",))
    pinned = ShippedAdapter(name="own", path="own", content_sha256=adapter_sha256(own))
    chosen = ChosenModel(name="house", folder=HOUSE, adapter=own, pinned=pinned)

    def choose(_: Settings) -> ChosenModel:
        return chosen

    monkeypatch.setattr("app.commands.adapters.choose_model", choose)
    store = open_store(load_settings())
    try:
        with write_session(store.database) as session:
            for index, sha256 in enumerate((None, adapter_sha256(own), "f" * 64)):
                keep_score(
                    session,
                    FeedbackScore(
                        extraction_id=f"{index:032x}",
                        tenant="default",
                        schema_name="bill",
                        adapter_sha256=sha256,
                        n_right=index,
                        n_fields=4,
                        at=datetime.now(UTC),
                    ),
                )
    finally:
        store.close()
    lines = [line.split("│") for line in run("adapters", "list").splitlines() if "bill" in line]
    assert {(name.strip(), score.strip()) for _, _, _, name, *_, score, _ in lines} == {
        ("base", "0.000"),
        ("the model's own", "0.250"),
        ("no longer here", "0.500"),
    }


def test_an_adapter_that_does_worse_is_refused_and_nothing_changes(folder: Path, wild: Path) -> None:
    run("examples", "import", str(folder), "--schema", str(folder / "bill.json"))
    run("adapters", "add", str(wild), "--schema", "bill")
    done = invoke("adapters", "promote", "wild", "--level", "1")  # three documents prove little
    assert done.exit_code == 1, done.output
    assert "does worse" in done.output
    assert "promotion_refused" in done.output
    assert "| default | kie |" in done.output
    assert registered() == [("wild", "candidate")]
    assert extracted(folder)["adapter"] is None
    assert "is live" in run("adapters", "promote", "wild", "--level", "1", "--tolerance", "1")


def test_an_engine_that_fails_judges_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("examples", "import", str(folder), "--schema", str(folder / "bill.json"))
    run("adapters", "add", str(same(folder, "fine")), "--schema", "bill")
    complete, n_asked = EmbeddedEngine.complete, 0

    def fail_once(self: EmbeddedEngine, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        nonlocal n_asked
        n_asked += 1
        if n_asked == 1:  # of what is live: it would look worse than it is
            raise EngineUnavailableError("gone for a moment")
        return complete(self, requests)

    with monkeypatch.context() as patched:
        patched.setattr(EmbeddedEngine, "complete", fail_once)
        done = invoke("adapters", "promote", "fine")
    assert (done.exit_code, "engine failed on 1 of 3" in done.output) == (1, True)
    assert registered() == [("fine", "candidate")]


def test_without_gold_nothing_is_promoted_unless_it_is_said(folder: Path) -> None:
    run("adapters", "add", str(same(folder, "fine")), "--schema", "bill")
    done = invoke("adapters", "promote", "fine")
    assert (done.exit_code, "--without-gold" in done.output) == (1, True)
    assert registered() == [("fine", "candidate")]
    assert "canary at 30 %" in run("adapters", "promote", "fine", "--without-gold", "--canary", "30")
    assert registered() == [("fine", "canary")]
    assert " 30 " in run("adapters", "list")
    assert "is live" in run("adapters", "promote", "fine", "--without-gold")
    again = invoke("adapters", "promote", "fine", "--without-gold")
    assert (again.exit_code, "live already" in again.output) == (1, True)
    assert "is retired" in run("adapters", "retire", "fine")


def test_gold_of_which_no_page_shows_anything_judges_nothing(folder: Path) -> None:
    schema = ("--schema", str(folder / "bill.json"))
    lines = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    unseen = dict.fromkeys(lines[0]["kie"], "Nowhere printed")
    (folder / "labels.jsonl").write_text(
        "\n".join(json.dumps({**line, "kie": unseen, "line_items": None}) for line in lines)
    )
    run("examples", "import", str(folder), *schema)
    run("adapters", "add", str(same(folder, "fine")), *schema)
    done = invoke("adapters", "promote", "fine")
    assert (done.exit_code, "--without-gold" in done.output) == (1, True), done.output


def test_documents_that_were_trained_on_judge_nothing(folder: Path) -> None:
    schema = ("--schema", str(folder / "bill.json"))
    run("examples", "import", str(folder), *schema)
    store = open_store(load_settings())
    seen = tuple(stored.example.document_sha256 for stored in store.page("default"))
    store.close()
    run("adapters", "add", str(same(folder, "one", trained_on=seen[:1])), *schema)
    assert f"{N_GOLD - 1} documents" in run("adapters", "promote", "one")
    run("adapters", "add", str(same(folder, "other", trained_on=seen[1:])), *schema)
    done = invoke("adapters", "promote", "other")  # the live one has seen the rest
    assert (done.exit_code, "trained on all" in done.output) == (1, True)
    assert registered() == [("one", "live"), ("other", "candidate")]


def test_what_cannot_be_added_or_named_is_an_error(folder: Path) -> None:
    odd = same(folder, "odd", base_sha256="e" * 64)
    for arguments, error in [
        (("add", str(odd), "--schema", "bill"), InvalidAdapterError),
        (
            (
                "add",
                str(same(folder, "two")),
            ),
            InputError,
        ),  # the card names no schema
        (("add", str(folder / "two"), "--schema", "bill", "--by", "a\nb"), InputError),
        (("promote", "nobody"), AdapterNotFoundError),
        (("retire", "nobody"), AdapterNotFoundError),
        (("rollback", "--schema", "bill"), AdapterNotFoundError),
    ]:
        assert isinstance(invoke("adapters", *arguments).exception, error), arguments
    assert registered() == []
    for schema in ("bill", "receipt"):
        run("adapters", "add", str(folder / "two"), "--schema", schema)
    several = invoke("adapters", "retire", "two")
    assert isinstance(several.exception, InputError)
    run("adapters", "retire", "two", "--schema", "receipt")
    assert "candidate" in run("adapters", "add", str(folder / "two"), "--schema", "purchase-order")
    run("adapters", "retire", "two", "--schema", "purchase_order")  # the same schema, as answers name it


def test_a_crash_between_the_copy_and_the_row_is_mended_by_adding_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    fine = str(same(folder, "fine"))
    with monkeypatch.context() as patched:
        patched.setattr(AdapterRegistry, "add", die)
        assert invoke("adapters", "add", fine, "--schema", "bill").exit_code != 0
    assert registered() == []
    assert extracted(folder)["adapter"] is None
    run("adapters", "add", fine, "--schema", "bill")
    assert registered() == [("fine", "candidate")]
    assert len(list((load_settings().store.folder / "adapters").iterdir())) == 1


def test_a_tenants_adapters_are_its_own(folder: Path) -> None:
    mine = str(same(folder, "mine"))
    run("adapters", "add", mine, "--schema", "bill", "--tenant", "one")
    run("adapters", "promote", "mine", "--without-gold", "--tenant", "one")
    assert (registered("one"), registered("two")) == ([("mine", "live")], [])
    assert extracted(folder, "--tenant", "one")["adapter"] is not None
    assert extracted(folder, "--tenant", "two")["adapter"] is None
    assert isinstance(invoke("adapters", "retire", "mine", "--tenant", "two").exception, AdapterNotFoundError)


def test_the_caller_may_allow_the_base_model_to_answer(folder: Path) -> None:
    schema = str(folder / "bill.json")
    run("examples", "import", str(folder), "--schema", schema)  # there is a store
    done = invoke("extract", str(folder / "new.pdf"), "--schema", schema, "--adapter", "nobody")
    assert (done.exit_code, "adapter_not_found" in done.output) == (1, True)
    answer = extracted(folder, "--adapter", "nobody", "--adapter-fallback")
    assert answer["adapter"] is None
    assert "adapter_unavailable" in {warning["code"] for warning in answer["warnings"]}


def test_a_rank_that_no_server_takes_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASG_VLLM__MAX_LORA_RANK", "32")
    assert load_settings().vllm.max_lora_rank == 32
    monkeypatch.setenv("RASG_VLLM__MAX_LORA_RANK", "17")
    with pytest.raises(ConfigurationError, match="MAX_LORA_RANK"):
        load_settings()


# --- over HTTP


class Service:
    """The HTTP service on the house model, with a way to add adapters."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(store=StoreSettings(folder=folder / "store"))
        self.store: ExampleStore = open_store(self.settings)
        self.registry = AdapterRegistry(self.store.database, tenant="default")
        pipeline = build_pipeline(self.settings, read_options=ReadOptions(n_workers=1))
        self.client = TestClient(create_app(self.settings, pipeline=pipeline), raise_server_exceptions=False)

    def add(self, name: str) -> RegisteredAdapter:
        kept = build_files(self.settings).keep(same(self.folder, name))
        return self.registry.add("bill", kept.content_sha256, kept.card, actor="ada")

    def post(self, number: int = 1, **fields: str) -> Any:  # noqa: ANN401
        form = {"schema": SCHEMA, "n_candidates": "1", "max_tokens": "100", "n_examples": "0", **fields}
        data = bill(number, total="12.50")
        return self.client.post("/v1/extractions", files={"file": ("a.pdf", data)}, data=form)

    def say(self, answer: dict[str, Any], verdict: str, value: dict[str, Any] | None = None) -> None:
        body = {"verdict": verdict, "value": value, "confirmed_by": "ada"}
        response = self.client.post(f"/v1/extractions/{answer['extraction_id']}/feedback", json=body)
        assert response.status_code == 200, response.text


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("service"))
    with made.client:
        yield made
    made.store.close()


def test_the_live_adapter_answers_over_http_and_feedback_counts_for_it(service: Service) -> None:
    live = service.add("live")
    service.registry.go_live(live.adapter_id, instead_of=None, actor="ada")
    first, second, third = (service.post(n).json() for n in (1, 2, 3))
    assert {answer["adapter"] for answer in (first, second, third)} == {live.served_name}
    service.say(first, "confirmed")
    right = second["output"]["value"]
    service.say(second, "corrected", {**right, "vendor": None if right["vendor"] else "ACME Ltd"})
    service.say(third, "confirmed")
    service.say(third, "rejected")  # takes back what was said before
    base = service.post(4, adapter="base").json()
    assert base["adapter"] is None
    service.say(base, "confirmed")
    said = feedback_summaries(service.store.database, "default")
    n_fields = sum(value is not None for value in right.values()) or 1
    expected = (1 + (n_fields - 1) / n_fields) / 2  # of the second's fields one was wrong
    assert said[("bill", live.content_sha256)].n_documents == 2
    assert said[("bill", live.content_sha256)].mean_score == pytest.approx(expected)
    assert said[("bill", None)] == FeedbackSummary(n_documents=1, mean_score=1.0)
    service.registry.retire(live.adapter_id, actor="ada")
    assert service.post().json()["adapter"] is None


def test_an_adapter_can_be_named_over_http(service: Service) -> None:
    candidate = service.add("candidate")
    assert service.post(adapter="candidate").json()["adapter"] == candidate.served_name
    gone = service.post(adapter="nobody")
    assert (gone.status_code, gone.json()["code"]) == (404, "adapter_not_found")
    fallen = service.post(adapter="nobody", adapter_fallback="true").json()
    assert fallen["adapter"] is None
    assert "adapter_unavailable" in {warning["code"] for warning in fallen["warnings"]}
