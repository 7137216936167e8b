"""Does a search find the right page? Same vendor first, by ranking, and under what scanners do to a page.

    python -m benchmarks.retrieval_quality ../shared/data/dev --readings FOLDER [--sheet FILE.png]

Receipts (SROIE) are of one vendor if their gold company is the same. The TV stations of the ad contracts
(VRDU) are not labelled: a station is the call sign that the text names most often. Queries are all documents
whose vendor has another one; a query never finds itself. Spoilt receipts are read again from their spoilt
pixels and searched for among the clean ones. "Copy found out" is how often the clean original is recognised
as the same page and left out, which is what it is for.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from app.bench.readings import read_kept
from app.settings import ReadSettings
from app.wiring import build_read_options
from eval.datasets import GoldRecord, read_gold
from ocr.layout import page_text
from ocr.reader import ReadOptions
from retrieval.features import PageFeatures, features_of, hash_of, is_same_page
from retrieval.search import ExampleSearch, Hit, Query, SearchMode
from retrieval.store import ExampleStore
from schemas.document import Document, Thumbnail
from schemas.example import Example
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema
from storage.database import sqlite_url

_MODES: tuple[SearchMode, ...] = ("image", "text", "fused")
_CALL_SIGN = re.compile(r"\b([KW][A-Z]{2,3})(?:-?(?:TV|DT|CD|LD))?\b")
# English words of the same form.
_NO_STATIONS = frozenset("WITH WILL WEEK WEST KEY WAS KIND WEB WALL WANT WERE WHEN WORK WED WHO".split())
_SCHEMA: ExtractionSchema = from_json_schema(
    {"title": "any", "type": "object", "properties": {"x": {"type": ["string", "null"]}}}
)
_SHEET_ROWS, _SHEET_HITS, _CELL_PX = 8, 3, 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One document: whose it is, and its first page as a search sees it."""

    id: str
    path: Path
    vendor: str
    document: Document
    features: PageFeatures


def _item(
    record: GoldRecord, path: Path, document: Document, vendor_of: Callable[[GoldRecord, str], str]
) -> Item:
    text = page_text(document, 0)
    features = features_of(text, hash_of(document.pages[0]))
    return Item(id=record.id, path=path, vendor=vendor_of(record, text), document=document, features=features)


