"""What a cut answer left out, as a text from which the same call goes on.

A cursor names lines of the document and keys of the schema that are still to be asked of them, and says by
hashes of which document, reading, schema, options and model it is. It is no secret and gives no right:
whoever makes one up asks other lines of their own document. Its digest finds what was damaged.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.extraction.options import MAX_CURSOR_CHARS, ExtractionOptions
from app.extraction.window_schemas import list_parts
from decoding.windows import LineRange
from schemas.document import Document, Page
from schemas.errors import InvalidCursorError
from schemas.spec import ExtractionSchema

_PREFIX = "c1."
_MAX_BYTES = 1 << 20  # of what a cursor holds, unpacked
_DIGEST_CHARS = 16  # 64 bits each: damage is found, and one file is not taken for another by chance
# What may change between the calls: the limit that cut the answer, and whether the call goes on by itself.
_FREE_OPTIONS = {"cursor", "complete", "max_tokens", "adapter", "adapter_fallback"}
_Count = Annotated[int, Field(ge=0, le=10_000_000)]
_Key = Annotated[str, Field(max_length=1_000)]


class Rest(BaseModel):
    """Keys that are still to be asked, and the lines of the document that are to answer them, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[tuple[_Key, ...], ...] = Field(min_length=1, max_length=10_000)
    lines: tuple[tuple[_Count, _Count, _Count], ...] = Field(min_length=1, max_length=10_000)


Binding = Literal["document", "reading", "schema", "options", "model"]
_SAID: Mapping[Binding, str] = {
    "document": "another file",
    "reading": "a file that was read otherwise (other pages, or another reader)",
    "schema": "another schema",
    "options": "other options",
    "model": "another model or adapter",
}


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    bound: dict[Binding, str]
    rests: tuple[Rest, ...] = Field(min_length=1, max_length=10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a cursor is bound to; `model` are the names of the engine, the model and the adapter."""

    document: Document
    schema: ExtractionSchema
    options: ExtractionOptions
    model: tuple[str | None, ...]

    def hashes(self) -> dict[Binding, str]:
        """Return a digest of each part."""
        options = self.options.model_dump(mode="json", exclude=_FREE_OPTIONS)
        return {
            "document": _digest(self.document.sha256),
            "reading": digest_reading(self.document),
            "schema": _digest([self.schema.name, self.schema.json_schema]),
            "options": _digest(options),
            "model": _digest(self.model),
        }


def write_cursor(call: Call, rests: Sequence[Rest]) -> str | None:
    """Return the cursor of what a call left out; None if that is nothing, or too much for a cursor."""
    if not rests:
        return None
    text = _Written(bound=call.hashes(), rests=tuple(rests)).model_dump_json().encode()
    packed = base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")
    cursor = f"{_PREFIX}{_digest(packed)}.{packed}"
    return cursor if len(cursor) <= MAX_CURSOR_CHARS and len(text) <= _MAX_BYTES else None


def read_cursor(cursor: str, call: Call) -> tuple[Rest, ...]:
    """Return what a cursor says is left to ask.

    Raises
    ------
    InvalidCursorError
        If it is no cursor, damaged, of another call (the message says what differs), or names lines or keys
        that there are not.
    """
    written = _unpack(cursor)
    hashes = call.hashes()
    differing = [_SAID[part] for part in _SAID if written.bound.get(part) != hashes[part]]
    if differing:
        raise InvalidCursorError(
            f"the cursor belongs to {differing[0]}",
            hint="send the file, schema and options of the call that gave it, or none to begin anew",
        )
    keys = frozenset(part.keys for part in list_parts(call.schema.root))
    pages = call.document.pages
    for rest in written.rests:
        if not keys.issuperset(rest.keys) or not all(_is_of(lines, pages) for lines in rest.lines):
            raise _damaged()
    return written.rests


def is_of_reading(cursor: str, document: Document) -> bool:
    """Return whether a cursor is of this document of a file, read as it is now.

    Raises
    ------
    InvalidCursorError
        If it is no cursor or damaged.
    """
    return _unpack(cursor).bound.get("reading") == digest_reading(document)


def digest_reading(document: Document) -> str:
    """Return a digest of the words of a document and the lines that they stand in."""
    return _digest([[[word.text for word in page.words], page.lines] for page in document.pages])


def _unpack(cursor: str) -> _Written:
    prefix, digest, packed = cursor[: len(_PREFIX)], *_halves(cursor[len(_PREFIX) :])
    if len(cursor) > MAX_CURSOR_CHARS or prefix != _PREFIX or digest != _digest(packed):
        raise _damaged()
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(raw, _MAX_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise _damaged()
        return _Written.model_validate_json(text)
    except (binascii.Error, zlib.error, ValidationError, ValueError) as error:
        raise _damaged() from error


def _halves(text: str) -> tuple[str, str]:
    digest, _, packed = text.partition(".")
    return digest, packed


def _damaged() -> InvalidCursorError:
    return InvalidCursorError(
        "this is no cursor of a partial answer, or a damaged one", hint="send `cursor` as it was given"
    )


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True).encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:_DIGEST_CHARS]


def _is_of(lines: LineRange, pages: Sequence[Page]) -> bool:
    page_index, first, last = lines
    return page_index < len(pages) and first < last <= len(pages[page_index].lines)
