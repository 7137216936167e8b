"""Pages for tests: from lines of text, or from the boxed transcripts of real documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.document import Document, Page, Word
from schemas.geometry import BBox, from_pixels

Segment = tuple[str, tuple[float, float, float, float]]


def page_of_lines(*lines: str, page_index: int = 0, n_rows: int = 40) -> Page:
    """Return a page with a monospaced grid of `n_rows` lines and 80 columns; empty lines leave a gap."""
    words: list[Word] = []
    ranges: list[tuple[int, int]] = []
    for row, line in enumerate(lines):
        start = len(words)
        words += _line_words(line, row / n_rows, 0.7 / n_rows)
        if len(words) > start:
            ranges.append((start, len(words)))
    return _page(tuple(words), tuple(ranges), page_index)


def _line_words(line: str, top: float, height: float) -> list[Word]:
    words: list[Word] = []
    column = 0
    for text in line.split(" "):
        if text:
            box = BBox(column / 80, top, min((column + len(text)) / 80, 1.0), top + height)
            words.append(Word(text=text, bbox=box, source="transcript"))
        column += len(text) + 1
    return words


def _page(words: tuple[Word, ...], lines: tuple[tuple[int, int], ...], page_index: int) -> Page:
    return Page(
        page_index=page_index,
        width_pt=600,
        height_pt=800,
        words=words,
        lines=lines,
        block_order=tuple(range(len(words))),
    )


def document_of(*pages: Page) -> Document:
    """Return a document of the pages, renumbered in the order given."""
    numbered = tuple(replace(page, page_index=i) for i, page in enumerate(pages))
    return Document(sha256="0" * 64, media_type="application/pdf", pages=numbered)


def page_of_record(record: Mapping[str, Any]) -> Page:
    """Return the first page of a record of the real data: its `ocr` segments, split into words."""
    width, height = record["page_size"]
    words: list[Word] = []
    for segment in record["ocr"]:
        if segment.get("page", 1) == 1:
            words += _segment_words(segment["text"], segment["box"], width, height)
    return page_of_words(words)


def _segment_words(text: str, box: Sequence[float], width: float, height: float) -> list[Word]:
    left, top, right, bottom = box
    words: list[Word] = []
    position = 0
    for part in text.split():
        position = text.index(part, position)
        x0 = left + (right - left) * position / len(text)
        x1 = left + (right - left) * (position + len(part)) / len(text)
        bbox = from_pixels(x0, top, x1, bottom, width_px=width, height_px=height)
        words.append(Word(text=part, bbox=bbox, source="transcript"))
        position += len(part)
    return words


def page_of_words(words: Sequence[Word]) -> Page:
    """Return a page with the words in lines: a word joins a line if each other's centre is inside both."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda w: (w.bbox.top, w.bbox.left)):
        if lines and _same_line(lines[-1][-1], word):
            lines[-1].append(word)
        else:
            lines.append([word])
    ordered: list[Word] = []
    ranges: list[tuple[int, int]] = []
    for line in lines:
        start = len(ordered)
        ordered += sorted(line, key=lambda w: w.bbox.left)
        ranges.append((start, len(ordered)))
    return _page(tuple(ordered), tuple(ranges), 0)


def _same_line(last: Word, word: Word) -> bool:
    return (
        word.bbox.top < last.bbox.center[1] < word.bbox.bottom
        and last.bbox.top < word.bbox.center[1] < last.bbox.bottom
    )
