"""Prints what becomes of the values outside of rows in long invoices: right, wrong, lost; tokens and seconds.

    python -m benchmarks.long_invoices --rows 60,150 --n 4 [--no-tables]

Invoices are made up, with a head and parties on the first page, a subtotal and a sum that is carried over on
every page, totals and the bank on the last one, and on a page amid the table one line with a value that
stands nowhere else (an order's number). `--no-tables` decodes rows freely. RASG_MODEL chooses the model.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from app.extraction.options import ExtractionOptions
from app.settings import load_settings
from app.wiring import build_pipeline
from ocr.layout_document import layout_document
from schemas.document import Document
from schemas.extraction import Extraction
from schemas.registry import load_schema

_ROWS_A_PAGE = 30
_NAMES = "Ahorn Birke Buche Eiche Erle Esche Fichte Kiefer Linde Ulme".split()
_GOODS = "Regal Tisch Stuhl Lampe Schrank Bank Kasten Rahmen".split()
_HEADINGS = (
    "rows", "windows", "prompt tokens", "answer tokens", "s", "rows given", "right", "wrong", "null",
    "amid found", "wrong keys",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An invoice, its values outside of rows, the key of the one amid the table, and how many rows it has."""

    document: Document
    gold: Mapping[str, str]
    amid: str
    n_rows: int


def main() -> None:
    """Print one line a number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", default="60,150")
    parser.add_argument("--n", type=int, default=4, help="documents of each length")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-tables", action="store_true", help="decode rows freely")
    arguments = parser.parse_args()
    pipeline = build_pipeline(load_settings(), engine_name="embedded")
    options = ExtractionOptions(tables=not arguments.no_tables)
    print(f"| {' | '.join(_HEADINGS)} |\n|{'---|' * len(_HEADINGS)}")
    for n_rows in map(int, arguments.rows.split(",")):
        counts: Counter[str] = Counter()
        for number in range(arguments.n):
            made = make_invoice(n_rows, random.Random(f"{arguments.seed}:{n_rows}:{number}"))
            started = time.perf_counter()
            extraction = pipeline.extract_document(made.document, load_schema("invoice"), options=options)
            counts["s"] += round(time.perf_counter() - started)
            counts += compare(extraction, made)
        print(f"| {n_rows} | {' | '.join(str(counts[key]) for key in _HEADINGS[1:-1])} | {_worst(counts)} |")


def compare(extraction: Extraction, made: Made) -> Counter[str]:
    """Return how many values are right, wrong and null, which are wrong, and what the answer took."""
    value, usage = extraction.output.value, extraction.usage
    rows = value["line_items"]
    counts = Counter(
        {
            "windows": usage.n_windows,
            "prompt tokens": usage.n_prompt_tokens,
            "answer tokens": usage.n_completion_tokens,
            "rows given": len(rows) if isinstance(rows, list) else 0,
        }
    )
    for key, printed in made.gold.items():
        given = value[key]
        outcome = "null" if given is None else "right" if given == printed else "wrong"
        counts[outcome] += 1
        counts["amid found"] += key == made.amid and outcome == "right"
        if outcome == "wrong":
            counts[f"wrong {key}"] += 1
    return counts


def _worst(counts: Counter[str]) -> str:
    wrong = {key.removeprefix("wrong "): n for key, n in counts.items() if key.startswith("wrong ")}
    return ", ".join(f"{key} {n}" for key, n in sorted(wrong.items(), key=lambda pair: -pair[1]))


def make_invoice(n_rows: int, rng: random.Random) -> Made:
    """Return an invoice of so many rows."""
    rows = _draw_rows(n_rows, rng)
    gold = _draw_gold(rows[-1][4], rng)
    head = f"""\
{gold["vendor_name"]}
Waldweg 12, 79100 Freiburg

Rechnung Nr.: {gold["document_id"]}
Rechnungsdatum: {gold["date_issue"]}
Kundennummer: {gold["customer_id"]}
"""
    foot = f"""\
Summe netto                                        {gold["amount_total_net"]:>14}
MwSt 19 %                                          {gold["amount_total_tax"]:>14}
Gesamtbetrag                                       {gold["amount_total_gross"]:>14}

IBAN: {gold["iban"]}
BIC: {gold["bic"]}
"""
    starts = range(0, n_rows, _ROWS_A_PAGE)
    amid = starts[len(starts) // 2] + _ROWS_A_PAGE // 2
    pages = [
        _page(rows, start, head if start == 0 else "", foot if start == starts[-1] else "", amid, gold)
        for start in starts
    ]
    document = layout_document("\n\n".join(pages), sha256="0" * 64)
    return Made(document=document, gold=gold, amid="order_id", n_rows=n_rows)


def _draw_rows(n_rows: int, rng: random.Random) -> list[tuple[int, str, int, int, int]]:
    """Return number, name, quantity, price and the sum so far of each row, money in cents."""
    net = 0
    rows: list[tuple[int, str, int, int, int]] = []
    for number in range(1, n_rows + 1):
        quantity, price = rng.randint(1, 20), rng.randint(100, 9000)
        net += quantity * price
        rows.append((number, f"{rng.choice(_GOODS)} {rng.choice(_NAMES)}", quantity, price, net))
    return rows


def _draw_gold(net: int, rng: random.Random) -> dict[str, str]:
    tax = round(net * 0.19)
    return {
        "vendor_name": f"{rng.choice(_NAMES)} & {rng.choice(_NAMES)} GmbH",
        "document_id": f"RE-{rng.randint(10_000, 99_999)}",
        "date_issue": f"{rng.randint(1, 28):02d}.{rng.randint(1, 12):02d}.2025",
        "order_id": f"PO-{rng.randint(1000, 9999)}",
        "customer_id": f"K{rng.randint(1000, 9999)}",
        "amount_total_net": _money(net),
        "amount_total_tax": _money(tax),
        "amount_total_gross": _money(net + tax),
        "iban": "DE89 3704 0044 0532 0130 00",
        "bic": "COBADEFFXXX",
    }


def _page(
    rows: list[tuple[int, str, int, int, int]],
    start: int,
    head: str,
    foot: str,
    amid: int,
    gold: Mapping[str, str],
) -> str:
    """Return one page: head, heading, a carried sum, rows, a subtotal, foot; no line is empty."""
    number = start // _ROWS_A_PAGE + 1
    lines = [f"Rechnung {gold['document_id']}   Seite {number}"] if start else head.split("\n")
    lines.append("Pos   Bezeichnung                 Menge      Einzelpreis          Betrag")
    if start:
        lines.append(f"Übertrag                                           {_money(rows[start - 1][4]):>14}")
    for position, name, quantity, price, _ in rows[start : start + _ROWS_A_PAGE]:
        lines.append(
            f"{position:<5} {name:<25} {quantity:>7} {_money(price):>16} {_money(quantity * price):>15}"
        )
        if position == amid:
            lines.append(f"Bestellnummer: {gold['order_id']}")
    if not foot:
        last = rows[start : start + _ROWS_A_PAGE][-1]
        lines.append(f"Zwischensumme                                      {_money(last[4]):>14}")
    return "\n".join(line for line in (*lines, *foot.split("\n")) if line.strip())


def _money(cents: int) -> str:
    whole = f"{cents // 100:,}".replace(",", ".")
    return f"{whole},{cents % 100:02d}"


if __name__ == "__main__":
    main()
