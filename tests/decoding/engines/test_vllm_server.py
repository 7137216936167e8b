from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from decoding.engines.vllm_client import VllmEngine
from decoding.engines.vllm_server import ServerOptions, VllmServer, command, environment, free_port
from schemas.errors import ConfigurationError, EngineUnavailableError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "python").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def _options(folder: Path, **changes: object) -> ServerOptions:
    defaults = {"model_folder": folder / "model", "python": folder / "python", "port": free_port()}
    return ServerOptions(**{**defaults, **changes})  # pyright: ignore[reportArgumentType]


def test_the_command_fixes_the_backend_and_hides_the_key(folder: Path) -> None:
    options = _options(folder, api_key="secret")
    line = command(options)
    assert line[1:3] == ["-m", "vllm.entrypoints.openai.api_server"]
    assert '"backend": "guidance"' in line[line.index("--structured-outputs-config") + 1]
    assert line[line.index("--host") + 1] == "127.0.0.1"
    assert "--kv-cache-memory-bytes" in line
    assert "secret" not in " ".join(line)
    assert "secret" not in repr(options)
    assert environment(options, {})["VLLM_API_KEY"] == "secret"


def test_a_gpu_server_sizes_its_own_cache(folder: Path) -> None:
    options = _options(folder, device="gpu")
    assert "--kv-cache-memory-bytes" not in command(options)
    assert "OMP_NUM_THREADS" not in environment(options, {})


def test_drafts_are_asked_for_by_number(folder: Path) -> None:
    assert "--speculative-config" not in command(_options(folder))
    line = command(_options(folder, n_drafted=5))
    drafting = json.loads(line[line.index("--speculative-config") + 1])
    assert (drafting["method"], drafting["num_speculative_tokens"]) == ("ngram", 5)


def test_statistics_and_downloads_are_off(folder: Path) -> None:
    found = environment(_options(folder), {"VLLM_NO_USAGE_STATS": "0", "PATH": "/bin"})
    assert (found["VLLM_NO_USAGE_STATS"], found["HF_HUB_OFFLINE"], found["PATH"]) == ("1", "1", "/bin")


def test_adapters_are_named_on_the_command_line(folder: Path) -> None:
    (folder / "a").mkdir()
    line = command(_options(folder, adapters={"invoices": folder / "a"}))
    assert f"invoices={(folder / 'a').resolve()}" in line
    assert "--enable-lora" in line
    assert "--enable-lora" not in command(_options(folder))


def test_adapters_can_be_loaded_later_only_if_it_is_said(folder: Path) -> None:
    options = _options(folder, runtime_adapters=True, max_lora_rank=32)
    line = command(options)
    assert line[line.index("--max-lora-rank") + 1] == "32"
    assert environment(options, {})["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "1"
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" not in environment(_options(folder), {})


def test_what_is_missing_is_a_configuration_error(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="interpreter"):
        VllmServer(_options(folder, python=folder / "absent"))
    with pytest.raises(ConfigurationError, match=r"config\.json"):
        VllmServer(_options(folder, model_folder=folder))
    with pytest.raises(ConfigurationError, match="adapter"):
        VllmServer(_options(folder, adapters={"x": folder}))


def test_a_server_that_cannot_start_is_a_configuration_error(folder: Path) -> None:
    (folder / "python").chmod(0o644)
    with pytest.raises(ConfigurationError, match="does not start"):
        VllmServer(_options(folder), log_path=folder / "log")
    with pytest.raises(ConfigurationError, match="log"):
        VllmServer(_options(folder), log_path=folder / "absent" / "log")


def test_children_of_a_server_that_died_are_ended(folder: Path) -> None:
    (folder / "python").write_text(f"#!/bin/sh\nsleep 60 & echo $! > {folder}/child\nexit 3\n")
    server = VllmServer(_options(folder))
    server.wait()
    child = int((folder / "child").read_text())
    server.stop()
    deadline = time.monotonic() + 10
    while _is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_alive(child)


def _is_alive(pid: int) -> bool:
    """Return whether a process runs; one that waits to be reaped does not."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_that_ends_at_once_is_unavailable(folder: Path) -> None:
    with (
        VllmServer(_options(folder), log_path=folder / "log") as server,
        pytest.raises(EngineUnavailableError, match="code 3"),
    ):
        server.wait_until_ready(timeout_s=20)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    engine = VllmEngine(f"http://127.0.0.1:{free_port()}", timeout_s=2)
    with pytest.raises(EngineUnavailableError, match="cannot connect"):
        engine.probe()
    engine.close()


@pytest.mark.vllm
def test_a_served_model_refuses_a_wrong_key(vllm_server: VllmServer) -> None:
    engine = VllmEngine(vllm_server.options.base_url, api_key="wrong")
    with pytest.raises(ConfigurationError, match="API key"):
        engine.probe()
    engine.close()


@pytest.mark.vllm
def test_a_served_model_proves_that_it_constrains(vllm_server: VllmServer) -> None:
    engine = vllm_server.engine()
    engine.probe()
    engine.close()
