"""Whether the service can work: each thing that it needs, asked apart, with what failed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from pydantic import BaseModel, ConfigDict

from schemas.errors import RasgError

logger = logging.getLogger(__name__)

Check = Callable[[], Awaitable[None]]
_TIMED_OUT = "timeout"
# Of checks that have no limit of their own; a probe's own time-out is about as long.
_TIMEOUT_S = 35.0


class CheckResult(BaseModel):
    """One thing that the service needs; `code` says why it failed."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    seconds: float
    code: str | None = None


class Health:
    """The checks of a service by name; `add` takes those of parts that not every service has.

    `close` is called when nobody asks any more.
    """

    def __init__(self, checks: Mapping[str, Check], *, close: Callable[[], None]) -> None:
        self._checks = dict(checks)
        self.close = close

    def add(self, name: str, check: Check) -> None:
        """Ask `check` too; it raises where the service cannot work."""
        self._checks[name] = check

    async def run(self) -> dict[str, CheckResult]:
        """Return how each check ended, all asked at the same time; none raises."""
        results = await asyncio.gather(*(_run(name, check) for name, check in self._checks.items()))
        return dict(zip(self._checks, results, strict=True))


async def _run(name: str, check: Check) -> CheckResult:
    started = time.perf_counter()
    code = await _failure(name, check)
    return CheckResult(ok=code is None, seconds=round(time.perf_counter() - started, 4), code=code)


async def _failure(name: str, check: Check) -> str | None:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await check()
    except RasgError as error:
        logger.warning("not ready: %s: %s", name, error)
        return error.code
    except TimeoutError:
        return _TIMED_OUT
    except Exception:  # a check that breaks is a service that is not ready, not a 500
        logger.warning("not ready: %s", name, exc_info=True)
        return RasgError.code
    return None
