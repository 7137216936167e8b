"""Logs of runs: JSON lines, of which a kill may have cut the last."""

from __future__ import annotations

from pathlib import Path


def whole_lines(path: Path) -> list[str]:
    """Return the lines that were written whole; none of a file that is not there."""
    *lines, _ = path.read_text(encoding="utf-8").split("\n") if path.is_file() else [""]
    return lines
