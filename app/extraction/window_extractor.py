"""One document's answer: cut into windows, each asked, the answers merged, and asked again for what lacks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from app.extraction.cursor import Rest
from app.extraction.known_rows import (
    KnownRows,
    count_row_tokens,
    known_rows,
)
from app.extraction.options import ExtractionOptions
from app.extraction.prompt_examples import FoundExamples, to_prompt_example
from app.extraction.rests import find_rests, place_rows
from app.extraction.taught_rows import RowLessons, WindowRows, find_window_rows, learn_row_lessons
from app.extraction.window_completion import WindowCompletion, read_completion
from app.extraction.window_request import WindowRequest
from app.extraction.window_schemas import (
    WindowLines,
    choose_schemas,
    choose_writable,
    find_amid,
    find_open,
    find_other_lines,
    read_lines,
)
from decoding.engines.engine import Engine, EngineRequest
from decoding.evidence import trace_chars
from decoding.grammar.build import build_grammar
from decoding.merging import WindowAnswer, merge_answers
from decoding.prompt import build_prompt
from decoding.required import Demand, find_demands, relax, subschema_for
from decoding.second_choice import find_second_choices
from decoding.windows import LineRange, Window, cut_windows, pick_lines
from eval.glirm import match_rows
from ocr.layout import layout_text
from schemas.document import Document
from schemas.errors import EmptyDocumentError, PromptTooLongError, TruncatedOutputError
from schemas.extraction import ExtractionWarning
from schemas.model_profile import ModelProfile
from schemas.prompt import Prompt, PromptExample
from schemas.spec import ExtractionSchema, json_path

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
class DocumentAnswer:
    """The merged answer, where the windows disagreed, and every completion that it was made of.

    `requests` are what the windows were asked; `rests` are what a limit cut off and is still to be asked.
    """

    merged: WindowAnswer
    conflicts: tuple[ExtractionWarning, ...]
    decoded: tuple[WindowCompletion, ...]
    n_windows: int
    requests: tuple[WindowRequest, ...]
    rests: tuple[Rest, ...] = ()


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
        places_rows: bool = False,
    ) -> None:
        self.engine = engine
        self.places_rows = places_rows
        self.examples = examples
        self.profile = profile
        self.schema = schema
        self.options = options

    def cut(self, document: Document, *, lines: Sequence[LineRange] | None = None) -> tuple[Window, ...]:
        """Return the parts of the document, or of some of its lines, that leave room for an answer.

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

        has_rows = any("[]" in keys for keys, _ in self.schema.leaves())
        return cut_windows(document, fits=fits, overlap=has_rows, lines=lines)

    def _rows_fit(self, part: Window, n_prompt_tokens: int) -> bool:
        """Return whether the answer has room for all rows that the window's tables show, or for one."""
        lists = self._known_rows(part, self.schema)
        if sum(len(known.rows) for known in lists.values()) < 2:
            return True
        needed = count_row_tokens(lists, part.document, self.schema, self.engine.count_tokens)
        needed += _SCALAR_TOKENS * sum("[]" not in keys for keys, _ in self.schema.leaves())
        return needed <= min(self.options.max_tokens, self.engine.max_context_tokens - n_prompt_tokens)

    def find_examples(self, windows: Sequence[Window]) -> tuple[FoundExamples, ...]:
        """Return the nearest examples of each window; none where no store is asked."""
        return tuple(self._find(window) for window in windows)

    def build_requests(
        self, windows: Sequence[Window], *, found: FoundExamples | None = None
    ) -> tuple[WindowRequest, ...]:
        """Return one request a window; of several, none has to give all that the schema demands.

        Shown are the examples that were `found` before; None to look for those of each window.

        Raises
        ------
        EmptyDocumentError
            If the schema demands a value and nothing in the only window can be one.
        """
        schema = self.schema if len(windows) == 1 else relax(self.schema)
        asked = choose_schemas(windows, schema, self._rows_of_all(windows), grounding=self.options.grounding)
        shown = self.find_examples(windows) if found is None else (found,) * len(windows)
        lessons = learn_row_lessons(shown if self.options.lessons else (), self.schema)
        return tuple(
            self._build_request(window, part, examples, rows=self._window_rows(window, part, lessons))
            for window, part, examples in zip(windows, asked, shown, strict=True)
        )

    def _rows_of_all(self, windows: Sequence[Window]) -> tuple[KnownRows, ...]:
        return tuple(self._known_rows(window, self.schema) for window in windows)

    def _known_rows(self, window: Window, schema: ExtractionSchema) -> KnownRows:
        return known_rows(window, schema) if self.options.tables else {}

    def _window_rows(self, window: Window, schema: ExtractionSchema, lessons: RowLessons) -> WindowRows:
        return find_window_rows(window, schema, lessons) if self.options.tables else WindowRows()

    def answer(self, requests: Sequence[WindowRequest]) -> DocumentAnswer:
        """Return the answer of all windows together.

        Raises
        ------
        TruncatedOutputError, EmptyDocumentError
            If something that the schema demands is in no window's answer, cut or not there.
        DecodingError
            If the engine fails or breaks its contract.
        """
        windows = [request.window for request in requests]
        decoded = self._decode(requests, place=len(windows) > 1)
        asked = list(zip(requests, decoded, strict=True))
        answers, lines = self._know_lines(decoded, windows)
        merged, conflicts = merge_answers(self.schema.root, answers, match_rows=match_rows)
        for request in self._ask_of_other_lines(merged, windows, lines):
            more = self._decode((request,), place=True)
            decoded += more
            asked += [(request, one) for one in more]
            joined = [merged, *(d.answer for d in more)]
            merged, later = merge_answers(self.schema.root, joined, match_rows=match_rows)
            conflicts = (*conflicts, *(warning for warning in later if warning not in conflicts))
        merged, again = self._ask_for_demands(merged, requests)
        decoded += tuple(one for _, one in again)
        asked += again
        wanted = find_open(self.schema, merged, low_confidence=self.profile.low_confidence)
        rests = find_rests(asked, frozenset(part.keys for part in wanted))
        if not (rests and self.options.complete):
            refuse_unanswered(self.schema, merged, decoded)
        return DocumentAnswer(
            merged=merged,
            conflicts=conflicts,
            decoded=decoded,
            n_windows=len(windows),
            requests=tuple(requests),
            rests=rests,
        )

    def _ask_for_demands(
        self, merged: WindowAnswer, requests: Sequence[WindowRequest]
    ) -> tuple[WindowAnswer, list[tuple[WindowRequest, WindowCompletion]]]:
        """Return the answer with what the schema demands and it lacks, and what was asked for that."""
        asked: list[tuple[WindowRequest, WindowCompletion]] = []
        for strict, request in product((True, False), requests):
            lacking = find_demands(self.schema, merged.value)
            wanted = tuple(d for d in lacking if self._can_give(request.window, d, strict=strict))
            if wanted:
                part = subschema_for(self.schema, wanted)
                again = self._build_request(request.window, part, request.found, strict=strict)
                more = self._decode((again,))
                asked += [(again, one) for one in more]
                merged, _ = merge_answers(self.schema.root, [merged, *(d.answer for d in more)])
        return merged, asked

    def _know_lines(
        self, decoded: Sequence[WindowCompletion], windows: Sequence[Window]
    ) -> tuple[list[WindowAnswer], list[WindowLines]]:
        """Return the answers of several windows with what is second choice only, and the windows' lines."""
        answers = [d.answer for d in decoded]
        if len(windows) < 2:
            return answers, []
        lines = [read_lines(*parts) for parts in zip(windows, self._rows_of_all(windows), strict=True)]
        has_rows = [bool(d.answer.words) or d.parsed.truncated for d in decoded]
        return [
            replace(
                answer,
                second_choice=find_second_choices(
                    self.schema.root,
                    answer.value,
                    [[word.text for word in words] for words in shown.words],
                    in_rows=shown.in_table - shown.labelled,
                    rows_follow=any(has_rows[number + 1 :]),
                ),
            )
            for number, (answer, shown) in enumerate(zip(answers, lines, strict=True))
        ], lines

    def _ask_of_other_lines(
        self, merged: WindowAnswer, windows: Sequence[Window], lines: Sequence[WindowLines]
    ) -> Iterator[WindowRequest]:
        """Yield what is asked of windows amid a table, of what the answer leaves open."""
        schema = relax(self.schema)
        wanted = find_open(schema, merged, low_confidence=self.profile.low_confidence)
        room = self._room()

        def fits(part: Window) -> bool:
            n_prompt = self.engine.count_tokens(self._prompt(part.document, schema))
            return part.document.n_words <= _MAX_WINDOW_WORDS and n_prompt <= room

        amid = find_amid(windows, self._rows_of_all(windows))
        for part in pick_lines(find_other_lines(lines, amid) if wanted and lines else (), fits=fits):
            can = choose_writable(wanted, schema, part.document, grounding=self.options.grounding)
            if can:
                yield self._build_request(part, subschema_for(schema, can), FoundExamples())

    def _can_give(self, window: Window, demand: Demand, *, strict: bool) -> bool:
        try:
            build_grammar(subschema_for(self.schema, (demand,)), window.document, strict=strict)
        except EmptyDocumentError:
            return False
        return True

    def _decode(
        self, requests: Sequence[WindowRequest], *, place: bool = False
    ) -> tuple[WindowCompletion, ...]:
        """Return what the engine says, with the places of rows where it is asked for or an answer was cut."""
        completions = self.engine.complete([request.engine_request for request in requests])
        read = [
            read_completion(completion, request.engine_request.grammar, request.window.page_indices)
            for completion, request in zip(completions, requests, strict=True)
        ]
        return tuple(
            replace(one, answer=place_rows(self.schema.root, request, one))
            if place or one.parsed.truncated or self.places_rows
            else one
            for one, request in zip(read, requests, strict=True)
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
            engine_request=request, window=window, rows=rows or WindowRows(), found=found, shown=examples
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


def refuse_unanswered(
    schema: ExtractionSchema, answer: WindowAnswer, decoded: Sequence[WindowCompletion]
) -> None:
    """Raise if an answer lacks what the schema demands.

    Raises
    ------
    TruncatedOutputError, EmptyDocumentError
        As some completion was cut, or as there is nothing.
    """
    lacking = find_demands(schema, answer.value)
    if not lacking:
        return
    path = json_path(lacking[0].keys)
    if any(d.parsed.truncated for d in decoded):
        raise TruncatedOutputError(
            f"the answer was cut before {path!r}, which must have a value",
            hint="raise max_tokens, or make the field nullable",
        )
    raise EmptyDocumentError(
        f"nothing in the document can fill {path!r}, which must not be null",
        hint="make the field nullable, or check that the document was read",
    )
