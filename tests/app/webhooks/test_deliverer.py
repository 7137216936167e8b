"""Messages arrive signed, are sent again after a while, and are given up in the end."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.outbound.addresses import OutboundPolicy
from app.outbound.fetching import Bounds, Opener
from app.webhooks.deliverer import WAITS_S, Deliverer
from app.webhooks.signing import make_secret, show_secret
from schemas.errors import InputError
from storage.database import open_database, sqlite_url, write_session
from storage.tables import SchemaRow
from storage.webhooks import ALL_EVENTS, Endpoint, EventType, Outbox, WebhookStore, announce
from tests.app.outbound.test_fetching import run

FINISHED: EventType = "extraction.finished"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers with the status that its path names."""

    received: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012 - of one test at a time
    statuses: list[int] = []  # noqa: RUF012
    fields: dict[str, str] = {}  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.statuses.pop(0) if self.statuses else 204)
        for name, value in self.fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's names
        """Say nothing."""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def url() -> Iterator[str]:
    Receiver.received.clear()
    Receiver.statuses.clear()
    Receiver.fields.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    with run(server):
        yield f"http://127.0.0.1:{server.server_port}/hook"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(sqlite_url(tmp_path))
    yield opened
    opened.dispose()


def register(
    database: Engine,
    url: str | None,
    *,
    tenant: str = "acme",
    event_types: tuple[EventType, ...] = (ALL_EVENTS,),
) -> Endpoint:
    endpoint = Endpoint(
        endpoint_id=uuid4().hex,
        tenant=tenant,
        url=url,
        event_types=event_types,
        secret=make_secret(),
        created_at=datetime.now(UTC),
    )
    WebhookStore(database, tenant=tenant).add(endpoint)
    return endpoint


def tell(
    database: Engine, *, tenant: str = "acme", at: datetime | None = None, webhook_url: str | None = None
) -> int:
    with write_session(database) as session:
        payload = {"extraction_id": "7", "status": "succeeded"}
        return announce(
            session, tenant=tenant, event_type=FINISHED, payload=payload, at=at, webhook_url=webhook_url
        )


def deliverer(
    database: Engine, clock: Callable[[], datetime], *, policy: OutboundPolicy | None = None
) -> Deliverer:
    inside = OutboundPolicy(allow_http=True, allow_private=True, ports=None)
    opener = Opener(policy=policy or inside, bounds=Bounds(timeout_s=5.0))
    return Deliverer(Outbox(database), opener, keep_days=1, poll_s=0.02, clock=clock)


def deliver(database: Engine, clock: Clock, **policy: OutboundPolicy) -> int:
    return asyncio.run(deliverer(database, clock, **policy).deliver_due())


def only(database: Engine) -> Any:  # noqa: ANN401
    (found,) = WebhookStore(database, tenant="acme").deliveries()
    return found


def test_a_message_arrives_signed_as_standard_webhooks_says(database: Engine, url: str) -> None:
    clock = Clock()
    endpoint = register(database, url)
    assert tell(database, at=clock.now) == 1
    assert deliver(database, clock) == 1
    ((headers, body),) = Receiver.received
    verified = Webhook(show_secret(endpoint.secret)).verify(body, headers)
    assert verified["data"] == {"extraction_id": "7", "status": "succeeded"}
    assert verified["type"] == "extraction.finished"
    with pytest.raises(WebhookVerificationError):
        Webhook(show_secret(make_secret())).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(show_secret(endpoint.secret)).verify(body + b" ", headers)
    assert (only(database).state, only(database).last_status, only(database).due_at) == (
        "delivered",
        204,
        None,
    )
    assert deliver(database, clock) == 0


def test_a_message_is_there_with_what_it_tells_of_or_neither_is(database: Engine, url: str) -> None:
    register(database, url)

    def fail() -> None:
        with write_session(database) as session:
            session.add(SchemaRow(schema_id="1", name="a", json_schema="{}"))
            announce(session, tenant="acme", event_type=FINISHED, payload={})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert WebhookStore(database, tenant="acme").deliveries() == ()


def test_only_endpoints_of_the_tenant_that_want_the_event_are_told(database: Engine, url: str) -> None:
    register(database, url, tenant="bolt")
    register(database, url, event_types=("batch.finished",))
    register(database, None)
    assert tell(database) == 0
    register(database, url, event_types=(FINISHED,))
    register(database, url + "/2")
    assert tell(database) == 2
    messages = WebhookStore(database, tenant="acme").deliveries()
    assert len({message.message_id for message in messages}) == 1
    assert len({message.delivery_id for message in messages}) == 2


