"""Who asks is looked up for many at once, and for each after they came."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

import pytest

from app.access.gate import Gate
from app.api.callers import Callers
from schemas.access import Caller
from schemas.errors import StorageUnavailableError
from schemas.service_errors import UnauthenticatedError


class SlowGate:
    """Lets a look go on when it is told so; what is in `keys` then is known."""

    def __init__(self, *keys: str) -> None:
        self.keys = set(keys)
        self.looks: list[str | None] = []
        self.may_go_on = threading.Semaphore(0)

    def caller_of(self, key: str | None) -> Caller:
        self.looks.append(key)
        is_known = key in self.keys
        assert self.may_go_on.acquire(timeout=10)
        if key == "broken":
            raise StorageUnavailableError("the database is away")
        if not is_known:
            raise UnauthenticatedError("the key opens nothing")
        return Caller(tenant=str(key), scopes=("admin",))


async def _until(is_so: Any) -> None:  # noqa: ANN401 - a function of nothing
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)


def test_requests_that_come_during_a_look_share_the_next_which_sees_what_was_revoked() -> None:
    async def ask() -> None:
        slow, callers = SlowGate("acme"), Callers()
        gate = cast("Gate", slow)
        first = asyncio.create_task(callers.find(gate, "acme"))
        await _until(lambda: slow.looks)
        slow.keys.clear()  # revoked after the first one came
        later = [asyncio.create_task(callers.find(gate, "acme")) for _ in range(5)]
        await asyncio.sleep(0.02)
        later[0].cancel()  # who hangs up takes no other with them
        slow.may_go_on.release(2)
        assert (await first).tenant == "acme"
        ends = await asyncio.gather(*later, return_exceptions=True)
        assert isinstance(ends[0], asyncio.CancelledError)
        assert all(isinstance(end, UnauthenticatedError) for end in ends[1:])
        assert slow.looks == ["acme", "acme"]

    asyncio.run(ask())


def test_each_key_has_its_own_answer_and_errors_end_nothing() -> None:
    async def ask() -> None:
        slow, callers = SlowGate("acme", "zebra"), Callers()
        gate = cast("Gate", slow)
        slow.may_go_on.release(100)
        keys = ("acme", "zebra", "broken", "nobody's")
        ends = await asyncio.gather(*(callers.find(gate, key) for key in keys), return_exceptions=True)
        assert [getattr(end, "tenant", type(end)) for end in ends] == [
            "acme",
            "zebra",
            StorageUnavailableError,
            UnauthenticatedError,
        ]
        with pytest.raises(AttributeError):  # what is no error of ours is told, and the next are asked for
            await callers.find(cast("Gate", object()), "acme")
        assert (await callers.find(gate, "acme")).tenant == "acme"

    asyncio.run(ask())
