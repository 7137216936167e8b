"""Every command of docs/api.md is run, in its order, against a service that is started as the page says."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(params=["serve", "worker"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """Yield the port of a service that runs jobs itself, or leaves them to `rasg worker`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        chosen = int(free.getsockname()[1])
    environment = {**os.environ, "RASG_MODEL": "house", "RASG_STORE__FOLDER": str(tmp_path / "store")}
    environment["RASG_JOBS__N_IN_SERVICE"] = "1" if request.param == "serve" else "0"
    program = [sys.executable, "-c", "from app.cli import main; main()"]
    commands = [[*program, *BLOCKS[0].split()[1:-1], str(chosen)]]
    if request.param == "worker":
        commands.append([*program, "worker", "--jobs", "2"])
    started = [subprocess.Popen(command, cwd=ROOT, env=environment) for command in commands]
    try:
        _wait(chosen)
        yield chosen
    finally:
        for process in started:
            process.terminate()
        assert [process.wait(60) for process in started] == [0] * len(started)


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
                assert answer.status == 200
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    pytest.fail("the service does not start")


def test_a_stranger_can_follow_the_page(port: int, tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("jq") is None:
        pytest.skip("curl and jq are not installed")
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    script = "\n".join(["set -euo pipefail", *BLOCKS[1:]]).replace(":8000", f":{port}")
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert "202" in said
    assert '"status": "queued"' in said
    assert re.search(r'"status": "(succeeded|partial|needs_review)"', said)
    assert "event: end" in said
    assert '"line_items"' in said  # of the values alone
    assert said.splitlines()[-2:] == ["204", "unknown_extraction"]
