"""Adds examples one after another and says so on its output, until it is killed; run by a test."""

from __future__ import annotations

import sys
from pathlib import Path

from retrieval.store import ExampleStore
from storage.database import sqlite_url
from tests.retrieval.pages import example


def main(folder: Path, round_number: int) -> None:
    """Add, remove every tenth, and acknowledge each on a line of its own."""
    store = ExampleStore(sqlite_url(folder), index_uri=str(folder / "index"))
    _say("ready")
    for number in range(10_000):
        kept = example(round_number, number)
        store.add([kept])
        _say(f"added {kept.example_id}")
        if number % 10 == 9:
            store.remove("acme", [kept.example_id], ())
            _say(f"removed {kept.example_id}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
