"""A self-contained HTML page: the page images with boxes, each value, its place and how sure it is.

The document is hostile: every text goes through the template's escaping, nothing is fetched, and the only
script is the template's own, allowed by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.extraction.pipeline import PipelineResult
from schemas.completeness import MissingRow
from schemas.extraction import Citation, FieldMetadata
from schemas.walk import values_by_path

_FOLDER = Path(__file__).parent
# A value under this is shown in the colour of doubt.
_DOUBTFUL = 0.5
_SURE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One leaf: what the table and the boxes show of it."""

    index: int
    path: str
    value: str | None
    entry: FieldMetadata

    @property
    def level(self) -> str:
        confidence = self.entry.confidence
        if confidence is None:
            return "unknown"
        return "sure" if confidence >= _SURE else "likely" if confidence >= _DOUBTFUL else "doubtful"


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
    rows = tuple(_rows(result))
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            extraction=result.extraction,
            rows=rows,
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


def _rows(result: PipelineResult) -> Sequence[_Row]:
    output = result.extraction.output
    values = values_by_path(dict(output.value))
    rows: list[_Row] = []
    for index, (path, entry) in enumerate(output.metadata.items()):
        value = values.get(path)
        rows.append(_Row(index=index, path=path, value=None if value is None else str(value), entry=entry))
    return rows


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
