"""Many files: how much two jobs bring, whether memory stays flat, and what is left when a batch is killed.

    python -m benchmarks.batch speed --n 1000 --out runs/batch
    python -m benchmarks.batch speed --n 40 --model --out runs/batch
    python -m benchmarks.batch kills --n 1000 --kills 20 --out runs/batch

The files are single pages of the training generator, written as PDFs with a text layer. Without `--model`
they are read as the service reads them, and what a model would answer is made up: that is the batch itself,
several times as fast as the house model, which `--model` asks with the settings of `rasg extract`. A batch
is killed by SIGKILL at points drawn so that all kills together fall within about one run; what then counts
is that each file is in the results once, and that none that was done was done again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import JsonValue

from app.batch.extractor import FileExtractor
from app.batch.find import find_files
from app.batch.folder import OutputFolder
from app.batch.journal import RESULTS
from app.batch.manifest import MANIFEST, Recipe, read_manifest
from app.batch.run import BatchRun, FileDone
from app.batch.workers import extract_in_processes
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline, PipelineResult
from app.outputs.writing import Format
from ocr.reader import ReadOptions, read_document
from schemas.extraction import Extraction, Output, Usage
from schemas.registry import get_schema
from training.synthesis.sample import generate

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

    from schemas.document import Document

_SCHEMA = get_schema("receipt")
_KINDS = ("receipt", "invoice", "order")
_MAX_BYTES = 50_000_000
# Seconds between two looks at the memory of the parent.
_LOOK_S = 0.2


def write_files(folder: Path, n: int, *, seed: int = 0) -> Path:
    """Write `n` single-page PDFs of made-up documents to a folder, and return it; those there are stay."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(f"{seed}")
    for index in range(n):
        path = folder / f"{index:05}.pdf"
        document = generate(rng, kinds=_KINDS).document
        if not path.is_file():
            write_pdf(path, document)
    return folder


def write_pdf(path: Path, document: Document, draw_more: Callable[[Canvas], None] | None = None) -> None:
    """Write the first page of a document as a PDF with a text layer; `draw_more` draws over it."""
    from reportlab.pdfgen.canvas import Canvas

    page = document.pages[0]
    width, height = page.width_pt, page.height_pt
    canvas = Canvas(str(path), pagesize=(width, height), invariant=True)
    for word in page.words:
        left, top, bottom = word.bbox.left, word.bbox.top, word.bbox.bottom
        canvas.setFont("Helvetica", max(4.0, 0.8 * height * (bottom - top)))
        # The standard fonts have Latin letters only.
        text = word.text.encode("latin-1", "replace").decode("latin-1")
        canvas.drawString(left * width, height * (1 - bottom + 0.2 * (bottom - top)), text)
    if draw_more is not None:
        draw_more(canvas)
    canvas.save()


class _ReadingPipeline:
    """Reads documents as the service does, and answers by their first word, whatever is asked."""

    read_options = ReadOptions(n_workers=1)

    def prepare(self) -> None:
        """Load nothing."""

    def extract_all(self, data: bytes, *_: object, **__: object) -> tuple[PipelineResult, ...]:
        return self.extract_read(read_document(data, options=self.read_options))

    def extract_read(self, document: Document, *_: object, **__: object) -> tuple[PipelineResult, ...]:
        first = document.pages[0].words[0].text if document.pages[0].words else None
        blank: dict[str, JsonValue] = {key: None for key, _ in _SCHEMA.root.properties}
        extraction = Extraction(
            document_sha256=document.sha256,
            schema_name=_SCHEMA.name,
            status="succeeded",
            output=Output(value={**blank, "line_items": [], "vendor_name": first}, metadata={}),
            usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=0, n_completion_tokens=0),
            engine="none",
            model="none",
        )
        return (PipelineResult(extraction=extraction, document=document),)


def build_reading() -> FileExtractor:
    """Return what reads files and asks no model; each process builds its own."""
    return FileExtractor(
        pipeline=cast("Pipeline", _ReadingPipeline()), schema=_SCHEMA, options=ExtractionOptions()
    )


def reading_recipe() -> Recipe:
    """Return how files are made into results without a model."""
    return Recipe(
        schema_name=_SCHEMA.name,
        schema_sha256="0" * 64,
        options={},
        split="auto",
        reading={},
        engine="none",
        model="none",
    )


def run_reading(folder: Path, out: Path, n_jobs: int) -> None:
    """Run a batch without a model to its end, in this process or in `n_jobs` of them."""
    recipe = reading_recipe()

    def ignore(_done: FileDone) -> None:
        return None

    files = find_files([folder])
    results = OutputFolder(out, (Format.CSV,))
    try:
        batch = BatchRun(folder=results, recipe=recipe, max_bytes=_MAX_BYTES, on_done=ignore)
        if n_jobs == 1:
            batch.run(files, build_reading().extract_each)
        else:
            batch.run(files, lambda each: extract_in_processes(each, build_reading, n_jobs))
        results.finish(recipe.key, [file.name for file in files], (_SCHEMA,), go_on=lambda: True)
    finally:
        results.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds of a batch, and the parent's memory in MB when a quarter was done, and at most."""

    seconds: float
    quarter_mb: float
    peak_mb: float


def command_of(folder: Path, out: Path, n_jobs: int, *, with_model: bool) -> list[str]:
    """Return the command of a batch in a process of its own."""
    if with_model:
        code = "from app.cli import main; main()"
        formats = ["--format", "csv", "--schema", _SCHEMA.name]
        return [
            *(sys.executable, "-c", code, "extract", str(folder)),
            *("--out", str(out), "--jobs", str(n_jobs), *formats),
        ]
    return [
        *(sys.executable, "-m", "benchmarks.batch", "child", "--files", str(folder)),
        *("--out", str(out), "--jobs", str(n_jobs)),
    ]


