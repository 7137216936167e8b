"""Two workers of a Ray cluster on this machine against `--jobs 2`, and what a killed batch leaves.

    python -m benchmarks.batch_ray speed --n 300 --out runs/batch_ray
    python -m benchmarks.batch_ray kills --n 60 --kills 5 --out runs/batch_ray
    python -m benchmarks.batch_ray driver --n 2000

Files and work are those of `benchmarks/batch.py`: single pages that are read as the service reads them, and
no model. What counts is from the first file that is done to the last one: a cluster starts once, whatever it
does then. A batch is killed by SIGKILL of the driver, which takes its cluster with it, and run to its end.
`driver` has actors that do nothing: what is left is what the driver needs for a file.
"""

# pyarrow is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import argparse
import io
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import cast

import pyarrow.parquet as pq

from app.batch.extractor import DocumentOutcome, FileExtractor, FileOutcome
from app.batch.find import find_files
from app.batch.manifest import read_manifest
from app.batch.parts import PartsFolder
from app.batch.reading import FileReader, ReadHead
from app.batch.remote import RemoteFile, find_remote
from app.batch.remote_run import RemoteBatch
from app.batch.workers import extract_in_processes
from app.errors import ErrorRecord
from app.files import Fingerprint
from benchmarks.batch import build_reading, reading_recipe, start_batch, write_files
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.registry import get_schema

_LOOK_S = 0.02


def build_reader() -> FileReader:
    """Return what reads files; each process builds its own."""
    return FileReader(read_options=ReadOptions(n_workers=1))


def run_on_ray(
    folder: Path, out: Path, *, part_files: int, on_each: Callable[[], None] = lambda: None
) -> None:
    """Run a batch without a model to its end on two actors that read and one that answers."""
    from app.batch.on_ray import Cluster, extract_on_ray

    def extract_each(files: Iterable[RemoteFile]) -> Generator[tuple[RemoteFile, FileOutcome]]:
        cluster = Cluster(n_readers=2, n_extractors=1)
        for done in extract_on_ray(files, build_reader, build_reading, cluster):
            on_each()
            yield done

    recipe = reading_recipe()
    results = PartsFolder(str(out), (get_schema("receipt"),), schema_sha256=recipe.schema_sha256)
    try:
        files = find_remote([str(folder)])
        batch = RemoteBatch(folder=results, recipe=recipe, on_done=lambda _: None, part_files=part_files)
        batch.run(files, extract_each)
    finally:
        results.close()


def rate_of(times: list[float]) -> float:
    """Return files a second, from the first that was done to the last."""
    return (len(times) - 1) / (times[-1] - times[0])


def measure(folder: Path, out: Path) -> tuple[float, float]:
    """Return files a second of two local processes, and of two actors that read."""
    local = [time.monotonic() for _ in extract_in_processes(find_files([folder]), build_reading, 2)]
    on_ray: list[float] = []
    run_on_ray(folder, out, part_files=1000, on_each=lambda: on_ray.append(time.monotonic()))
    return rate_of(local), rate_of(on_ray)


class _ReadsNothing:
    """Says of each file that it was read."""

    def read(self, _: RemoteFile) -> tuple[ReadHead, Document]:
        found = Fingerprint(sha256="0" * 64, n_bytes=1)
        return ReadHead(fingerprint=found), Document(sha256="0" * 64, media_type="application/pdf", pages=())


class _ExtractsNothing:
    """Has an outcome of each file."""

    def extract_read(self, head: ReadHead, _: Document) -> FileOutcome:
        failed = ErrorRecord(code="nothing", message="nothing was done")
        return FileOutcome(documents=(DocumentOutcome(error=failed),), fingerprint=head.fingerprint)


def reads_nothing() -> FileReader:
    """Return a reader that does nothing."""
    return cast("FileReader", _ReadsNothing())


