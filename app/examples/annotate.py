"""A confirmed answer becomes examples: of each page, what stands on it, as it is printed there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from pydantic import JsonValue

from decoding.evidence import words_of_line, write_absent, write_rows, write_value
from decoding.grammar.page_text import is_span
from decoding.grounding.ground import ground_extraction
from ocr.layout import page_text
from ocr.printed_pages import print_page
from retrieval.features import hash_of
from schemas.document import Document, Page
from schemas.errors import InvalidAnswerError
from schemas.example import Example, ExampleSource
from schemas.extraction import FieldMetadata
from schemas.spec import (
    GROUNDED_KINDS,
    ArraySpec,
    ExtractionSchema,
    ObjectSpec,
    Path,
    Spec,
    json_path,
    row_path,
)
from schemas.text import storable
from schemas.validate import Violation, validate_output
from schemas.walk import Leaf, leaves, replace_leaves

# Numbers beyond are no quantities; Python refuses to print those of 4,300 digits.
_MAX_BITS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A document and what a person, or a trusted file, says that it holds.

    Attributes
    ----------
    page_hashes
        The wavelet hash of each page; None for a page without an image.
    value
        An answer that satisfies the schema.
    mistakes
        What the service had answered where the value is another, by JSON path.
    """

    document: Document
    page_hashes: tuple[bytes | None, ...]
    schema: ExtractionSchema
    value: Mapping[str, JsonValue]
    tenant: str
    source: ExampleSource
    confirmed_by: str
    at: datetime
    mistakes: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """The examples of a document's pages, and the paths of values that no page shows and none teaches."""

    examples: tuple[Example, ...]
    ungrounded: tuple[str, ...]


def page_hashes(document: Document) -> tuple[bytes | None, ...]:
    """Return the wavelet hash of each page that has a thumbnail."""
    return tuple(hash_of(page) for page in document.pages)


def annotate(annotation: Annotation) -> Annotated:
    """Return one example for each page on which something of the answer stands; of one page always one.

    A value that must stand on the page is taught as the page prints it ("1.234,56" for a gold "1234.56"),
    one that stands on no page is left out and named. Values that need not stand anywhere are taught with the
    first page that has an example. A row of a list is taught with the page of its first cell that stands
    somewhere, but for cells that stand on another; one of which nothing stands is left out.

    Raises
    ------
    InvalidAnswerError
        If the answer does not satisfy the schema, has a key that the schema does not know, or lacks one:
        what is not on the document is null, as silence would teach the same. `issues` says where.
    """
    _check(annotation)
    grounded = ground_extraction(annotation.value, annotation.schema, annotation.document).metadata
    answered = tuple(leaves(annotation.schema.root, dict(annotation.value)))
    printed = _in_rows({leaf.path: _find_printed(leaf, grounded[leaf.path]) for leaf in answered})
    pages = sorted({place.page_index for place in printed.values() if place.page_index is not None}) or [0]
    singles = [leaf for leaf in answered if row_path(leaf.path) is None and leaf.value is not None]
    told = _Told(
        known=tuple(json_path(leaf.path) for leaf in singles if not printed[leaf.path].is_missing),
        unknown=tuple(json_path(leaf.path) for leaf in singles if printed[leaf.path].is_missing),
    )
    return Annotated(
        examples=tuple(_example(annotation, page, pages[0], printed, told) for page in pages),
        ungrounded=tuple(json_path(path) for path, place in printed.items() if place.is_missing),
    )


def _check(annotation: Annotation) -> None:
    value = dict(annotation.value)
    violations = tuple(_unwritable(value, ())) or (
        *validate_output(value, annotation.schema),
        *_odd_keys(annotation.schema.root, value, ()),
    )
    if violations:
        issues = tuple((storable(json_path(path)), reason) for path, reason in violations)
        raise InvalidAnswerError("the answer does not satisfy the schema", issues=issues)


def _unwritable(value: JsonValue, path: Path) -> Iterator[Violation]:
    """Yield (path, reason) for what JSON, a database or a model cannot take."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            if storable(key) != key:
                yield (*path, key), "has a key with a broken character"
            yield from _unwritable(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _unwritable(child, (*path, index))
    elif (reason := _why_unwritable(value)) is not None:
        yield path, reason


def _why_unwritable(value: JsonValue) -> str | None:
    if isinstance(value, str):
        return None if storable(value) == value else "has a broken character"
    if isinstance(value, float):
        return None if math.isfinite(value) else "is no number of JSON"
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return "is too large a number"
    return None


def _odd_keys(spec: Spec, value: JsonValue, path: Path) -> Iterator[Violation]:
    """Yield (path, reason) for each key that is missing, or that the schema does not know."""
    if isinstance(spec, ArraySpec):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _odd_keys(spec.item, item, (*path, index))
    elif isinstance(spec, ObjectSpec) and isinstance(value, Mapping):
        known = dict(spec.properties)
        yield from (((*path, key), "is not in the schema") for key in value if key not in known)
        for key, child in spec.properties:
            if key in value:
                yield from _odd_keys(child, value[key], (*path, key))
            else:
                yield (*path, key), "is missing: null says that the document does not have it"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """JSON paths, rows apart, of values that some page shows, and of those that none does."""

    known: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A leaf as it is taught: its text, its page (None: wherever the others are), and the line it is on."""

    value: JsonValue
    page_index: int | None = None
    first_word: int | None = None
    is_missing: bool = False


