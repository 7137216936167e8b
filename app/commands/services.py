"""`rasg serve` and `rasg vllm`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated

import typer

from app.log import configure_logging
from app.models.choice import choose_model
from app.service_settings import MAX_PORT
from app.settings import load_settings
from app.terminal import echo
from schemas.adapter import weights_sha256
from schemas.errors import ConfigurationError

# It was measured there only (docs/results/decoding.md).
_DRAFTED_ON_CPU = 5
_VLLM_PYTHON = Path(".venv-vllm/bin/python")


def serve(
    host: Annotated[str | None, typer.Option(help="Overrides RASG_API__HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=MAX_PORT, help="Overrides RASG_API__PORT.")] = None,
) -> None:
    """Serve the HTTP API; settings come from RASG_* variables."""
    from app.api.server import serve as serve_api

    settings = load_settings()
    configure_logging(settings.log)
    serve_api(settings, host=host or settings.api.host, port=port or settings.api.port)


def vllm(
    model: Annotated[
        Path | None, typer.Option(help="Hugging Face model folder; the model of RASG_MODEL.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=MAX_PORT, help="Port on the loopback interface.")] = 8001,
    device: Annotated[str, typer.Option(help="cpu or gpu.")] = "cpu",
    python: Annotated[Path, typer.Option(help="Interpreter with vLLM (make vllm-setup).")] = _VLLM_PYTHON,
    key_file: Annotated[Path | None, typer.Option(help="Where to write the API key.")] = None,
    runtime_adapters: Annotated[
        bool,
        typer.Option(
            "--runtime-adapters",
            help="Load adapters while it serves. Whoever has the key can make it read any folder.",
        ),
    ] = False,
    drafted: Annotated[
        int | None,
        typer.Option(
            min=0, max=16, help=f"Tokens drafted from the text so far; {_DRAFTED_ON_CPU} on a CPU, else none."
        ),
    ] = None,
) -> None:
    """Start a vLLM server as the service needs it, and keep it running until interrupted.

    It listens on the loopback interface with an API key, taken from RASG_VLLM__API_KEY or made up.
    Adapters of the registry (`rasg adapters`) need --runtime-adapters.
    """
    from decoding.engines.vllm_server import ServerOptions, VllmServer

    settings = load_settings()
    configure_logging(settings.log)
    if device not in ("cpu", "gpu"):
        raise ConfigurationError(f"device must be cpu or gpu, got {device!r}")
    key, chosen = settings.vllm.api_key, choose_model(settings)
    if model is None:
        chosen.check()
    folder = model or chosen.folder
    options = ServerOptions(
        model_folder=folder,
        python=python.absolute(),
        port=port,
        device=device,
        # Those of the chosen model fit no other one.
        adapters={**(chosen.adapters if model is None else {}), **settings.adapters},
        runtime_adapters=runtime_adapters,
        n_drafted=(_DRAFTED_ON_CPU if device == "cpu" else 0) if drafted is None else drafted,
        max_lora_rank=settings.vllm.max_lora_rank,
        # Reading large weights takes a while, and only adapters of the registry ask for their hash.
        base_sha256=weights_sha256(folder) if runtime_adapters else None,
        api_key=token_urlsafe(24) if key is None else key.get_secret_value(),
    )
    stopped = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    with VllmServer(options) as server:
        server.wait_until_ready()
        if key is None:
            _hand_over(options.api_key, key_file)
        echo(f"vLLM serves {options.name} at {options.base_url}; ctrl-c stops it", err=True)
        try:
            while server.is_running and not stopped.wait(1.0):
                pass
        except KeyboardInterrupt:
            echo("stopping", err=True)


def _hand_over(api_key: str, key_file: Path | None) -> None:
    """Give the made-up key to whoever started the server: in a file of theirs alone, or on the terminal."""
    if key_file is None:
        echo(f"RASG_VLLM__API_KEY={api_key}", err=True)
        return
    key_file.touch(mode=0o600)
    key_file.write_text(f"{api_key}\n", encoding="utf-8")
