"""How fast tables are scored: GLIRM beside ANLS* and DocILE-style bipartite matching, on the same tables.

    python -m benchmarks.glirm_speed
    python -m benchmarks.glirm_speed --n 10000 --only glirm

Prints milliseconds a table (40 rows of 6 cells, a third of them edited, dropped or added) and their ratio
to GLIRM's, then how GLIRM grows with the number of rows. `anls-star` and `docile-benchmark` are compared
where they are installed. One process; times are CPU seconds.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from eval.datasets import GoldRecord
from eval.glirm import glirm
from eval.predictions import PredRecord
from eval.run_scores import score_run
from eval.similarity import edit, exact, same_amount, same_text

Row = dict[str, str | None]
Table = list[Row]

_COLUMNS = ("code", "description", "quantity", "unit_price", "tax_rate", "amount")
_WORDS = ("copper", "pipe", "elbow", "valve", "gasket", "service", "hours", "freight", "tea", "cake")
_DOCILE = ("dataset", "evaluation.line_item_matching", "evaluation.pcc")
# A reference metric of half a second a table is timed on a few.
_N_SLOW = 3


def table(rng: random.Random, n_rows: int) -> Table:
    """Return a table of printed cells."""
    return [
        {
            "code": f"{rng.randrange(10**6):06}",
            "description": " ".join(rng.choices(_WORDS, k=3)),
            "quantity": str(rng.randint(1, 20)),
            "unit_price": f"{rng.randint(1, 900)}.{rng.randint(0, 99):02}",
            "tax_rate": rng.choice(("7", "19", None)),
            "amount": f"{rng.randint(1, 9000)}.{rng.randint(0, 99):02}",
        }
        for _ in range(n_rows)
    ]


def misread(rng: random.Random, gold: Table) -> Table:
    """Return `gold` with a sixth of its cells changed, and one row in twelve dropped or written twice."""
    pred: Table = []
    for row in gold:
        edited = {k: f"{v}0" if v and rng.random() < 1 / 6 else v for k, v in row.items()}
        pred += [edited] * rng.choices((1, 0, 2), weights=(11, 0.5, 0.5))[0]
    return pred


def pairs(n: int, n_rows: int, *, seed: int = 0) -> list[tuple[Table, Table]]:
    """Return `n` pairs (pred, gold)."""
    rng = random.Random(seed)
    golds = [table(rng, n_rows) for _ in range(n)]
    return [(misread(rng, gold), gold) for gold in golds]


def seconds_each(score: Callable[[Table, Table], object], tables: Sequence[tuple[Table, Table]]) -> float:
    """Return the CPU seconds that scoring one pair takes."""
    started = time.process_time()
    for pred, gold in tables:
        score(pred, gold)
    return (time.process_time() - started) / len(tables)


def _glirms() -> Iterator[tuple[str, Callable[[Table, Table], object]]]:
    for name, similarity in (
        ("exact", exact),
        ("text", same_text),
        ("amount", same_amount),
        ("edit", edit),
    ):
        yield f"glirm, {name}", lambda pred, gold, f=similarity: glirm(pred, gold, similarity=f)
    yield "a run, three matchings", _in_a_run


def _in_a_run(pred: Table, gold: Table) -> object:
    """Score a document of a run: its rows by all three matchings, kinds guessed."""
    record = GoldRecord.model_validate(
        {"id": "1", "file": "1", "dataset": "d", "doc_type": "t", "line_items": gold}
    )
    said = PredRecord.model_validate({"id": "1", "value": {"line_items": pred}})
    return score_run({"1": said}, [record])


def _peers() -> Iterator[tuple[str, Callable[[Table, Table], object]]]:
    if find_spec("anls_star"):
        scorer = import_module("anls_star").anls_score
        yield "anls-star package", lambda pred, gold: scorer(gold, pred)
    if find_spec("docile"):
        yield "docile-benchmark package, LIR", _docile
    else:
        print("docile-benchmark is not installed: not compared", file=sys.stderr)


def _docile(pred: Table, gold: Table) -> object:
    """Match rows as DocILE does: every cell a field with a box of its own, rows by maximum matching."""
    dataset, matching, pcc = (import_module(f"docile.{name}") for name in _DOCILE)

    def fields(rows: Table) -> list[Any]:
        return [
            dataset.Field(
                bbox=dataset.BBox(
                    left=column / 8, top=line / 100, right=column / 8 + 0.1, bottom=line / 100 + 0.008
                ),
                page=0,
                fieldtype=key,
                text=row[key],
                line_item_id=line,
                score=1.0,
            )
            for line, row in enumerate(rows)
            for column, key in enumerate(row)
            if row[key] is not None
        ]

    golds = fields(gold)
    centres = [pcc.PCC(x=f.bbox.centroid[0], y=f.bbox.centroid[1], page=0) for f in golds]
    return matching.get_lir_matches(fields(pred), golds, pcc.PCCSet(centres))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.glirm_speed", description=__doc__)
    parser.add_argument("--n", type=int, default=100, help="pairs of tables")
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--only", choices=("glirm", "all"), default="all")
    options = parser.parse_args(arguments)
    tables = pairs(options.n, options.rows)
    times = {name: seconds_each(score, tables) for name, score in _glirms()}
    if options.only == "all":
        times |= {name: seconds_each(score, tables[:_N_SLOW]) for name, score in _peers()}
    fastest = times["glirm, edit"]
    print(f"{'metric':32}{'ms a table':>12}{'of glirm, edit':>16}")
    for name, seconds in times.items():
        print(f"{name:32}{seconds * 1e3:12.2f}{seconds / fastest:16.1f}")
    print(f"\n{'rows':>6}{'ms a table':>12}{'of the row above':>18}")
    before = None
    for n_rows in (20, 40, 80, 160, 320, 640):
        each = seconds_each(lambda pred, gold: glirm(pred, gold, similarity=edit), pairs(5, n_rows))
        print(f"{n_rows:6}{each * 1e3:12.2f}{each / before if before else 1:18.1f}")
        before = each
    return 0


if __name__ == "__main__":
    sys.exit(main())
