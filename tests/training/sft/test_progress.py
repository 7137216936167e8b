"""`rasg-train sft` says from the start what it does, and ends soon when it is told to."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tests.speed import slowdown
from training.cli import app
from training.sft.progress import StageView, Stop, Stopped

_WAITS_LONG = """
import time
from training.sft.progress import stop_by_sigterm
with stop_by_sigterm() as stop:
    stop.seconds = 0.2
    print("ready", flush=True)
    time.sleep(60)
"""


def test_the_first_line_comes_before_anything_that_takes_its_time(tmp_path: Path) -> None:
    words = ["sft", "--name", "a", "--data", "store", "--out", str(tmp_path / "out"), "--fresh"]
    words += ["--run", str(tmp_path / "run"), "--base", str(tmp_path / "nowhere"), "--start", str(tmp_path)]
    done = CliRunner().invoke(app, words)  # a start and fresh factors exclude each other
    assert done.exit_code != 0
    assert done.output.startswith("a: reading settings and model")


def test_without_a_terminal_a_line_is_written_now_and_then() -> None:
    text = io.StringIO()
    view = StageView(console=Console(file=text, width=200), stop=Stop())
    with view.show():
        view.announce("validation on 3 documents")
        for n_done in range(3):
            view.advance("validation", n_done, 3)  # sooner than ten seconds after the last line
    assert text.getvalue() == "validation on 3 documents\n"
    view.step(5, 100, 0.25)
    view._said_at -= 11  # pyright: ignore[reportPrivateUsage]
    view.step(6, 100, 0.25)
    assert text.getvalue().splitlines()[1:] == ["step, loss 0.250: 6 of 100"]


def test_a_terminal_shows_a_moving_line() -> None:
    text = io.StringIO()
    view = StageView(console=Console(file=text, force_terminal=True, width=120), stop=Stop())
    with view.show():
        view.advance("validation", 1, 3)
    assert "validation" in text.getvalue()


def test_a_stop_is_raised_between_documents_and_not_between_steps() -> None:
    view = StageView(console=Console(file=io.StringIO()), stop=Stop(is_told=True))
    view.step(1, 2, 0.5)  # training writes where it stands, and ends itself
    with pytest.raises(Stopped):
        view.advance("validation", 1, 3)


def test_what_does_not_come_to_an_end_is_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", _WAITS_LONG], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert time.monotonic() - started < 5 * slowdown()
    process.stdout.close()
