"""An engine without a model: it reads what it is shown, as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from pydantic import JsonValue

from decoding.engines.engine import EngineRequest
from schemas.extraction import Completion
from schemas.prompt import Prompt
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Spec


class Reader:
    """An engine that answers each key with what a function reads in the lines of its window.

    A context of so many words is all it has; the requests that it had are kept.
    """

    name, model, base_sha256 = "reader", "reader", None
    max_context_tokens = 10_000

    def __init__(self, read: Callable[[list[str]], dict[str, JsonValue]], *, n_words: int) -> None:
        self.read = read
        self.n_words = n_words
        self.asked: list[tuple[tuple[str, ...], list[str]]] = []

    def count_tokens(self, prompt: Prompt) -> int:
        """Return more than the context where the page has too many words."""
        return 10 if len(prompt.messages[-1].content.split()) <= self.n_words else 20_000

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        """Return what is read, as far as it is asked for and within the limit, a token to each comma."""
        return tuple(self._answer(request) for request in requests)

    def _answer(self, request: EngineRequest) -> Completion:
        lines = request.prompt.messages[-1].content.split("\n")
        root = request.grammar.schema.root
        self.asked.append((tuple(key for key, _ in root.properties), lines))
        whole = json.dumps(_take(root, self.read(lines)), separators=(",", ":"), ensure_ascii=False)
        pieces = [f"{piece}," for piece in whole.split(",")]
        pieces[-1] = pieces[-1].removesuffix(",")
        text = "".join(pieces[: request.max_tokens])
        return Completion(
            text=text,
            finish_reason="stop" if text == "".join(pieces) else "length",
            n_prompt_tokens=len(lines),
            n_completion_tokens=min(len(pieces), request.max_tokens),
            engine=self.name,
            model=self.model,
        )

    def close(self) -> None:
        """Hold nothing."""


def _take(spec: Spec, value: JsonValue) -> JsonValue:
    """Return the part of what was read that a schema asks for, in its order."""
    if isinstance(spec, ObjectSpec):
        read = value if isinstance(value, dict) else {}
        return {key: _take(child, read.get(key)) for key, child in spec.properties}
    if isinstance(spec, ArraySpec):
        return [_take(spec.item, row) for row in value] if isinstance(value, list) else []
    assert isinstance(spec, FieldSpec)
    return value
