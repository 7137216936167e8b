"""One document's answer: cut into windows, each asked, the answers merged, and asked again for what lacks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.extraction.known_rows import (
    KnownRows,
    count_row_tokens,
    join_seen_rows,
    known_rows,
    only_lists,
    shows_rows_only,
)
from app.extraction.options import ExtractionOptions
from app.extraction.prompt_examples import FoundExamples, to_prompt_example
from app.extraction.taught_rows import (
    RowLessons,
    WindowRows,
    find_window_rows,
    join_taught_rows,
    learn_row_lessons,
)
from decoding.carried import find_carried
from decoding.checks.completeness import SeenRow, TaughtRows
from decoding.confidence import leaf_confidences
from decoding.engines.engine import Engine, EngineRequest
from decoding.evidence import trace_chars
from decoding.grammar.build import build_grammar
from decoding.parse import ParsedOutput, parse_completion
from decoding.prompt import build_prompt
from decoding.required import Demand, find_demands, relax, subschema_for
from decoding.windows import Window, WindowAnswer, cut_windows, merge_answers
from ocr.layout import layout_text
from schemas.document import Document
from schemas.errors import EmptyDocumentError, PromptTooLongError, TruncatedOutputError
from schemas.extraction import Completion, ExampleUse, ExtractionWarning, FieldMetadata, OtherValue
from schemas.model_profile import ModelProfile
from schemas.prompt import Prompt, PromptExample
from schemas.spec import ExtractionSchema, Path, json_path

if TYPE_CHECKING:
    from app.extraction.finder import ExampleFinder

# Of the context, what is kept for an answer that may need it; the page gets the rest.
_ANSWER_SHARE = 0.5
# Of a value that is no row's, with its key: names and addresses more, amounts and nulls less.
_SCALAR_TOKENS = 24
# Sought beyond those that are shown, for where the nearest are too long.
_SPARE_EXAMPLES = 3
# However long the model's context: the grammar of more words is too much for a vLLM server without our
# plugin (`decoding.grammar.build.MAX_WINDOW_WORDS` is what ours can take).
_MAX_WINDOW_WORDS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCompletion:
    """One window's completion, as it came and as it was read."""

    completion: Completion
    parsed: ParsedOutput
    answer: WindowAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAnswer:
    """The merged answer, where the windows disagreed, and every completion that it was made of."""

    merged: WindowAnswer
    conflicts: tuple[ExtractionWarning, ...]
    decoded: tuple[WindowCompletion, ...]
    n_windows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """What is asked of one window, the examples found for it and shown with it, and its rows."""

    engine_request: EngineRequest
    page_indices: tuple[int, ...]
    found: FoundExamples
    shown: tuple[PromptExample, ...]
    rows: WindowRows


