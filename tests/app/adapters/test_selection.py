"""Which adapter answers, how it gets into the engine, and what happens where it cannot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.adapters.files import AdapterFiles
from app.adapters.loading import AdapterLoader
from app.adapters.selection import AdapterSelector
from app.extraction.adapter_choice import extract_with_adapter
from app.extraction.options import ExtractionOptions
from decoding.engines.engine import EngineRequest
from schemas.adapter import adapter_sha256
from schemas.errors import AdapterNotFoundError, EngineUnavailableError, RetrievalError
from schemas.extraction import Completion, Extraction, Output, Usage
from schemas.prompt import Prompt
from storage.adapters import AdapterRegistry, RegisteredAdapter
from storage.database import open_database, sqlite_url
from tests.app.adapters.lora import write_adapter, write_card
from tests.paths import ROOT

HOUSE = ROOT / "models" / "house"
DOCUMENT = "0" * 64


@dataclass
class Server:
    """An engine that knows which adapters it has, and forgets them when it is started anew."""

    loaded: dict[str, Path] = field(default_factory=dict[str, Path])
    calls: list[str] = field(default_factory=list[str])
    refuses: bool = False
    name: str = "vllm"
    model: str = "house"
    max_context_tokens: int = 100
    base_sha256: str | None = None

    def load_adapter(self, name: str, folder: Path) -> None:
        self.calls.append(f"load {name}")
        if self.refuses:
            raise AdapterNotFoundError(f"no adapter in {folder}")
        self.loaded[name] = folder

    def has_adapter(self, name: str) -> bool:
        return name in self.loaded

    def unload_adapter(self, name: str) -> None:
        self.calls.append(f"unload {name}")
        if self.loaded.pop(name, None) is None:
            raise AdapterNotFoundError("none of that name")

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        raise NotImplementedError

    def count_tokens(self, prompt: Prompt) -> int:
        raise NotImplementedError

    def close(self) -> None:
        return None

    def answer(self, options: ExtractionOptions) -> Extraction:
        """Answer as a pipeline would, by an adapter that is loaded."""
        if options.adapter is not None and options.adapter not in self.loaded:
            raise AdapterNotFoundError(f"the server has no adapter {options.adapter!r}")
        return Extraction(
            document_sha256=DOCUMENT,
            schema_name="bill",
            status="succeeded",
            output=Output(value={}, metadata={}),
            usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
            engine="vllm",
            model="house",
            adapter=options.adapter,
        )


@dataclass
class World:
    """A tenant's registry and files, what chooses among them, and a server."""

    registry: AdapterRegistry
    files: AdapterFiles
    folder: Path
    database: Engine
    server: Server = field(default_factory=Server)
    n_added: int = 0

    def __post_init__(self) -> None:
        self.selector = self.new_selector()

    def new_selector(self) -> AdapterSelector:
        configured = {"static": self.folder / "static"}
        return AdapterSelector(self.registry, AdapterLoader(self.server, self.files, configured=configured))

    def add(self, name: str = "mine", *, schema: str = "bill") -> RegisteredAdapter:
        self.n_added += 1
        folder = write_adapter(self.folder / f"source{self.n_added}", HOUSE, seed=self.n_added, name=name)
        kept = self.files.keep(folder)
        return self.registry.add(schema, kept.content_sha256, kept.card, actor="ada")

    def go_live(self, adapter: RegisteredAdapter) -> None:
        live = self.registry.live(adapter.schema_name, adapter.base_sha256)
        self.registry.go_live(adapter.adapter_id, instead_of=live and live.adapter_id, actor="ada")

    def extract(
        self,
        adapter: str | None = None,
        *,
        document: str = DOCUMENT,
        schema: str = "bill",
        fallback: bool = False,
        ask: Callable[[ExtractionOptions], Extraction] | None = None,
    ) -> Extraction:
        options = ExtractionOptions(adapter=adapter, adapter_fallback=fallback)
        return extract_with_adapter(self.selector, schema, document, options, ask or self.server.answer)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    database = open_database(sqlite_url(tmp_path))
    files = AdapterFiles(tmp_path / "adapters", model_folder=HOUSE, max_rank=16)
    registry = AdapterRegistry(database, tenant="acme")
    yield World(registry=registry, files=files, folder=tmp_path, database=database)
    database.dispose()


