"""Prints what becomes of long tables: rows found and given, cells right, seconds a row, memory.

    python -m benchmarks.long_tables --rows 50,200,800,3200 [--layouts]

Statements and invoices are made up in layouts that no model was trained on: columns in several orders,
headings in several languages, texts of one to three lines, sums carried over from page to page. Each has
forty rows a page and is extracted as `rasg extract` does, without the reading of a file. A row is found if
layout has it, right if all of its cells are what is printed, and silently missed if it is not given and no
warning says that a list is incomplete or an answer cut.
`--layouts` asks no model and only counts the rows that layout finds. RASG_MODEL chooses the model.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from app.extraction.pipeline import Pipeline
from app.settings import load_settings
from app.wiring import build_pipeline
from decoding.tables.find import find_tables
from ocr.layout_document import layout_document
from schemas.document import Document
from schemas.registry import load_schema

_ROWS_A_PAGE = 40
_HEADINGS = (
    "layout",
    "rows",
    "pages",
    "found",
    "given",
    "rows right",
    "cells right",
    "missed silently",
    "s/row",
    "peak MB",
)
_SAYS_INCOMPLETE = {"list_incomplete", "truncated"}
_SYLLABLES = "ba co di fe gu ka lo mi nu pe ra so ti ve wa zo".split()


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
    """Print one line a layout and number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", default="50,200")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layouts", action="store_true", help="ask no model")
    arguments = parser.parse_args()
    pipeline = None if arguments.layouts else build_pipeline(load_settings(), engine_name="embedded")
    print(f"| {' | '.join(_HEADINGS)} |\n|{'---|' * len(_HEADINGS)}")
    for n_rows in map(int, arguments.rows.split(",")):
        for number, layout in enumerate(LAYOUTS):
            document, gold = make_document(layout, n_rows, random.Random(f"{arguments.seed}:{number}"))
            found = sum(len(table.rows) for table in find_tables(document))
            line = f"| {number} {layout.schema} | {n_rows} | {len(document.pages)} | {found} |"
            if pipeline is not None:
                line += _ask(pipeline, document, layout, gold)
            print(line, flush=True)


def _ask(pipeline: Pipeline, document: Document, layout: Layout, gold: Sequence[Mapping[str, str]]) -> str:
    """Return the columns that say what the pipeline made of a document."""
    started = time.perf_counter()
    extraction = pipeline.extract_document(document, load_schema(layout.schema))
    seconds = time.perf_counter() - started
    rows = extraction.output.value["line_items"]
    given = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    n_right, n_cells = compare(given, gold)
    says = any(warning.code in _SAYS_INCOMPLETE for warning in extraction.warnings)
    missed = 0 if says else max(0, len(gold) - len(given))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shares = f"{n_right / len(gold):.3f} | {n_cells / sum(map(len, gold)):.3f}"
    return f" {len(given)} | {shares} | {missed} | {seconds / len(gold):.2f} | {peak_mb:.0f} |"


def make_document(
    layout: Layout, n_rows: int, rng: random.Random
) -> tuple[Document, tuple[Mapping[str, str], ...]]:
    """Return a document of so many rows, and what is printed in each."""
    gold = [_row(layout, number, rng) for number in range(n_rows)]
    pages: list[str] = []
    for start in range(0, n_rows, _ROWS_A_PAGE):
        lines = [f"{layout.schema.upper()} no. 4711", _heading(layout)]
        if start:
            lines.append(_foot(layout, layout.carried, start))
        for row in gold[start : start + _ROWS_A_PAGE]:
            lines += _lines(layout, row)
        is_last = start + _ROWS_A_PAGE >= n_rows
        lines.append(_foot(layout, layout.total if is_last else layout.carried, start + 1))
        lines.append(f"page {start // _ROWS_A_PAGE + 1}")
        pages.append("\n".join(lines))
    return layout_document("\n\n".join(pages), sha256="0" * 64), tuple(gold)


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


def compare(given: Sequence[Mapping[str, JsonValue]], gold: Sequence[Mapping[str, str]]) -> tuple[int, int]:
    """Return how many rows of the gold have all cells right, and how many cells; rows are paired in order."""
    n_rows = n_cells = 0
    for row, printed in zip(given, gold, strict=False):
        right = sum(row.get(key) == text for key, text in printed.items())
        n_cells += right
        n_rows += right == len(printed)
    return n_rows, n_cells


if __name__ == "__main__":
    main()
