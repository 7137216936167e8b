"""A self-contained HTML page: the page images with boxes, each value, its place and how sure it is.

The document is hostile: every text goes through the template's escaping, nothing is fetched, and the only
script is the template's own, allowed by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.extraction.pipeline import PipelineResult
from schemas.completeness import MissingRow
from schemas.extraction import Citation, Extraction, FieldMetadata
from schemas.spec import Path, json_path
from schemas.walk import scalars

_FOLDER = FilePath(__file__).parent
# A value under this is shown in the colour of doubt.
_DOUBTFUL = 0.5
_SURE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One leaf: what tables and boxes show of it; `absence` is what is known of one that is null."""

    index: int
    path: str
    value: str | None
    entry: FieldMetadata
    absence: str = ""

    @property
    def level(self) -> str:
        confidence = self.entry.confidence
        if confidence is None:
            return "unknown"
        return "sure" if confidence >= _SURE else "likely" if confidence >= _DOUBTFUL else "doubtful"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListView:
    """One list as a table: a row of cells for each of its rows, None where a row lacks a column."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[_Row | None, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageView:
    """One page's picture, the boxes on it, and the rows that it shows and a list (by its path) lacks."""

    number: int
    picture: str
    ratio: float
    boxes: tuple[tuple[_Row, Citation], ...]
    missing: tuple[tuple[str, MissingRow], ...]


def explain_html(result: PipelineResult, *, title: str, images: Sequence[bytes]) -> str:
    """Return the page that explains `result`.

    Parameters
    ----------
    title
        What the page is called: the file's name.
    images
        One PNG a page of the document, as the word boxes assume it (`ocr.reader.page_images`).
    """
    leaves = _leaves(result.extraction)
    rows = tuple(leaves.values())
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            extraction=result.extraction,
            fields=tuple(row for path, row in leaves.items() if _last_index(path) is None),
            lists=_list_views(leaves),
            pages=tuple(_views(result, rows, images)),
            script=_text("page.js"),
            style=_text("page.css"),
            script_hash=_hash("page.js"),
            style_hash=_hash("page.css"),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)


def _leaves(extraction: Extraction) -> dict[Path, _Row]:
    """Return every leaf of the answer by its path, in order."""
    doubts = _doubts(extraction)
    leaves: dict[Path, _Row] = {}
    for index, (path, value) in enumerate(scalars(dict(extraction.output.value))):
        name = json_path(path)
        entry = extraction.output.metadata.get(name, FieldMetadata())
        leaves[path] = _Row(
            index=index,
            path=name,
            value=None if value is None else str(value),
            entry=entry,
            absence="" if value is not None else _absence(entry, doubts.get(name), extraction),
        )
    return leaves


def _doubts(extraction: Extraction) -> dict[str, str]:
    """Return what is said against values, by path: the first reason or warning of each."""
    doubts: dict[str, str] = {}
    for said in (*extraction.review, *extraction.warnings):
        if said.path is not None:
            doubts.setdefault(said.path, said.message)
    return doubts


def _absence(entry: FieldMetadata, doubt: str | None, extraction: Extraction) -> str:
    """Return what is known of a value that is null."""
    if doubt is not None:
        return f"read but doubted: {doubt}"
    if entry.citations or entry.normalised is not None:
        return "read but doubted"
    if extraction.status == "partial":
        return "nothing like it was read, and not all of the document was"
    if entry.confidence is not None and entry.confidence < _SURE:
        return "nothing like it was read, which is not sure"
    return "nothing like it was read"


def _last_index(path: Path) -> int | None:
    """Return where in a path the last row number stands; None of a value outside of lists."""
    return max((place for place, part in enumerate(path) if isinstance(part, int)), default=None)


def _list_views(leaves: Mapping[Path, _Row]) -> tuple[_ListView, ...]:
    """Return the lists of the answer as tables; those inside of rows are tables of their own."""
    lists: dict[Path, dict[int, dict[str, _Row]]] = {}
    for path, row in leaves.items():
        place = _last_index(path)
        number = None if place is None else path[place]
        if place is None or not isinstance(number, int):
            continue
        rows = lists.setdefault(path[:place], {})
        rows.setdefault(number, {})[json_path(path[place + 1 :]) or "value"] = row
    return tuple(_list_view(json_path(path), rows) for path, rows in lists.items())


def _list_view(path: str, rows: Mapping[int, Mapping[str, _Row]]) -> _ListView:
    columns = tuple(dict.fromkeys(column for row in rows.values() for column in row))
    cells = tuple((n + 1, tuple(row.get(column) for column in columns)) for n, row in rows.items())
    return _ListView(path=path, columns=columns, rows=cells)


def _views(result: PipelineResult, rows: Sequence[_Row], images: Sequence[bytes]) -> Sequence[_PageView]:
    views: list[_PageView] = []
    pages = result.document.pages
    # Values of a part of a file are cited by the file's pages.
    numbers = result.extraction.page_numbers or range(1, len(pages) + 1)
    for number, page, image in zip(numbers, pages, images, strict=True):
        boxes = tuple((row, c) for row in rows for c in row.entry.citations if c.page_number == number)
        missing = tuple(
            (path, row)
            for path, found in result.extraction.completeness.lists.items()
            for row in found.missing
            if row.page_number == number
        )
        picture = base64.b64encode(image).decode("ascii")
        views.append(
            _PageView(
                number=number,
                picture=picture,
                ratio=page.height_pt / page.width_pt,
                boxes=boxes,
                missing=missing,
            )
        )
    return views


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(name: str) -> str:
    return base64.b64encode(hashlib.sha256(_text(name).encode()).digest()).decode("ascii")
