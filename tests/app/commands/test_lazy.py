"""Commands are loaded when they are called: nobody waits for a model to be told a version."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import typer.main

from app.cli import PLACES, app
from tests.decoding.engines.tiny_model import make_model
from tests.paths import ROOT

CODE = """
import sys
from app.cli import main
try:
    main()
except SystemExit as end:
    print(end.code or 0, *sys.modules, file=sys.stderr)
"""
INVOICE = str(ROOT / "samples" / "invoice.pdf")
COMMANDS = typer.main.get_group(app).commands


def modules_loaded_by(*words: str, env: Mapping[str, str] | None = None, code: int = 0) -> set[str]:
    """Return the modules that a command has loaded when it ends with that code."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    ended, *modules = done.stderr.splitlines()[-1].split()
    assert ended == str(code), done.stderr
    return set(modules)


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("version",)])
def test_what_needs_no_command_loads_none(words: tuple[str, ...]) -> None:
    loaded = modules_loaded_by(*words)
    assert loaded & {"numpy", "torch", "jinja2", "httpx2", "sqlalchemy", "schemas.frozen"} == set()
    if words != ("version",):  # Typer turns parameters into values with pydantic
        assert "pydantic" not in loaded
    assert {name for name in loaded if name.startswith("app.commands.")} <= {
        "app.commands.lazy",
        "app.commands.version",
        "app.commands.stopping",  # the standard library alone
    }
    assert loaded & {"app.settings", "app.wiring", "app.extraction", "decoding", "ocr"} == set()


def test_reading_a_file_loads_neither_the_service_nor_its_client_nor_a_model() -> None:
    loaded = modules_loaded_by("read", INVOICE)
    others = {"app.api", "app.jobs", "app.bench", "app.client", "app.adapters", "fastapi", "httpx2", "torch"}
    assert loaded & others == set()


def test_listing_schemas_reads_no_document() -> None:
    assert modules_loaded_by("schema", "list") & {"numpy", "ocr", "decoding", "app.wiring"} == set()


@pytest.mark.parametrize("name", PLACES)
def test_the_list_says_of_each_command_what_its_own_help_begins_with(name: str) -> None:
    command = COMMANDS[name]
    assert command.name == name
    paragraph = (command.help or "").split("\n\n")[0]
    assert PLACES[name].help == " ".join(paragraph.split())


def test_all_commands_are_known_before_any_is_loaded() -> None:
    assert list(COMMANDS) == list(PLACES)
    assert len(COMMANDS) == len(PLACES)
    assert "extract" in COMMANDS
    assert "extrct" not in COMMANDS
    assert COMMANDS.get("extrct") is None


def test_torch_is_not_imported_for_a_server_nor_for_a_misspelt_name(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model", seed=5)
    env = {"RASG_MODEL_FOLDER": str(model), "RASG_LOG__LEVEL": "ERROR"}
    # No server runs: nothing can be done. The file is not there: it failed.
    assert "torch" not in modules_loaded_by("extract", INVOICE, "--engine", "vllm", env=env, code=2)
    assert "torch" not in modules_loaded_by("extract", "none.pdf", env=env, code=1)