def extracts_nothing() -> FileExtractor:
    """Return an extractor that does nothing."""
    return cast("FileExtractor", _ExtractsNothing())


def measure_driver(n: int) -> tuple[float, float]:
    """Return the processor's seconds that the driver needs for a file, and files a second."""
    from app.batch.on_ray import Cluster, extract_on_ray

    files = [RemoteFile(uri=f"{index}", name=f"{index}") for index in range(n)]
    times: list[float] = []
    spent: list[float] = []
    for _ in extract_on_ray(files, reads_nothing, extracts_nothing, Cluster(n_readers=2, n_extractors=2)):
        times.append(time.monotonic())
        spent.append(time.process_time())
    return (spent[-1] - spent[0]) / (n - 1), rate_of(times)


def n_written(out: Path) -> int:
    """Return how many parts are there."""
    return sum(1 for _ in (out / "manifest").glob("part-*.jsonl"))


def kill_on_ray(folder: Path, out: Path, *, n_kills: int, seed: int = 0) -> tuple[list[int], list[str]]:
    """Kill a batch at random points, run it to its end; return files done at each kill, and what is wrong."""
    rng = random.Random(seed)
    n_files = sum(1 for _ in folder.iterdir())
    command = [
        sys.executable,
        "-m",
        "benchmarks.batch_ray",
        "child",
        "--files",
        str(folder),
        "--out",
        str(out),
    ]
    done_at: list[int] = []
    for _ in range(n_kills):
        target = n_written(out) + rng.randint(1, max(1, n_files // n_kills))
        process = start_batch(command)
        while process.poll() is None and n_written(out) < target:
            time.sleep(_LOOK_S)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        done_at.append(n_written(out))
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"a batch that was killed does not go on: {done.stderr[-2000:]}")
    return done_at, check_once(folder, out)


def check_once(folder: Path, out: Path) -> list[str]:
    """Return the files that are not in the manifest and in the results exactly once."""
    expected = {path.name for path in folder.iterdir()}
    parts = sorted((out / "manifest").glob("part-*.jsonl"))
    in_manifest = Counter(entry.file for part in parts for entry in read_manifest(part))
    files = sorted((out / "results").glob("part-*.parquet"))
    rows = (pq.read_table(io.BytesIO(path.read_bytes()))["file"].to_pylist() for path in files)
    in_results = Counter(str(name) for names in rows for name in names)
    everything = expected | in_manifest.keys() | in_results.keys()
    return sorted(name for name in everything if (in_manifest[name], in_results[name]) != (1, 1))


def main() -> None:
    """Measure what the arguments say, and print it."""
    parser = argparse.ArgumentParser(description="Measure batches on a Ray cluster of this machine.")
    parser.add_argument("what", choices=("speed", "kills", "driver", "child"))
    parser.add_argument("--out", type=Path, default=Path("runs/batch_ray"))
    parser.add_argument("--files", type=Path, help="of a child")
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--kills", type=int, default=5)
    options = parser.parse_args()
    if options.what == "child":
        run_on_ray(options.files, options.out, part_files=1)
        return
    if options.what == "driver":
        seconds, rate = measure_driver(options.n)
        print(f"the driver needs {1000 * seconds:.2f} ms for a file; {rate:.0f} files a second")
        return
    folder = write_files(options.out / f"files.{options.n}", options.n)
    out = options.out / f"{options.what}.{time.time():.0f}"
    print(f"{options.n} files, {len(os.sched_getaffinity(0))} cores, load before: {os.getloadavg()[0]:.1f}")
    if options.what == "speed":
        local, on_ray = measure(folder, out)
        print(f"--jobs 2: {local:.2f} files a second; on Ray: {on_ray:.2f}, {on_ray / local:.2f} times that")
    else:
        done_at, wrong = kill_on_ray(folder, out, n_kills=options.kills)
        print(f"killed with so many done: {done_at}; not exactly once: {wrong or 'none'}")


if __name__ == "__main__":
    main()
