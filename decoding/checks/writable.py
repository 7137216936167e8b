"""Whether values are ones that the grammar lets a model write, without asking one."""

# llguidance is typed in part only.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from llguidance import LLMatcher, LLTokenizer
from pydantic import JsonValue

from decoding.grammar.answer import answer_json
from decoding.grammar.build import MAX_WINDOW_WORDS, build_grammar
from schemas.document import Document
from schemas.errors import EmptyDocumentError, GrammarCompileError
from schemas.spec import ExtractionSchema, FieldSpec, ObjectSpec

_KEY = "value"


@dataclass(frozen=True)
class WritableValues:
    """What can be written of one document; the grammar of each field is compiled once.

    A long document is looked at in stretches of pages that a grammar holds, and a table's rows are not bound
    to their cells: what can be written here can be written somewhere in the answer.
    """

    document: Document

    def can_write(self, spec: FieldSpec, value: JsonValue) -> bool:
        """Return whether a field of this kind can have the value.

        Raises
        ------
        GrammarCompileError
            If no value at all can satisfy the field, or one page has more words than a grammar holds.
        """
        text = answer_json({_KEY: value}).encode()
        return any(_accepts(matcher, text) for matcher in self._matchers(spec))

    def _matchers(self, spec: FieldSpec) -> tuple[LLMatcher, ...]:
        if spec not in self._compiled:
            self._compiled[spec] = tuple(self._compile(spec))
        return self._compiled[spec]

    @cached_property
    def _compiled(self) -> dict[FieldSpec, tuple[LLMatcher, ...]]:
        return {}

    def _compile(self, spec: FieldSpec) -> Iterator[LLMatcher]:
        # What cannot be null has no grammar where no word is of its kind; null is a value of its own anyway.
        root = ObjectSpec(properties=((_KEY, replace(spec, nullable=True)),))
        schema = ExtractionSchema(name="field", root=root, json_schema="{}")
        for part in self._parts:
            try:
                grammar = build_grammar(schema, part)
            except EmptyDocumentError:
                continue
            matcher = LLMatcher(_bytes(), grammar.lark, log_level=0)
            if matcher.is_error():
                raise GrammarCompileError(
                    f"the field's grammar is refused: {matcher.get_error().splitlines()[0]}"
                )
            yield matcher

    @cached_property
    def _parts(self) -> tuple[Document, ...]:
        parts: list[Document] = []
        first, n_words = 0, 0
        pages = self.document.pages
        for index, page in enumerate(pages):
            if index > first and n_words + len(page.words) > MAX_WINDOW_WORDS:
                parts.append(_take(self.document, first, index))
                first, n_words = index, 0
            n_words += len(page.words)
        return (*parts, _take(self.document, first, len(pages)))


def _take(document: Document, first: int, end: int) -> Document:
    pages = tuple(replace(page, page_index=i) for i, page in enumerate(document.pages[first:end]))
    return replace(document, pages=pages, warnings=())


@lru_cache(maxsize=1)
def _bytes() -> LLTokenizer:
    return LLTokenizer("byte")


def _accepts(matcher: LLMatcher, text: bytes) -> bool:
    matcher.reset()
    return matcher.try_consume_tokens(list(text)) == len(text) and bool(matcher.is_accepting())
