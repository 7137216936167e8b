"""The way of one document: read, lay out, prompt, decode under the grammar, ground, check, answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.extraction.adapter_choice import OwnAdapter, extract_with_adapter
from app.extraction.checked_answer import Asked, CheckedAnswer, check_document_answer
from app.extraction.composition import compose_extraction
from app.extraction.confidence import judge_by
from app.extraction.continuation import continue_answer, finish_answer
from app.extraction.cursor import Call, Rest, read_cursor, write_cursor
from app.extraction.einvoice import answer_with_xml
from app.extraction.options import ExtractionOptions, SplitMode
from app.extraction.page_ranges import PageRange
from app.extraction.review import add_doubts, review_values
from app.extraction.schema_choice import SchemaChoice, choose_schema
from app.extraction.splitting import DocumentPart, choose_part, place_in_file, split_document
from app.extraction.stage_clock import StageClock
from app.extraction.teaching import find_confirmed_extraction
from app.extraction.tenant import NO_TENANT, TenantContext
from app.extraction.window_extractor import DocumentAnswer, WindowExtractor
from app.extraction.window_request import WindowRequest
from app.telemetry.observer import NO_OBSERVER, Observer
from decoding.engines.engine import Engine, LoadsAdapters, Prepares
from decoding.required import relax
from ocr.reader import ReadOptions, read_document
from schemas.document import Document
from schemas.errors import ConfigurationError, RasgError, WorkCancelledError
from schemas.extraction import Extraction
from schemas.model_profile import DEFAULT_PROFILE, ModelProfile
from schemas.spec import ExtractionSchema
from schemas.value_calibration import ValueCalibration
from schemas.walk import leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineResult:
    """The extraction and the document as it was read.

    Attributes
    ----------
    document
        Only the pages that the extraction is about, numbered from 0; the extraction's numbers are the file's.
    """

    extraction: Extraction
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedPart:
    """One document of a file that has no extraction, the pages (from 1) where it stands, and why."""

    page_numbers: tuple[int, ...]
    error: RasgError


def _no_progress(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Extracts documents with one engine; safe to share between threads if its engine is.

    Attributes
    ----------
    profile
        Of the engine's model.
    own_adapter
        Answers where no other adapter is chosen, as far as the engine has it; None leaves it to the base.
    tenant
        Whose examples are shown and whose adapters answer; nobody's by default.
    observer
        Is told of each stage, and how each document ended.
    """

    engine: Engine
    read_options: ReadOptions
    profile: ModelProfile = DEFAULT_PROFILE
    own_adapter: OwnAdapter | None = None
    tenant: TenantContext = NO_TENANT
    observer: Observer = NO_OBSERVER

    def serve(self, tenant: TenantContext, *, password: str | None = None) -> Pipeline:
        """Return a pipeline on the same engine for a tenant's request, which opens files with `password`."""
        read_options = self.read_options
        if password is not None:
            read_options = replace(read_options, password=password)
        return replace(self, tenant=tenant, read_options=read_options)

    def prepare(self, *, warm: bool = False) -> None:
        """Load or reach the engine, and with `warm` use it once, so that no document waits for that.

        Raises
        ------
        DecodingError
            If it cannot be loaded or reached, or is none that constrains.
        """
        if isinstance(self.engine, Prepares):
            own = self.find_own_adapter()
            self.engine.prepare(None if own is None else own.name, warm=warm)
        else:
            _ = self.engine.max_context_tokens

    def extract(
        self,
        data: bytes,
        schema: SchemaChoice,
        *,
        options: ExtractionOptions | None = None,
        on_progress: Callable[[str], None] = _no_progress,
    ) -> PipelineResult:
        """Return the extraction of a file's bytes as one document; every failure is a `RasgError`.

        Work that is cancelled (`schemas.cancellation`) ends in `WorkCancelledError` at its next stage, page
        or pass of the model.

        If the file seems to hold several documents, the warning `several_documents` says so.

        `on_progress` is told each stage as it begins: "read", "prompt" (with examples), "decode", "ground".
        """
        (result,) = self.extract_all(data, schema, options=options, split="never", on_progress=on_progress)
        if isinstance(result, FailedPart):
            raise result.error
        return result

    def extract_all(
        self,
        data: bytes,
        schema: SchemaChoice,
        *,
        options: ExtractionOptions | None = None,
        split: SplitMode,
        pages: tuple[PageRange, ...] | None = None,
        on_progress: Callable[[str], None] = _no_progress,
        on_page: Callable[[int, int], None] | None = None,
    ) -> tuple[PipelineResult | FailedPart, ...]:
        """Return the extraction of each document of a file, in order, at least one; it is read once.

        A document that fails takes no other with it: it has its error in its place. The seconds of reading
        count for the first. `on_progress` is told the stages as in `extract`, of each document after "read";
        `on_page` is told how many pages of how many are read.

        Parameters
        ----------
        schema
            Of all of them, or "auto": of each the shipped one for its kind. What is doubtful of that warns.
        pages
            Those that are extracted; None for all. All of them are read.

        Raises
        ------
        RasgError
            If the file cannot be read, lacks one of `pages`, or a setting is wrong.
        """
        on_progress("read")
        clock = StageClock(self.observer)
        with_xml = (options or ExtractionOptions()).xml != "ignore"
        read_options = replace(self.read_options, einvoice=with_xml)

        def read_and_extract() -> tuple[PipelineResult | FailedPart, ...]:
            with clock.stage("read"):
                document = read_document(data, options=read_options, on_page=on_page)
            return self._extract_parts(document, schema, options, split, pages, on_progress, clock.seconds)

        return self._tell_ends(read_and_extract)

    def extract_read(
        self,
        document: Document,
        schema: SchemaChoice,
        *,
        options: ExtractionOptions | None = None,
        split: SplitMode,
        pages: tuple[PageRange, ...] | None = None,
        read_s: float = 0.0,
    ) -> tuple[PipelineResult | FailedPart, ...]:
        """Return what `extract_all` does, of a file that was read elsewhere, in `read_s` seconds."""
        seconds = {"read": read_s}
        return self._tell_ends(
            lambda: self._extract_parts(document, schema, options, split, pages, _no_progress, seconds)
        )

    def _tell_ends(
        self, work: Callable[[], tuple[PipelineResult | FailedPart, ...]]
    ) -> tuple[PipelineResult | FailedPart, ...]:
        """Return the results of some work, and tell the observer how each of them ended."""
        try:
            results = work()
        except WorkCancelledError:  # nobody waits for it; nothing failed
            raise
        except Exception as error:
            self.observer.failed(error)
            raise
        for result in results:
            if isinstance(result, FailedPart):
                self.observer.failed(result.error)
            else:
                self.observer.succeeded(result.extraction)
        return results

    def _extract_parts(
        self,
        document: Document,
        schema: SchemaChoice,
        options: ExtractionOptions | None,
        split: SplitMode,
        pages: tuple[PageRange, ...] | None,
        on_progress: Callable[[str], None],
        seconds: dict[str, float],
    ) -> tuple[PipelineResult | FailedPart, ...]:
        """Return the results of a document that was read; the seconds of reading count for the first."""
        results: list[PipelineResult | FailedPart] = []
        parts = split_document(document, split, pages=pages)
        if options is not None and options.cursor is not None:
            parts = choose_part(options.cursor, parts)
        for part in parts:
            try:
                is_whole = len(part.page_numbers) == len(document.pages)
                extraction = self._extract_part(part, schema, options, on_progress, is_whole=is_whole)
            except (ConfigurationError, WorkCancelledError):  # no other part would fare better
                raise
            except RasgError as error:
                results.append(FailedPart(page_numbers=part.page_numbers, error=error))
                continue
            usage = extraction.usage.model_copy(
                update={"stage_seconds": {**seconds, **extraction.usage.stage_seconds}}
            )
            seconds = {}
            placed = place_in_file(extraction.model_copy(update={"usage": usage}), part, len(document.pages))
            results.append(PipelineResult(extraction=placed, document=part.document))
        return tuple(results)

    def _extract_part(
        self,
        part: DocumentPart,
        asked: SchemaChoice,
        options: ExtractionOptions | None,
        on_progress: Callable[[str], None],
        *,
        is_whole: bool,
    ) -> Extraction:
        """Return the extraction of one document of a file, with its kind; page numbers are the part's.

        Of the whole file, what a person has confirmed before is the answer.
        """
        chosen = choose_schema(asked, part.document)
        finder, asked_options = self.tenant.examples, options or ExtractionOptions()
        extraction = None
        # Who names an adapter wants to see what that answers.
        is_asked = asked_options.confirmed and asked_options.adapter is None and asked_options.cursor is None
        if is_whole and finder is not None and is_asked:
            extraction = find_confirmed_extraction(finder, part.document, chosen.schema)
        if extraction is None:
            extraction = self.extract_document(
                part.document, chosen.schema, options=options, on_progress=on_progress
            )
        return add_doubts(extraction.model_copy(update={"kind": chosen.kind}), chosen.warnings)

    def extract_document(
        self,
        document: Document,
        schema: ExtractionSchema,
        *,
        options: ExtractionOptions | None = None,
        on_progress: Callable[[str], None] = _no_progress,
    ) -> Extraction:
        """Return the extraction of a document that has been read, of its XML where it is an e-invoice.

        Raises
        ------
        EmptyDocumentError
            If the schema demands values and no word was read.
        DecodingError
            If the engine fails or breaks its contract, or the adapter cannot answer.
        """
        asked = options or ExtractionOptions()

        def ask(part: ExtractionSchema) -> Extraction:
            return extract_with_adapter(
                self.tenant.adapters,
                schema.name,
                document.sha256,
                asked,
                lambda chosen: self._extract(document, part, chosen, on_progress),
                own=self.find_own_adapter(),
            )

        if asked.cursor is not None:  # the XML's values were given before
            return ask(schema)
        return answer_with_xml(document, schema, asked, ask)

    def find_own_adapter(self) -> OwnAdapter | None:
        """Return the model's own adapter if the engine has it: a server may have another model."""
        own = self.own_adapter
        if own is None or not isinstance(self.engine, LoadsAdapters) or not self.engine.has_adapter(own.name):
            return None
        return own

    def _find_calibration(self, answer: DocumentAnswer) -> ValueCalibration | None:
        """Return what the probabilities of the weights that answered are worth, if anybody measured it."""
        (adapter,) = {decoded.completion.adapter for decoded in answer.decoded}
        if adapter is None:
            return self.profile.calibration
        own = self.own_adapter
        return own.calibration if own is not None and own.name == adapter else None

    def _model_of(self, options: ExtractionOptions) -> tuple[str | None, ...]:
        return self.engine.name, self.engine.model, self.engine.base_sha256, options.adapter

    def _extract(
        self,
        document: Document,
        schema: ExtractionSchema,
        options: ExtractionOptions,
        on_progress: Callable[[str], None],
    ) -> Extraction:
        extractor = WindowExtractor(
            engine=self.engine,
            schema=schema,
            options=options,
            profile=self.profile,
            examples=self.tenant.examples,
        )
        call = Call(document=document, schema=schema, options=options, model=self._model_of(options))
        clock = StageClock(self.observer)
        on_progress("prompt")
        with clock.stage("prompt"):
            rests = None if options.cursor is None else read_cursor(options.cursor, call)
            requests = extractor.build_requests(extractor.cut(document)) if rests is None else ()
        on_progress("decode")
        with clock.stage("decode"):
            answer = _answer(extractor, document, requests, rests)
        on_progress("ground")
        with clock.stage("ground"):
            asked = Asked(
                document=document,
                schema=schema if rests is None else relax(schema),
                options=options,
                requests=answer.requests,
                rests=rests,
            )
            calibration = self._find_calibration(answer)
            checked = check_document_answer(asked, answer, calibration)
        extraction = compose_extraction(
            asked, checked, answer, clock.seconds, cursor=write_cursor(call, answer.rests)
        )
        return self._review(extraction, asked, checked, calibration)

    def _review(
        self,
        extraction: Extraction,
        asked: Asked,
        checked: CheckedAnswer,
        calibration: ValueCalibration | None,
    ) -> Extraction:
        """Return the extraction with the values that a person has to look at."""
        values = tuple(leaves(asked.schema.root, dict(checked.given.value)))
        is_uncertain = judge_by(
            calibration, max_error=asked.options.max_error, low_confidence=self.profile.low_confidence
        )
        return review_values(extraction, values, checked.metadata, is_uncertain)


def _answer(
    extractor: WindowExtractor,
    document: Document,
    requests: Sequence[WindowRequest],
    rests: Sequence[Rest] | None,
) -> DocumentAnswer:
    """Return the answer to some requests, or to what an earlier call left out."""
    is_first = rests is None
    answer = extractor.answer(requests) if is_first else continue_answer(extractor, document, rests)
    return finish_answer(extractor, document, answer) if extractor.options.complete else answer
