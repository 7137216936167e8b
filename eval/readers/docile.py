"""DocILE, from a folder that the user has: its data need a personal token and are not passed on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from eval.datasets import GoldBox, GoldRecord
from eval.readers.files import beside, each, files, read_json

_CAVEATS = ("its own metric looks at places, KIE and GLIRM at contents",)


def read_docile(folder: Path) -> Iterator[GoldRecord]:
    """Yield DocILE's documents: `annotations/ID.json`, `pdfs/ID.pdf`; boxes are fractions of the page.

    Fields are types with all of their texts; rows the line items by number, columns without the
    `line_item_` prefix, several prints of a column joined from top to bottom.

    Raises
    ------
    EvaluationError
        If there is none, or a file is not as published.
    """

    def record(path: Path) -> GoldRecord:
        found: dict[str, Any] = read_json(path)
        texts: dict[str, list[JsonValue]] = {}
        boxes: dict[str, list[GoldBox]] = {}
        for one in _ordered(found["field_extractions"]):
            name = str(one["fieldtype"])
            texts.setdefault(name, []).append(_text(one))
            left, top, right, bottom = (float(edge) for edge in one["bbox"])
            place = GoldBox(page_number=int(one["page"]) + 1, bbox=(left, top, right, bottom))
            boxes.setdefault(name, []).append(place)
        return GoldRecord(
            id=f"docile/{path.stem}",
            file=beside(folder, path.stem, ("pdfs", "."), (".pdf",)),
            dataset="docile",
            doc_type=str(found.get("metadata", {}).get("document_type", "document")),
            kie={name: values[0] if len(values) == 1 else values for name, values in texts.items()},
            line_items=_rows(found["line_item_extractions"]),
            kie_boxes=boxes,
            caveats=_CAVEATS,
        )

    yield from each(files(folder, "annotations/*.json"), record)


def _ordered(extractions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(extractions, key=lambda one: (one["page"], one["bbox"][1], one["bbox"][0]))


def _rows(extractions: list[dict[str, Any]]) -> list[dict[str, JsonValue]]:
    rows: dict[int, dict[str, list[str]]] = {}
    for one in _ordered(extractions):
        row = rows.setdefault(int(one["line_item_id"]), {})
        row.setdefault(str(one["fieldtype"]).removeprefix("line_item_"), []).append(_text(one))
    return [{key: " ".join(texts) for key, texts in row.items()} for _, row in sorted(rows.items())]


def _text(extraction: dict[str, Any]) -> str:
    return " ".join(str(extraction["text"]).split())