class WindowExtractor:
    """Asks one engine for one schema's values."""

    def __init__(
        self,
        *,
        engine: Engine,
        schema: ExtractionSchema,
        options: ExtractionOptions,
        profile: ModelProfile,
        examples: ExampleFinder | None = None,
    ) -> None:
        self.engine = engine
        self.examples = examples
        self.profile = profile
        self.schema = schema
        self.options = options

    def cut(self, document: Document) -> tuple[Window, ...]:
        """Return the parts of the document that leave the engine room for an answer.

        Raises
        ------
        PromptTooLongError
            If a single line does not fit.
        """
        room = self._room()

        def fits(part: Window) -> bool:
            if part.document.n_words > _MAX_WINDOW_WORDS:
                return False
            n_prompt = self.engine.count_tokens(self._prompt(part.document, self.schema))
            return n_prompt <= room and self._rows_fit(part, n_prompt)

        return cut_windows(document, fits=fits)

    def _rows_fit(self, part: Window, n_prompt_tokens: int) -> bool:
        """Return whether the answer has room for all rows that the window's tables show, or for one."""
        lists = self._known_rows(part, self.schema)
        if sum(len(known.rows) for known in lists.values()) < 2:
            return True
        needed = count_row_tokens(lists, part.document, self.schema, self.engine.count_tokens)
        needed += _SCALAR_TOKENS * sum("[]" not in keys for keys, _ in self.schema.leaves())
        return needed <= min(self.options.max_tokens, self.engine.max_context_tokens - n_prompt_tokens)

    def build_requests(self, windows: Sequence[Window]) -> tuple[WindowRequest, ...]:
        """Return one request a window; of several, none has to give all that the schema demands.

        Raises
        ------
        EmptyDocumentError
            If the schema demands a value and nothing in the only window can be one.
        """
        schema = self.schema if len(windows) == 1 else relax(self.schema)
        asked = [self._asked_of(number, windows, schema) for number in range(len(windows))]
        found = [self._find(window) for window in windows]
        lessons = learn_row_lessons(found if self.options.lessons else (), self.schema)
        return tuple(
            self._build_request(window, part, examples, rows=self._window_rows(window, part, lessons))
            for window, part, examples in zip(windows, asked, found, strict=True)
        )

    def _asked_of(self, number: int, windows: Sequence[Window], schema: ExtractionSchema) -> ExtractionSchema:
        """Return what is asked of one window: of those amid a long table, the rows alone."""
        if number in (0, len(windows) - 1):
            return schema
        lists = self._known_rows(windows[number], schema)
        return only_lists(schema, lists) if shows_rows_only(lists, windows[number].document) else schema

    def _known_rows(self, window: Window, schema: ExtractionSchema) -> KnownRows:
        return known_rows(window, schema) if self.options.tables else {}

    def _window_rows(self, window: Window, schema: ExtractionSchema, lessons: RowLessons) -> WindowRows:
        return find_window_rows(window, schema, lessons) if self.options.tables else WindowRows()

    def answer(self, windows: Sequence[Window], requests: Sequence[WindowRequest]) -> DocumentAnswer:
        """Return the answer of all windows together.

        Raises
        ------
        TruncatedOutputError, EmptyDocumentError
            If something that the schema demands is in no window's answer, cut or not there.
        DecodingError
            If the engine fails or breaks its contract.
        """
        decoded = self._decode(requests)
        answers = [d.answer for d in decoded]
        if len(windows) > 1:
            answers = [self._know_carried(*pair) for pair in zip(answers, windows, strict=True)]
        merged, conflicts = merge_answers(self.schema.root, answers)
        for strict in (True, False):
            for window, request in zip(windows, requests, strict=True):
                lacking = find_demands(self.schema, merged.value)
                wanted = tuple(d for d in lacking if self._can_give(window, d, strict=strict))
                if wanted:
                    part = subschema_for(self.schema, wanted)
                    more = self._decode((self._build_request(window, part, request.found, strict=strict),))
                    decoded += more
                    merged, _ = merge_answers(self.schema.root, [merged, *(d.answer for d in more)])
        lacking = find_demands(self.schema, merged.value)
        if lacking:
            raise _refuse_unanswered(lacking[0], decoded)
        return DocumentAnswer(merged=merged, conflicts=conflicts, decoded=decoded, n_windows=len(windows))

    def _know_carried(self, answer: WindowAnswer, window: Window) -> WindowAnswer:
        carried = find_carried(self.schema.root, answer.value, window.document)
        return replace(answer, carried=carried)

    def _can_give(self, window: Window, demand: Demand, *, strict: bool) -> bool:
        try:
            build_grammar(subschema_for(self.schema, (demand,)), window.document, strict=strict)
        except EmptyDocumentError:
            return False
        return True

    def _decode(self, requests: Sequence[WindowRequest]) -> tuple[WindowCompletion, ...]:
        completions = self.engine.complete([request.engine_request for request in requests])
        return tuple(
            _read_completion(completion, request)
            for completion, request in zip(completions, requests, strict=True)
        )

    def _find(self, window: Window) -> FoundExamples:
        if self.examples is None:
            return FoundExamples()
        n = self.options.n_examples
        return self.examples.find(window.document, self.schema, k=n + _SPARE_EXAMPLES if n else 0)

    def _room(self) -> int:
        """Return the tokens that a prompt may take."""
        most = _most_answer_tokens(self.schema, self.options, self.profile)
        return self._prompt_room(min(self.options.max_tokens, most))

    def _prompt_room(self, n_answer_tokens: int) -> int:
        """Return the tokens that a prompt may take: the answer keeps up to half of the context."""
        context = self.engine.max_context_tokens
        room = context - min(n_answer_tokens, int(context * _ANSWER_SHARE))
        if room < 1:
            raise PromptTooLongError(f"a context of {context} tokens leaves no room for a page")
        return room

    def _prompt(
        self, part: Document, schema: ExtractionSchema, examples: tuple[PromptExample, ...] = ()
    ) -> Prompt:
        text = layout_text(part, structured=self.options.structured).text
        return build_prompt(
            schema,
            text,
            reasoning=self.options.reasoning,
            examples=examples,
            texts=self.profile.prompt,
        )

    def _fit_examples(
        self, window: Window, schema: ExtractionSchema, found: FoundExamples
    ) -> tuple[PromptExample, ...]:
        """Return the nearest examples that leave the answer as much room as it would have without them."""
        fitting: tuple[PromptExample, ...] = ()
        for hit in found.hits:
            if len(fitting) == self.options.n_examples:
                break
            example = to_prompt_example(
                hit, schema, reasoning=self.options.reasoning, structured=self.options.structured
            )
            longer = self._prompt(window.document, schema, (*fitting, example))
            if self.engine.count_tokens(longer) <= self._room():
                fitting = (*fitting, example)
        return fitting

    def _build_request(
        self,
        window: Window,
        schema: ExtractionSchema,
        found: FoundExamples,
        *,
        rows: WindowRows | None = None,
        strict: bool = False,
    ) -> WindowRequest:
        """Return the request; without `rows` also where tables show some: all of them are given already."""
        examples = self._fit_examples(window, schema, found)
        prompt = self._prompt(window.document, schema, examples)
        free = self.engine.max_context_tokens - self.engine.count_tokens(prompt)
        grammar = build_grammar(
            schema,
            window.document,
            reasoning=self.options.reasoning,
            grounding=self.options.grounding,
            rows=None if rows is None else rows.known,
            strict=strict,
        )
        request = EngineRequest(
            prompt=prompt,
            grammar=grammar,
            adapter=self.options.adapter,
            max_tokens=min(self.options.max_tokens, free),
            n_candidates=self.options.n_candidates,
            seed=self.options.seed,
        )
        return WindowRequest(
            engine_request=request,
            page_indices=window.page_indices,
            found=found,
            shown=examples,
            rows=rows or WindowRows(),
        )


