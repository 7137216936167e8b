"""Processes side by side: each builds its own, a dead one takes one file with it, and none is left behind."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from app.batch.extractor import FileExtractor
from app.batch.find import BatchFile, find_files
from app.batch.workers import extract_in_processes
from schemas.errors import ConfigurationError
from tests.app.batch.fakes import FakePipeline, Part, extractor, good, say_text
from tests.speed import slowdown


def do_as_it_says(data: bytes) -> tuple[Part, ...]:
    """Do what a file says: die, stop the batch, wait long, tell the threads, or be found."""
    if data == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if data == b"stop":
        raise ConfigurationError("nothing would work", hint="mend it")
    if data == b"wait":
        time.sleep(60)
    if data.startswith(b"touch "):
        Path(data[6:].decode()).touch()
    if data == b"threads":
        return (good(name=os.environ["OMP_NUM_THREADS"]),)
    return say_text(data)


def build() -> FileExtractor:
    return extractor(FakePipeline(do_as_it_says))


def build_nothing(code: int) -> FileExtractor:
    raise ConfigurationError("there is no model") if code == 0 else SystemExit(code)


def build_few(counter: Path, n_good: int, n_bad: int) -> FileExtractor:
    """Build the first few, die while building so many, and build again: where memory is short for a while."""
    with counter.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("x")
        file.flush()
        number = counter.stat().st_size
    if n_good < number <= n_good + n_bad:
        os.kill(os.getpid(), signal.SIGKILL)
    return build()


def write(folder: Path, *texts: str) -> tuple[BatchFile, ...]:
    for index, text in enumerate(texts):
        (folder / f"{index}.pdf").write_text(text)
    return find_files([folder])


def alive() -> list[int]:
    return [child.pid or 0 for child in multiprocessing.active_children()]


def test_files_are_extracted_side_by_side_and_a_dead_process_loses_one(tmp_path: Path) -> None:
    files = write(tmp_path, "x", "die", "y", "threads", "z")
    done = {file.name: outcome for file, outcome in extract_in_processes(files, build, 2)}
    assert set(done) == {file.name for file in files}
    (lost,) = done["1.pdf"].documents
    assert lost.error is not None
    assert (lost.error.code, lost.error.retryable) == ("worker_died", True)
    assert "signal 9" in lost.error.message
    values = {name: outcome.documents[0].extraction for name, outcome in done.items()}
    found = {name: value.output.value["name"] for name, value in values.items() if value is not None}
    assert found == {"0.pdf": "x", "2.pdf": "y", "3.pdf": "1", "4.pdf": "z"}
    assert alive() == []


def test_the_next_file_is_in_work_while_what_came_of_one_is_written(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    files = write(tmp_path, "x", f"touch {begun}")
    with closing(extract_in_processes(files, build, 1)) as done:
        next(done)
        until = time.monotonic() + 10 * slowdown()
        while not begun.exists() and time.monotonic() < until:
            time.sleep(0.01)
        assert begun.exists()


@pytest.mark.slow
def test_a_wrong_setting_in_a_process_stops_the_batch(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing would work") as caught:
        list(extract_in_processes(write(tmp_path, "stop"), build, 2))
    assert caught.value.hint == "mend it"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "message"), [(0, "no model"), (5, "could not start: it ended by exit code 5")]
)
def test_processes_that_cannot_begin_are_a_wrong_setting(tmp_path: Path, code: int, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        list(extract_in_processes(write(tmp_path, "x"), partial(build_nothing, code), 1))
    assert alive() == []


@pytest.mark.parametrize(("n_jobs", "n_good", "n_bad"), [(1, 1, 2), (2, 2, 100)])
def test_a_process_that_dies_while_it_takes_anothers_place_stops_no_batch(
    tmp_path: Path, n_jobs: int, n_good: int, n_bad: int
) -> None:
    """Alone it is started again, a few times; beside another its file goes there."""
    files = write(tmp_path, "die", "x", "y", "z")
    building = partial(build_few, tmp_path / "n_built", n_good, n_bad)
    done = {file.name: outcome for file, outcome in extract_in_processes(files, building, n_jobs)}
    errors = {name: outcome.documents[0].error for name, outcome in done.items()}
    assert {name: error.code for name, error in errors.items() if error} == {"0.pdf": "worker_died"}
    assert set(done) == {file.name for file in files}
    # No more are tried than a few in a row.
    assert (tmp_path / "n_built").stat().st_size <= n_good + 3
    assert alive() == []


@pytest.mark.slow
def test_a_batch_ends_if_no_process_starts_any_more(tmp_path: Path) -> None:
    building = partial(build_few, tmp_path / "n_built", 1, 100)
    batch = extract_in_processes(write(tmp_path, "die", "x"), building, 1)
    assert next(batch)[0].name == "0.pdf"
    with pytest.raises(ConfigurationError, match="could not start: it ended by signal 9"):
        next(batch)
    assert (tmp_path / "n_built").stat().st_size == 4
    assert alive() == []


def test_a_batch_that_is_closed_ends_its_processes_at_once(tmp_path: Path) -> None:
    batch = extract_in_processes(write(tmp_path, "x", "wait"), build, 1)
    next(batch)
    started = time.monotonic()
    batch.close()
    assert time.monotonic() - started < 2 * slowdown()
    assert alive() == []


def test_without_files_no_process_is_started() -> None:
    assert list(extract_in_processes((), build, 2)) == []
