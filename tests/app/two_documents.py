"""A file of three pages that holds two documents: what the tests of splitting are about."""

from __future__ import annotations

import pytest

from decoding.splitting.groups import PageGroup
from schemas.document import Document
from schemas.registry import from_json_text
from tests.ocr.files import pdf, text_at

FILE = pdf(*(text_at(72, 700, f"Invoice {4710 + n} Page {n} of 3") for n in (1, 2, 3)))
JSON_SCHEMA = '{"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}'
SCHEMA = from_json_text(JSON_SCHEMA, name="named")


def see_two(monkeypatch: pytest.MonkeyPatch, *, confidence: float = 0.95) -> None:
    """Have the first page of any longer file be a document, and its other pages another."""

    def group(document: Document) -> tuple[PageGroup, ...]:
        indices = tuple(range(len(document.pages)))
        if len(indices) < 2:
            return (PageGroup(page_indices=indices),)
        second = PageGroup(page_indices=indices[1:], cut_confidence=confidence, evidence="a new number")
        return (PageGroup(page_indices=indices[:1], cut_confidence=confidence), second)

    monkeypatch.setattr("app.extraction.splitting.group_pages", group)
