"""What reading has found of a file, and what becomes of an answer on it: without any model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel, ConfigDict, JsonValue

from app.extraction.known_rows import list_seen_rows
from app.extraction.splitting import split_document
from decoding.checks.answer import check_answer, list_reading_warnings
from decoding.checks.completeness import find_evidence
from decoding.checks.writable import WritableValues
from decoding.grounding.ground import ground_extraction
from decoding.kinds.classify import tell_kind
from decoding.windows import cut_windows
from ocr.layout import page_text
from schemas.completeness import Completeness
from schemas.distinct_json import load_distinct
from schemas.document import Document, Word
from schemas.errors import InvalidAnswerError
from schemas.extraction import Citation, DocumentKind, ExtractionWarning
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Spec, json_path
from schemas.walk import leaves


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True)


class ReadWord(_Report):
    """A word with its box (left, top, right, bottom in page fractions), confidence in [0, 1] and source.

    `other_reading` is what another look at its figures has read, "" where that agreed or there was none.
    """

    text: str
    bbox: tuple[float, float, float, float]
    confidence: float
    source: str
    other_reading: str = ""


class ReadPage(_Report):
    """A page (number from 1): its size in points, layout text, how many words come from which source.

    `set_aside` has the words that were read and are kept from the model, as they tell it what to answer: they
    are in none of the others.
    """

    page_number: int
    width_pt: float
    height_pt: float
    rotation_deg: int
    skew_deg: float
    sources: Mapping[str, int]
    text: str
    words: tuple[ReadWord, ...]
    set_aside: tuple[ReadWord, ...]


class FoundDocument(_Report):
    """What layout takes for one document of the file: its pages (from 1), how sure that is, why, its kind."""

    page_numbers: tuple[int, ...]
    confidence: float
    evidence: str
    kind: DocumentKind


class ReadReport(_Report):
    """A file as it was read."""

    document_sha256: str
    media_type: str
    pages: tuple[ReadPage, ...]
    documents: tuple[FoundDocument, ...]
    warnings: tuple[ExtractionWarning, ...]


class GroundedValue(_Report):
    """One value of an answer: whether it can be written, and where it stands and what it says."""

    value: JsonValue
    writable: bool
    grounded: bool
    normalised: str | None
    currency: str | None
    citations: tuple[Citation, ...]
    warnings: tuple[str, ...]


class GroundReport(_Report):
    """An answer on a file: its values that are not null by their JSON paths, and all warnings."""

    fields: Mapping[str, GroundedValue]
    completeness: Completeness
    warnings: tuple[ExtractionWarning, ...]


def report_reading(document: Document) -> ReadReport:
    """Return what was read."""
    return ReadReport(
        document_sha256=document.sha256,
        media_type=document.media_type,
        pages=tuple(_read_page(document, index) for index in range(len(document.pages))),
        documents=tuple(
            FoundDocument(
                page_numbers=part.page_numbers,
                confidence=part.confidence,
                evidence=part.evidence,
                kind=tell_kind(part.document),
            )
            for part in split_document(document, "auto")
        ),
        warnings=(*list_reading_warnings(document), *_splitting_warnings(document)),
    )


def _splitting_warnings(document: Document) -> tuple[ExtractionWarning, ...]:
    return tuple(warning for part in split_document(document, "never") for warning in part.warnings)


def _read_page(document: Document, index: int) -> ReadPage:
    page = document.pages[index]
    return ReadPage(
        page_number=index + 1,
        width_pt=page.width_pt,
        height_pt=page.height_pt,
        rotation_deg=page.rotation_deg,
        skew_deg=page.skew_deg,
        sources=dict(Counter(word.source for word in page.words)),
        text=page_text(document, index),
        words=tuple(map(_read_word, page.words)),
        set_aside=tuple(map(_read_word, page.set_aside)),
    )


def _read_word(word: Word) -> ReadWord:
    return ReadWord(
        text=word.text,
        bbox=(word.bbox.left, word.bbox.top, word.bbox.right, word.bbox.bottom),
        confidence=word.confidence,
        source=word.source,
        other_reading=word.other_reading,
    )


def report_grounding(
    document: Document, schema: ExtractionSchema, answer: Mapping[str, JsonValue]
) -> GroundReport:
    """Return for each value of an answer whether the grammar could write it and where it stands.

    Keys that the answer lacks are null.

    Raises
    ------
    InvalidAnswerError
        If the answer has a key that the schema has not, or a list or a record where the schema has none.
    """
    value = complete_answer(schema.root, answer)
    grounded = ground_extraction(value, schema, document)
    whole = cut_windows(document, fits=lambda _: True)
    completeness = find_evidence(grounded, document, list_seen_rows(whole, schema))
    warnings = (
        *list_reading_warnings(document),
        *_splitting_warnings(document),
        *check_answer(grounded, completeness, document),
    )
    writable = WritableValues(document)
    fields: dict[str, GroundedValue] = {}
    for leaf in leaves(schema.root, value):
        if leaf.value is None:
            continue
        path = json_path(leaf.path)
        known = grounded.metadata[leaf.path]
        fields[path] = GroundedValue(
            value=leaf.value,
            writable=writable.can_write(leaf.spec, leaf.value),
            grounded=bool(known.citations),
            normalised=known.normalised,
            currency=known.currency,
            citations=known.citations,
            warnings=tuple(warning.code for warning in warnings if warning.path == path),
        )
    return GroundReport(fields=fields, completeness=completeness, warnings=warnings)


def complete_answer(root: ObjectSpec, answer: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the answer with every key of the schema, in its order; what is not there is null or no rows.

    Raises
    ------
    InvalidAnswerError
        Naming each key that the schema has not, and each value of another shape.
    """
    issues: list[tuple[str, str]] = []
    completed = _complete(root, dict(answer), (), issues)
    if issues or not isinstance(completed, dict):
        raise InvalidAnswerError("the answer is none of this schema", issues=tuple(issues))
    return completed


def _complete(
    spec: Spec, value: JsonValue, path: tuple[str | int, ...], issues: list[tuple[str, str]]
) -> JsonValue:
    if isinstance(spec, FieldSpec):
        if isinstance(value, dict | list):
            issues.append((json_path(path), "a single value is wanted here"))
        return value
    if isinstance(spec, ArraySpec):
        if value is not None and not isinstance(value, list):
            issues.append((json_path(path), "a list is wanted here"))
        items = value if isinstance(value, list) else []
        return [_complete(spec.item, item, (*path, at), issues) for at, item in enumerate(items)]
    if value is not None and not isinstance(value, dict):
        issues.append((json_path(path), "a record is wanted here"))
    record = value if isinstance(value, dict) else {}
    known = dict(spec.properties)
    issues += [(json_path((*path, key)), "the schema has no such key") for key in record if key not in known]
    return {key: _complete(child, record.get(key), (*path, key), issues) for key, child in known.items()}


def parse_answer(data: bytes) -> dict[str, JsonValue]:
    """Return the answer in the bytes of a JSON file.

    Raises
    ------
    InvalidAnswerError
        If it is no JSON object.
    """
    try:
        found = load_distinct(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError(f"the answer is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidAnswerError("an answer is a JSON object")
    return cast("dict[str, JsonValue]", found)
