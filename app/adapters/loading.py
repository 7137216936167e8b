"""Which adapters an engine has loaded: one idea of it for each engine, however many tenants it serves.

An adapter is loaded when the first document needs it, under a name with the hash of its content, so that an
engine never answers with other weights than were asked for. What was retired is dropped from the engine when
the next document comes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from app.adapters.files import AdapterFiles
from app.extraction.adapter_choice import Ask
from app.extraction.options import ExtractionOptions
from decoding.engines.engine import Engine, LoadsAdapters
from schemas.adapter import adapter_sha256
from schemas.errors import AdapterNotFoundError, RasgError
from schemas.extraction import Extraction
from storage.adapters import RegisteredAdapter

logger = logging.getLogger(__name__)


class AdapterLoader:
    """Has one engine load and drop adapters; safe to share between threads and tenants.

    Parameters
    ----------
    configured
        Folders by the names that the engine was started with.
    """

    def __init__(
        self, engine: Engine, files: AdapterFiles, *, configured: Mapping[str, Path] | None = None
    ) -> None:
        self._engine = engine
        self._files = files
        self._configured = dict(configured or {})
        self._contents: dict[str, str] = {}
        self._lock = threading.Lock()
        self._ready: frozenset[str] = frozenset()
        self._dropped: frozenset[str] = frozenset()

    def base_sha256(self) -> str:
        """Return the hash of the base's weights: what the engine says, else that of the model folder.

        Raises
        ------
        ConfigurationError
            If neither says it.
        EngineUnavailableError
            If the engine cannot be reached.
        """
        return self._engine.base_sha256 or self._files.base_sha256()

    def knows(self, name: str) -> bool:
        """Return whether the engine was started with an adapter of that name."""
        return name in self._configured

    def content_of(self, name: str) -> str | None:
        """Return the content of an adapter that the engine was started with; None if it is not known."""
        if name not in self._configured:
            return None
        if name not in self._contents:
            try:
                self._contents[name] = adapter_sha256(self._configured[name])
            except OSError:  # the folder is on the server's machine
                return None
        return self._contents[name]

    def answer(self, adapter: RegisteredAdapter, options: ExtractionOptions, ask: Ask) -> Extraction:
        """Return what `ask` returns with an adapter; an engine that has lost it is given it again, once.

        Raises
        ------
        AdapterNotFoundError
            If it cannot be loaded.
        """
        served = options.model_copy(update={"adapter": adapter.served_name})
        self.make_ready(adapter)
        try:
            extraction = ask(served)
        except AdapterNotFoundError as error:
            logger.info("adapter %s is loaded again: %s", adapter.adapter_id, type(error).__name__)
            with self._lock:
                self._ready -= {adapter.served_name}
            self.make_ready(adapter)
            extraction = ask(served)
        return extraction.model_copy(update={"adapter_sha256": adapter.content_sha256})

    def make_ready(self, adapter: RegisteredAdapter) -> None:
        """Return when the engine can answer with an adapter.

        Raises
        ------
        AdapterNotFoundError
            If its files are gone or changed, it is for another base model, or the engine refuses it.
        EngineUnavailableError
            If the engine cannot be reached.
        """
        name = adapter.served_name
        if name in self._ready:
            return
        with self._lock:
            if name in self._ready:
                return
            self._load(adapter)
            self._ready |= {name}
            self._dropped -= {name}
        logger.info("adapter %s is loaded", adapter.adapter_id)

    def drop_retired(self, adapters: Iterable[RegisteredAdapter], *, is_used: Callable[[str], bool]) -> None:
        """Drop retired adapters from the engine, each once; what `is_used` says of its content stays.

        No document waits for it: what fails is tried again with the next one.
        """
        for adapter in adapters:
            if adapter.state == "retired" and adapter.served_name not in self._dropped:
                try:
                    if not is_used(adapter.content_sha256):
                        self._drop(adapter)
                except RasgError as error:
                    logger.info("adapter %s was not dropped: %s", adapter.adapter_id, type(error).__name__)

    def _load(self, adapter: RegisteredAdapter) -> None:
        if not isinstance(self._engine, LoadsAdapters):
            raise AdapterNotFoundError(f"the engine {self._engine.name!r} loads no adapters")
        folder = self._files.folder_of(adapter.content_sha256)
        if adapter.base_sha256 != self.base_sha256():
            raise AdapterNotFoundError(f"adapter {adapter.name!r} is for another base model")
        try:
            self._engine.load_adapter(adapter.served_name, folder)
        except AdapterNotFoundError as error:
            # The engine's own words may hold paths.
            logger.warning("adapter %s cannot be loaded: %s", adapter.adapter_id, error)
            raise AdapterNotFoundError(
                f"the engine cannot load adapter {adapter.name!r}", hint=error.hint or "its log says why"
            ) from error

    def _drop(self, adapter: RegisteredAdapter) -> None:
        if not isinstance(self._engine, LoadsAdapters):
            return
        with self._lock:
            self._ready -= {adapter.served_name}
            self._dropped |= {adapter.served_name}
        try:
            self._engine.unload_adapter(adapter.served_name)
        except AdapterNotFoundError:
            return  # it was not loaded
        logger.info("adapter %s is dropped", adapter.adapter_id)
