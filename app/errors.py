"""How errors leave the service: the only status table, problem+json, and the CLI's records."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from http import HTTPStatus
from itertools import islice

from pydantic import BaseModel, ConfigDict

from schemas.errors import (
    AdapterNotFoundError,
    ConfigurationError,
    DocumentTooLargeError,
    EmptyDocumentError,
    EngineContractError,
    EngineUnavailableError,
    ExampleNotFoundError,
    ExtractionNotFoundError,
    ExtractionTimeoutError,
    IncompleteInvoiceError,
    InputError,
    InvalidAnswerError,
    InvalidCursorError,
    InvalidSchemaError,
    OcrTimeoutError,
    OcrUnavailableError,
    OutputParseError,
    PageNotFoundError,
    ParserCrashedError,
    PromptTooLongError,
    RasgError,
    ServiceBusyError,
    StorageFullError,
    StorageUnavailableError,
    TruncatedOutputError,
    UnknownSchemaError,
    UnreadableDocumentError,
    UnsupportedMediaTypeError,
    WorkCancelledError,
)
from schemas.service_errors import (
    AddressRefusedError,
    FetchFailedError,
    ForbiddenError,
    IdempotencyKeyReusedError,
    JobCancelledError,
    JobNotFinishedError,
    KeyNotFoundError,
    QueueFullError,
    RequestInFlightError,
    TooManyRequestsError,
    UnauthenticatedError,
    WebhookNotFoundError,
)

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 5
MAX_ISSUES = 20
_MAX_POINTER_CHARS, _MAX_DETAIL_CHARS = 300, 500
_SERVER_DETAIL = "The service could not finish this request; its log has the cause under the request id."


# The nearest class in an error's ancestry decides; what is not here is a 500.
STATUS: dict[type[RasgError], int] = {
    InputError: 400,
    UnauthenticatedError: 401,
    ForbiddenError: 403,
    UnknownSchemaError: 404,
    KeyNotFoundError: 404,
    WebhookNotFoundError: 404,
    DocumentTooLargeError: 413,
    UnsupportedMediaTypeError: 415,
    UnreadableDocumentError: 422,
    EmptyDocumentError: 422,
    PageNotFoundError: 422,
    InvalidCursorError: 422,
    AddressRefusedError: 422,
    FetchFailedError: 422,
    InvalidSchemaError: 422,
    InvalidAnswerError: 422,
    IncompleteInvoiceError: 422,
    ExampleNotFoundError: 404,
    ExtractionNotFoundError: 404,
    # The caller named the adapter, or sent the page and schema that do not fit.
    AdapterNotFoundError: 404,
    PromptTooLongError: 422,
    # A parser that dies is killed by the document in front of it.
    ParserCrashedError: 422,
    OcrUnavailableError: 503,
    OcrTimeoutError: 504,
    EngineUnavailableError: 503,
    EngineContractError: 502,
    TruncatedOutputError: 502,
    OutputParseError: 502,
    ServiceBusyError: 503,
    QueueFullError: 429,
    StorageUnavailableError: 503,
    StorageFullError: 507,
    IdempotencyKeyReusedError: 422,
    RequestInFlightError: 409,
    JobNotFinishedError: 409,
    JobCancelledError: 409,
    TooManyRequestsError: 429,
    ExtractionTimeoutError: 504,
    # Its caller has hung up, or a job was cancelled.
    WorkCancelledError: 409,
}


class Issue(BaseModel):
    """One place of the caller's input that is wrong: a JSON pointer (or form field) and the reason."""

    model_config = ConfigDict(frozen=True)

    pointer: str
    detail: str


class Problem(BaseModel):
    """The body of an error response (RFC 9457); `code` is stable, `detail` is for people.

    `retry_after_s` is that of the header `Retry-After`, where it is known when a retry may help.
    """

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    hint: str | None = None
    retryable: bool = False
    request_id: str | None = None
    trace_id: str | None = None
    retry_after_s: int | None = None
    errors: tuple[Issue, ...] = ()


class ErrorRecord(BaseModel):
    """What the CLI writes in the place of a result when one file fails."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    hint: str | None = None
    retryable: bool = False
    errors: tuple[Issue, ...] = ()


def status_of(error: RasgError) -> int:
    """Return the HTTP status of an error: that of its nearest ancestor in `STATUS`, else 500."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem_of(error: RasgError, *, request_id: str | None = None) -> Problem:
    """Return the response body of an error; of a failure on our side only the code is told."""
    status = status_of(error)
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(
        error, ServiceBusyError | StorageUnavailableError
    )
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=error.code,
        detail=_SERVER_DETAIL if is_ours else shorten(str(error), _MAX_DETAIL_CHARS),
        hint=None if is_ours else error.hint,
        retryable=error.retryable,
        request_id=request_id,
        retry_after_s=_retry_after_s(error),
        errors=_issues(error),
    )


def http_problem(
    status: int, detail: str, *, request_id: str | None = None, code: str | None = None
) -> Problem:
    """Return the body of an error of HTTP itself (no such path, wrong method, unhandled exception)."""
    phrase = HTTPStatus(status).phrase
    named = code or phrase.lower().replace(" ", "_").replace("-", "_")
    shown = _SERVER_DETAIL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else detail
    return Problem(title=phrase, status=status, code=named, detail=shown, request_id=request_id)


def error_record(error: Exception) -> ErrorRecord:
    """Return the CLI's record of a failed file; an exception that is not ours is logged and named only."""
    if not isinstance(error, RasgError):
        logger.error("unexpected %s", type(error).__name__, exc_info=error)
        return ErrorRecord(code=RasgError.code, message=f"unexpected {type(error).__name__}, see the log")
    return ErrorRecord(
        code=error.code,
        message=str(error),
        hint=error.hint,
        retryable=error.retryable,
        errors=_issues(error),
    )


def is_configuration(error: RasgError) -> bool:
    """Return whether no other file would fare better: the CLI stops with exit code 2."""
    return isinstance(error, ConfigurationError)


def _retry_after_s(error: RasgError) -> int | None:
    seconds = error.retry_after_s if isinstance(error, EngineUnavailableError) else None
    return None if seconds is None else math.ceil(seconds)


def _issues(error: RasgError) -> tuple[Issue, ...]:
    if not isinstance(error, InvalidSchemaError | InvalidAnswerError | IncompleteInvoiceError):
        return ()
    return bounded_issues(error.issues)


def bounded_issues(found: Iterable[tuple[str, str]]) -> tuple[Issue, ...]:
    """Return the first issues of a (pointer, reason) list, each cut, and how many more there are.

    What a caller sends may be wrong in a million places, and name each at any length.
    """
    issues = iter(found)
    told = tuple(
        Issue(pointer=shorten(pointer, _MAX_POINTER_CHARS), detail=shorten(reason, _MAX_DETAIL_CHARS))
        for pointer, reason in islice(issues, MAX_ISSUES)
    )
    n_more = sum(1 for _ in issues)
    return (*told, Issue(pointer="", detail=f"and {n_more} more")) if n_more else told


def shorten(text: str, n_chars: int) -> str:
    """Return a text of at most `n_chars` characters, with an ellipsis where it was cut."""
    return text if len(text) <= n_chars else text[: n_chars - 1] + "…"
