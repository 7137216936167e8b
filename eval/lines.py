"""Files of one JSON object a line: bounded, regular, and every error with its line and key."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import EvaluationError

MAX_LINE_CHARS = 50_000_000  # of a line of a prediction or gold file; a document of 1,000 pages has less
_MAX_REASON_CHARS = 160  # a key or a message may hold anything that the file does


def read_lines(path: Path, what: str) -> Iterator[tuple[int, str]]:
    """Yield the number (from 1) and the text of each line that is not blank; without a byte-order mark.

    Parameters
    ----------
    what
        What the file is, for messages: "gold file".

    Raises
    ------
    EvaluationError
        If it is no regular file (a pipe or a device may never end), cannot be read, or a line is too long.
    """
    require_regular(path, what)
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as lines:
            number = 0
            while line := lines.readline(MAX_LINE_CHARS + 1):
                number += 1
                if len(line) > MAX_LINE_CHARS:
                    raise EvaluationError(
                        f"line {number} of {path.name} has more than {MAX_LINE_CHARS} characters"
                    )
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"the {what} {path.name!r} cannot be read") from error


def require_regular(path: Path, what: str) -> None:
    """Check that a path is a regular file, without opening it.

    Raises
    ------
    EvaluationError
        If it is a folder, a pipe or a device, or is not there.
    """
    try:
        is_regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError) as error:  # a name with a null character is no path
        raise EvaluationError(f"the {what} {path.name!r} cannot be read") from error
    if not is_regular:
        raise EvaluationError(f"the {what} {path.name!r} is no regular file", hint="write it to a file first")


def describe(error: ValidationError) -> str:
    """Return the keys that are missing, else the first fault as "key: reason", shortened."""
    faults = error.errors(include_url=False, include_input=False)
    missing = [".".join(map(str, fault["loc"])) for fault in faults if fault["type"] == "missing"]
    if missing:
        return name_missing(missing)
    first = faults[0]
    key = ".".join(map(str, first["loc"]))
    return ": ".join(part[:_MAX_REASON_CHARS] for part in (key, first["msg"]) if part)


def name_missing(keys: Sequence[str]) -> str:
    """Return in words which keys are missing.

    Examples
    --------
    >>> name_missing(["id"]), name_missing(["id", "file"])
    ("the key 'id' is missing", "the keys 'id' and 'file' are missing")
    """
    *first, last = [repr(key[:_MAX_REASON_CHARS]) for key in keys]
    return f"the keys {', '.join(first)} and {last} are missing" if first else f"the key {last} is missing"