def _most_answer_tokens(schema: ExtractionSchema, options: ExtractionOptions, profile: ModelProfile) -> int:
    """Return what an answer takes at most; for a list, which may be as long as the page, all there is.

    Scripts that need more tokens than the model's profile says are cut, and say so, if they fill every field
    to its last character.
    """
    n_chars = trace_chars(schema.root, options.reasoning)
    for keys, leaf in schema.leaves():
        if "[]" in keys:
            return options.max_tokens
        n_chars += sum(len(key) + len('"":{,}') for key in keys) + leaf.max_length + len('""')
    return math.ceil(n_chars / profile.chars_per_token)


def _read_completion(completion: Completion, request: WindowRequest) -> WindowCompletion:
    parsed = _parse(completion, request)
    confidences = leaf_confidences(parsed, completion)
    answer = WindowAnswer(
        value=parsed.value,
        metadata={
            path: FieldMetadata(confidence=known, probability=known) for path, known in confidences.items()
        },
        page_indices=dict.fromkeys(parsed.value_spans, request.page_indices),
        others=_others_by_path(completion),
    )
    return WindowCompletion(completion=completion, parsed=parsed, answer=answer)


def _others_by_path(completion: Completion) -> dict[Path, tuple[OtherValue, ...]]:
    others: dict[Path, list[OtherValue]] = {}
    for other in completion.others:
        others.setdefault(other.path, []).append(other)
    return {path: tuple(found) for path, found in others.items()}


def _parse(completion: Completion, request: WindowRequest) -> ParsedOutput:
    """Return what was written; what a cut left out may still be asked for, whether or not it may be null."""
    grammar = request.engine_request.grammar
    try:
        return parse_completion(completion, grammar)
    except TruncatedOutputError:
        return parse_completion(completion, replace(grammar, schema=relax(grammar.schema)))


def _refuse_unanswered(
    demand: Demand, decoded: Sequence[WindowCompletion]
) -> EmptyDocumentError | TruncatedOutputError:
    path = json_path(demand.keys)
    if any(d.parsed.truncated for d in decoded):
        return TruncatedOutputError(
            f"the answer was cut before {path!r}, which must have a value",
            hint="raise max_tokens, or make the field nullable",
        )
    return EmptyDocumentError(
        f"nothing in the document can fill {path!r}, which must not be null",
        hint="make the field nullable, or check that the document was read",
    )


def list_seen_rows(
    windows: Sequence[Window], requests: Sequence[WindowRequest]
) -> Mapping[Path, Sequence[SeenRow]]:
    """Return the rows that the windows' tables show for certain and that were asked for, by list."""
    return join_seen_rows(windows, [request.rows.known for request in requests])


def list_taught_rows(
    windows: Sequence[Window], requests: Sequence[WindowRequest]
) -> Mapping[Path, TaughtRows]:
    """Return what confirmed pages decided of the rows of each list."""
    return join_taught_rows(windows, [request.rows for request in requests])


def warn_of_cuts(decoded: Sequence[WindowCompletion]) -> Iterator[ExtractionWarning]:
    """Yield the warning that an answer was cut, if one was."""
    if any(d.parsed.truncated for d in decoded):
        message = "the answer reached its token limit; what was complete is kept, the rest is missing"
        yield ExtractionWarning(code="truncated", message=message)


def list_example_uses(requests: Sequence[WindowRequest]) -> tuple[ExampleUse, ...]:
    """Return which examples were shown, each once, with the pages that they were shown with."""
    pages: dict[str, list[int]] = {}
    scores: dict[str, float] = {}
    for request in requests:
        for example in request.shown:
            pages.setdefault(example.example_id, []).extend(i + 1 for i in request.page_indices)
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
