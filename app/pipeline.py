"""The way of one document: read, lay out, prompt, decode under the grammar, ground, check, answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from decoding.checks import check_sums
from decoding.confidence import leaf_confidences
from decoding.engine import DEFAULT_MAX_TOKENS, DEFAULT_N_CANDIDATES, Engine, EngineRequest
from decoding.grammar import REASONING_CHARS, build_grammar
from decoding.grounding import GroundingResult, ground_extraction
from decoding.parse import ParsedOutput, parse_completion
from decoding.prompt import build_prompt
from decoding.required import fill, lacks, relaxed
from decoding.row_count import check_rows
from decoding.row_repeats import check_repeats
from decoding.validity import withdraw_invalid
from decoding.windows import WindowAnswer, cut_windows, merge_answers
from ocr.layout import layout_text
from ocr.reader import ReadOptions, read_document
from schemas.document import Document
from schemas.errors import EmptyDocumentError, PromptTooLongError
from schemas.extraction import Completion, Extraction, ExtractionWarning, FieldMetadata, Output, Usage
from schemas.prompt import Prompt, ReasoningMode
from schemas.spec import ExtractionSchema

# Under this, the model saw other values as about equally likely: a person should look.
LOW_CONFIDENCE = 0.5
# Of the context, what is kept for an answer that may need it; the page gets the rest.
_ANSWER_SHARE = 0.5
# No tokenizer in use needs more than a token for two characters of a document's text.
_CHARS_PER_TOKEN = 2
# However long the model's context: the grammar of more words is too much for a vLLM server without our
# plugin (`decoding.grammar.MAX_WINDOW_WORDS` is what ours can take).
_MAX_WINDOW_WORDS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionOptions:
    """How to extract; the two switches `grounding` and `structured` exist for ablations.

    `max_tokens` bounds the answer to one window of the document.
    """

    reasoning: ReasoningMode = "off"
    grounding: bool = True
    structured: bool = True
    n_candidates: int = DEFAULT_N_CANDIDATES
    adapter: str | None = None
    seed: int = 0
    max_tokens: int = DEFAULT_MAX_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineResult:
    """The extraction and the document as it was read."""

    extraction: Extraction
    document: Document


@dataclass(slots=True)
class _Clock:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


def _no_progress(_: str) -> None:
    return None


class Pipeline:
    """Extracts documents with one engine; safe to share between threads if its engine is."""

    def __init__(self, *, engine: Engine, read_options: ReadOptions) -> None:
        self.engine = engine
        self.read_options = read_options

    def extract(
        self,
        data: bytes,
        schema: ExtractionSchema,
        *,
        options: ExtractionOptions | None = None,
        on_progress: Callable[[str], None] = _no_progress,
    ) -> PipelineResult:
        """Return the extraction of a file's bytes; every failure is a `RasgError`.

        `on_progress` is told each stage as it begins: "read", "prompt", "decode", "ground".
        """
        on_progress("read")
        started = time.perf_counter()
        document = read_document(data, options=self.read_options)
        read_s = time.perf_counter() - started
        extraction = self.extract_document(document, schema, options=options, on_progress=on_progress)
        seconds = {"read": read_s, **extraction.usage.stage_seconds}
        usage = extraction.usage.model_copy(update={"stage_seconds": seconds})
        return PipelineResult(extraction=extraction.model_copy(update={"usage": usage}), document=document)

    def extract_document(
        self,
        document: Document,
        schema: ExtractionSchema,
        *,
        options: ExtractionOptions | None = None,
        on_progress: Callable[[str], None] = _no_progress,
    ) -> Extraction:
        """Return the extraction of a document that has been read.

        Raises
        ------
        EmptyDocumentError
            If the schema demands values and no word was read.
        DecodingError
            If the engine fails or breaks its contract.
        """
        options = options or ExtractionOptions()
        clock = _Clock()
        on_progress("prompt")
        with clock.stage("prompt"):
            windows = self._windows(document, schema, options)
            requests = self._requests(windows, schema, options)
        on_progress("decode")
        with clock.stage("decode"):
            decoded = self._decode(requests)
            merged, conflicts = merge_answers(schema.root, [d.answer for d in decoded])
            if lacks(schema.root, dict(merged.value)):
                forced = self._decode((self._forced_request(windows, schema, options),))
                merged = fill(schema.root, merged, forced[0].answer)
                decoded += forced
        on_progress("ground")
        with clock.stage("ground"):
            merged, refused = withdraw_invalid(merged, schema)
            grounded = ground_extraction(merged.value, schema, document)
            warnings = (
                *_read_warnings(document),
                *_truncation_warnings(decoded),
                *conflicts,
                *refused,
                *grounded.warnings,
                *check_sums(grounded.metadata),
                *check_rows(grounded.metadata, document),
                *check_repeats(grounded.metadata),
            )
        return _extraction(document, schema, merged, grounded, warnings, decoded, clock.seconds)

    def _windows(
        self, document: Document, schema: ExtractionSchema, options: ExtractionOptions
    ) -> tuple[Document, ...]:
        room = self._prompt_room(min(options.max_tokens, _most_answer_tokens(schema, options)))

        def fits(window: Document) -> bool:
            if window.n_words > _MAX_WINDOW_WORDS:
                return False
            return self.engine.count_tokens(_prompt(window, schema, options)) <= room

        return cut_windows(document, fits=fits)

    def _requests(
        self, windows: Sequence[Document], schema: ExtractionSchema, options: ExtractionOptions
    ) -> tuple[EngineRequest, ...]:
        asked = schema if len(windows) == 1 else relaxed(schema)
        return tuple(self._request(window, asked, options) for window in windows)

    def _forced_request(
        self, windows: Sequence[Document], schema: ExtractionSchema, options: ExtractionOptions
    ) -> EngineRequest:
        """Return the request to the first window that can give all that the schema demands."""
        for window in windows[:-1]:
            try:
                return self._request(window, schema, options)
            except EmptyDocumentError:
                continue
        return self._request(windows[-1], schema, options)

    def _decode(self, requests: tuple[EngineRequest, ...]) -> tuple[_Decoded, ...]:
        completions = self.engine.complete(requests)
        return tuple(
            _decoded(completion, request) for completion, request in zip(completions, requests, strict=True)
        )

    def _prompt_room(self, n_answer_tokens: int) -> int:
        """Return the tokens that a prompt may take: the answer keeps up to half of the context."""
        context = self.engine.max_context_tokens
        room = context - min(n_answer_tokens, int(context * _ANSWER_SHARE))
        if room < 1:
            raise PromptTooLongError(f"a context of {context} tokens leaves no room for a page")
        return room

    def _request(
        self, window: Document, schema: ExtractionSchema, options: ExtractionOptions
    ) -> EngineRequest:
        prompt = _prompt(window, schema, options)
        free = self.engine.max_context_tokens - self.engine.count_tokens(prompt)
        return EngineRequest(
            prompt=prompt,
            grammar=build_grammar(schema, window, reasoning=options.reasoning, grounding=options.grounding),
            adapter=options.adapter,
            max_tokens=min(options.max_tokens, free),
            n_candidates=options.n_candidates,
            seed=options.seed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    """One window's completion, as it came and as it was read."""

    completion: Completion
    parsed: ParsedOutput
    answer: WindowAnswer


