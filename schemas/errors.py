"""The one tree of errors.

RasgError                      .code (stable) .retryable .hint
├─ InputError                  the caller can fix it
│  ├─ UnsupportedMediaTypeError
│  ├─ DocumentTooLargeError
│  ├─ UnreadableDocumentError
│  │  └─ PasswordRequiredError
│  ├─ EmptyDocumentError
│  ├─ FileChangedError         retryable
│  ├─ PageNotFoundError
│  ├─ InvalidCursorError       what an answer goes on from: of another call, or damaged
│  ├─ UnknownSchemaError
│  ├─ InvalidAnswerError       .issues: JSON paths and reasons
│  ├─ IncompleteInvoiceError   .issues: terms of EN 16931 and what would give them
│  ├─ ExampleNotFoundError
│  ├─ ExtractionNotFoundError
│  ├─ IdempotencyKeyReusedError
│  ├─ JobCancelledError
│  ├─ InvalidAdapterError
│  ├─ UnauthenticatedError     no key, or one that opens nothing
│  ├─ ForbiddenError           the key lacks a scope
│  ├─ KeyNotFoundError
│  ├─ WebhookNotFoundError     an endpoint or a delivery
│  ├─ AddressRefusedError      a URL that the service does not open
│  ├─ FetchFailedError         a URL that gave no document
│  └─ InvalidSchemaError       .issues: JSON pointers and reasons
├─ OcrError
│  ├─ OcrUnavailableError      retryable
│  │  └─ SandboxLostError      the readers were ended from outside; no document's doing
│  ├─ OcrTimeoutError          retryable
│  └─ ParserCrashedError
├─ RetrievalError
│  └─ StorageUnavailableError  retryable
│     └─ StorageFullError
├─ DecodingError
│  ├─ GrammarCompileError
│  ├─ TruncatedOutputError
│  ├─ OutputParseError
│  ├─ EngineUnavailableError   retryable
│  ├─ EngineContractError      the server does not constrain, or answers nonsense
│  ├─ AdapterNotFoundError
│  └─ PromptTooLongError
├─ PromotionRefusedError       the adapters are as they were
├─ ServiceBusyError            retryable
│  └─ QueueFullError
├─ JobNotFinishedError         retryable
├─ RequestInFlightError        retryable
├─ WorkerLostError
│  └─ TooManyRequestsError     of one key
├─ ExtractionTimeoutError      retryable
├─ WorkCancelledError          nobody waits for it any more
├─ EvaluationError
├─ TrainingDivergedError       the last checkpoint stands
└─ ConfigurationError
"""

from __future__ import annotations

from typing import ClassVar


class RasgError(Exception):
    """Base of every error the service raises on purpose.

    `code` is stable and safe to show; the message says what was wrong, what was got and what to do.
    """

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class InputError(RasgError):
    """The caller can fix it."""

    code = "invalid_input"


class UnsupportedMediaTypeError(InputError):
    """The bytes are of no type that can be read."""

    code = "unsupported_media_type"


class DocumentTooLargeError(InputError):
    """The document exceeds a limit on bytes, pages or pixels."""

    code = "document_too_large"


class UnreadableDocumentError(InputError):
    """The bytes claim a known type and cannot be parsed."""

    code = "unreadable_document"


class PasswordRequiredError(UnreadableDocumentError):
    """The document is encrypted with a password that was not given."""

    code = "password_required"


class EmptyDocumentError(InputError):
    """There is nothing to read: no bytes, no pages, or no text where the schema demands values."""

    code = "empty_document"


class FileChangedError(InputError):
    """The file was written to while it was read."""

    code = "file_changed"
    retryable = True


class PageNotFoundError(InputError):
    """Pages were asked for that are beyond the document's end."""

    code = "page_not_found"


class InvalidCursorError(InputError):
    """The cursor that a call goes on from is not of this call, or no cursor at all."""

    code = "invalid_cursor"


class UnknownSchemaError(InputError):
    """No schema has that name."""

    code = "unknown_schema"


