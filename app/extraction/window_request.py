"""One window's request: what is asked of the engine, and what is shown beside the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.extraction.known_rows import join_seen_rows
from app.extraction.prompt_examples import FoundExamples
from app.extraction.taught_rows import WindowRows, join_taught_rows
from decoding.checks.completeness import SeenRow, TaughtRows
from decoding.engines.engine import EngineRequest
from decoding.windows import Window
from schemas.extraction import ExampleUse, ExtractionWarning
from schemas.prompt import PromptExample
from schemas.spec import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """What is asked of one window, its rows, and the examples that were found and are shown with it."""

    engine_request: EngineRequest
    window: Window
    rows: WindowRows
    found: FoundExamples
    shown: tuple[PromptExample, ...]


def list_seen_rows(requests: Sequence[WindowRequest]) -> Mapping[Path, Sequence[SeenRow]]:
    """Return the rows that the windows' tables show for certain and that were asked for, by list."""
    return join_seen_rows(
        [request.window for request in requests], [request.rows.known for request in requests]
    )


def list_taught_rows(requests: Sequence[WindowRequest]) -> Mapping[Path, TaughtRows]:
    """Return what confirmed pages decided of the rows of each list."""
    return join_taught_rows([request.window for request in requests], [request.rows for request in requests])


def list_example_uses(requests: Sequence[WindowRequest]) -> tuple[ExampleUse, ...]:
    """Return which examples were shown, each once, with the pages that they were shown with."""
    pages: dict[str, list[int]] = {}
    scores: dict[str, float] = {}
    for request in requests:
        for example in request.shown:
            pages.setdefault(example.example_id, []).extend(i + 1 for i in request.window.page_indices)
            scores[example.example_id] = max(example.similarity_score, scores.get(example.example_id, 0.0))
    return tuple(
        ExampleUse(example_id=i, similarity_score=scores[i], page_numbers=tuple(sorted(set(numbers))))
        for i, numbers in pages.items()
    )


def warn_of_examples(requests: Sequence[WindowRequest]) -> Iterator[ExtractionWarning]:
    """Yield what kept examples from being shown: no room beside the page, or a store that failed."""
    if any(request.found.hits and not request.shown for request in requests):
        message = "examples were found and none is shown, as the answer needs the room"
        yield ExtractionWarning(code="example_dropped", message=message)
    if any(request.found.failed for request in requests):
        message = "the store of examples could not be asked"
        yield ExtractionWarning(code="examples_unavailable", message=message)
