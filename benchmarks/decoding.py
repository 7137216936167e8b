"""What decoding costs on a processor: the embedded engine beside Transformers, in one run.

    python -m benchmarks.decoding --threads 1

The default model (`rasg models fetch`) with its own adapter. First single passes after a prompt of 1,000
tokens, in turns, the least of some rounds; then the shipped samples from the words to the answer, warm; then
the largest memory of a process that does no more than that, for each engine.
"""

# torch is typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from pydantic import BaseModel, JsonValue

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.models.choice import ChosenModel, choose_model
from app.settings import load_settings
from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.embedded_runtime import Runtime
from decoding.engines.threads import set_threads
from decoding.engines.token_tree import Branch, TokenTree
from ocr.reader import ReadOptions, read_document
from schemas.model_profile import read_profile
from schemas.registry import get_schema

ENGINES = {"embedded": False, "Transformers": True}
SAMPLES = {"invoice.pdf": "invoice", "order.pdf": "purchase_order", "receipt.png": "receipt"}
N_PROMPT = 1000


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=Path, default=Path("samples"))
    parser.add_argument("--of", choices=ENGINES, help=argparse.SUPPRESS)  # in a process of its own
    arguments = parser.parse_args()
    set_threads(arguments.threads)
    model = choose_model(load_settings())
    if arguments.of:
        print(_measure_samples(model, arguments.of, arguments.samples).model_dump_json())
        return
    print(f"{model.name}, {arguments.threads} thread(s), torch {torch.__version__}\n")
    _print_passes(model, arguments.rounds)
    _print_samples(arguments.threads, arguments.samples)


def _print_passes(model: ChosenModel, n_rounds: int) -> None:
    """Print seconds of passes by either engine: a prompt, and some tokens behind it."""
    runtimes = {
        name: Runtime(
            model.folder,
            dtype=None,
            device="cpu",
            with_transformers=by_transformers,
            n_threads=torch.get_num_threads(),
            usual_adapter=model.adapter,
        )
        for name, by_transformers in ENGINES.items()
    }
    for runtime in runtimes.values():
        for name, folder in model.adapters.items():
            runtime.use_adapter(name, folder)
    print("| pass | " + " | ".join(f"{name}, ms" for name in ENGINES) + " | ratio |\n|---|---|---|---|")
    passes = {"1,000 tokens of prompt": 0} | {f"{n} tokens behind it": n for n in (1, 2, 4, 8, 16, 32)}
    for label, n_rows in passes.items():
        least = {name: float("inf") for name in ENGINES}
        for _ in range(n_rounds):
            for name, runtime in runtimes.items():
                least[name] = min(least[name], _time_pass(runtime, n_rows))
        ours, theirs = least.values()
        print(f"| {label} | {1000 * ours:.1f} | {1000 * theirs:.1f} | {theirs / ours:.1f} |", flush=True)
    print()


def _time_pass(runtime: Runtime, n_rows: int) -> float:
    """Return the seconds of a prompt, or of the fastest of some passes over `n_rows` tokens behind it."""
    tree = TokenTree(runtime._model.begin())  # pyright: ignore[reportPrivateUsage]  # what is measured
    prompt = [100 + 37 * index % 40_000 for index in range(N_PROMPT)]
    started = time.perf_counter()
    tree.prefill(prompt)
    if not n_rows:
        return time.perf_counter() - started
    return min(_timed(lambda: _read(tree, n_rows)) for _ in range(8))


def _read(tree: TokenTree, n_rows: int) -> None:
    (grown,) = tree.grow([Branch((), tuple(range(200, 200 + n_rows)))], weigh=False)
    grown.following[-1].scores(torch.arange(50))
    tree.settle(())


def _timed(call: Callable[[], None]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


class _Sample(BaseModel):
    seconds: float
    n_tokens: int
    values: dict[str, JsonValue]


class _Run(BaseModel):
    samples: dict[str, _Sample]
    memory_mb: float


def _print_samples(n_threads: int, samples: Path) -> None:
    found = {name: _in_a_process_of_its_own(name, n_threads, samples) for name in ENGINES}
    print(
        "| sample | tokens | "
        + " | ".join(f"{name}, s" for name in ENGINES)
        + " | ms a token | same values |"
    )
    print("|---|---|---|---|---|---|")
    ours, theirs = found.values()
    for sample, one in ours.samples.items():
        other = theirs.samples[sample]
        n_same = sum(one.values.get(key) == value for key, value in other.values.items())
        print(
            f"| {sample} | {one.n_tokens} | {one.seconds:.1f} | {other.seconds:.1f} "
            f"| {1000 * one.seconds / one.n_tokens:.1f} | {n_same} of {len(other.values)} |"
        )
    print("\n" + "; ".join(f"{name}: {run.memory_mb:.0f} MB at most" for name, run in found.items()))


def _in_a_process_of_its_own(name: str, n_threads: int, samples: Path) -> _Run:
    command = [sys.executable, "-m", "benchmarks.decoding", "--of", name]
    command += ["--threads", str(n_threads), "--samples", str(samples)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return _Run.model_validate_json(done.stdout.splitlines()[-1])


def _measure_samples(model: ChosenModel, name: str, samples: Path) -> _Run:
    pipeline = Pipeline(
        engine=EmbeddedEngine(
            model.folder,
            adapters=model.adapters,
            usual_adapter=model.adapter,
            with_transformers=ENGINES[name],
            n_threads=torch.get_num_threads(),
        ),
        read_options=ReadOptions(),
        profile=read_profile(model.folder),
        own_adapter=model.own_adapter,
    )
    measured: dict[str, _Sample] = {}
    for file, schema_name in SAMPLES.items():
        document = read_document((samples / file).read_bytes(), options=ReadOptions())
        schema = get_schema(schema_name)
        if not measured:  # what is loaded once
            pipeline.extract_document(document, schema, options=ExtractionOptions(max_tokens=8))
        # Its task and schema, which a service has read before.
        pipeline.extract_document(document, schema, options=ExtractionOptions(max_tokens=1))
        started = time.perf_counter()
        extraction = pipeline.extract_document(document, schema, options=ExtractionOptions())
        measured[file] = _Sample(
            seconds=time.perf_counter() - started,
            n_tokens=extraction.usage.n_completion_tokens,
            values=dict(_leaves(extraction.output.value, "")),
        )
    return _Run(samples=measured, memory_mb=_largest_mb())


def _largest_mb() -> float:
    """Return the largest size of this process: what `getrusage` says of a child is its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) / 1024


def _leaves(value: JsonValue, path: str) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, f"{path}/{key}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _leaves(child, f"{path}/{index}")
    else:
        yield path, value


if __name__ == "__main__":
    main()
