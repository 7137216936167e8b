"""What callers make of a command's standard streams: closed, full, or in an encoding that lacks letters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

ON_LINUX = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of shell in which RASG is the command line."""
    command = f"RASG='{sys.executable} -m rasg'; {line}"
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(["sh", "-c", command], env=variables, cwd=ROOT, capture_output=True, check=False)


@ON_LINUX
@pytest.mark.parametrize("command", ["schema list", "keys list", "version"])
def test_a_full_disk_behind_the_output_is_one_line_and_exit_code_2(command: str) -> None:
    done = shell(f"$RASG {command} >/dev/full")
    assert done.returncode == 2
    *_, last = done.stderr.decode().splitlines()
    assert last == "rasg: what is printed cannot be written: No space left on device [configuration]"
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_take_and_give_nothing(tmp_path: Path, closed: str) -> None:
    # What is opened first would get the descriptor of a closed stream, and be written to by prints.
    (tmp_path / "s.json").write_text('{"type": "object", "properties": {"a": {"type": ["string", "null"]}}}')
    done = shell(f"$RASG schema lint {tmp_path / 's.json'} {closed}")
    assert (done.returncode, done.stderr) == (0, b"")


def test_letters_that_the_encoding_lacks_are_escapes_that_mean_the_same(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"straße😀": {"type": ["string", "null"]}}}
    (tmp_path / "s.json").write_text(json.dumps(schema))
    line = f"$RASG extract {tmp_path / 'März.pdf'} --schema {tmp_path / 's.json'}"
    done = shell(line, PYTHONIOENCODING="ascii")
    assert b"Traceback" not in done.stderr
    assert json.loads(done.stdout)["file"] == "März.pdf"
