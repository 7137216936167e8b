"""docs/transcript.md is what happens: its commands are run in an environment of their own, and compared."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from app.models.choice import choose_model
from app.settings import DEFAULT_MODEL, Settings
from schemas.errors import RasgError
from scripts.record_transcript import PAGE, Step, mask, read_steps, replay, write_steps
from tests.paths import ROOT
from tests.test_docs import help_text, subcommand
from tests.test_wheel import built

STEPS = read_steps(PAGE.read_text())
FETCH = "rasg models fetch"


def test_every_command_is_taken_by_the_command_line() -> None:
    commands = [shlex.split(step.command) for step in STEPS if step.command.startswith("rasg ")]
    assert len(commands) > 8
    for _, *words in (words for words in commands if words[1] != "--version"):
        shown = help_text("rasg", subcommand("rasg", words))
        assert [word for word in words if word.startswith("--") and word not in shown] == []


def test_a_session_is_one_shell_and_keeps_exit_codes(tmp_path: Path) -> None:
    done = replay(["x=1", "echo $x; false", "echo $?", "ls absent"], cwd=tmp_path)
    assert [step.printed for step in done[:3]] == [(), ("1",), ("1",)]
    assert "No such file" in done[3].printed[0]
    page = "a\n\n```console\n$ x=1\n$ old\nprinted\n```\n\n```console\n$ last\n```\n"
    now = tuple(Step(command=f"c{n}", printed=("new",) * n) for n in range(3))
    assert read_steps(page)[1] == Step(command="old", printed=("printed",))
    assert write_steps(page, now) == (
        "a\n\n```console\n$ c0\n$ c1\nnew\n```\n\n```console\n$ c2\nnew\nnew\n```\n"
    )
    with pytest.raises(RuntimeError, match="after 1 of 2"):
        replay(["true", "exit 3"], cwd=tmp_path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1/1 receipt.png: succeeded (17.0 s)", "1/1 receipt.png: succeeded (N s)"),
        ("2026-11-27 23:42:38,726 INFO    x", "TIME INFO    x"),
        ("libraries 36 of 36 are here", "libraries all are here"),
        ("libraries 35 of 36 are here", "libraries 35 of 36 are here"),
        ("probability of 0.60, and 12.60 EUR", "probability of N, and 12.60 EUR"),
        ('"a, 0.25",GBP,0.645791361323625', '"a, 0.25",GBP,N'),
    ],
)
def test_only_what_differs_from_machine_to_machine_is_masked(line: str, expected: str) -> None:
    assert mask(line) == expected


def office(folder: Path) -> Path:
    """Return a folder with what the page says is there at first."""
    built(folder)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT / "models", check=True, capture_output=True, timeout=60)
    (folder / "scans").mkdir()
    for name in ("invoice.pdf", "order.pdf", "receipt.png"):
        (folder / "scans" / name).write_bytes((ROOT / "samples" / name).read_bytes())
    (folder / "scans" / "damaged.pdf").write_bytes((ROOT / "samples" / "invoice.pdf").read_bytes()[:400])
    (folder / "scans" / "notes.txt").write_text("call the supplier\n")
    (folder / "sent_again.pdf").write_bytes((ROOT / "samples" / "next_invoice.pdf").read_bytes())
    return folder


def environment(home: Path) -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("RASG_", "PYTHON", "OMP_", "VIRTUAL_ENV"))
    }
    path = f"{Path(sys.base_prefix) / 'bin'}:{kept['PATH']}"
    return {**kept, "HOME": str(home), "PATH": path, "USER": "clerk", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def without_index(command: str) -> str:
    """Return a command that installs no libraries and fetches no weights: those of this machine are used."""
    if command.startswith("pip install"):
        libraries, site = (
            sysconfig.get_path("purelib"),
            'import sysconfig; print(sysconfig.get_path("purelib"))',
        )
        return f"{command} --no-deps --no-index && echo {libraries} > $(python -c '{site}')/zz_libraries.pth"
    if command == FETCH:
        folder = choose_model(Settings(model=DEFAULT_MODEL)).folder
        return f"mkdir -p .local/share/rasg/models && ln -s {folder} .local/share/rasg/models/"
    return command


def compared(step: Step, *, with_index: bool) -> list[str]:
    """Return the lines of a step that are the same each time; without an index all extras are here."""
    if not with_index and step.command == FETCH:
        return []
    lines = [mask(line) for line in step.printed]
    return [line for line in lines if with_index or not line[8:].startswith("extra ")]


@pytest.mark.slow
@pytest.mark.parametrize("with_index", [False, pytest.param(True, marks=pytest.mark.network)])
def test_a_stranger_gets_from_an_install_to_a_reviewed_folder(tmp_path: Path, with_index: bool) -> None:
    try:
        choose_model(Settings(model=DEFAULT_MODEL)).check()
    except RasgError as error:
        pytest.skip(f"the default model is not fetched: {error}")
    folder = office(tmp_path)
    commands = [step.command if with_index else without_index(step.command) for step in STEPS]
    done = replay(commands, cwd=folder, environment=environment(folder))
    for shown, now in zip(STEPS, done, strict=True):
        now_shown = Step(command=shown.command, printed=now.printed)
        assert compared(now_shown, with_index=with_index) == compared(shown, with_index=with_index), (
            shown.command
        )
