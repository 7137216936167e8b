"""The first figures of the service, on real documents where they are and on the samples otherwise.

    python -m benchmarks.run --n 5 --engines embedded

Predictions are kept in the output folder, so that a run that was stopped goes on, and every figure can be
recomputed from them. OCR recall has its own command, `python -m benchmarks.ocr_recall`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from app.settings import EngineName, load_settings
from app.wiring import build_pipeline
from benchmarks.asked import FIELDS
from benchmarks.predict import field_result, first_records, predict, read_lines
from eval.kie import kie_score
from schemas.registry import get_schema

DATA = Path("../shared/data/dev")
SAMPLES = (("invoice.pdf", "invoice"), ("order.pdf", "purchase_order"), ("receipt.png", "receipt"))
_STAGES = ("read", "retrieve", "prompt", "decode", "ground")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its tables."""
    options = _parser().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    if not options.data.is_dir():
        print("No real documents here: the samples, without scores.")
        return _samples(options.engines)
    datasets = options.datasets.split(",") if options.datasets else list(FIELDS)
    for engine in options.engines:
        pipeline = build_pipeline(load_settings(), engine_name=engine)
        path = options.out / f"predictions.{engine}.jsonl"
        asked: set[str] = set()
        for dataset in datasets:
            records = first_records(options.data, dataset, None if options.all else options.n)
            asked |= {record.id for record in records}
            predict(pipeline, options.data, records, path, announce=_announce, n_in_flight=options.in_flight)
        pipeline.engine.close()
        lines = [line for line in read_lines(path) if line["id"] in asked]
        report = "\n".join(_report(engine, lines))
        (options.out / f"report.{engine}.md").write_text(report + "\n", encoding="utf-8")
        print(report)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of data sets")
    parser.add_argument("--datasets", default="", help=f"of {', '.join(FIELDS)}; all by default")
    parser.add_argument(
        "--engines", nargs="+", choices=get_args(EngineName), default=["embedded"], help="which decode"
    )
    parser.add_argument("--n", type=int, default=3, help="documents of each data set")
    parser.add_argument("--all", action="store_true", help="every document")
    parser.add_argument(
        "--in-flight", type=int, default=1, metavar="N", help="documents at a time (for vllm, which batches)"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/bench"), help="where predictions are kept")
    return parser


def _announce(document_id: str) -> None:
    print(f"  {document_id}", file=sys.stderr, flush=True)


def _samples(engines: Sequence[EngineName]) -> int:
    for engine in engines:
        pipeline = build_pipeline(load_settings(), engine_name=engine)
        for name, schema in SAMPLES:
            data = Path("samples", name).read_bytes()
            extraction = pipeline.extract(data, get_schema(schema)).extraction
            seconds = ", ".join(f"{k} {v:.2f} s" for k, v in extraction.usage.stage_seconds.items())
            print(f"{engine} {name}: {extraction.status}, {seconds}")
        pipeline.engine.close()
    return 0


def _report(engine: str, lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    by_dataset: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        by_dataset[line["dataset"]].append(line)
    yield f"## KIE with engine {engine}\n"
    yield "| data set | documents | failed | precision | recall | F1 | hallucinated | missed |"
    yield "|---|---|---|---|---|---|---|---|"
    for dataset, group in by_dataset.items():
        score = kie_score(field_result(name, o) for line in group for name, o in line["outcomes"].items())
        n_failed = sum("error" in line for line in group)
        counts = (score.outcomes.get("hallucinated", 0), score.outcomes.get("missed", 0))
        figures = f"{score.precision:.3f} | {score.recall:.3f} | {score.f1:.3f} | {counts[0]} | {counts[1]}"
        yield f"| {dataset} | {len(group)} | {n_failed} | {figures} |"
    answered = [line for line in lines if "error" not in line]
    grounded = [one for line in answered for one in line["grounded"]]
    yield ""
    yield f"Outputs that validate: {_share([line['valid'] for line in answered])}"
    yield f"Verbatim, amount and date values that stand on the page: {_share(grounded)}"
    yield f"Failures: {dict(Counter(line['error'] for line in lines if 'error' in line)) or 'none'}"
    yield from _times(answered)


def _times(answered: Sequence[dict[str, Any]]) -> Iterator[str]:
    n_pages = max(1, sum(line["n_pages"] for line in answered))
    spent = {s: sum(line["stage_seconds"].get(s, 0.0) for line in answered) for s in _STAGES}
    stages = ", ".join(f"{s} {t / n_pages:.2f}" for s, t in spent.items() if s != "retrieve")
    yield f"Seconds a page ({n_pages} pages): {stages}; nothing is retrieved yet"
    n_tokens = sum(line["n_completion_tokens"] for line in answered)
    yield f"Tokens a second of one request while decoding: {n_tokens / max(spent['decode'], 1e-9):.0f}"
    ocr: Counter[str] = Counter()
    for line in answered:
        ocr.update({k: v for k, v in line["read_cpu_seconds"].items() if k.startswith("ocr")})
    outside = ocr["ocr"] - ocr["ocr.tesserocr"] - ocr["ocr.pytesseract"]
    if ocr["ocr"]:
        yield f"OCR CPU time outside Tesseract: {outside / ocr['ocr']:.2f} of {ocr['ocr']:.1f} s"


def _share(flags: Sequence[bool]) -> str:
    return f"{sum(flags)} of {len(flags)}"


if __name__ == "__main__":
    sys.exit(main())
