"""Long documents: cut into windows that fit the model's context, and the answers put together again.

No line is left out: a document that does not fit is decoded window by window. A scalar found in several
windows takes the answer the model is surest of, and a disagreement is a warning; rows of lists are
joined in page order. What a schema demands need not stand in each window (`decoding.required`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise

from pydantic import JsonValue

from schemas.document import Document, Page
from schemas.errors import PromptTooLongError
from schemas.extraction import ExtractionWarning, FieldMetadata
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path, Spec, json_path
from schemas.values import UNDECIDED


@dataclass(frozen=True, slots=True, kw_only=True)
class _PagePart:
    """Lines [first_line, last_line) of one page."""

    page_index: int
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a document as a document of its own, and which pages of the whole it shows."""

    document: Document
    page_indices: tuple[int, ...]


def cut_windows(document: Document, *, fits: Callable[[Document], bool]) -> tuple[Window, ...]:
    """Return windows that fit, in order, that together hold every line.

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
    windows: list[Window] = []
    pending: tuple[_PagePart, ...] = ()
    for part in _pages(document):
        if fits(_window(document, (*pending, part)).document):
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
    if fits(_window(document, (part,)).document):
        return (part,)
    if part.last_line - part.first_line < 2:
        raise PromptTooLongError(
            f"one line of page {part.page_index + 1} is too long for the model's context",
            hint="serve a model with a longer context, or ask for fewer fields",
        )
    middle = (part.first_line + part.last_line) // 2
    halves = replace(part, last_line=middle), replace(part, first_line=middle)
    return tuple(piece for half in halves for piece in _split(document, half, fits))


def _window(document: Document, parts: tuple[_PagePart, ...]) -> Window:
    pages = tuple(_part_page(document.pages[part.page_index], part, i) for i, part in enumerate(parts))
    return Window(
        document=replace(document, pages=pages), page_indices=tuple(part.page_index for part in parts)
    )


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
        cuts=frozenset(_cuts_within(page, start, end)),
    )


def _cuts_within(page: Page, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the cuts among words [start, end), and one where their blocks went on outside of them."""
    yield from ((a - start, b - start) for a, b in page.cuts if start <= a < end and start <= b < end)
    within = [(at, i - start) for at, i in enumerate(page.block_order) if start <= i < end]
    yield from ((i, j) for (at, i), (next_at, j) in pairwise(within) if next_at != at + 1 and j != i + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAnswer:
    """The value extracted from one window, or from all of them.

    Attributes
    ----------
    metadata
        What is known of each leaf, by path.
    page_indices
        The pages that each leaf was read from, by path; a leaf without was read from all.
    """

    value: Mapping[str, JsonValue]
    metadata: Mapping[Path, FieldMetadata]
    page_indices: Mapping[Path, tuple[int, ...]] = field(default_factory=dict[Path, tuple[int, ...]])


@dataclass(slots=True)
class _Merge:
    metadata: dict[Path, FieldMetadata] = field(default_factory=dict[Path, FieldMetadata])
    page_indices: dict[Path, tuple[int, ...]] = field(default_factory=dict[Path, tuple[int, ...]])
    warnings: list[ExtractionWarning] = field(default_factory=list[ExtractionWarning])


def merge_answers(
    root: ObjectSpec, answers: Sequence[WindowAnswer]
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answers of all windows as one, and a `window_conflict` for each disagreement.

    Scalars: the non-null answer with the highest confidence, the earliest on a tie. Lists: all rows in
    order, up to `max_items`; rows beyond it are a `list_incomplete` warning.
    """
    merge = _Merge()
    sources: list[_Source] = [(dict(answer.value), answer, ()) for answer in answers]
    value = _merge_object(root, sources, (), merge)
    answer = WindowAnswer(value=value, metadata=merge.metadata, page_indices=merge.page_indices)
    return answer, tuple(merge.warnings)


# One candidate for a place in the merged value: the value, its window's answer, its path there.
_Source = tuple[JsonValue, WindowAnswer, Path]


def _merge_object(
    spec: ObjectSpec, sources: Sequence[_Source], path: Path, merge: _Merge
) -> dict[str, JsonValue]:
    merged: dict[str, JsonValue] = {}
    for key, child in spec.properties:
        below: list[_Source] = [
            (value.get(key), answer, (*at, key))
            for value, answer, at in sources
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
    return _merge_scalar(spec, present or sources[:1], path, merge)


def _merge_array(spec: ArraySpec, sources: Sequence[_Source], path: Path, merge: _Merge) -> list[JsonValue]:
    rows: list[_Source] = [
        (row, answer, (*at, index))
        for value, answer, at in sources
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


def _merge_scalar(spec: FieldSpec, sources: Sequence[_Source], path: Path, merge: _Merge) -> JsonValue:
    if not sources:
        return None
    known = [answer.metadata.get(at) for _, answer, at in sources]
    order = sorted(range(len(sources)), key=lambda i: (-_confidence(known[i]), i))
    value, answer, at = sources[order[0]]
    chosen = known[order[0]]
    if chosen is not None:
        merge.metadata[path] = chosen
    if at in answer.page_indices:
        merge.page_indices[path] = answer.page_indices[at]
    if len({_comparable(spec, value) for value, _, _ in sources}) > 1:
        merge.warnings.append(
            ExtractionWarning(
                code="window_conflict",
                message="parts of the document gave different values; the surest one was kept",
                path=json_path(path),
            )
        )
    return value


def _confidence(metadata: FieldMetadata | None) -> float:
    return -1.0 if metadata is None or metadata.confidence is None else metadata.confidence


def _comparable(spec: FieldSpec, value: JsonValue) -> object:
    """Return what two notations of one value have in common: "1,234.00" and "1234.00" do not conflict."""
    if isinstance(value, int | float):
        return Decimal(str(value)) if not isinstance(value, bool) else value
    text = str(value)
    readings: tuple[object, ...] = ()
    if spec.kind == "amount":
        readings = UNDECIDED.amount_readings(text)
    elif spec.kind == "date":
        readings = UNDECIDED.date_readings(text)
    return readings[0] if readings else text.casefold()
