"""A disk that is really full: nothing that was acknowledged is lost, and all goes on when there is space."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from app.outputs.writing import Format
from schemas.errors import ConfigurationError, StorageFullError
from tests.app.batch.fakes import FakePipeline, run_batch, say_text
from tests.app.batch.test_remote import Extracting, values, write
from tests.app.batch.test_remote import run as run_remote
from tests.app.jobs.fakes import close_databases, describe, queue_of, worker_of
from tests.faults.test_jobs_survive import check_answers, drain

pytestmark = pytest.mark.slow
_N_BYTES = 6 * 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Yield the folder of a file system of six megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={_N_BYTES}", "tmpfs", str(place)]
    try:
        subprocess.run(["mount", *options], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    try:
        yield place
    finally:
        close_databases()
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, *, n_left: int = 0) -> Path:
    """Fill a disk but for some bytes with one file, and return that."""
    filler = disk / "filler"
    with filler.open("ab") as file:
        while True:
            found = os.statvfs(disk)
            left = found.f_bavail * found.f_frsize - n_left
            if left <= 0:
                return filler
            file.write(b"x" * min(left, 2**16))
            file.flush()


def test_a_file_that_finds_no_space_is_refused_and_what_was_accepted_is_done(disk: Path) -> None:
    queue = queue_of(disk)
    texts: dict[str, str] = {}

    def accept_many() -> None:
        for number in range(200):
            text = f"{number} " + "x" * 100_000
            texts[queue.accept("acme", BytesIO(text.encode()), describe()).job.job_id] = text

    with pytest.raises(StorageFullError):
        accept_many()
    assert 10 < len(texts) < 200
    filler = fill(disk)
    with pytest.raises(StorageFullError):
        queue.accept("acme", BytesIO(b"small"), describe())
    filler.unlink()
    subprocess.run(["mount", "-o", f"remount,size={10 * _N_BYTES}", str(disk)], check=True)
    check_answers(queue, texts, drain(queue, list(texts)))
    text = {queue.accept("acme", BytesIO(b"new"), describe()).job.job_id: "new"}
    check_answers(queue, text, drain(queue, list(text)))


def test_a_result_that_finds_no_space_is_kept_when_there_is_some(disk: Path) -> None:
    queue = queue_of(disk)
    texts = {queue.accept("acme", BytesIO(t.encode()), describe()).job.job_id: t for t in ("a", "b", "c")}
    filler = fill(disk)
    worker = worker_of(queue, n_jobs=2, lease_s=1.0, max_attempts=10_000)
    worker.start()
    time.sleep(3)
    states = {job.state for job in queue.of_ids(list(texts)).values()}
    assert "failed" not in states
    filler.unlink()
    worker.close()
    check_answers(queue, texts, drain(queue, list(texts)))


@pytest.mark.parametrize("n_left", [0, 2_000, 9_000])
def test_a_batch_says_that_the_disk_is_full_and_goes_on_later(
    disk: Path, tmp_path: Path, n_left: int
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.pdf").write_text(f"file {number}")
    out = disk / "out"
    formats = (Format.JSON, Format.CSV)
    out.mkdir()
    filler = fill(disk, n_left=n_left)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        run_batch(folder, out, FakePipeline(say_text), formats=formats)
    filler.unlink()
    done = run_batch(folder, out, FakePipeline(say_text), formats=formats)
    assert len(done) == len({each.file.name for each in done}) == 20
    lines = (out / "results.jsonl").read_text().splitlines()
    assert len(lines) == 20
    assert not list(out.rglob("*.part"))


@pytest.mark.parametrize("n_left", [0, 5_000, 20_000])
def test_parts_say_that_the_disk_is_full_and_go_on_later(disk: Path, n_left: int) -> None:
    place = str(disk)
    write(place, **{f"f{number:02}": f"file {number}" for number in range(12)})
    filler = fill(disk, n_left=n_left)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        run_remote(place, Extracting())
    filler.unlink()
    run_remote(place, Extracting())
    assert len(values(place)) == 12
    assert not list((disk / "out").rglob("*.part"))
