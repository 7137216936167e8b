"""Whether the engine is there, asked apart from extractions."""

from __future__ import annotations

import logging

from app.api.runner import Runner
from app.extraction.pipeline import Pipeline
from decoding.engines.engine import Recovers
from schemas.errors import RasgError

logger = logging.getLogger(__name__)

_N_WAITING = 8
_TIMEOUT_S = 30.0


class Readiness:
    """Loads or reaches the engine once, in a thread of its own, and remembers that it did.

    A service begins with that when it starts, and is ready when it is done.

    Places that are all taken do not make a service unready, and an engine answers one call at a time: a
    question behind a long extraction would wait for its end. A server that goes away later is noticed by
    extractions, which then cut it off: until it recovers, the service is not ready.
    """

    def __init__(self) -> None:
        self._runner = Runner("probes", n_concurrent=1, n_waiting=_N_WAITING, timeout_s=_TIMEOUT_S)
        self._is_ready = False

    async def begin(self, pipeline: Pipeline) -> None:
        """Make the engine ready; what is wrong with it is logged, and told to whoever asks."""
        try:
            await self.check(pipeline)
        except RasgError as error:
            logger.warning("the engine is not ready: %s", error)

    async def check(self, pipeline: Pipeline) -> None:
        """Return when the engine is there.

        Raises
        ------
        EngineUnavailableError, EngineContractError
            If it cannot be loaded or reached, or is none that constrains.
        ExtractionTimeoutError, ServiceBusyError
            If it takes longer than a probe may, or too many probes wait.
        """
        if not self._is_ready:
            await self._runner.run(lambda: pipeline.prepare(warm=True))
            self._is_ready = True
        engine = pipeline.engine
        if isinstance(engine, Recovers) and engine.is_cut_off:
            await self._runner.run(engine.check)

    @property
    def is_ready(self) -> bool:
        """Return whether the engine was there when it was asked first."""
        return self._is_ready

    def close(self) -> None:
        """Ask no more."""
        self._runner.close()
