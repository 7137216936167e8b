"""Prints what becomes of long tables: rows and cells that are right, rows missed, seconds a row, memory.

    python -m benchmarks.long_tables --rows 50,200,800,3200 [--layouts 0] [--files 1] [--no-model]
    python -m benchmarks.long_tables --plot long_tables.png --records house.jsonl,documents.jsonl

Statements and invoices are made up in layouts that no model was trained on: columns in several orders,
headings in several languages, texts of one to three lines, sums carried over from page to page. Each has
forty rows a page and is extracted as `rasg extract` does, without the reading of a file.

Given rows are matched with printed ones in order, by the cells that they share. Recall is the share of
printed rows that have a given row with at least half of their cells, F1 is of all cells, and a row is right
if all of its cells are. A row is missed silently if no given row is it and no warning says that a list is
incomplete or an answer cut. Seconds are of the wall clock, CPU seconds of this process, without the loading
of the model; the peak of memory is that of the process so far.

`--no-model` only counts the rows that layout finds. RASG_MODEL chooses the model, `--records` appends what
was measured to a file, document by document, and `--plot` draws such files instead of measuring.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import JsonValue

from app.extraction.pipeline import Pipeline
from app.settings import load_settings
from app.wiring import build_pipeline
from decoding.tables.find import find_tables
from eval.glirm import match_rows
from ocr.layout_document import layout_document
from schemas.document import Document
from schemas.registry import load_schema

_ROWS_A_PAGE = 40
_SAYS_INCOMPLETE = {"list_incomplete", "truncated"}
_SYLLABLES = "ba co di fe gu ka lo mi nu pe ra so ti ve wa zo".split()
_SAME_ROW = 0.5  # of a printed row's cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What became of one document; seconds are of all of it, `peak_mb` of the process so far."""

    model: str
    layout: str
    n_rows: int
    n_pages: int
    n_found: int
    n_given: int = 0
    recall: float = 0.0
    rows_right: float = 0.0
    cell_f1: float = 0.0
    missed_silently: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


# Of the plot: title, value, and the top of its scale where it has one.
_PANELS: tuple[tuple[str, Callable[[Measured], float], float | None], ...] = (
    ("recall of rows", lambda m: m.recall, 1.05),
    ("cell F1", lambda m: m.cell_f1, 1.05),
    ("CPU seconds a row", lambda m: m.cpu_seconds / m.n_rows, None),
    ("peak memory, MB", lambda m: m.peak_mb, None),
)
_TICKS = (50, 200, 800, 3200)
_HEADINGS = (
    "layout",
    "rows",
    "pages",
    "found",
    "given",
    "recall",
    "rows right",
    "cell F1",
    "missed silently",
    "s/row",
    "CPU s/row",
    "peak MB",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Columns in their order (heading, key, width, whether set to the right), and the words of the foot."""

    schema: str
    columns: tuple[tuple[str, str, int, bool], ...]
    carried: str
    total: str
    max_lines: int


LAYOUTS = (
    Layout(
        schema="bank_statement",
        columns=(
            ("Booked", "date", 12, False),
            ("Details", "description", 34, False),
            ("Withdrawn", "amount", 12, True),
            ("Balance", "balance", 14, True),
        ),
        carried="Carried forward",
        total="Closing balance",
        max_lines=2,
    ),
    Layout(
        schema="invoice",
        columns=(
            ("Lfd. Nr.", "position", 9, False),
            ("Preis", "unit_price_net", 10, True),
            ("Menge", "quantity", 8, True),
            ("  Warenbezeichnung", "description", 30, False),
            ("Wert", "amount_net", 12, True),
        ),
        carried="Übertrag",
        total="Summe netto",
        max_lines=3,
    ),
    Layout(
        schema="invoice",
        columns=(
            ("Référence", "code", 12, False),
            ("Désignation", "description", 30, False),
            ("Qté", "quantity", 6, True),
            ("PU HT", "unit_price_net", 10, True),
            ("Montant HT", "amount_net", 14, True),
        ),
        carried="Report",
        total="Total HT",
        max_lines=1,
    ),
)


def main() -> None:
    """Print one line a document, or draw what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", default="50,200")
    parser.add_argument("--layouts", default="0,1,2", help="numbers of the layouts")
    parser.add_argument("--files", type=int, default=1, help="documents of each layout and length")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cut-rows", action="store_true", help="pages end after forty lines, amid rows")
    parser.add_argument("--no-model", action="store_true", help="only count the rows that layout finds")
    parser.add_argument("--records", default="", help="JSON lines: where to append, with --plot what to draw")
    parser.add_argument("--plot", type=Path, help="PNG of the records, nothing is measured")
    arguments = parser.parse_args()
    if arguments.plot is not None:
        draw(
            [record for name in arguments.records.split(",") for record in _read(Path(name))], arguments.plot
        )
        return
    print(f"| {' | '.join(_HEADINGS)} |\n|{'---|' * len(_HEADINGS)}")
    for measured in _measure_all(arguments):
        print(_line(measured), flush=True)
        if arguments.records:
            with Path(arguments.records).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(measured)) + "\n")


