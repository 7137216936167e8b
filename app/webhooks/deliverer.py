"""Delivers the messages of the outbox: some at a time, again after a while, and in the end not at all."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

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
_N_AT_A_TIME = 16
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
        """Take no more messages; return when those that are being sent have ended."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    async def deliver_due(self) -> int:
        """Send what is due now, each once, and return how many there were."""
        taken = self._take(_N_AT_A_TIME)
        await asyncio.gather(*(self._deliver(message, endpoint) for message, endpoint in taken))
        return len(taken)

    def _run(self) -> None:
        asyncio.run(self._keep_delivering())

    async def _keep_delivering(self) -> None:
        running: set[asyncio.Task[None]] = set()
        while not self._stopped.is_set():
            try:
                self._forget()
                taken = self._take(_N_AT_A_TIME - len(running))
            except RasgError as error:  # a database that is away comes back
                logger.warning("webhooks wait: %s", error.code)
                taken = ()
            except Exception:
                # Whatever it is, it must not be that nobody is told any more until the next start.
                logger.exception("webhooks wait")
                taken = ()
            running |= {asyncio.create_task(self._deliver(message, endpoint)) for message, endpoint in taken}
            if running:
                done, running = await asyncio.wait(
                    running, timeout=self._poll_s, return_when=asyncio.FIRST_COMPLETED
                )
                _log_failures(done)
            else:
                await asyncio.to_thread(self._stopped.wait, self._poll_s)
        if running:
            _log_failures((await asyncio.wait(running))[0])

    def _take(self, n: int) -> tuple[tuple[Delivery, Endpoint], ...]:
        lease_s = self._opener.bounds.timeout_s + _GRACE_S
        return self._outbox.take(n, at=self._clock(), for_s=lease_s) if n else ()

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
    asked = answer.headers.get("retry-after", "")
    asked_s = min(int(asked), _MAX_ASKED_WAIT_S) if _SECONDS.fullmatch(asked) else 0
    return _try_again(message, at, status=answer.status, at_least_s=asked_s)


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
