"""Record docs/transcript.md: run its commands in one shell, and put what they print under them.

    scripts/record_transcript.py FOLDER    run in FOLDER, which holds what the page says is there at first

A block of the language `console` has commands, each on a line after `$ `, and below each what it printed. All
blocks of a page are one session: what a command sets, the next ones have. `tests/test_transcript.py` runs the
page by the same functions and compares, with what differs from machine to machine masked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "transcript.md"
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_PROMPT = "$ "
_END = "\x1e"  # stands in no output
_TIMEOUT_S = 1800
_SHOWN_FOLDER = "/home/clerk"
# What is another on each machine, or each time. The first that fits a place counts.
_MASKS = (
    (re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+"), "TIME"),
    (re.compile(r"\d+\.\d s\b"), "N s"),
    (re.compile(r"\bprobability of \d\.\d+"), "probability of N"),
    (re.compile(r"(?<=,)0\.\d{2,}$"), "N"),  # the last column of review.csv
    (re.compile(r"\bPython 3\.\d+\.\d+"), "Python 3"),
    (re.compile(r"/\S*/(?=site-packages/|\.local/)"), "/"),
    (re.compile(r"\bpython3\.\d+\b"), "python3"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\b(\d+) of \1 are here"), "all are here"),  # a new dependency changes nothing on the page
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command, and the lines that it printed, on both outputs, as they came."""

    command: str
    printed: tuple[str, ...]


def read_steps(page: str) -> tuple[Step, ...]:
    """Return the commands of a page with what stands below them, in order."""
    return tuple(step for block in _BLOCK.findall(page) for step in _steps(block.splitlines()))


def _steps(lines: Sequence[str]) -> Iterator[Step]:
    starts = [n for n, line in enumerate(lines) if line.startswith(_PROMPT)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield Step(command=lines[start].removeprefix(_PROMPT), printed=tuple(lines[start + 1 : end]))


def replay(
    commands: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None
) -> tuple[Step, ...]:
    """Run commands in one shell, and return each with what it printed now.

    Raises
    ------
    RuntimeError
        If the shell ended before the last command did.
    """
    # `$?` is what the command before left, as in a terminal.
    script = ["exec 2>&1", "left=0"]
    for command in commands:
        script += ["(exit $left)", command, f"left=$?; printf '%s\\n' '{_END}'"]
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", "\n".join(script)],
        cwd=cwd,
        env=dict(os.environ if environment is None else environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    outputs = done.stdout.split(f"{_END}\n")[:-1]
    if len(outputs) != len(commands):
        raise RuntimeError(f"the shell ended after {len(outputs)} of {len(commands)} commands: {done.stdout}")
    lines = (tuple(line.rstrip() for line in output.splitlines()) for output in outputs)
    return tuple(Step(command=c, printed=p) for c, p in zip(commands, lines, strict=True))


def mask(line: str) -> str:
    """Return a line without what differs from machine to machine: times, probabilities, ids, folders."""
    for pattern, instead in _MASKS:
        line = pattern.sub(instead, line)
    return line.rstrip()


def write_steps(page: str, steps: Sequence[Step]) -> str:
    """Return the page with what was printed now below each command."""
    left = iter(steps)

    def fill(match: re.Match[str]) -> str:
        shown: list[str] = []
        for _ in _steps(match[0].splitlines()):
            step = next(left)
            shown += [_PROMPT + step.command, *step.printed]
        return "".join(f"{line}\n" for line in shown)

    return _BLOCK.sub(fill, page)


def main() -> None:
    """Run the page's commands in a folder, and write what they print into the page."""
    page, folder = PAGE.read_text(encoding="utf-8"), Path(sys.argv[1])
    steps = replay([step.command for step in read_steps(page)], cwd=folder)
    PAGE.write_text(write_steps(page, steps).replace(str(folder), _SHOWN_FOLDER), encoding="utf-8")


if __name__ == "__main__":
    main()