def _measure_all(arguments: argparse.Namespace) -> Iterator[Measured]:
    settings = load_settings()
    pipeline = None if arguments.no_model else build_pipeline(settings, engine_name="embedded")
    if pipeline is not None:  # a first document loads the model
        pipeline.extract_document(make_document(LAYOUTS[0], 1, random.Random(0))[0], load_schema("invoice"))
    for n_rows in map(int, arguments.rows.split(",")):
        for number in map(int, arguments.layouts.split(",")):
            for seed in range(arguments.seed, arguments.seed + arguments.files):
                rng = random.Random(f"{seed}:{number}")
                document, gold = make_document(LAYOUTS[number], n_rows, rng, cut_rows=arguments.cut_rows)
                yield measure(pipeline, document, gold, number=number, model=settings.model)


def measure(
    pipeline: Pipeline | None,
    document: Document,
    gold: Sequence[Mapping[str, str]],
    *,
    number: int,
    model: str,
) -> Measured:
    """Return what layout and, if there is a pipeline, the model make of a document of layout `number`."""
    layout = LAYOUTS[number]
    known = Measured(
        model=model,
        layout=f"{number} {layout.schema}",
        n_rows=len(gold),
        n_pages=len(document.pages),
        n_found=sum(len(table.rows) for table in find_tables(document)),
    )
    if pipeline is None:
        return known
    started, cpu_started = time.perf_counter(), time.process_time()
    extraction = pipeline.extract_document(document, load_schema(layout.schema))
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    rows = extraction.output.value["line_items"]
    given = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    compared = compare(given, gold, keys=[key for _, key, _, _ in layout.columns])
    says = any(warning.code in _SAYS_INCOMPLETE for warning in extraction.warnings)
    return replace(
        known,
        n_given=len(given),
        recall=compared.n_rows / len(gold),
        rows_right=compared.n_whole / len(gold),
        cell_f1=2 * compared.n_right / (compared.n_cells + sum(map(len, gold))),
        missed_silently=0 if says else len(gold) - compared.n_rows,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _line(m: Measured) -> str:
    cells = [m.layout, str(m.n_rows), str(m.n_pages), str(m.n_found)]
    if m.n_given or m.seconds:
        cells += [str(m.n_given), f"{m.recall:.3f}", f"{m.rows_right:.3f}", f"{m.cell_f1:.3f}"]
        cells += [str(m.missed_silently), f"{m.seconds / m.n_rows:.3f}", f"{m.cpu_seconds / m.n_rows:.3f}"]
        cells += [f"{m.peak_mb:.0f}"]
    return f"| {' | '.join(cells)} |"


def _read(file: Path) -> list[Measured]:
    return [Measured(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def draw(measured: Sequence[Measured], file: Path) -> None:
    """Write a PNG of recall, cell F1, CPU seconds a row and memory against rows, the mean of each model."""
    from matplotlib.figure import Figure  # of the extra "bench"

    figure: Any = Figure(figsize=(11, 2.8), layout="constrained")  # matplotlib's types are partly unknown
    axes = figure.subplots(1, len(_PANELS))
    models = tuple(dict.fromkeys(m.model for m in measured))
    for axis, (title, value, top) in zip(axes, _PANELS, strict=True):
        for model in models:
            own = [m for m in measured if m.model == model]
            sizes = sorted({m.n_rows for m in own})
            axis.plot(sizes, [fmean(value(m) for m in own if m.n_rows == n) for n in sizes], marker="o")
        axis.set(title=title, xlabel="rows", xscale="log", ylim=(0, top))
        axis.set_xticks(_TICKS, [str(n) for n in _TICKS])
        axis.minorticks_off()
    axes[0].legend(models, loc="lower right", fontsize=8)
    figure.savefig(file, dpi=110)


def make_document(
    layout: Layout, n_rows: int, rng: random.Random, *, cut_rows: bool = False
) -> tuple[Document, tuple[Mapping[str, str], ...]]:
    """Return a document of so many rows, and what is printed in each; with `cut_rows` pages end amid rows."""
    gold = [_row(layout, number, rng) for number in range(n_rows)]
    rows = [_lines(layout, row) for row in gold]
    if cut_rows:
        lines = [line for row in rows for line in row]
        bodies = [lines[start : start + _ROWS_A_PAGE] for start in range(0, len(lines), _ROWS_A_PAGE)]
    else:
        parts = [rows[start : start + _ROWS_A_PAGE] for start in range(0, n_rows, _ROWS_A_PAGE)]
        bodies = [[line for row in part for line in row] for part in parts]
    pages = [
        "\n".join(_page(layout, body, number, is_last=number == len(bodies) - 1))
        for number, body in enumerate(bodies)
    ]
    return layout_document("\n\n".join(pages), sha256="0" * 64), tuple(gold)


def _page(layout: Layout, body: Sequence[str], number: int, *, is_last: bool) -> list[str]:
    start = number * _ROWS_A_PAGE
    above = [_foot(layout, layout.carried, start)] if number else []
    below = _foot(layout, layout.total if is_last else layout.carried, start + 1)
    name = f"{layout.schema.upper()} no. 4711"
    return [name, _heading(layout), *above, *body, below, f"page {number + 1}"]


def _heading(layout: Layout) -> str:
    return "  ".join(h.rjust(w) if right else h.ljust(w) for h, _, w, right in layout.columns).rstrip()


def _foot(layout: Layout, word: str, number: int) -> str:
    width = sum(w + 2 for _, _, w, _ in layout.columns) - 2
    return word.rjust(width - 20) + f"{number * 17}.40".rjust(20)


def _row(layout: Layout, number: int, rng: random.Random) -> dict[str, str]:
    n_words = rng.randint(1, 3 * layout.max_lines)
    words = ["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) for _ in range(n_words)]
    values = {
        "date": f"{number % 28 + 1:02d}.{number // 28 % 12 + 1:02d}.2025",
        "position": str(number + 1),
        "code": f"{rng.choice('KLMN')}-{rng.randint(1000, 9999)}",
        "description": " ".join(words),
        "quantity": str(rng.randint(1, 99)),
        "unit_price_net": f"{rng.randint(1, 300)}.{rng.randint(0, 99):02d}",
        "amount_net": f"{rng.randint(10, 3000)}.{rng.randint(0, 99):02d}",
        "amount": f"{rng.randint(10, 3000)}.{rng.randint(0, 99):02d}",
        "balance": f"{rng.randint(10, 9999)}.{rng.randint(0, 99):02d}",
    }
    return {key: values[key] for _, key, _, _ in layout.columns}


def _lines(layout: Layout, row: Mapping[str, str]) -> list[str]:
    width = next(w for _, key, w, _ in layout.columns if key == "description")
    texts = [""]
    for word in row["description"].split():
        if len(texts[-1]) + len(word) + 1 > width - 4:
            texts.append("")
        texts[-1] = f"{texts[-1]} {word}".strip()
    first = dict(row) | {"description": texts[0]}
    lines = ["  ".join(_set(first[key], w, right) for _, key, w, right in layout.columns)]
    for text in texts[1:]:
        cells = [_set(text if key == "description" else "", w, False) for _, key, w, _ in layout.columns]
        lines.append("  ".join(cells))
    return lines


def _set(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Given rows that are printed ones, those with all cells right, cells that are right, cells given."""

    n_rows: int
    n_whole: int
    n_right: int
    n_cells: int


def compare(
    given: Sequence[Mapping[str, JsonValue]], gold: Sequence[Mapping[str, str]], *, keys: Sequence[str]
) -> Compared:
    """Return how much of the printed rows was given; of a given row the cells of `keys` that are not null."""
    if len(given) == len(gold):
        pairs = [(i, i) for i in range(len(gold))]
    else:
        pairs = match_rows([[_n_same(row, printed) / len(printed) for printed in gold] for row in given])
    same = [(_n_same(given[i], gold[j]), len(gold[j])) for i, j in pairs]
    return Compared(
        n_rows=sum(n >= _SAME_ROW * n_all for n, n_all in same),
        n_whole=sum(n == n_all for n, n_all in same),
        n_right=sum(n for n, _ in same),
        n_cells=sum(row.get(key) is not None for row in given for key in keys),
    )


def _n_same(row: Mapping[str, JsonValue], printed: Mapping[str, str]) -> int:
    return sum(row.get(key) == text for key, text in printed.items())


if __name__ == "__main__":
    main()
