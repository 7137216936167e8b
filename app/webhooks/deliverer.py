"""Delivers the messages of the outbox: some at a time, again after a while, and in the end not at all."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from app.outbound.fetching import Answer, Opener
from app.webhooks.signing import sign
from schemas.errors import RasgError
from storage.webhooks import Delivery, Endpoint, Outbox, Outcome

logger = logging.getLogger(__name__)

# Seconds from an attempt to the next, as Standard Webhooks recommends: ten attempts in three days.
WAITS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
# So much longer at random, that receivers who were away together are not asked together.
_JITTER = 0.2
_MAX_ASKED_WAIT_S = 86_400
# As many digits as make sense: a receiver is not trusted either.
_SECONDS = re.compile(r"[0-9]{1,9}")
_GONE = 410
# A receiver that hangs takes no more than its share: the messages of others go on.
_N_AT_A_TIME, _N_TO_ONE_URL = 64, 8
# Whoever stops the service waits no longer for receivers that hang; what is broken off falls due again.
_STOP_S = 5.0
# Beyond the time of an attempt: what noting its end may take.
_GRACE_S = 60.0
_FORGET_EVERY = timedelta(hours=1)


class Deliverer:
    """Sends what is due, in a thread of its own; several processes may run one each.

    A message that is being sent is nobody else's until well past the opener's deadline. One whose sender dies
    falls due again then.
    """

    def __init__(
        self,
        outbox: Outbox,
        opener: Opener,
        *,
        keep_days: float,
        poll_s: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._outbox = outbox
        self._opener = opener
        self._keep = timedelta(days=keep_days)
        self._poll_s = poll_s
        self._clock = clock
        self._forgot_at: datetime | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more messages; return when those that are being sent have ended, or a few seconds are over.

        What is broken off then falls due again for whoever delivers next.
        """
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    async def deliver_due(self) -> int:
        """Send what is due now, each once, and return how many there were."""
        taken = self._take(Counter())
        await asyncio.gather(*(self._deliver(message, endpoint) for message, endpoint in taken))
        return len(taken)

    def _run(self) -> None:
        asyncio.run(self._keep_delivering())

    async def _keep_delivering(self) -> None:
        running: dict[asyncio.Task[None], str] = {}
        while not self._stopped.is_set():
            for message, endpoint in self._take_or_wait(Counter(running.values())):
                running[asyncio.create_task(self._deliver(message, endpoint))] = message.url
            if running:
                done, _ = await asyncio.wait(
                    running, timeout=self._poll_s, return_when=asyncio.FIRST_COMPLETED
                )
                _log_failures(done)
                for task in done:
                    del running[task]
            else:
                await asyncio.to_thread(self._stopped.wait, self._poll_s)
        if running:
            done, left = await asyncio.wait(running, timeout=_STOP_S)
            _log_failures(done)
            for task in left:
                task.cancel()

    def _take_or_wait(self, sending: Counter[str]) -> tuple[tuple[Delivery, Endpoint], ...]:
        """Return what is to be sent now; nothing while the database cannot be asked."""
        try:
            self._forget()
            return self._take(sending)
        except RasgError as error:  # a database that is away comes back
            logger.warning("webhooks wait: %s", error.code)
        except Exception:
            # Whatever it is, it must not be that nobody is told any more until the next start.
            logger.exception("webhooks wait")
        return ()

    def _take(self, sending: Counter[str]) -> tuple[tuple[Delivery, Endpoint], ...]:
        """Return messages that are due, as many as have a place beside those that are being sent, by URL."""
        lease_s = self._opener.bounds.timeout_s + _GRACE_S
        taken: list[tuple[Delivery, Endpoint]] = []
        then = Counter(sending)
        while (n := _N_AT_A_TIME - then.total()) > 0:
            # Those of one URL may be all that it sees; once they are many enough it looks beyond them.
            some = self._outbox.take(n, at=self._clock(), for_s=lease_s, n_each=_N_TO_ONE_URL, sending=then)
            if not some:
                break
            taken += some
            then.update(message.url for message, _ in some)
        return tuple(taken)

    def _forget(self) -> None:
        now = self._clock()
        if self._forgot_at is None or now - self._forgot_at >= _FORGET_EVERY:
            self._outbox.forget(before=now - self._keep)
            self._forgot_at = now

    async def _deliver(self, message: Delivery, endpoint: Endpoint) -> None:
        now = self._clock()
        headers = sign(message.message_id, message.payload, endpoint.secrets_at(now), at=now)
        try:
            answer = await self._opener.post(message.url, headers, message.payload.encode())
        except RasgError as error:
            outcome = _try_again(message, now, error=error.code)
        else:
            outcome = _judge(message, answer, now)
        self._outbox.note(message.delivery_id, outcome, at=self._clock())
        logger.info(
            "webhook %s, attempt %d: %s",
            message.delivery_id,
            message.n_attempts,
            outcome.error or outcome.status,
        )


def _judge(message: Delivery, answer: Answer, at: datetime) -> Outcome:
    if 200 <= answer.status < 300:
        return Outcome(state="delivered", due_at=None, status=answer.status)
    if answer.status == _GONE:
        return Outcome(state="dead", due_at=None, status=answer.status, is_gone=True)
    asked_s = _asked_wait_s(answer.headers.get("retry-after", ""), at)
    return _try_again(message, at, status=answer.status, at_least_s=asked_s)


def _asked_wait_s(text: str, at: datetime) -> float:
    """Return for how many seconds a receiver wants to be left alone (RFC 9110, 10.2.3), up to a day.

    It says seconds or a date; 0 if it says neither, or a date that is over.
    """
    if _SECONDS.fullmatch(text):
        return min(int(text), _MAX_ASKED_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
        asked_s = (until.replace(tzinfo=until.tzinfo or UTC) - at).total_seconds()
    except (ValueError, OverflowError):
        return 0
    return min(max(asked_s, 0), _MAX_ASKED_WAIT_S)


def _try_again(
    message: Delivery,
    at: datetime,
    *,
    status: int | None = None,
    error: str | None = None,
    at_least_s: float = 0,
) -> Outcome:
    """Return when a message that did not arrive is sent again; it is dead after its last attempt."""
    if message.n_attempts > len(WAITS_S):
        return Outcome(state="dead", due_at=None, status=status, error=error)
    wait_s = WAITS_S[message.n_attempts - 1] * (1 + _JITTER * random.random())
    due_at = at + timedelta(seconds=max(wait_s, at_least_s))
    return Outcome(state="pending", due_at=due_at, status=status, error=error)


def _log_failures(done: set[asyncio.Task[None]]) -> None:
    # Their messages fall due again when the lease ends.
    for task in done:
        if (failure := task.exception()) is not None:
            logger.error("a webhook could not be noted", exc_info=failure)