def _find_printed(leaf: Leaf, known: FieldMetadata) -> _Place:
    must_stand = leaf.spec.kind in GROUNDED_KINDS
    if leaf.value is None:
        return _Place(value=None)
    if not known.citations:
        return _Place(value=None, is_missing=True) if must_stand else _Place(value=leaf.value)
    value = _as_printed(leaf.value, known) if must_stand else leaf.value
    first = known.citations[0]
    return _Place(value=value, page_index=first.page_number - 1, first_word=min(first.word_indices))


def _as_printed(value: JsonValue, known: FieldMetadata) -> str:
    """Return the cited words; of one to which a label is glued, the value alone, as a model may write it."""
    printed = " ".join(citation.reference_text for citation in known.citations)
    return value if isinstance(value, str) and is_span(value, tuple(printed.split())) else printed


def _in_rows(places: Mapping[Path, _Place]) -> dict[Path, _Place]:
    """Return the places, a cell that need not stand anywhere with the page of its row."""
    pages: dict[Path, int] = {}
    for path, place in places.items():
        row = row_path(path)
        if row is not None and place.page_index is not None:
            pages.setdefault(row, place.page_index)
    found: dict[Path, _Place] = {}
    for path, place in places.items():
        row = row_path(path)
        found[path] = place
        if row is not None and place.page_index is None and place.value is not None:
            page_index = pages.get(row)
            value = None if page_index is None else place.value
            found[path] = _Place(value=value, page_index=page_index)
    return found


def _example(
    annotation: Annotation,
    page_index: int,
    first_page: int,
    printed: Mapping[Path, _Place],
    told: _Told,
) -> Example:
    def on_this_page(place: _Place) -> bool:
        return place.page_index == page_index or (place.page_index is None and page_index == first_page)

    shown = {path: place for path, place in printed.items() if on_this_page(place)}
    page = annotation.document.pages[page_index]
    value = _restrict(annotation, shown)
    return Example(
        example_id=uuid4().hex,
        tenant=annotation.tenant,
        document_sha256=annotation.document.sha256,
        page_index=page_index,
        schema_name=annotation.schema.name,
        json_schema=annotation.schema.json_schema,
        page_hash=annotation.page_hashes[page_index],
        text=page_text(annotation.document, page_index),
        answer=value,
        evidence=tuple(_evidence(annotation.schema.root, value, (), shown, page)),
        known=told.known,
        unknown=told.unknown,
        mistakes=dict(annotation.mistakes),
        confirmed=dict(annotation.value) if page_index == first_page else None,
        printed=(print_page(page),) if _has_rows(dict(annotation.value)) else (),
        source=annotation.source,
        confirmed_by=annotation.confirmed_by,
        created_at=annotation.at,
    )


def _restrict(annotation: Annotation, shown: Mapping[Path, _Place]) -> dict[str, JsonValue]:
    """Return the answer of one page: its own leaves as printed, others null, empty rows left out."""

    def on_page(leaf: Leaf) -> JsonValue:
        place = shown.get(leaf.path)
        return None if place is None else place.value

    whole = annotation.value
    return {
        key: _without_empty_rows(replace_leaves(spec, whole.get(key), on_page, (key,)))
        for key, spec in annotation.schema.root.properties
    }


def _without_empty_rows(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {key: _without_empty_rows(child) for key, child in value.items()}
    if isinstance(value, list):
        return [row for row in map(_without_empty_rows, value) if says_something(row)]
    return value


def says_something(value: JsonValue) -> bool:
    """Return whether an answer, or a part of it, holds any value but null; empty lists and objects do not."""
    if isinstance(value, Mapping):
        return any(says_something(child) for child in value.values())
    return bool(value) if isinstance(value, list) else value is not None


def _has_rows(value: JsonValue) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_rows, value.values()))
    return isinstance(value, list) and any(isinstance(row, Mapping) for row in value)


def _evidence(
    spec: ObjectSpec, value: JsonValue, path: Path, shown: Mapping[Path, _Place], page: Page
) -> Iterator[str]:
    """Yield, for each key, where its value was seen: what a model that reasons first would say of it."""
    known = value if isinstance(value, Mapping) else {}
    for key, child in spec.properties:
        found = known.get(key)
        if isinstance(child, ObjectSpec):
            yield from _evidence(child, found, (*path, key), shown, page)
        elif isinstance(child, ArraySpec):
            yield write_rows(key, len(found) if isinstance(found, list) else 0)
        elif found is None:
            yield write_absent(key)
        else:
            yield write_value(key, _words_around(shown.get((*path, key)), page))


def _words_around(place: _Place | None, page: Page) -> tuple[str, ...]:
    """Return the words of the line that a value begins in; none if it stands in no line."""
    if place is None or place.first_word is None:
        return ()
    return words_of_line(page, place.first_word)


def describe_ungrounded(paths: Iterable[str]) -> str | None:
    """Return the sentence that names values which no page shows; None if there are none."""
    named = tuple(paths)
    if not named:
        return None
    shown = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    return f"not taught, as no page shows them: {shown}"
