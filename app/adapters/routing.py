"""Which adapter answers a document: the one that its caller names, a canary's share, else the live one.

An adapter is loaded when the first document needs it, under a name with the hash of its content, so that an
engine never answers with other weights than were asked for. What was retired is dropped from the engine when
the next document comes.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.adapters.files import AdapterFiles
from app.extraction.asking import Ask
from app.extraction.options import ExtractionOptions
from decoding.engines.engine import Engine, LoadsAdapters
from schemas.adapter import BASE, adapter_sha256
from schemas.errors import AdapterNotFoundError, RasgError, RetrievalError
from schemas.extraction import Extraction
from storage.adapters import AdapterRegistry, RegisteredAdapter

logger = logging.getLogger(__name__)

# As `served_name` writes them.
_SERVED = re.compile(r".+-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What answers: an adapter of the registry, one that the engine knows by `name`, or the base model."""

    adapter: RegisteredAdapter | None = None
    name: str | None = None


class AdapterRouter:
    """Chooses among one tenant's adapters and has the engine load them; safe to share between threads.

    Parameters
    ----------
    configured
        Folders by the names that the engine was started with.
    checks_base
        Whether an adapter's base model is compared with the model folder as it is loaded; a server has its
        own model, and only what was added is known to fit.
    """

    def __init__(
        self,
        registry: AdapterRegistry,
        files: AdapterFiles,
        *,
        configured: Mapping[str, Path] | None = None,
        checks_base: bool = True,
    ) -> None:
        self._registry = registry
        self._files = files
        self._configured = dict(configured or {})
        self._contents: dict[str, str] = {}
        self._checks_base = checks_base
        self._lock = threading.Lock()
        self._ready: frozenset[str] = frozenset()
        self._dropped: frozenset[str] = frozenset()
        self._last: dict[str, tuple[RegisteredAdapter, ...]] = {}

    def extract(
        self, engine: Engine, schema_name: str, document_sha256: str, options: ExtractionOptions, ask: Ask
    ) -> Extraction:
        """Return what `ask` returns with the options that name the adapter as the engine knows it.

        Raises
        ------
        AdapterNotFoundError
            If what is named is not there, is retired, or cannot be loaded.
        RetrievalError
            If the registry cannot be read, and never could.
        """
        known = self._known(schema_name)
        self._drop_retired(engine, known)
        choice = self.choose(schema_name, known, document_sha256, named=options.adapter)
        adapter = choice.adapter
        if adapter is None:
            extraction = ask(options.model_copy(update={"adapter": choice.name}))
            return extraction.model_copy(update={"adapter_sha256": self._content_of(choice.name)})
        return self.answer(engine, adapter, options, ask)

    def answer(
        self, engine: Engine, adapter: RegisteredAdapter, options: ExtractionOptions, ask: Ask
    ) -> Extraction:
        """Return what `ask` returns with an adapter; an engine that has lost it is given it again, once.

        Raises
        ------
        AdapterNotFoundError
            If it cannot be loaded.
        """
        served = options.model_copy(update={"adapter": adapter.served_name})
        self.make_ready(engine, adapter)
        try:
            extraction = ask(served)
        except AdapterNotFoundError as error:
            logger.info("adapter %s is loaded again: %s", adapter.adapter_id, type(error).__name__)
            self._forget(adapter.served_name)
            self.make_ready(engine, adapter)
            extraction = ask(served)
        return extraction.model_copy(update={"adapter_sha256": adapter.content_sha256})

    def choose(
        self,
        schema_name: str,
        known: Sequence[RegisteredAdapter],
        document_sha256: str,
        *,
        named: str | None = None,
    ) -> Choice:
        """Return what answers a document, of the adapters `known` for its schema, or of what is named.

        Raises
        ------
        AdapterNotFoundError
            If what is named is retired, or has the name of another tenant's.
        """
        if named is not None:
            return self._named(named, schema_name)
        by_state = {adapter.state: adapter for adapter in known}
        canary = by_state.get("canary")
        if canary is not None and in_share(canary, document_sha256):
            return Choice(adapter=canary)
        return Choice(adapter=by_state.get("live"))

    def make_ready(self, engine: Engine, adapter: RegisteredAdapter) -> None:
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
            self._load(engine, adapter)
            self._ready |= {name}
            self._dropped -= {name}
        logger.info("adapter %s is loaded", adapter.adapter_id)

    def _named(self, named: str, schema_name: str) -> Choice:
        if named == BASE:
            return Choice()
        # A name is that of an adapter for the schema; an id or a hash leaves no doubt.
        found = [a for a in self._registry.find(named) if a.name != named or a.schema_name == schema_name]
        if found and found[0].state != "retired":
            return Choice(adapter=found[0])
        if named in self._configured:
            return Choice(name=named)
        if found:
            raise AdapterNotFoundError(f"adapter {named!r} is retired", hint="promote it, or name another")
        # A server may have another tenant's adapters under such names.
        if _SERVED.fullmatch(named) is not None:
            raise AdapterNotFoundError(f"there is no adapter {named!r}", hint="`rasg adapters list` has them")
        return Choice(name=named)

    def _content_of(self, name: str | None) -> str | None:
        """Return the content of an adapter that the engine was started with; None if it is not known."""
        if name is None or name not in self._configured:
            return None
        if name not in self._contents:
            try:
                self._contents[name] = adapter_sha256(self._configured[name])
            except OSError:  # the folder is on the server's machine
                return None
        return self._contents[name]

    def _known(self, schema_name: str) -> tuple[RegisteredAdapter, ...]:
        """Return the adapters for a schema; as they were last seen, if the registry cannot be read now."""
        try:
            known = self._registry.of_schema(schema_name)
        except RetrievalError as error:
            if schema_name not in self._last:
                raise
            logger.warning("adapters are as they were last seen: %s", error)
            return self._last[schema_name]
        self._last[schema_name] = known
        return known

    def _load(self, engine: Engine, adapter: RegisteredAdapter) -> None:
        if not isinstance(engine, LoadsAdapters):
            raise AdapterNotFoundError(f"the engine {engine.name!r} loads no adapters")
        folder = self._files.folder_of(adapter.content_sha256)
        if self._checks_base:
            base = self._registry.card(adapter.adapter_id).base_sha256
            if base != self._files.base_sha256():
                raise AdapterNotFoundError(f"adapter {adapter.name!r} is for another base model")
        try:
            engine.load_adapter(adapter.served_name, folder)
        except AdapterNotFoundError as error:
            # The engine's own words may hold paths.
            logger.warning("adapter %s cannot be loaded: %s", adapter.adapter_id, error)
            raise AdapterNotFoundError(
                f"the engine cannot load adapter {adapter.name!r}", hint=error.hint or "its log says why"
            ) from error

    def _forget(self, name: str) -> None:
        with self._lock:
            self._ready -= {name}

    def _drop_retired(self, engine: Engine, known: Sequence[RegisteredAdapter]) -> None:
        """Drop retired adapters from the engine, each once; one that another tenant uses stays."""
        for adapter in known:
            if adapter.state == "retired" and adapter.served_name not in self._dropped:
                try:
                    self._drop(engine, adapter)
                except RasgError as error:  # the document does not wait for it
                    logger.info("adapter %s was not dropped: %s", adapter.adapter_id, type(error).__name__)

    def _drop(self, engine: Engine, adapter: RegisteredAdapter) -> None:
        if self._registry.is_used(adapter.content_sha256) or not isinstance(engine, LoadsAdapters):
            return
        with self._lock:
            self._ready -= {adapter.served_name}
            self._dropped |= {adapter.served_name}
        try:
            engine.unload_adapter(adapter.served_name)
        except AdapterNotFoundError:
            return  # it was not loaded
        logger.info("adapter %s is dropped", adapter.adapter_id)


def in_share(canary: RegisteredAdapter, document_sha256: str) -> bool:
    """Return whether a document is among the canary's: always the same ones, others for another canary."""
    said = hashlib.sha256(f"{canary.content_sha256}{document_sha256}".encode()).digest()
    return int.from_bytes(said[:8], "big") % 10_000 < (canary.canary_percent or 0) * 100
