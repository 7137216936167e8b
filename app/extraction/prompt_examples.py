"""Examples as a prompt shows them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import JsonValue

from decoding.evidence import (
    join_lines,
    points_at_value,
    read_key,
    write_absent,
    write_rows,
    write_value,
)
from decoding.grammar.answer import answer_json
from retrieval.projection import project
from schemas.prompt import PromptExample, ReasoningMode
from schemas.spec import ArraySpec, ExtractionSchema, ObjectSpec

if TYPE_CHECKING:  # the search brings a database and an index with it
    from retrieval.search import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundExamples:
    """The nearest examples, nearest first; `failed` says that the store could not be asked."""

    hits: tuple[Hit, ...] = ()
    failed: bool = False


def nearest_hits(found: Iterable[FoundExamples]) -> tuple[Hit, ...]:
    """Return the examples that were found for some windows, each once, the nearest first."""
    nearest: dict[str, Hit] = {}
    for hit in (hit for examples in found for hit in examples.hits):
        known = nearest.get(hit.example.example_id)
        if known is None or hit.similarity_score > known.similarity_score:
            nearest[hit.example.example_id] = hit
    return tuple(sorted(nearest.values(), key=lambda hit: -hit.similarity_score))


def to_prompt_example(
    hit: Hit, schema: ExtractionSchema, *, reasoning: ReasoningMode, structured: bool
) -> PromptExample:
    """Return an example as the prompt shows it: like a page, and like the answer that is asked for."""
    example = hit.example
    answer = project(example.answer, schema)
    trace = None if reasoning == "off" else build_trace(example.evidence, answer, schema)
    return PromptExample(
        example_id=example.example_id,
        layout_text=example.text if structured else _plain(example.text),
        answer_json=answer_json(answer, reasoning=trace),
        similarity_score=hit.similarity_score,
    )


def _plain(text: str) -> str:
    """Return a layout text as words with single spaces, a line a line."""
    return "\n".join(re.sub(r" {2,}", " ", line.strip()) for line in text.split("\n"))


def build_trace(evidence: Iterable[str], answer: Mapping[str, JsonValue], schema: ExtractionSchema) -> str:
    """Return the trace of an answer: a line for every key of the schema, in its order.

    Parameters
    ----------
    evidence
        Lines about the document that the answer was read from: of several pages, maybe, and of other schemas.
    answer
        What is asked for, in the schema's shape (`retrieval.projection.project`).

    Lists and what the answer does not have need no evidence; a value that none of it is about is somewhere on
    the page.
    """
    lines: dict[str, deque[str]] = {}
    for line in evidence:
        if points_at_value(line):
            lines.setdefault(read_key(line), deque()).append(line)
    return join_lines(_lines(schema.root, answer, lines))


def _lines(
    spec: ObjectSpec, answer: Mapping[str, JsonValue], evidence: Mapping[str, deque[str]]
) -> Iterator[str]:
    for key, child in spec.properties:
        value = answer.get(key)
        if isinstance(child, ObjectSpec):
            yield from _lines(child, value if isinstance(value, dict) else {}, evidence)
        elif isinstance(child, ArraySpec):
            yield write_rows(key, len(value) if isinstance(value, list) else 0)
        elif value is None:
            yield write_absent(key)
        else:
            # Two objects may have the same key ("name" of buyer and of seller): each takes its own line.
            found = evidence.get(read_key(write_value(key)))
            yield found.popleft() if found else write_value(key)
