"""Pages written as text, for the tests of tables."""

from __future__ import annotations

from ocr.layout_document import layout_document
from schemas.document import Document
from schemas.spec import ArraySpec, FieldKind, FieldSpec, ObjectSpec


def pages(*texts: str) -> Document:
    """Return a document of one page a text, set as the text is; lines without words are left out."""
    return layout_document("\n\n".join("\n".join(_lines(text)) for text in texts), sha256="0" * 64)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def item(**kinds: FieldKind) -> ObjectSpec:
    """Return the object of one row, every key nullable."""
    return ObjectSpec(
        properties=tuple((key, FieldSpec(kind=kind, nullable=True)) for key, kind in kinds.items())
    )


def rows_of(spec: ObjectSpec, *, key: str = "line_items", max_items: int = 200) -> ObjectSpec:
    """Return an object with a list of such rows."""
    return ObjectSpec(properties=((key, ArraySpec(item=spec, max_items=max_items)),))