def test_a_message_that_fails_is_sent_again_later_and_later_and_given_up_after_ten_attempts(
    database: Engine, url: str
) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    Receiver.statuses.extend([500] * 10)
    for wait_s in WAITS_S:
        assert deliver(database, clock) == 1
        found = only(database)
        assert (found.state, found.last_status) == ("pending", 500)
        waited = (found.due_at - clock.now).total_seconds()
        assert wait_s <= waited <= 1.2 * wait_s
        clock.move(waited - 1)
        assert deliver(database, clock) == 0
        clock.move(1)
    assert deliver(database, clock) == 1
    assert (only(database).state, only(database).n_attempts) == ("dead", len(WAITS_S) + 1)
    clock.move(1e6)
    assert deliver(database, clock) == 0
    ids = {headers["webhook-id"] for headers, _ in Receiver.received}
    assert (len(Receiver.received), len(ids)) == (10, 1)


def test_a_dead_letter_is_sent_again_when_it_is_asked_for(database: Engine, url: str) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    Receiver.statuses.append(410)
    deliver(database, clock)
    dead = only(database)
    store = WebhookStore(database, tenant="acme")
    assert (dead.state, store.all()[0].is_disabled) == ("dead", True)
    assert tell(database, at=clock.now) == 0  # the receiver said that it is gone
    store.redeliver(dead.delivery_id, at=clock.now)
    assert deliver(database, clock) == 1
    assert (only(database).state, only(database).n_attempts) == ("delivered", 1)


def test_a_receiver_says_how_long_it_wants_to_be_left_alone(database: Engine, url: str) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    Receiver.statuses.append(429)
    Receiver.fields["Retry-After"] = "3600"
    deliver(database, clock)
    assert (only(database).due_at - clock.now).total_seconds() == 3600


@pytest.mark.parametrize(("hours", "waited_s"), [(2, 7_200), (100, 86_400)])
def test_a_receiver_may_name_the_moment_until_which_it_wants_to_be_left_alone(
    database: Engine, url: str, hours: int, waited_s: int
) -> None:
    clock = Clock()
    clock.now = clock.now.replace(microsecond=0)
    register(database, url)
    tell(database, at=clock.now)
    Receiver.statuses.append(503)
    Receiver.fields["Retry-After"] = format_datetime(clock.now + timedelta(hours=hours), usegmt=True)
    deliver(database, clock)
    assert (only(database).due_at - clock.now).total_seconds() == waited_s


def test_a_moment_that_is_over_is_no_wait(database: Engine, url: str) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    Receiver.statuses.append(503)
    Receiver.fields["Retry-After"] = "Thu, 01 Jan 1970 00:00:00 GMT"
    deliver(database, clock)
    assert 5 <= (only(database).due_at - clock.now).total_seconds() <= 6


@pytest.mark.parametrize("asked", ["-1", "soon", "²", "9" * 5000, "Fri, 31 Feb 2027 00:00:00 GMT"])
def test_a_wait_that_makes_no_sense_is_bounded(database: Engine, url: str, asked: str) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    Receiver.statuses.append(503)
    Receiver.fields["Retry-After"] = asked.encode().decode("latin-1")
    deliver(database, clock)
    assert 5 <= (only(database).due_at - clock.now).total_seconds() <= 86_400


def test_a_message_whose_sender_died_falls_due_again_and_not_before(database: Engine, url: str) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    outbox = Outbox(database)
    # And then it dies.
    assert len(outbox.take(5, at=clock.now, for_s=60, n_each=5, sending={})) == 1
    assert deliver(database, clock) == 0
    clock.move(60)
    assert deliver(database, clock) == 1


def test_a_clock_that_is_set_back_holds_up_no_new_message(database: Engine, url: str) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    clock.move(-3600)
    assert deliver(database, clock) == 1
    assert deliver(database, clock) == 0


def test_a_name_that_leads_inside_by_now_is_not_told(database: Engine, url: str) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    deliver(database, clock, policy=OutboundPolicy(allow_http=True, ports=None))
    assert (only(database).state, only(database).last_error) == ("pending", "url_refused")
    assert Receiver.received == []


def test_both_secrets_sign_while_a_rotation_overlaps(database: Engine, url: str) -> None:
    clock = Clock()
    old = register(database, url)
    new = make_secret()
    store = WebhookStore(database, tenant="acme")
    store.rotate(old.endpoint_id, new, old_until=clock.now + timedelta(hours=1))
    for _ in range(2):
        tell(database, at=clock.now)
        deliver(database, clock)
        clock.move(3600)
    (first, body), (second, _) = Receiver.received
    for secret in (old.secret, new):
        Webhook(secret).verify(body, first)
    assert len(first["webhook-signature"].split()) == 2
    assert len(second["webhook-signature"].split()) == 1


