"""The settings of the HTTP service, in groups: what it takes on, keeps, opens, and shows its operator."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

# A hundred years: moments before the year 1 are none, and "for ever" is as many.
MAX_KEEP_DAYS = 36_500
MAX_PORT = 65_535
_ORIGIN = re.compile(r"https?://[^/\s,@?#]+")


class Group(BaseModel):
    """Base of the groups of settings: frozen, and no name that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ApiSettings(Group):
    """What the HTTP service takes on.

    `n_concurrent` extractions run at a time and `n_waiting` more wait; beyond that callers are told
    to come back. `timeout_s` bounds one request, waiting included, `max_bytes_in_flight` what all requests
    that are not answered yet have sent. Pages of `allowed_origins`, and the service's own, may have browsers
    post here; those of other sites may not.

    `allow_open` lets the service listen for others though it has no key. Each key may ask `key_per_minute`
    times and `key_at_a_time` at a time; 0 sets no limit.

    Asked to stop, the service is unready at once, goes on for `drain_delay_s`, so that whoever shares out
    requests notices, then takes no more and gives running requests `drain_s`. A process that holds more than
    `worker_max_rss_mb` is replaced; None lets it grow.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=MAX_PORT)
    n_concurrent: int = Field(default=2, ge=1, le=64)
    n_waiting: int = Field(default=8, ge=0, le=1024)
    timeout_s: float = Field(default=300.0, gt=0)
    max_bytes_in_flight: int = Field(default=4_000_000_000, ge=1)
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    allow_open: bool = False
    key_per_minute: int = Field(default=6_000, ge=0)
    key_at_a_time: int = Field(default=64, ge=0)
    drain_delay_s: float = Field(default=0.0, ge=0, le=300)
    drain_s: float = Field(default=30.0, ge=0, le=3600)
    worker_max_rss_mb: int | None = Field(default=None, ge=512)

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError("origins are as browsers send them, such as https://review.example.com:8443")
        return value


class ClientSettings(Group):
    """Which service `rasg mcp` asks, and with which key."""

    url: str = "http://127.0.0.1:8000"
    key: SecretStr | None = None


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a service at `host`, or a URL names this machine by it.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "example.com")]
    [True, True, True, False, False]
    """
    bare = host.strip("[]").rstrip(".").lower()
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost" or bare.endswith(".localhost")


class OutboundSettings(Group):
    """Which of callers' URLs the service opens, those of webhooks included.

    Attributes
    ----------
    url_input
        Whether a request may name its document by a URL.
    allow_http, allow_private
        Whether without TLS, and at addresses that are not of the public internet, too: for tests, and where
        whoever may ask may also reach the whole network that the service is in.
    ports
        Which ports; none for any.
    timeout_s
        Of one exchange, redirects included.
    """

    url_input: bool = False
    allow_http: bool = False
    allow_private: bool = False
    ports: Annotated[tuple[int, ...], NoDecode] = (443,)
    timeout_s: float = Field(default=30.0, gt=0)

    @field_validator("ports", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part for part in value.split(",") if part) if isinstance(value, str) else value

    @field_validator("ports")
    @classmethod
    def _are_ports(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not all(1 <= port <= MAX_PORT for port in value):
            raise ValueError(f"ports are 1 to {MAX_PORT}")
        return value


class WebhookSettings(Group):
    """How webhooks are told.

    `request_urls` lets a request name a URL that is told of it. `timeout_s` bounds one message. Messages that
    are delivered or given up are kept for `keep_days`.
    """

    request_urls: bool = False
    timeout_s: float = Field(default=15.0, gt=0)
    keep_days: float = Field(default=30.0, ge=0, le=MAX_KEEP_DAYS)


class JobSettings(Group):
    """How accepted work is kept and done.

    Attributes
    ----------
    n_in_service
        Jobs that `rasg serve` runs itself at a time; 0 leaves them to `rasg worker`.
    max_queued
        Jobs that may wait; more are refused.
    timeout_s
        Seconds of one run.
    lease_s
        Seconds without a sign of life after which another worker takes a job.
    max_attempts
        Workers that may die with a job before it has failed.
    keep_days
        How long a job that has ended is kept, with its file and result.
    deduplicate
        Whether a request that was answered before, of the same bytes, is answered by the job that did.
    blobs
        A folder or an object store's URI for documents; its client finds the credentials.
    """

    n_in_service: int = Field(default=1, ge=0, le=64)
    max_queued: int = Field(default=10_000, ge=1)
    timeout_s: float = Field(default=900.0, gt=0)
    lease_s: float = Field(default=30.0, ge=1)
    max_attempts: int = Field(default=3, ge=1, le=100)
    keep_days: float = Field(default=7.0, gt=0, le=MAX_KEEP_DAYS)
    deduplicate: bool = False
    blobs: str | None = None


class MetricsSettings(Group):
    """Who may read /metrics, and where a worker of jobs shows its own.

    Attributes
    ----------
    token
        Asked for as a bearer token; None shows them to whoever reaches the service.
    worker_port
        Where `rasg worker` serves its metrics, on `worker_host`; None serves none.
    """

    token: SecretStr | None = None
    worker_host: str = "127.0.0.1"
    worker_port: int | None = Field(default=None, ge=1, le=MAX_PORT)


class TracingSettings(Group):
    """Whether spans are recorded, and which collector gets them (OTLP over HTTP).

    `sample_ratio` is the share of traces that are begun here; a caller's own decision is kept.
    """

    enabled: bool = False
    endpoint: str = "http://127.0.0.1:4318/v1/traces"
    service_name: str = Field(default="rasg", max_length=128)
    sample_ratio: float = Field(default=1.0, ge=0, le=1)

    @field_validator("endpoint")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value
