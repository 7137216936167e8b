"""Labelled transcripts (text segments with boxes in pixels) as documents, as if OCR had read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr.reading_order import arrange
from schemas.document import Document, Page, Word
from schemas.errors import ConfigurationError
from schemas.geometry import from_pixels
from schemas.spec import FieldKind

# What is asked of the rows of transcripts: kind and description of each column, in the order of asking.
ROW_COLUMNS: Mapping[str, tuple[FieldKind, str]] = {
    "description": ("verbatim", "Goods or service billed"),
    "quantity": ("amount", "Quantity"),
    "unit_price": ("amount", "Price of one unit"),
    "amount": ("amount", "Amount of the row"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTranscript:
    """A document as transcribed by people, its gold fields as printed, and its rows.

    In `line_items` a cell is null where it is not annotated; None where no row is.
    """

    document_id: str
    document: Document
    kie: dict[str, str]
    line_items: tuple[dict[str, str | None], ...] | None = None


def read_transcripts(path: Path) -> Iterator[LabelledTranscript]:
    """Yield the records of a labels file that have a transcript, in file order.

    Raises
    ------
    ConfigurationError
        If there is no such file, or a line is no record.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            yield from (item for number, line in enumerate(lines, start=1) for item in _read(line, number))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the transcripts {path.name!r} cannot be read") from error


def _read(line: str, number: int) -> Iterator[LabelledTranscript]:
    if not line.strip():
        return
    try:
        record: dict[str, Any] = json.loads(line)
        if record.get("ocr"):
            gold: dict[str, Any] = record.get("kie") or {}
            known = {key: value for key, value in gold.items() if isinstance(value, str)}
            rows: list[dict[str, str | None]] | None = record.get("line_items")
            yield LabelledTranscript(
                document_id=str(record["id"]),
                document=transcript_document(record),
                kie=known,
                line_items=None if rows is None else tuple(dict(row) for row in rows),
            )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"line {number} is no labelled transcript") from error


def transcript_document(record: Mapping[str, Any]) -> Document:
    """Return the transcript's words; a segment's box is shared out by characters.

    The page is as large as the segments reach when the record names no size.
    """
    segments = record["ocr"]
    reach = (max(s["box"][2] for s in segments), max(s["box"][3] for s in segments))
    size = tuple(record.get("page_size") or reach)
    width_px, height_px = max(size[0], reach[0]), max(size[1], reach[1])
    words = [
        word
        for segment in segments
        for word in segment_words(segment["text"], segment["box"], width_px, height_px)
    ]
    arranged = arrange(words)
    page = Page(
        page_index=0,
        width_pt=width_px,
        height_pt=height_px,
        words=arranged.words,
        lines=arranged.lines,
        block_order=arranged.block_order,
        cuts=arranged.cuts,
    )
    return Document(sha256=str(record["id"]), media_type="text/plain", pages=(page,))


def segment_words(text: str, box_px: Sequence[float], width_px: float, height_px: float) -> Iterator[Word]:
    """Yield the words of one segment, its width divided in proportion to characters."""
    left, top, right, bottom = box_px
    per_char = (right - left) / max(len(text), 1)
    position = 0
    for token in text.split():
        position = text.index(token, position)
        start, end = left + position * per_char, left + (position + len(token)) * per_char
        bbox = from_pixels(start, top, end, bottom, width_px=width_px, height_px=height_px)
        yield Word(text=token, bbox=bbox, source="transcript")
        position += len(token)
