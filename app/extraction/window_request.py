"""One window's request: what is asked of the engine, and what is shown beside the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.extraction.known_rows import KnownRows
from app.extraction.prompt_examples import FoundExamples
from decoding.engines.engine import EngineRequest
from decoding.windows import Window
from schemas.extraction import ExampleUse, ExtractionWarning
from schemas.prompt import PromptExample


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """What is asked of one window, its known rows, and the examples that were found and are shown with it."""

    engine_request: EngineRequest
    window: Window
    rows: KnownRows
    found: FoundExamples
    shown: tuple[PromptExample, ...]


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