class InvalidAnswerError(InputError):
    """A confirmed or corrected answer does not satisfy its schema; `issues` holds (JSON path, reason)."""

    code = "invalid_answer"

    def __init__(
        self, message: str, *, issues: tuple[tuple[str, str], ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.issues = issues


class IncompleteInvoiceError(InputError):
    """An extraction lacks what an e-invoice must have; `issues` holds (term, what is missing)."""

    code = "incomplete_invoice"

    def __init__(
        self, message: str, *, issues: tuple[tuple[str, str], ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.issues = issues


class ExampleNotFoundError(InputError):
    """The tenant has no example of that id."""

    code = "unknown_example"


class ExtractionNotFoundError(InputError):
    """No answer of that id is kept: it is another tenant's, too old, or never was."""

    code = "unknown_extraction"


class InvalidAdapterError(InputError):
    """The folder holds no adapter that could be served: of another base model, too large, or hostile."""

    code = "invalid_adapter"


class InvalidSchemaError(InputError):
    """The caller's schema uses what is not supported; `issues` holds (JSON pointer, reason) pairs."""

    code = "invalid_schema"

    def __init__(
        self, message: str, *, issues: tuple[tuple[str, str], ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.issues = issues


class OcrError(RasgError):
    """Reading failed on our side."""

    code = "ocr_failed"


class OcrUnavailableError(OcrError):
    """The OCR engine is not installed or cannot start."""

    code = "ocr_unavailable"
    retryable = True


class SandboxLostError(OcrUnavailableError):
    """The process that reads documents was ended from outside, and its children with it; try again."""

    code = "reader_lost"


class OcrTimeoutError(OcrError):
    """Reading took longer than its limit and was stopped."""

    code = "ocr_timeout"
    retryable = True


class ParserCrashedError(OcrError):
    """The parser's process died on this document (memory limit, signal)."""

    code = "parser_crashed"


class RetrievalError(RasgError):
    """The example store failed."""

    code = "retrieval_failed"


class StorageUnavailableError(RetrievalError):
    """The database or the store of documents cannot be reached or written now."""

    code = "storage_unavailable"
    retryable = True


class StorageFullError(StorageUnavailableError):
    """There is no space left for what was sent; nothing of it is kept."""

    code = "storage_full"


class DecodingError(RasgError):
    """The engine or its grammar failed."""

    code = "decoding_failed"


class GrammarCompileError(DecodingError):
    """The grammar was refused by the constraint engine."""

    code = "grammar_compile"


class TruncatedOutputError(DecodingError):
    """The completion was cut by length and could not be completed."""

    code = "truncated_output"


class OutputParseError(DecodingError):
    """The completion is not the JSON that the grammar promises."""

    code = "output_parse"


class EngineUnavailableError(DecodingError):
    """The engine cannot be reached or started; `retry_after_s` is when it is tried again, None if unknown."""

    code = "engine_unavailable"
    retryable = True

    def __init__(self, message: str, *, hint: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class EngineContractError(DecodingError):
    """The engine answers, but not under the constraint it was given."""

    code = "engine_contract"


class AdapterNotFoundError(DecodingError):
    """The engine knows no adapter of that name."""

    code = "adapter_not_found"


class PromptTooLongError(DecodingError):
    """The prompt does not fit the model's context."""

    code = "prompt_too_long"


class PromotionRefusedError(RasgError):
    """The adapter would do worse, cannot be judged, or another went live meanwhile; nothing was changed."""

    code = "promotion_refused"


class ServiceBusyError(RasgError):
    """Too many extractions are running and waiting."""

    code = "busy"
    retryable = True


class ExtractionTimeoutError(RasgError):
    """The extraction took longer than its caller allows; it was stopped."""

    code = "timeout"
    retryable = True


class WorkCancelledError(RasgError):
    """The work was stopped on the way because nobody waits for it any more (`schemas.cancellation`)."""

    code = "cancelled"


class EvaluationError(RasgError):
    """Predictions and gold do not fit together."""

    code = "evaluation_failed"


class TrainingDivergedError(RasgError):
    """The loss of a training run has left its start; the run stopped rather than learn from a wreck."""

    code = "training_diverged"


class ConfigurationError(RasgError):
    """A setting is unknown or wrong; start-up stops."""

    code = "configuration"
