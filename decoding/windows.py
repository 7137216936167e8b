"""Long documents: cut into windows that fit the model's context, and the answers put together again.

No line is left out: a document that does not fit is decoded window by window. A scalar found in several
windows takes the answer the model is surest of, and a disagreement is a warning; rows of lists are
joined in page order. What a schema demands need not stand in each window (`decoding.required`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from schemas.document import Document, Page
from schemas.errors import PromptTooLongError
from schemas.extraction import ExtractionWarning, FieldMetadata
from schemas.spec import ArraySpec, ObjectSpec, Path, Spec, json_path


@dataclass(frozen=True, slots=True, kw_only=True)
class _PagePart:
    """Lines [first_line, last_line) of one page."""

    page_index: int
    first_line: int
    last_line: int


def cut_windows(document: Document, *, fits: Callable[[Document], bool]) -> tuple[Document, ...]:
    """Return documents that fit, in order, that together hold every line.

    Whole pages are kept together where they fit; a page that alone is too long is cut between lines.

    Parameters
    ----------
    fits
        Whether the engine can take a window; what is part of a window that fits must fit.

    Raises
    ------
    PromptTooLongError
        If a single line does not fit.
    """
    windows: list[Document] = []
    pending: tuple[_PagePart, ...] = ()
    for part in _pages(document):
        if fits(_window(document, (*pending, part))):
            pending = (*pending, part)
            continue
        if pending:
            windows.append(_window(document, pending))
        *full, last = _split(document, part, fits)
        windows += [_window(document, (piece,)) for piece in full]
        pending = (last,)
    if pending or not windows:
        windows.append(_window(document, pending))
    return tuple(windows)


def _pages(document: Document) -> tuple[_PagePart, ...]:
    return tuple(
        _PagePart(page_index=page.page_index, first_line=0, last_line=len(page.lines))
        for page in document.pages
    )


def _split(document: Document, part: _PagePart, fits: Callable[[Document], bool]) -> tuple[_PagePart, ...]:
    """Return `part` halved between lines until each piece fits."""
    if fits(_window(document, (part,))):
        return (part,)
    if part.last_line - part.first_line < 2:
        raise PromptTooLongError(
            f"one line of page {part.page_index + 1} is too long for the model's context",
            hint="serve a model with a longer context, or ask for fewer fields",
        )
    middle = (part.first_line + part.last_line) // 2
    halves = replace(part, last_line=middle), replace(part, first_line=middle)
    return tuple(piece for half in halves for piece in _split(document, half, fits))


def _window(document: Document, parts: tuple[_PagePart, ...]) -> Document:
    pages = tuple(_part_page(document.pages[part.page_index], part, i) for i, part in enumerate(parts))
    return replace(document, pages=pages)


def _part_page(page: Page, part: _PagePart, page_index: int) -> Page:
    lines = page.lines[part.first_line : part.last_line]
    if len(lines) == len(page.lines):
        return replace(page, page_index=page_index)
    start, end = lines[0][0], lines[-1][1]
    return replace(
        page,
        page_index=page_index,
        words=page.words[start:end],
        lines=tuple((a - start, b - start) for a, b in lines),
        block_order=tuple(i - start for i in page.block_order if start <= i < end),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAnswer:
    """The value extracted from one window and what is known of each of its leaves, by JSON path."""

    value: Mapping[str, JsonValue]
    metadata: Mapping[str, FieldMetadata]


@dataclass(slots=True)
class _Merge:
    metadata: dict[str, FieldMetadata]
    warnings: list[ExtractionWarning]


def merge_answers(
    root: ObjectSpec, answers: Sequence[WindowAnswer]
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answers of all windows as one, and a `window_conflict` for each disagreement.

    Scalars: the non-null answer with the highest confidence, the earliest on a tie. Lists: all rows in
    order, up to `max_items`; rows beyond it are a `list_incomplete` warning.
    """
    merge = _Merge(metadata={}, warnings=[])
    sources: list[_Source] = [(dict(answer.value), answer.metadata, ()) for answer in answers]
    value = _merge_object(root, sources, (), merge)
    return WindowAnswer(value=value, metadata=merge.metadata), tuple(merge.warnings)


# One candidate for a place in the merged value: the value, its window's metadata, its path there.
_Source = tuple[JsonValue, Mapping[str, FieldMetadata], Path]


def _merge_object(
    spec: ObjectSpec, sources: Sequence[_Source], path: Path, merge: _Merge
) -> dict[str, JsonValue]:
    merged: dict[str, JsonValue] = {}
    for key, child in spec.properties:
        below: list[_Source] = [
            (value.get(key), metadata, (*at, key))
            for value, metadata, at in sources
            if isinstance(value, Mapping)
        ]
        merged[key] = _merge(child, below, (*path, key), merge)
    return merged


def _merge(spec: Spec, sources: Sequence[_Source], path: Path, merge: _Merge) -> JsonValue:
    present = [source for source in sources if source[0] is not None]
    if isinstance(spec, ObjectSpec):
        return _merge_object(spec, present, path, merge) if present else None
    if isinstance(spec, ArraySpec):
        return _merge_array(spec, present, path, merge) if present else None
    return _merge_scalar(present or sources[:1], path, merge)


def _merge_array(spec: ArraySpec, sources: Sequence[_Source], path: Path, merge: _Merge) -> list[JsonValue]:
    rows: list[_Source] = [
        (row, metadata, (*at, index))
        for value, metadata, at in sources
        if isinstance(value, list)
        for index, row in enumerate(value)
    ]
    if len(rows) > spec.max_items:
        message = f"{len(rows)} rows were found and the schema allows {spec.max_items}"
        merge.warnings.append(
            ExtractionWarning(code="list_incomplete", message=message, path=json_path(path))
        )
    return [
        _merge(spec.item, [row], (*path, index), merge) for index, row in enumerate(rows[: spec.max_items])
    ]


def _merge_scalar(sources: Sequence[_Source], path: Path, merge: _Merge) -> JsonValue:
    if not sources:
        return None
    known = [metadata.get(json_path(at)) for _, metadata, at in sources]
    order = sorted(range(len(sources)), key=lambda i: (-_confidence(known[i]), i))
    best = order[0]
    chosen = known[best]
    if chosen is not None:
        merge.metadata[json_path(path)] = chosen
    if len({_comparable(source[0], meta) for source, meta in zip(sources, known, strict=True)}) > 1:
        merge.warnings.append(
            ExtractionWarning(
                code="window_conflict",
                message="parts of the document gave different values; the surest one was kept",
                path=json_path(path),
            )
        )
    return sources[best][0]


def _confidence(metadata: FieldMetadata | None) -> float:
    return -1.0 if metadata is None or metadata.confidence is None else metadata.confidence


def _comparable(value: JsonValue, metadata: FieldMetadata | None) -> str:
    if metadata is not None and metadata.normalised is not None:
        return metadata.normalised
    return str(value).casefold()
