"""`rasg mcp`: the service's operations as tools of a language model."""

from __future__ import annotations

from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Annotated

import typer

from app.client.operations import Client
from app.log import configure_logging
from app.settings import load_settings
from schemas.errors import ConfigurationError


def mcp(
    folder: Annotated[
        Path, typer.Option(help="Only documents in it can be named.", exists=True, file_okay=False)
    ] = Path(),
    url: Annotated[str | None, typer.Option(help="Of the service; overrides RASG_CLIENT__URL.")] = None,
) -> None:
    """Speak the Model Context Protocol on stdin and stdout, for a running service.

    The service's key, if it needs one, is RASG_CLIENT__KEY.
    """
    try:
        from app.mcp_server import Tools, build_mcp_server
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed", hint="install the extra mcp: uv sync --extra mcp"
        ) from error
    settings = load_settings()
    configure_logging(settings.log)
    key = settings.client.key
    with Client(url or settings.client.url, key=None if key is None else key.get_secret_value()) as client:
        tools = Tools(client=client, folder=folder, max_bytes=settings.read.max_bytes)
        build_mcp_server(tools, version=distribution_version("rasg")).run()