def test_without_adapters_the_base_model_answers(world: World) -> None:
    world.add()  # a candidate answers nobody who does not name it
    assert world.extract().adapter is None
    assert world.server.calls == []


def test_the_live_adapter_answers_and_is_loaded_once(world: World) -> None:
    adapter = world.add()
    world.go_live(adapter)
    answers = [world.extract() for _ in range(3)]
    assert {answer.adapter for answer in answers} == {adapter.served_name}
    assert {answer.adapter_sha256 for answer in answers} == {adapter.content_sha256}
    assert world.server.calls == [f"load {adapter.served_name}"]
    assert world.extract(schema="receipt").adapter is None


def test_named_adapters_answer_whatever_is_live(world: World) -> None:
    live, other = world.add("one"), world.add("two")
    world.go_live(live)
    for named in ("two", other.adapter_id, other.content_sha256, other.served_name):
        assert world.extract(named).adapter == other.served_name
    answer = world.extract("base")
    assert (answer.adapter, answer.adapter_sha256) == (None, None)
    world.server.loaded["static"] = Path()
    assert world.extract("static").adapter == "static"
    assert world.extract("static").adapter_sha256 is None  # its folder is elsewhere
    folder = write_adapter(world.folder / "static", HOUSE, seed=7)
    assert world.extract("static").adapter_sha256 == adapter_sha256(folder)


def test_a_name_means_the_adapter_for_the_schema_and_an_id_any(world: World) -> None:
    bill, receipt = world.add("mine"), world.add("mine", schema="receipt")
    assert world.extract("mine").adapter == bill.served_name
    assert world.extract("mine", schema="receipt").adapter == receipt.served_name
    assert world.extract(receipt.adapter_id).adapter == receipt.served_name
    with pytest.raises(AdapterNotFoundError):
        world.extract("mine", schema="invoice")


def test_another_tenants_adapter_has_no_name_here(world: World) -> None:
    theirs = world.add()
    world.extract(theirs.served_name)
    assert theirs.served_name in world.server.loaded  # the server is shared
    world.registry = AdapterRegistry(world.database, tenant="other")
    world.selector = world.new_selector()
    for named in ("mine", theirs.adapter_id, theirs.content_sha256, theirs.served_name):
        with pytest.raises(AdapterNotFoundError):
            world.extract(named)


def test_what_nobody_knows_is_an_error(world: World) -> None:
    with pytest.raises(AdapterNotFoundError, match="nobody"):
        world.extract("nobody")


# --- canary


def test_canary_and_live_share_the_documents(world: World) -> None:
    live, canary = world.add("one"), world.add("two")
    world.go_live(live)
    world.registry.go_canary(canary.adapter_id, percent=30, instead_of=live.adapter_id, actor="ada")
    documents = [f"{i:064x}" for i in range(300)]
    by = {d: world.extract(document=d).adapter for d in documents}
    n_canary = sum(name == canary.served_name for name in by.values())
    assert 55 <= n_canary <= 125  # 90, and four standard deviations of 8.7
    assert set(by.values()) == {live.served_name, canary.served_name}
    assert by == {d: world.extract(document=d).adapter for d in documents}
    assert {world.extract("one", document=d).adapter for d in documents} == {live.served_name}


# --- in and out of the engine


def test_a_server_that_was_started_anew_is_given_the_adapter_again(world: World) -> None:
    adapter = world.add()
    world.go_live(adapter)
    world.extract()
    world.server.loaded.clear()
    assert world.extract().adapter == adapter.served_name
    assert world.server.calls == [f"load {adapter.served_name}"] * 2


