from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrieval.features import features_of
from retrieval.search import ExampleSearch, Query
from retrieval.store import ExampleStore
from storage.database import sqlite_url
from tests.paths import ROOT
from tests.retrieval.pages import SCHEMA, example, page_hash, page_text


def _killed_while_adding(folder: Path, round_number: int, n_lines: int, seconds: float) -> list[str]:
    """Return what a process acknowledged before it was killed, `seconds` after it had said `n_lines`."""
    command = [sys.executable, "-m", "tests.retrieval.adds_until_killed", str(folder), str(round_number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        lines = [process.stdout.readline() for _ in range(n_lines)]  # however slow the machine is just now
        time.sleep(seconds)
        process.kill()
        # A line that is cut was not acknowledged.
        return [line.strip() for line in (*lines, *process.stdout.readlines()) if line.endswith("\n")]


def _check(folder: Path, present: set[str], removed: set[str], unsure: set[str]) -> None:
    store = ExampleStore(sqlite_url(folder), index_uri=str(folder / "index"))
    kept = {s.example.example_id for s in store.page("acme", limit=100_000)}
    assert present - unsure <= kept
    assert not (removed & kept)
    assert store.index.n_rows("acme") == len(kept)
    store.close()


def _run(folder: Path, n_rounds: int) -> None:
    rng = random.Random(3)
    present: set[str] = set()
    removed: set[str] = set()
    for round_number in range(n_rounds):
        lines = _killed_while_adding(folder, round_number, rng.randint(2, 15), rng.uniform(0.0, 0.1))
        actions = [line.split() for line in lines]
        present |= {example_id for action, example_id in actions if action == "added"}
        gone = {example_id for action, example_id in actions if action == "removed"}
        present -= gone
        removed |= gone
        # The last one may have been about to be removed, unacknowledged.
        last = {example_id for action, example_id in actions[-1:] if action == "added"}
        _check(folder, present, removed, unsure=last)
        store = ExampleStore(sqlite_url(folder), index_uri=str(folder / "index"))
        present = {s.example.example_id for s in store.page("acme", limit=100_000)}
        store.close()
    assert len(present) > n_rounds  # the rounds did something


def test_no_acknowledged_example_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    _run(tmp_path, 2)


@pytest.mark.slow
def test_no_acknowledged_example_is_lost_when_the_writer_is_killed_50_times(tmp_path: Path) -> None:
    _run(tmp_path, 50)


def test_a_crash_between_truth_and_index_is_healed_at_the_next_start(
    tmp_path: Path,
) -> None:
    """The narrowest place, hit for certain: the process ends when SQL has the example, the index not yet."""
    script = (
        "import os, sys; from pathlib import Path; from retrieval.index import ExampleIndex\n"
        "from tests.retrieval import adds_until_killed\n"
        "ExampleIndex.add = lambda *_: os._exit(9)\n"
        "adds_until_killed.main(Path(sys.argv[1]), 0)\n"
    )
    store = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    store.add([])
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False)
    # The first example of a tenant makes its table from the truth; the second is added.
    assert done.returncode == 9
    healed = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    n_kept = len(healed.page("acme"))
    assert n_kept == healed.index.n_rows("acme") == 2
    query = Query(tenant="acme", features=features_of(page_text(0, 5), page_hash(0, 5)), schema=SCHEMA, k=5)
    assert len(ExampleSearch(healed).find(query)) == n_kept


def test_a_rebuild_that_was_cut_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    store.add([example(1, n) for n in range(3)])
    with monkeypatch.context() as patched:
        patched.setattr("retrieval.store.index_row", _cut)
        with pytest.raises(KeyboardInterrupt):
            store.rebuild("acme")
    assert store.index.n_rows("acme") == 0
    store.close()
    again = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    assert again.index.n_rows("acme") == 3


def _cut(*_: object) -> None:
    raise KeyboardInterrupt
