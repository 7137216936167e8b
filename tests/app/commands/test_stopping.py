"""Ctrl-C at any time: the process ends soon, also while modules are imported."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.commands.stopping import end_at_once

# Python drops an exception that is raised in a callback of a weak reference, as its import system has them.
DROPPED = """
import os, signal, sys, weakref
from app.commands.stopping import end_at_once

class Module: pass

def interrupt(_):
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000): pass  # the handler runs here

with end_at_once():
    module = Module()
    reference = weakref.ref(module, interrupt)
    del module
print("went on")
"""


def test_ctrl_c_is_not_dropped_while_modules_are_imported() -> None:
    done = subprocess.run([sys.executable, "-c", DROPPED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_after_the_imports_ctrl_c_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with end_at_once():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
@pytest.mark.parametrize("delay_s", [0.5, 1.0, 2.0])
def test_a_command_that_has_not_begun_ends_without_a_word(tmp_path: Path, delay_s: float) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    code = "import sys; from app.cli import main; print('begun', flush=True); main()"
    command = [sys.executable, "-c", code, "extract", str(tmp_path), "--schema", "invoice"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(delay_s)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=10)[1]
    assert process.returncode in (-signal.SIGINT, 128 + signal.SIGINT, 1, 2)  # 1, 2: it was done before
    assert "Traceback" not in said
