"""README's "Teach it", as it stands there, with the default model: what is corrected once is right then."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from app.models.choice import choose_model
from app.settings import DEFAULT_MODEL, Settings
from schemas.errors import RasgError
from tests.paths import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with the default model and a store of its own."""
    settings = Settings(model=DEFAULT_MODEL)
    try:
        choose_model(settings)
    except RasgError as error:
        pytest.skip(f"the default model is not fetched: {error}")
    return {
        **os.environ,
        "RASG_MODEL": DEFAULT_MODEL,
        "RASG_MODEL_CACHE": str(settings.model_cache),
        "RASG_STORE__FOLDER": str(tmp_path / "store"),
    }


def _commands() -> dict[str, str]:
    """Return the commands of README's section by what they begin with, to run in a folder of their own."""
    section = (ROOT / "README.md").read_text().partition("## Teach it")[2].partition("```sh\n")[2]
    lines = [line for line in section.partition("```")[0].splitlines() if line and not line.startswith("#")]
    return {re.sub(r"^\.venv/bin/", "", line).rpartition("--schema")[0] or line: line for line in lines}


def test_what_is_corrected_once_is_right_on_the_next_invoice(
    environment: dict[str, str], tmp_path: Path
) -> None:
    for name in (".venv", "samples"):
        (tmp_path / name).symlink_to(ROOT / name)

    def run(command: str) -> str:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode in (0, 3), done.stderr
        return done.stdout

    first, sed, add, following, *_ = _commands().values()
    before = json.loads(run(f"{following.partition('#')[0]} --no-examples"))["extraction"]
    assert before["output"]["value"]["reference"] is None
    assert before["output"]["value"]["site"] != "Kungsgatan 41"
    for command in (first, sed, add):
        run(command)
    after = json.loads(run(following))["extraction"]
    assert after["output"]["value"]["reference"] == "PO-78026"
    assert after["output"]["value"]["site"] == "Kungsgatan 41"
    assert after["examples"]
    known = json.loads(run(following.replace("next_invoice", "invoice")))["extraction"]
    assert known["engine"] == "confirmed"
    assert known["output"]["value"]["reference"] == "PO-77310"