def _most_answer_tokens(schema: ExtractionSchema, options: ExtractionOptions) -> int:
    """Return what an answer takes at most; for a list, which may be as long as the page, all there is."""
    n_chars = REASONING_CHARS[options.reasoning]
    for keys, leaf in schema.leaves():
        if "[]" in keys:
            return options.max_tokens
        n_chars += sum(len(key) + len('"":{,}') for key in keys) + leaf.max_length + len('""')
    return n_chars // _CHARS_PER_TOKEN


def _prompt(window: Document, schema: ExtractionSchema, options: ExtractionOptions) -> Prompt:
    text = layout_text(window, structured=options.structured).text
    return build_prompt(schema, text, reasoning=options.reasoning)


def _decoded(completion: Completion, request: EngineRequest) -> _Decoded:
    parsed = parse_completion(completion, request.grammar)
    confidences = leaf_confidences(parsed, completion)
    metadata = {path: FieldMetadata(confidence=confidence) for path, confidence in confidences.items()}
    answer = WindowAnswer(value=parsed.value, metadata=metadata)
    return _Decoded(completion=completion, parsed=parsed, answer=answer)


def _read_warnings(document: Document) -> tuple[ExtractionWarning, ...]:
    return tuple(
        ExtractionWarning(code=warning.code, message=warning.message, page_number=warning.page_number)
        for warning in document.warnings
    )


def _truncation_warnings(decoded: Sequence[_Decoded]) -> tuple[ExtractionWarning, ...]:
    message = "the answer reached its token limit; what was complete is kept, the rest is missing"
    return (
        (ExtractionWarning(code="truncated", message=message),)
        if any(d.parsed.truncated for d in decoded)
        else ()
    )


def _extraction(
    document: Document,
    schema: ExtractionSchema,
    merged: WindowAnswer,
    grounded: GroundingResult,
    warnings: tuple[ExtractionWarning, ...],
    decoded: Sequence[_Decoded],
    seconds: dict[str, float],
) -> Extraction:
    metadata = _metadata(merged, grounded)
    completions = tuple(d.completion for d in decoded)
    reasoning = "\n".join(d.parsed.reasoning for d in decoded if d.parsed.reasoning)
    return Extraction(
        document_sha256=document.sha256,
        schema_name=schema.name,
        status="partial"
        if any(w.code in {"truncated", "pages_skipped", "unreadable_page"} for w in warnings)
        else "succeeded",
        output=Output(value=dict(merged.value), metadata=metadata),
        warnings=(*warnings, *_doubts(metadata)),
        reasoning=reasoning or None,
        usage=Usage(
            n_pages=len(document.pages),
            n_windows=len(completions),
            n_prompt_tokens=sum(c.n_prompt_tokens for c in completions),
            n_completion_tokens=sum(c.n_completion_tokens for c in completions),
            stage_seconds=seconds,
        ),
        engine=completions[0].engine,
        model=completions[0].model,
        adapter=completions[0].adapter,
    )


def _metadata(merged: WindowAnswer, grounded: GroundingResult) -> dict[str, FieldMetadata]:
    """Return what grounding knows of each leaf, with the confidence of its decoding."""
    confidences = {path: entry.confidence for path, entry in merged.metadata.items()}
    return {
        path: entry.model_copy(update={"confidence": confidences.get(path)})
        for path, entry in grounded.metadata.items()
    }


def _doubts(metadata: Mapping[str, FieldMetadata]) -> tuple[ExtractionWarning, ...]:
    """Return one warning that counts the doubtful values; the metadata says which they are."""
    doubtful = [
        path
        for path, entry in metadata.items()
        if entry.confidence is not None and entry.confidence < LOW_CONFIDENCE and entry.citations
    ]
    if not doubtful:
        return ()
    message = f"{len(doubtful)} values have a confidence under {LOW_CONFIDENCE}, the first at {doubtful[0]}"
    return (ExtractionWarning(code="low_confidence", message=message),)
