"""Adapters that come and go while a real vLLM server answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.adapters.files import AdapterFiles
from app.adapters.loading import AdapterLoader
from app.adapters.selection import AdapterSelector
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.extraction.tenant import TenantContext
from decoding.engines.engine import EngineRequest
from decoding.engines.vllm_client import VllmEngine
from decoding.engines.vllm_server import ServerOptions, VllmServer, free_port
from decoding.grammar.build import build_grammar
from decoding.prompt import build_prompt
from ocr.reader import ReadOptions
from schemas.errors import AdapterNotFoundError
from schemas.extraction import Extraction
from storage.adapters import AdapterRegistry, RegisteredAdapter
from storage.database import open_database, sqlite_url
from tests.app.adapters.lora import write_adapter
from tests.decoding.conftest import VLLM_PYTHON
from tests.decoding.engines.tiny_model import make_model
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of

pytestmark = pytest.mark.vllm

N_ADAPTERS = 5  # one more than the server takes in a batch
DOCUMENT = document_of(RECEIPT_LINES)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    if not VLLM_PYTHON.is_file():
        pytest.skip("the vLLM environment is not there (scripts/setup_vllm makes it)")
    options = ServerOptions(
        model_folder=model, python=VLLM_PYTHON, port=free_port(), runtime_adapters=True, dtype="float32"
    )
    with VllmServer(options, log_path=tmp_path_factory.mktemp("vllm") / "server.log") as started:
        started.wait_until_ready(timeout_s=600)
        yield started


@pytest.fixture(scope="module")
def engine(server: VllmServer) -> Iterator[VllmEngine]:
    made = server.engine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    opened = open_database(sqlite_url(tmp_path_factory.mktemp("store")))
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def registry(database: Engine) -> AdapterRegistry:
    return AdapterRegistry(database, tenant="acme")


@pytest.fixture(scope="module")
def files(model: Path, tmp_path_factory: pytest.TempPathFactory) -> AdapterFiles:
    return AdapterFiles(tmp_path_factory.mktemp("adapters"), model_folder=model, max_rank=16)


@pytest.fixture(scope="module")
def adapters(
    registry: AdapterRegistry, files: AdapterFiles, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RegisteredAdapter, ...]:
    sources = tmp_path_factory.mktemp("sources")
    kept = [
        files.keep(write_adapter(sources / f"a{n}", model, seed=n, rank=2 + n)) for n in range(N_ADAPTERS)
    ]
    return tuple(registry.add(RECEIPT_SCHEMA.name, k.content_sha256, k.card, actor="ada") for k in kept)


@pytest.fixture(scope="module")
def pipeline(engine: VllmEngine, registry: AdapterRegistry, files: AdapterFiles) -> Pipeline:
    selector = AdapterSelector(registry, AdapterLoader(engine, files))
    return Pipeline(
        engine=engine, read_options=ReadOptions(), tenant=TenantContext(name="acme", adapters=selector)
    )


def _request(adapter: str | None) -> EngineRequest:
    grammar = build_grammar(RECEIPT_SCHEMA, DOCUMENT, reasoning="brief")
    prompt = build_prompt(RECEIPT_SCHEMA, DOCUMENT.pages[0].text)
    return EngineRequest(prompt=prompt, grammar=grammar, adapter=adapter, max_tokens=400)


def _extract(pipeline: Pipeline, adapter: str | None) -> Extraction:
    options = ExtractionOptions(adapter=adapter, max_tokens=400, n_examples=0)
    return pipeline.extract_document(DOCUMENT, RECEIPT_SCHEMA, options=options)


def test_requests_of_five_adapters_and_the_base_in_one_batch_answer_as_each_alone(
    engine: VllmEngine, pipeline: Pipeline, adapters: tuple[RegisteredAdapter, ...]
) -> None:
    for adapter in adapters:
        assert _extract(pipeline, adapter.name).adapter == adapter.served_name  # loads it
    names = [None, *(adapter.served_name for adapter in adapters)]
    alone = [engine.complete([_request(name)])[0].text for name in names]
    assert len(set(alone)) == N_ADAPTERS + 1
    mixed = engine.complete([_request(name) for name in names * 3])
    assert [completion.text for completion in mixed] == alone * 3
    assert [completion.adapter for completion in mixed] == names * 3


def test_adapters_are_loaded_by_concurrent_documents(
    engine: VllmEngine, pipeline: Pipeline, adapters: tuple[RegisteredAdapter, ...]
) -> None:
    for adapter in adapters:  # as after a new start
        engine.unload_adapter(adapter.served_name)
    asked = [adapter.name for adapter in adapters] * 3 + ["base"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(_extract, [pipeline] * len(asked), asked))
    served = {adapter.name: adapter.served_name for adapter in adapters}
    assert [answer.adapter for answer in answers] == [served.get(name) for name in asked]
    values = {answer.adapter: answer.output.value for answer in answers}
    assert all(values[answer.adapter] == answer.output.value for answer in answers)


def test_an_adapter_that_was_unloaded_is_a_typed_error(
    engine: VllmEngine, pipeline: Pipeline, adapters: tuple[RegisteredAdapter, ...]
) -> None:
    name = adapters[0].served_name
    _extract(pipeline, name)
    engine.unload_adapter(name)
    with pytest.raises(AdapterNotFoundError):
        engine.complete([_request(name)])
    with pytest.raises(AdapterNotFoundError):
        engine.unload_adapter(name)
    assert _extract(pipeline, name).adapter == name  # the service gives it to the server again


def test_a_retired_adapter_is_dropped_from_the_server(
    engine: VllmEngine,
    pipeline: Pipeline,
    registry: AdapterRegistry,
    adapters: tuple[RegisteredAdapter, ...],
) -> None:
    retired = adapters[1]
    _extract(pipeline, retired.name)
    registry.retire(retired.adapter_id, actor="ada")
    assert _extract(pipeline, None).adapter is None
    with pytest.raises(AdapterNotFoundError):
        engine.complete([_request(retired.served_name)])


def test_a_rank_that_the_server_does_not_take_is_a_typed_error(
    engine: VllmEngine, model: Path, tmp_path: Path
) -> None:
    high = write_adapter(tmp_path / "high", model, seed=1, rank=32)
    with pytest.raises(AdapterNotFoundError, match="rank"):
        engine.load_adapter("high", high)
    with pytest.raises(AdapterNotFoundError):
        engine.load_adapter("absent", tmp_path / "absent")
    assert engine.complete([_request(None)])[0].finish_reason == "stop"
