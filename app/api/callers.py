"""Who asks, for many requests at once: while the database is asked for some, those that come gather."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

from app.access.gate import Gate
from schemas.access import Caller
from schemas.errors import RasgError

_Asked = dict[str | None, "asyncio.Future[Caller | RasgError]"]


class Callers:
    """Asks the gate in a thread of its own; lives in one event loop.

    A look takes a thread's hop and a session of the database, more than all else that the guard does: under
    load many requests share one. Each is answered by a look that began after it came, so that a key that was
    revoked opens nothing from then on.
    """

    def __init__(self) -> None:
        self._waiting: _Asked = {}
        self._looking: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="callers")

    async def find(self, gate: Gate, key: str | None) -> Caller:
        """Return who sent a request with `key`; errors as `Gate.caller_of`, and those of the database."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._looking is None or self._looking.done():
            # Of no request's context: what is logged meanwhile is nobody's alone.
            self._looking = asyncio.create_task(self._look(gate), context=Context())
        found = await asyncio.shield(future)  # who hangs up takes no other with them
        if isinstance(found, RasgError):
            raise found
        return found

    async def _look(self, gate: Gate) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            try:
                found = await loop.run_in_executor(self._thread, _ask, gate, tuple(asked))
            except Exception as error:  # noqa: BLE001 - it is theirs who asked, and the next are asked for
                for future in asked.values():
                    future.set_exception(error)
            else:
                for key, future in asked.items():
                    future.set_result(found[key])


def _ask(gate: Gate, keys: tuple[str | None, ...]) -> Mapping[str | None, Caller | RasgError]:
    return {key: _caller_or_error(gate, key) for key in keys}


def _caller_or_error(gate: Gate, key: str | None) -> Caller | RasgError:
    try:
        return gate.caller_of(key)
    except RasgError as error:
        return error
