"""Examples as a prompt shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decoding.evidence import join_lines, read_key
from decoding.grammar.answer import answer_json
from retrieval.projection import project
from schemas.prompt import PromptExample, ReasoningMode
from schemas.spec import ExtractionSchema

if TYPE_CHECKING:  # the search brings a database and an index with it
    from retrieval.search import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundExamples:
    """The nearest examples, nearest first; `failed` says that the store could not be asked."""

    hits: tuple[Hit, ...] = ()
    failed: bool = False


def to_prompt_example(
    hit: Hit, schema: ExtractionSchema, *, reasoning: ReasoningMode, structured: bool
) -> PromptExample:
    """Return an example as the prompt shows it: like a page, and like the answer that is asked for."""
    example = hit.example
    trace = None if reasoning == "off" else build_trace(example.evidence, schema)
    return PromptExample(
        example_id=example.example_id,
        layout_text=example.text if structured else _plain(example.text),
        answer_json=answer_json(project(example.answer, schema), reasoning=trace),
        similarity_score=hit.similarity_score,
    )


def _plain(text: str) -> str:
    """Return a layout text as words with single spaces, a line a line."""
    return "\n".join(re.sub(r" {2,}", " ", line.strip()) for line in text.split("\n"))


def build_trace(evidence: tuple[str, ...], schema: ExtractionSchema) -> str:
    """Return what is said of the keys that are asked for, as much as a brief reasoning holds.

    A key that a line cannot write as it is ("seller's name") is not found in it, and nothing is said of it.
    """
    asked = frozenset(_keys(schema))
    return join_lines(line for line in evidence if read_key(line) in asked)


def _keys(schema: ExtractionSchema) -> Iterator[str]:
    for keys, _ in schema.leaves():
        yield from keys