def test_it_is_given_once_and_no_more(world: World) -> None:
    world.go_live(world.add())
    asked: list[ExtractionOptions] = []

    def lose(options: ExtractionOptions) -> Extraction:
        asked.append(options)
        raise AdapterNotFoundError("lost")

    with pytest.raises(AdapterNotFoundError):
        world.extract(ask=lose)
    assert len(asked) == 2


def test_a_retired_adapter_is_dropped_when_the_next_document_comes(world: World) -> None:
    first, second = world.add("one"), world.add("two")
    world.go_live(first)
    world.extract()
    world.go_live(second)
    assert world.extract().adapter == second.served_name
    assert world.extract().adapter == second.served_name
    assert list(world.server.loaded) == [second.served_name]
    assert world.server.calls.count(f"unload {first.served_name}") == 1
    with pytest.raises(AdapterNotFoundError, match="retired"):
        world.extract("one")
    world.registry.roll_back("bill", first.base_sha256, actor="ada")
    assert world.extract().adapter == first.served_name
    assert list(world.server.loaded) == [first.served_name]


def test_what_another_tenant_uses_stays(world: World) -> None:
    adapter = world.add()
    world.go_live(adapter)
    world.extract()
    other = AdapterRegistry(world.database, tenant="other")
    card = world.registry.card(adapter.adapter_id)
    theirs = other.add("bill", adapter.content_sha256, card, actor="bob")
    world.registry.retire(adapter.adapter_id, actor="ada")
    world.extract()
    assert list(world.server.loaded) == [adapter.served_name]
    other.retire(theirs.adapter_id, actor="bob")
    world.extract()
    assert world.server.loaded == {}


def test_dropping_makes_no_document_fail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = world.add()
    world.go_live(adapter)
    world.extract()
    world.registry.retire(adapter.adapter_id, actor="ada")

    def fail(_: str) -> None:
        raise EngineUnavailableError("gone")

    monkeypatch.setattr(world.server, "unload_adapter", fail)
    assert world.extract().adapter is None


def test_many_threads_load_an_adapter_once(world: World) -> None:
    adapter = world.add()
    world.go_live(adapter)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(world.extract) for _ in range(40)]
    assert {answer.result().adapter for answer in answers} == {adapter.served_name}
    assert world.server.calls == [f"load {adapter.served_name}"]


# --- what cannot answer


def _break(world: World, adapter: RegisteredAdapter, how: str) -> None:
    folder = world.files.folder_of(adapter.content_sha256)
    if how == "gone":
        shutil.rmtree(folder)
    elif how == "changed":
        (folder / "adapter_config.json").write_text("{}")
    elif how == "refused":
        world.server.refuses = True
    elif how == "other model":
        other = world.folder / "model"
        other.mkdir()
        (other / "model.safetensors").write_bytes(b"other")
        world.files = AdapterFiles(world.folder / "adapters", model_folder=other, max_rank=16)
        world.selector = world.new_selector()


BROKEN = ["gone", "changed", "refused"]


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("named", [None, "mine"])
def test_a_broken_adapter_is_an_error(world: World, how: str, named: str | None) -> None:
    adapter = world.add()
    world.go_live(adapter)
    _break(world, adapter, how)
    with pytest.raises(AdapterNotFoundError) as caught:
        world.extract(named)
    assert str(world.folder) not in str(caught.value)  # callers learn no paths
    assert world.extract("base").adapter is None


@pytest.mark.parametrize("how", BROKEN)
def test_the_base_model_answers_with_a_warning_where_the_caller_allows_it(world: World, how: str) -> None:
    adapter = world.add()
    world.go_live(adapter)
    _break(world, adapter, how)
    answer = world.extract(fallback=True)
    assert (answer.adapter, answer.adapter_sha256) == (None, None)
    assert [warning.code for warning in answer.warnings] == ["adapter_unavailable"]
    assert world.extract("nobody", fallback=True).warnings == answer.warnings


