"""One window's completion, read: its value, what is known of each leaf, whether it was cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from decoding.confidence import leaf_confidences
from decoding.grammar.build import Grammar
from decoding.merging import WindowAnswer
from decoding.parse import ParsedOutput, parse_completion
from decoding.required import relax
from schemas.errors import TruncatedOutputError
from schemas.extraction import Completion, ExtractionWarning, FieldMetadata, OtherValue
from schemas.spec import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCompletion:
    """One window's completion, as it came and as it was read."""

    completion: Completion
    parsed: ParsedOutput
    answer: WindowAnswer


def read_completion(
    completion: Completion, grammar: Grammar, page_indices: tuple[int, ...]
) -> WindowCompletion:
    """Return what a window's completion says, read from these pages."""
    parsed = _parse(completion, grammar)
    confidences = leaf_confidences(parsed, completion)
    answer = WindowAnswer(
        value=parsed.value,
        metadata={
            path: FieldMetadata(confidence=known, probability=known) for path, known in confidences.items()
        },
        page_indices=dict.fromkeys(parsed.value_spans, page_indices),
        others=_others_by_path(completion),
    )
    return WindowCompletion(completion=completion, parsed=parsed, answer=answer)


def _others_by_path(completion: Completion) -> dict[Path, tuple[OtherValue, ...]]:
    others: dict[Path, list[OtherValue]] = {}
    for other in completion.others:
        others.setdefault(other.path, []).append(other)
    return {path: tuple(found) for path, found in others.items()}


def _parse(completion: Completion, grammar: Grammar) -> ParsedOutput:
    """Return what was written; what a cut left out may still be asked for, whether or not it may be null."""
    try:
        return parse_completion(completion, grammar)
    except TruncatedOutputError:
        return parse_completion(completion, replace(grammar, schema=relax(grammar.schema)))


def warn_of_cuts(decoded: Sequence[WindowCompletion], *, is_whole: bool) -> Iterator[ExtractionWarning]:
    """Yield the warning that an answer was cut, if one was and the rest was not given later."""
    if any(d.parsed.truncated for d in decoded) and not is_whole:
        message = "the answer reached its token limit; what was complete is kept, the rest is missing"
        yield ExtractionWarning(code="truncated", message=message)
