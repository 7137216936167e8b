"""Webhook endpoints and the outbox of messages to them.

A message is written in the transaction of what it tells of (`announce`), so that neither is there without the
other. Whoever delivers takes it for a while (`Outbox.take`); if that ends in a crash, it falls due again. So
a message arrives at least once, and its id says which ones are the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Engine, Select, delete, or_, select
from sqlalchemy.orm import Session

from schemas.errors import InputError
from schemas.example import is_id
from schemas.service_errors import WebhookNotFoundError
from storage.database import read_session, write_session
from storage.tables import WebhookDeliveryRow, WebhookEndpointRow

DeliveryState = Literal["pending", "delivered", "dead"]
EventType = Literal["*", "extraction.finished", "batch.finished"]
ALL_EVENTS: EventType = "*"
_MAX_ENDPOINTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a tenant is told of events.

    Attributes
    ----------
    url
        None for the one whose secret signs messages to URLs that requests name.
    event_types
        Those that it is told of; ("*",) for all.
    secret, old_secret
        What its messages are signed with; the old one as well until `old_secret_until`.
    is_disabled
        Whether its receiver said that it is gone (410).
    """

    endpoint_id: str
    tenant: str
    url: str | None
    event_types: tuple[str, ...]
    secret: bytes
    old_secret: bytes | None = None
    old_secret_until: datetime | None = None
    is_disabled: bool = False
    created_at: datetime

    def wants(self, event_type: str) -> bool:
        """Return whether it is told of events of a type."""
        told = ALL_EVENTS in self.event_types or event_type in self.event_types
        return self.url is not None and told and not self.is_disabled

    def secrets_at(self, at: datetime) -> tuple[bytes, ...]:
        """Return what a message is signed with at a moment, the newest first."""
        is_old_good = self.old_secret_until is not None and at < self.old_secret_until
        return (self.secret, self.old_secret) if self.old_secret and is_old_good else (self.secret,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message to one URL, and what became of it.

    Attributes
    ----------
    seq
        Its place in the order in which messages were written.
    message_id
        The event's, the same for all who are told of it and for each attempt.
    payload
        The body as it is signed and sent.
    due_at
        When it is sent next; None once it is delivered or given up.
    last_status, last_error
        Of the last attempt: the answer's status, or why there was none.
    """

    seq: int
    delivery_id: str
    tenant: str
    endpoint_id: str
    message_id: str
    url: str
    event_type: str
    payload: str
    state: DeliveryState
    n_attempts: int
    due_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    last_status: int | None
    last_error: str | None


def announce(
    session: Session,
    *,
    tenant: str,
    event_type: EventType,
    payload: Mapping[str, JsonValue],
    webhook_url: str | None = None,
    at: datetime | None = None,
) -> int:
    """Write messages that tell a tenant's endpoints of an event; return how many.

    `session` is that of the change itself. `payload` becomes the message's `data`; it names things and
    holds no value of a document. `webhook_url` is told too: one that the request named and that was checked.

    Raises
    ------
    InputError
        If a URL is named and the tenant has no endpoint whose secret signs such messages.
    """
    now = at or datetime.now(UTC)
    found = tuple(_to_endpoint(row) for row in session.scalars(_of(tenant)))
    receivers = [(one.endpoint_id, one.url) for one in found if one.url and one.wants(event_type)]
    if webhook_url is not None:
        receivers.append((signer_of(found).endpoint_id, webhook_url))
    body = json.dumps({"type": event_type, "timestamp": now.isoformat(), "data": dict(payload)})
    message_id = f"msg_{uuid4().hex}"
    session.add_all(
        WebhookDeliveryRow(
            delivery_id=uuid4().hex,
            tenant=tenant,
            endpoint_id=endpoint_id,
            message_id=message_id,
            url=url,
            event_type=event_type,
            payload=body,
            state="pending",
            n_attempts=0,
            due_at=now,
            created_at=now,
        )
        for endpoint_id, url in receivers
    )
    return len(receivers)


def signer_of(endpoints: tuple[Endpoint, ...]) -> Endpoint:
    """Return the endpoint whose secret signs messages to URLs that requests name.

    Raises
    ------
    InputError
        If there is none.
    """
    for endpoint in endpoints:
        if endpoint.url is None:
            return endpoint
    raise InputError(
        "no secret signs messages to a URL that a request names",
        hint="make one: POST /v1/webhooks without a url",
    )


class WebhookStore:
    """The webhooks of one tenant; safe to share between threads and processes.

    The methods raise `RetrievalError` if the database fails, and `WebhookNotFoundError` if the tenant has
    nothing of an id.
    """

    def __init__(self, database: Engine, *, tenant: str) -> None:
        self.tenant = tenant
        self._database = database

    def add(self, endpoint: Endpoint) -> None:
        """Write a new endpoint down.

        Raises
        ------
        InputError
            If the tenant has too many, or one without a URL already.
        """
        with write_session(self._database) as session:
            known = session.scalars(_of(self.tenant)).all()
            if len(known) >= _MAX_ENDPOINTS:
                raise InputError(f"a tenant has at most {_MAX_ENDPOINTS} webhooks")
            if endpoint.url is None and any(row.url is None for row in known):
                raise InputError("there is a webhook without a url already", hint="rotate its secret")
            session.add(
                WebhookEndpointRow(
                    endpoint_id=endpoint.endpoint_id,
                    tenant=self.tenant,
                    url=endpoint.url,
                    event_types=" ".join(endpoint.event_types),
                    secret=endpoint.secret,
                    is_disabled=False,
                    created_at=endpoint.created_at,
                )
            )

    def all(self) -> tuple[Endpoint, ...]:
        """Return the endpoints, the oldest first."""
        with read_session(self._database) as session:
            return tuple(_to_endpoint(row) for row in session.scalars(_of(self.tenant)))

    def get(self, endpoint_id: str) -> Endpoint:
        """Return the endpoint of an id."""
        with read_session(self._database) as session:
            return _to_endpoint(self._endpoint(session, endpoint_id))

    def rotate(self, endpoint_id: str, secret: bytes, *, old_until: datetime) -> Endpoint:
        """Give an endpoint a new secret; the old one signs too for a while. A disabled one is told again."""
        with write_session(self._database) as session:
            row = self._endpoint(session, endpoint_id)
            row.old_secret, row.old_secret_until = row.secret, old_until
            row.secret, row.is_disabled = secret, False
            return _to_endpoint(row)

    def remove(self, endpoint_id: str) -> None:
        """Delete an endpoint with its messages."""
        with write_session(self._database) as session:
            row = self._endpoint(session, endpoint_id)
            session.execute(
                delete(WebhookDeliveryRow).where(WebhookDeliveryRow.endpoint_id == row.endpoint_id)
            )
            session.delete(row)

    def deliveries(
        self, *, state: DeliveryState | None = None, after: int = 0, limit: int = 100
    ) -> tuple[Delivery, ...]:
        """Return messages whose place is beyond `after`, in order."""
        query = self._messages().where(WebhookDeliveryRow.seq > after)
        if state is not None:
            query = query.where(WebhookDeliveryRow.state == state)
        with read_session(self._database) as session:
            found = session.scalars(query.order_by(WebhookDeliveryRow.seq).limit(limit))
            return tuple(_to_delivery(row) for row in found)

    def delivery(self, delivery_id: str) -> Delivery:
        """Return the message of an id."""
        with read_session(self._database) as session:
            return _to_delivery(self._delivery(session, delivery_id))

    def redeliver(self, delivery_id: str, *, at: datetime) -> Delivery:
        """Let a message be sent again, as if it were new; one that waits already is sent at once."""
        with write_session(self._database) as session:
            row = self._delivery(session, delivery_id)
            row.state, row.n_attempts, row.due_at, row.finished_at = "pending", 0, at, None
            return _to_delivery(row)

    def _messages(self) -> Select[WebhookDeliveryRow]:
        return select(WebhookDeliveryRow).where(WebhookDeliveryRow.tenant == self.tenant)

    def _endpoint(self, session: Session, endpoint_id: str) -> WebhookEndpointRow:
        mine = _of(self.tenant).where(WebhookEndpointRow.endpoint_id == endpoint_id)
        row = session.scalar(mine) if is_id(endpoint_id) else None
        if row is None:
            raise WebhookNotFoundError("there is no webhook of that id")
        return row

    def _delivery(self, session: Session, delivery_id: str) -> WebhookDeliveryRow:
        mine = self._messages().where(WebhookDeliveryRow.delivery_id == delivery_id)
        row = session.scalar(mine) if is_id(delivery_id) else None
        if row is None:
            raise WebhookNotFoundError("there is no delivery of that id")
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended; `due_at` is None if there is to be no other."""

    state: DeliveryState
    due_at: datetime | None
    status: int | None = None
    error: str | None = None
    is_gone: bool = False


class Outbox:
    """The messages of all tenants that are to be sent; for whoever delivers them."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def take(
        self, n: int, *, at: datetime, for_s: float, n_each: int, sending: Mapping[str, int]
    ) -> tuple[tuple[Delivery, Endpoint], ...]:
        """Return some messages that are due, up to `n`, which nobody else gets for `for_s` seconds.

        There may be more that are due if fewer than `n` come, and none if none does.

        Parameters
        ----------
        n_each
            How many may be on their way to one URL, so that a receiver that hangs holds up no other.
        sending
            How many are, by URL.
        """
        full = [url for url, n_sending in sending.items() if n_sending >= n_each]
        due = (
            select(WebhookDeliveryRow, WebhookEndpointRow)
            .join(WebhookEndpointRow, WebhookEndpointRow.endpoint_id == WebhookDeliveryRow.endpoint_id)
            .where(_is_due(at), WebhookDeliveryRow.url.not_in(full))
            .order_by(WebhookDeliveryRow.due_at)
            .limit(n)
        )
        with read_session(self._database) as session:  # mostly there is nothing, and nobody waits for it
            if session.execute(due.limit(1)).first() is None:
                return ()
        with write_session(self._database) as session:
            taken: list[tuple[WebhookDeliveryRow, WebhookEndpointRow]] = []
            then = Counter(sending)
            for message, endpoint in session.execute(due):
                if then[message.url] < n_each:
                    then[message.url] += 1
                    taken.append((message, endpoint))
            for message, _ in taken:
                message.due_at = at + timedelta(seconds=for_s)
                message.n_attempts += 1
            session.flush()
            return tuple((_to_delivery(message), _to_endpoint(endpoint)) for message, endpoint in taken)

    def note(self, delivery_id: str, outcome: Outcome, *, at: datetime) -> None:
        """Note how an attempt ended; a message that was removed meanwhile stays so."""
        with write_session(self._database) as session:
            same = select(WebhookDeliveryRow).where(WebhookDeliveryRow.delivery_id == delivery_id)
            row = session.scalar(same)
            if row is None:
                return
            row.state, row.due_at = outcome.state, outcome.due_at
            row.last_status, row.last_error = outcome.status, outcome.error
            row.finished_at = at if outcome.due_at is None else None
            endpoint = session.get(WebhookEndpointRow, row.endpoint_id)
            if outcome.is_gone and endpoint is not None and endpoint.url is not None:
                endpoint.is_disabled = True

    def forget(self, *, before: datetime) -> None:
        """Delete messages that were over before a moment."""
        over = WebhookDeliveryRow.finished_at < before
        with write_session(self._database) as session:
            session.execute(delete(WebhookDeliveryRow).where(over))


def _is_due(at: datetime) -> ColumnElement[bool]:
    # What was never tried is due at once, also by a clock that was set back since it was written.
    row = WebhookDeliveryRow
    return row.due_at.is_not(None) & or_(row.due_at <= at, row.n_attempts == 0)


def _of(tenant: str) -> Select[WebhookEndpointRow]:
    query = select(WebhookEndpointRow).where(WebhookEndpointRow.tenant == tenant)
    return query.order_by(WebhookEndpointRow.created_at, WebhookEndpointRow.endpoint_id)


def _to_endpoint(row: WebhookEndpointRow) -> Endpoint:
    return Endpoint(
        endpoint_id=row.endpoint_id,
        tenant=row.tenant,
        url=row.url,
        event_types=tuple(row.event_types.split()),
        secret=row.secret,
        old_secret=row.old_secret,
        old_secret_until=row.old_secret_until,
        is_disabled=row.is_disabled,
        created_at=row.created_at,
    )


def _to_delivery(row: WebhookDeliveryRow) -> Delivery:
    return Delivery(
        seq=row.seq,
        delivery_id=row.delivery_id,
        tenant=row.tenant,
        endpoint_id=row.endpoint_id,
        message_id=row.message_id,
        url=row.url,
        event_type=row.event_type,
        payload=row.payload,
        state=cast("DeliveryState", row.state),
        n_attempts=row.n_attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        last_status=row.last_status,
        last_error=row.last_error,
    )