def _company(record: GoldRecord, _text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", str(record.kie.get("company", "")).lower())


def _station(_record: GoldRecord, text: str) -> str:
    found = Counter(sign for sign in _CALL_SIGN.findall(text) if sign not in _NO_STATIONS)
    return found.most_common(1)[0][0] if found else ""


def _items(
    folder: Path, options: ReadOptions, readings: Path, vendor_of: Callable[[GoldRecord, str], str]
) -> list[Item]:
    made: list[Item] = []
    for record in read_gold(folder):
        path = folder / record.file
        document = read_kept(path.read_bytes(), options, readings).document
        made.append(_item(record, path, document, vendor_of))
    return made


def _store(folder: Path, items: Sequence[Item]) -> ExampleStore:
    store = ExampleStore(sqlite_url(folder), index_uri=str(folder / "index"))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    store.add(
        [
            Example(
                example_id=uuid4().hex,
                tenant="quality",
                document_sha256=item.document.sha256,
                page_index=0,
                schema_name=_SCHEMA.name,
                json_schema=_SCHEMA.json_schema,
                page_hash=item.features.page_hash,
                text=page_text(item.document, 0),
                answer={"x": item.id},
                source="imported",
                confirmed_by="benchmark",
                created_at=at,
            )
            for item in items
        ]
    )
    return store


def _find(
    search: ExampleSearch, item: Item, features: PageFeatures, mode: SearchMode, k: int
) -> tuple[Hit, ...]:
    query = Query(
        tenant="quality",
        features=features,
        schema=_SCHEMA,
        document_sha256=item.document.sha256,
        k=k,
        mode=mode,
    )
    return search.find(query)


def _row(
    name: str, search: ExampleSearch, items: Sequence[Item], features: Sequence[PageFeatures | None]
) -> str:
    vendors = {item.id: item.vendor for item in items}
    shared = {vendor for vendor, n in Counter(vendors.values()).items() if n > 1 and vendor}
    asked = [(i, f) for i, f in zip(items, features, strict=True) if f is not None and i.vendor in shared]
    cells: list[str] = []
    for mode in _MODES:
        hits = [_find(search, item, found, mode, 1) for item, found in asked]
        right = [
            bool(hit) and vendors[str(hit[0].example.answer["x"])] == item.vendor
            for hit, (item, _) in zip(hits, asked, strict=True)
        ]
        cells.append(f"{np.mean(right):.3f}")
    return f"| {name} | {len(asked)} | {' | '.join(cells)} |"


SPOILT: dict[str, Callable[[Image.Image], Image.Image]] = {
    "turned by 90°": lambda page: page.transpose(Image.Transpose.ROTATE_90),
    "upside down": lambda page: page.transpose(Image.Transpose.ROTATE_180),
    "skewed by 2°": lambda page: page.rotate(2, expand=True, fillcolor=(255, 255, 255)),
    "skewed by 5°": lambda page: page.rotate(5, expand=True, fillcolor=(255, 255, 255)),
    "JPEG quality 15": lambda page: _jpeg(page, 15),
    "half as bright": lambda page: ImageEnhance.Brightness(page).enhance(0.5),
    "a third less contrast, brighter": lambda page: ImageEnhance.Brightness(
        ImageEnhance.Contrast(page).enhance(0.66)
    ).enhance(1.2),
    "half the resolution": lambda page: page.resize((page.width // 2, page.height // 2)),
}


def _jpeg(page: Image.Image, quality: int) -> Image.Image:
    data = io.BytesIO()
    page.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")


def _spoilt(
    item: Item, spoil: Callable[[Image.Image], Image.Image], options: ReadOptions, readings: Path
) -> PageFeatures | None:
    data = io.BytesIO()
    spoil(Image.open(item.path).convert("RGB")).save(data, "PNG")
    document = read_kept(data.getvalue(), options, readings).document
    return features_of(page_text(document, 0), hash_of(document.pages[0]))


def _copies_found_out(
    items: Sequence[Item], features: Sequence[PageFeatures | None], store: ExampleStore
) -> float:
    examples = {s.example.document_sha256: s.example for s in store.page("quality", limit=1000)}
    pairs = zip(items, features, strict=True)
    found = [is_same_page(f, examples[i.document.sha256]) for i, f in pairs if f is not None]
    return float(np.mean(found))


def _sheet(path: Path, search: ExampleSearch, items: Sequence[Item]) -> None:
    """Draw queries (left) and their nearest examples, framed green where the vendor is the same."""
    by_id = {item.id: item for item in items}
    shared = {vendor for vendor, n in Counter(i.vendor for i in items).items() if n > 1}
    chosen: list[Item] = []
    for item in items:
        if item.vendor in shared and item.vendor not in {c.vendor for c in chosen}:
            chosen.append(item)
    chosen = chosen[:_SHEET_ROWS]
    sheet = Image.new("RGB", (_CELL_PX * (_SHEET_HITS + 1), _CELL_PX * len(chosen)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, item in enumerate(chosen):
        hits = _find(search, item, item.features, "fused", _SHEET_HITS)
        _draw(sheet, draw, item, row, 0, "black", "query")
        for column, hit in enumerate(hits, start=1):
            found = by_id[str(hit.example.answer["x"])]
            colour = "green" if found.vendor == item.vendor else "red"
            _draw(sheet, draw, found, row, column, colour, f"{hit.similarity_score:.2f}")
    sheet.save(path, optimize=True)


def _draw(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, item: Item, row: int, column: int, colour: str, note: str
) -> None:
    small = _picture(item.document.pages[0].thumbnail)
    small.thumbnail((_CELL_PX - 12, _CELL_PX - 24))
    left, top = column * _CELL_PX, row * _CELL_PX
    sheet.paste(small, (left + (_CELL_PX - small.width) // 2, top + 18))
    draw.text((left + 8, top + 4), note, fill=colour)
    draw.rectangle((left + 2, top + 2, left + _CELL_PX - 3, top + _CELL_PX - 3), outline=colour, width=2)


def _picture(thumbnail: Thumbnail | None) -> Image.Image:
    if thumbnail is None:
        return Image.new("L", (64, 64), 128)
    return Image.frombytes("L", (thumbnail.width_px, thumbnail.height_px), thumbnail.grey)


def main() -> None:
    """Print the tables, and draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--readings", type=Path, required=True, help="where documents are kept as read")
    parser.add_argument("--sheet", type=Path, help="a picture of queries and what was found")
    arguments = parser.parse_args()
    options = build_read_options(ReadSettings())
    receipts = _items(arguments.data / "sroie", options, arguments.readings, _company)
    contracts = _items(arguments.data / "vrdu_adbuy", options, arguments.readings, _station)
    print("| same vendor first | queries | image | text | fused |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        search = ExampleSearch(_store(Path(folder) / "contracts", contracts))
        print(_row("ad contracts, by station", search, contracts, [i.features for i in contracts]))
        store = _store(Path(folder) / "receipts", receipts)
        search = ExampleSearch(store)
        print(_row("receipts", search, receipts, [i.features for i in receipts]), flush=True)
        if arguments.sheet is not None:
            _sheet(arguments.sheet, search, receipts)
        copies: list[str] = []
        for name, spoil in SPOILT.items():
            vendors = Counter(item.vendor for item in receipts)
            found = [
                _spoilt(item, spoil, options, arguments.readings) if vendors[item.vendor] > 1 else None
                for item in receipts
            ]
            print(_row(f"receipts, {name}", search, receipts, found), flush=True)
            copies.append(f"| {name} | {_copies_found_out(receipts, found, store):.3f} |")
    print("\n| spoilt receipts | copy found out |\n|---|---|")
    print("\n".join(copies))


if __name__ == "__main__":
    main()