def test_a_url_that_a_request_names_is_told_with_the_secret_for_it(database: Engine, url: str) -> None:
    clock = Clock()
    with pytest.raises(InputError, match="no secret"):
        tell(database, webhook_url=url)
    signer = register(database, None)
    with pytest.raises(InputError, match="already"):
        register(database, None)
    assert tell(database, at=clock.now, webhook_url=url) == 1
    deliver(database, clock)
    ((headers, body),) = Receiver.received
    Webhook(signer.secret).verify(body, headers)


def test_what_is_over_is_forgotten_after_its_time(database: Engine, url: str) -> None:
    clock = Clock()
    register(database, url)
    tell(database, at=clock.now)
    deliver(database, clock)
    outbox = Outbox(database)
    outbox.forget(before=clock.now)
    assert only(database).state == "delivered"
    outbox.forget(before=clock.now + timedelta(seconds=1))
    assert WebhookStore(database, tenant="acme").deliveries() == ()


def test_an_endpoint_goes_with_its_messages(database: Engine, url: str) -> None:
    endpoint = register(database, url)
    tell(database)
    WebhookStore(database, tenant="acme").remove(endpoint.endpoint_id)
    assert deliver(database, Clock()) == 0


def test_a_thread_delivers_while_the_service_runs_and_stops_with_it(database: Engine, url: str) -> None:
    register(database, url)
    working = deliverer(database, lambda: datetime.now(UTC))
    working.start()
    try:
        tell(database)
        deadline = time.monotonic() + 5
        while not Receiver.received and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        working.stop()
    assert json.loads(Receiver.received[0][1])["type"] == "extraction.finished"
    assert only(database).state == "delivered"
    assert "webhooks" not in {thread.name for thread in threading.enumerate()}


# What a receiver says after its status is nothing to a sender, whether it ends or not.
AFTER_THE_STATUS = {
    "drips": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx",
    "is packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    "is cut": b"HTTP/1.1 204 OK\r\n\r\n",
    "has no end": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000,
}


@pytest.mark.parametrize("answer", AFTER_THE_STATUS.values(), ids=AFTER_THE_STATUS.keys())
def test_a_message_has_arrived_once_its_status_says_so(database: Engine, answer: bytes) -> None:
    """The connection stays open, and nothing more comes."""
    clock = Clock()
    with answers_with(answer) as place:
        register(database, place)
        tell(database, at=clock.now)
        began = time.monotonic()
        deliver(database, clock)
    assert (only(database).state, only(database).n_attempts) == ("delivered", 1)
    assert time.monotonic() - began < 4  # of five that it may take


def test_a_receiver_that_hangs_holds_up_no_other(database: Engine, url: str) -> None:
    """It has a hundred messages, all before the one of the other."""
    with answers_with(b"") as place:
        register(database, place)
        for _ in range(100):
            tell(database, tenant="acme")
        register(database, url, tenant="bolt")
        tell(database, tenant="bolt")
        working = deliverer(database, lambda: datetime.now(UTC))
        working.start()
        deadline = time.monotonic() + 4  # one attempt takes five
        while not Receiver.received and time.monotonic() < deadline:
            time.sleep(0.01)
        n_sent = len(Receiver.received)
        working.stop()
    assert n_sent == 1


def test_who_stops_does_not_wait_for_receivers_that_hang(database: Engine) -> None:
    with answers_with(b"") as place:
        register(database, place)
        tell(database)
        opener = Opener(
            policy=OutboundPolicy(allow_http=True, allow_private=True, ports=None),
            bounds=Bounds(timeout_s=60.0),
        )
        working = Deliverer(Outbox(database), opener, keep_days=1, poll_s=0.02)
        working.start()
        while only(database).n_attempts == 0:
            time.sleep(0.01)
        began = time.monotonic()
        working.stop()
    assert time.monotonic() - began < 10
    # It falls due again once the lease of what was broken off is over.
    assert (only(database).state, only(database).finished_at) == ("pending", None)


@contextmanager
def answers_with(answer: bytes) -> Generator[str]:
    """Yield the URL of a receiver that says this, and then nothing more while its connection stays open."""
    open_ones: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_ones.append(connection)
                threading.Thread(target=say, args=(connection,), daemon=True).start()

    def say(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.recv(65_536)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in open_ones:
                connection.close()
