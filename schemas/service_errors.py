"""What goes wrong between the service and its callers: keys, jobs, webhooks, URLs; see `schemas.errors`."""

from __future__ import annotations

from schemas.errors import InputError, RasgError, ServiceBusyError


class IdempotencyKeyReusedError(InputError):
    """The key was sent before with another request."""

    code = "idempotency_key_reused"


class JobCancelledError(InputError):
    """The job was cancelled, so that it has no result."""

    code = "cancelled"


class UnauthenticatedError(InputError):
    """The request has no key, or one that opens nothing: unknown, revoked or over."""

    code = "unauthenticated"


class ForbiddenError(InputError):
    """The request's key lacks the scope of what it asks for; `scope` names it."""

    code = "insufficient_scope"

    def __init__(self, message: str, *, scope: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.scope = scope


class KeyNotFoundError(InputError):
    """There is no key of that id."""

    code = "unknown_key"


class WebhookNotFoundError(InputError):
    """The tenant has no webhook, or no delivery, of that id."""

    code = "unknown_webhook"


class AddressRefusedError(InputError):
    """The service does not open that URL: its form, its port or where it leads is not allowed."""

    code = "url_refused"


class FetchFailedError(InputError):
    """The URL is allowed, and gave no document: nobody answers, or not with one, or too slowly."""

    code = "url_failed"


class QueueFullError(ServiceBusyError):
    """As many jobs are queued as may be."""

    code = "queue_full"


class JobNotFinishedError(RasgError):
    """The job has no result yet."""

    code = "not_finished"
    retryable = True


class RequestInFlightError(RasgError):
    """The first request with this idempotency key still waits for its answer."""

    code = "idempotency_in_flight"
    retryable = True


class WorkerLostError(RasgError):
    """The worker died with this document as often as it is tried."""

    code = "worker_lost"


class TooManyRequestsError(ServiceBusyError):
    """A key asked more often, or for more at a time, than it may; `retry_after_s` says when to come back."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after_s: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s
