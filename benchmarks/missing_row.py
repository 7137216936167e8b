"""Draw the picture of docs/tables.md: the sample invoice, an answer that lacks a row, and what is known.

    python -m benchmarks.missing_row --out docs/results/missing_row.png

The answer is the sample's label without its sixth row; no model runs.
"""

from __future__ import annotations

import argparse
import io
import json
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from pydantic import JsonValue

from app.inspection import GroundReport, report_grounding
from ocr.reader import page_images, read_document
from schemas.registry import load_schema

_SAMPLES = Path(__file__).parents[1] / "samples"
_LEFT_OUT = 5  # index of the row
_WIDTH_PX, _SIDE_PX = 900, 460
_GREEN, _RED, _INK = (22, 121, 76), (192, 53, 43), (28, 36, 48)


# What the labels call the columns of the shipped schema.
_COLUMNS = {"unit_price": "unit_price_net", "amount": "amount_net"}


def _answer() -> dict[str, JsonValue]:
    lines = (_SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    label = next(entry for entry in map(json.loads, lines) if entry["file"] == "invoice.pdf")
    rows: list[JsonValue] = [
        {_COLUMNS.get(str(key), str(key)): text for key, text in row.items()} for row in label["line_items"]
    ]
    return {**label["kie"], "line_items": rows[:_LEFT_OUT] + rows[_LEFT_OUT + 1 :]}


def _facts(report: GroundReport) -> list[tuple[str, bool]]:
    """Return what is known as lines of text, each with whether it is good news."""
    known = report.completeness
    facts: list[tuple[str, bool]] = []
    for path, found in known.lists.items():
        facts.append((f"{path}: {found.rows_given} rows given, {found.rows_seen} seen", not found.n_missing))
        facts += [(f"missing: {row.text}", False) for row in found.missing]
    for check in known.sums:
        ends = "holds" if check.holds else f"{check.difference} left"
        facts.append((f"{check.rule.replace('_', ' ')} ({check.n_checked}): {ends}", check.holds))
    return facts


def draw(report: GroundReport, picture: bytes) -> Image.Image:
    """Return the page with a box around each value and each missing row, and the facts beside it."""
    page = Image.open(io.BytesIO(picture)).convert("RGB")
    page = page.resize((_WIDTH_PX, round(page.height * _WIDTH_PX / page.width)))
    page = page.crop((0, 0, page.width, round(0.64 * page.height)))
    full_height = page.height / 0.64
    image = Image.new("RGB", (_WIDTH_PX + _SIDE_PX, page.height), "white")
    image.paste(page, (0, 0))
    pen = ImageDraw.Draw(image)

    def box(at: tuple[float, float, float, float], colour: tuple[int, int, int], width: int) -> None:
        left, top, right, bottom = at
        edges = (left * _WIDTH_PX - 3, top * full_height - 2, right * _WIDTH_PX + 3, bottom * full_height + 2)
        pen.rectangle(edges, outline=colour, width=width)

    for value in report.fields.values():
        for cited in value.citations:
            box(cited.bbox, _GREEN, 1)
    for found in report.completeness.lists.values():
        for row in found.missing:
            box(row.bbox, _RED, 4)
    _write_facts(pen, _facts(report))
    return image


def _write_facts(pen: ImageDraw.ImageDraw, facts: list[tuple[str, bool]]) -> None:
    font = ImageFont.load_default(size=17)
    y = 40
    pen.text((_WIDTH_PX + 20, 10), "completeness", fill=_INK, font=font)
    for text, is_good in facts:
        lines = textwrap.wrap(text, 46)
        pen.text((_WIDTH_PX + 20, y), "+" if is_good else "!", fill=_GREEN if is_good else _RED, font=font)
        for line in lines:
            pen.text((_WIDTH_PX + 40, y), line, fill=_INK if is_good else _RED, font=font)
            y += 24
        y += 8


def main() -> None:
    """Write the picture to `--out`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    data = (_SAMPLES / "invoice.pdf").read_bytes()
    document = read_document(data)
    report = report_grounding(document, load_schema("invoice"), _answer())
    draw(report, next(page_images(data, document))).save(options.out, optimize=True)


if __name__ == "__main__":
    main()