# --- base models


def test_an_adapter_of_another_base_is_never_offered_and_naming_it_is_an_error(world: World) -> None:
    adapter = world.add()
    world.go_live(adapter)
    _break(world, adapter, "other model")
    assert world.extract().adapter is None
    with pytest.raises(AdapterNotFoundError, match="another base model") as caught:
        world.extract("mine")
    assert str(world.folder) not in str(caught.value)  # callers learn no paths
    fallen = world.extract("mine", fallback=True)
    assert [warning.code for warning in fallen.warnings] == ["adapter_unavailable"]
    assert world.server.calls == []


def test_a_server_that_says_which_base_it_has_is_believed(world: World) -> None:
    adapter = world.add()
    world.go_live(adapter)
    _break(world, adapter, "other model")
    world.server.base_sha256 = adapter.base_sha256
    assert world.extract().adapter == adapter.served_name
    assert world.extract("mine").adapter == adapter.served_name


def test_each_base_has_its_live_adapter(world: World) -> None:
    ours = world.add()
    world.go_live(ours)
    card = world.registry.card(ours.adapter_id).model_copy(update={"base_sha256": "e" * 64})
    theirs = world.registry.add("bill", "f" * 64, card, actor="ada")
    world.go_live(theirs)
    assert world.extract().adapter == ours.served_name
    assert world.extract("mine").adapter == ours.served_name
    world.server.base_sha256 = "e" * 64
    with pytest.raises(AdapterNotFoundError, match="gone"):  # it is chosen, and its files are not there
        world.extract()


def test_an_engine_that_cannot_be_reached_is_no_missing_adapter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.go_live(world.add())

    def fail(*_: object) -> None:
        raise EngineUnavailableError("gone")

    monkeypatch.setattr(world.server, "load_adapter", fail)
    with pytest.raises(EngineUnavailableError):
        world.extract(fallback=True)


def test_a_registry_that_fails_is_believed_as_it_was_last_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = world.add()
    world.go_live(adapter)
    world.extract()

    def fail(*_: object) -> None:
        raise RetrievalError("gone")

    monkeypatch.setattr(AdapterRegistry, "of_schema", fail)
    assert world.extract().adapter == adapter.served_name
    with pytest.raises(RetrievalError):
        world.extract(schema="never seen")
    assert world.extract("base", schema="never seen").adapter is None
    fallen = world.extract(schema="never seen", fallback=True)
    assert [warning.code for warning in fallen.warnings] == ["adapter_unavailable"]


def test_without_a_registry_the_engines_own_names_are_all_there_are() -> None:
    server = Server(loaded={"static": Path()})
    options = ExtractionOptions(adapter="static")

    def extract(options: ExtractionOptions) -> Extraction:
        return extract_with_adapter(None, "bill", DOCUMENT, options, server.answer)

    assert extract(options).adapter == "static"
    assert extract(options.model_copy(update={"adapter": "base"})).adapter is None
    with pytest.raises(AdapterNotFoundError):
        extract(options.model_copy(update={"adapter": "nobody"}))
    fallen = extract(options.model_copy(update={"adapter": "nobody", "adapter_fallback": True}))
    assert [warning.code for warning in fallen.warnings] == ["adapter_unavailable"]


def test_a_card_for_another_model_that_was_slipped_in_is_not_served(world: World) -> None:
    folder = write_adapter(world.folder / "odd", HOUSE, seed=9, name="odd")
    kept = world.files.keep(folder)
    card = write_card(folder, HOUSE, name="odd", base_sha256="e" * 64)
    world.go_live(world.registry.add("bill", kept.content_sha256, card, actor="ada"))
    assert world.extract().adapter is None
    with pytest.raises(AdapterNotFoundError, match="another base model"):
        world.extract("odd")
