"""Models and servers that are made once and shared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.vllm_server import ServerOptions, VllmServer, free_port
from tests.decoding.engines.tiny_model import make_adapter, make_model
from tests.paths import ROOT

VLLM_PYTHON = ROOT / ".venv-vllm" / "bin" / "python"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a Llama with random weights."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny_adapters(tiny_model: Path) -> dict[str, Path]:
    """Return two LoRA folders for the tiny model."""
    return {
        name: make_adapter(tiny_model, tiny_model.parent / name, seed=seed)
        for seed, name in enumerate(("first", "second"), start=1)
    }


@pytest.fixture(scope="session")
def embedded(tiny_model: Path, tiny_adapters: dict[str, Path]) -> EmbeddedEngine:
    """Return the embedded engine over the tiny model and its adapters."""
    return EmbeddedEngine(tiny_model, adapters=tiny_adapters)


@pytest.fixture(scope="session")
def transformers(tiny_model: Path, tiny_adapters: dict[str, Path]) -> EmbeddedEngine:
    """Return the embedded engine as it runs models that are no plain Llama."""
    return EmbeddedEngine(tiny_model, adapters=tiny_adapters, with_transformers=True)


@pytest.fixture(scope="session")
def vllm_server(
    tiny_model: Path, tiny_adapters: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VllmServer]:
    """Return a real vLLM server over the tiny model and its adapters; skip without its environment."""
    if not VLLM_PYTHON.is_file():
        pytest.skip("the vLLM environment is not there (scripts/setup_vllm makes it)")
    options = ServerOptions(
        model_folder=tiny_model,
        python=VLLM_PYTHON,
        port=free_port(),
        adapters=tiny_adapters,
        max_loras=2,
        n_drafted=5,
        dtype="float32",
    )
    with VllmServer(options, log_path=tmp_path_factory.mktemp("vllm") / "server.log") as server:
        server.wait_until_ready(timeout_s=600)
        yield server