def time_batch(folder: Path, out: Path, n_jobs: int, *, n_files: int, with_model: bool = False) -> Timing:
    """Run a batch into a new folder, and return how long it took and what the parent held."""
    started = time.monotonic()
    process = start_batch(command_of(folder, out, n_jobs, with_model=with_model))
    seen: list[tuple[int, float]] = []
    while process.poll() is None:
        seen.append((_n_done(out), _memory_mb(process.pid)))
        time.sleep(_LOOK_S)
    if process.returncode != 0:
        raise RuntimeError(f"the batch ended by {process.returncode}")
    seconds = time.monotonic() - started
    quarter = next((mb for n, mb in seen if n >= n_files / 4), 0.0)
    peak = max((mb for _, mb in seen), default=0.0)
    return Timing(seconds=seconds, quarter_mb=quarter, peak_mb=peak)


def start_batch(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a batch that says nothing."""
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _n_done(out: Path) -> int:
    try:
        return (out / MANIFEST).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def _memory_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """What was left after a batch was killed some times and then run to its end.

    Attributes
    ----------
    n_done_at
        Files that were done at each kill.
    n_missing, n_twice
        Files that are not in the results, or more than once.
    n_done_again
        Files that were done, and were done once more.
    """

    n_done_at: tuple[int, ...]
    n_missing: int
    n_twice: int
    n_done_again: int


def kill_batch(folder: Path, out: Path, *, n_kills: int, n_jobs: int, seed: int = 0) -> KillReport:
    """Kill a batch `n_kills` times at random points, run it to its end, and return what is left.

    A kill comes some files, of a random number, after the last one, and a random part of a second later. A
    batch that ends before it is killed begins anew in another folder, which counts as no kill.
    """
    rng = random.Random(seed)
    n_files = sum(1 for _ in folder.iterdir())
    n_done_at: list[int] = []
    while len(n_done_at) < n_kills:
        target = _n_done(out) + rng.randint(0, max(1, 2 * n_files // n_kills))
        process = start_batch(command_of(folder, out, n_jobs, with_model=False))
        while process.poll() is None and _n_done(out) < target:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.3))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            n_done_at.append(_n_done(out))
        else:
            _check_left(folder, out)
            out = out.with_name(f"{out.name}+")
    if start_batch(command_of(folder, out, n_jobs, with_model=False)).wait() != 0:
        raise RuntimeError("a batch that was killed does not go on")
    missing, twice, again = _check_left(folder, out)
    return KillReport(n_done_at=tuple(n_done_at), n_missing=missing, n_twice=twice, n_done_again=again)


def _check_left(folder: Path, out: Path) -> tuple[int, int, int]:
    """Return how many files are not in the results, are there more than once, and were done again."""
    lines = (out / RESULTS).read_text(encoding="utf-8").splitlines()
    counts = Counter(json.loads(line)["file"] for line in lines)
    expected = {path.name for path in folder.iterdir()}
    done = Counter(entry.file for entry in read_manifest(out / MANIFEST))
    n_again = sum(n - 1 for n in done.values())
    n_twice = sum(n > 1 for n in counts.values())
    found = len(expected - counts.keys()), n_twice, n_again
    if any(found):
        print(f"{out.name}: {found[0]} missing, {found[1]} twice, {found[2]} done again")
    return found


def main() -> None:
    """Measure what the arguments say, and print it."""
    parser = argparse.ArgumentParser(description="Measure batches of many files.")
    parser.add_argument("what", choices=("speed", "kills", "child"))
    parser.add_argument("--out", type=Path, default=Path("runs/batch"))
    parser.add_argument("--files", type=Path, help="of a child")
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--model", action="store_true", help="ask the model of the settings")
    options = parser.parse_args()
    if options.what == "child":
        run_reading(options.files, options.out, options.jobs)
        return
    folder = write_files(options.out / f"files.{options.n}", options.n)
    stamp = f"{time.time():.0f}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{options.n} files, {len(os.sched_getaffinity(0))} cores, load before: {load}", flush=True)
    if options.what == "speed":
        _print_speed(folder, options.out / f"speed.{stamp}", options.n, options.jobs, options.model)
    else:
        _print_kills(folder, options.out / f"kills.{stamp}", options.jobs, options.kills)


def _print_speed(folder: Path, out: Path, n: int, n_jobs: int, with_model: bool) -> None:
    found: list[Timing] = []
    for jobs in (1, n_jobs):
        timing = time_batch(folder, out / f"{jobs}", jobs, n_files=n, with_model=with_model)
        found.append(timing)
        print(
            f"--jobs {jobs}: {timing.seconds:.1f} s, {n / timing.seconds:.2f} files a second; parent "
            f"{timing.quarter_mb:.0f} MB after a quarter, {timing.peak_mb:.0f} MB at most; load after: "
            f"{os.getloadavg()[0]:.1f}",
            flush=True,
        )
    print(f"{n_jobs} jobs are {found[0].seconds / found[1].seconds:.2f} times one")


def _print_kills(folder: Path, out: Path, n_jobs: int, n_kills: int) -> None:
    report = kill_batch(folder, out, n_kills=n_kills, n_jobs=n_jobs)
    print(f"killed {len(report.n_done_at)} times, with so many done: {report.n_done_at}")
    print(f"{report.n_missing} missing, {report.n_twice} twice, {report.n_done_again} done again")


if __name__ == "__main__":
    main()
