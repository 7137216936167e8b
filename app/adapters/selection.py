"""Which adapter answers a document: the one that its caller names, a canary's share, else the live one."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.loading import AdapterLoader
from app.extraction.adapter_choice import Ask
from app.extraction.options import ExtractionOptions
from schemas.adapter import BASE
from schemas.errors import AdapterNotFoundError, RetrievalError
from schemas.extraction import Extraction
from storage.adapters import AdapterRegistry, RegisteredAdapter

logger = logging.getLogger(__name__)

# As `served_name` writes them.
_SERVED = re.compile(r".+-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedAdapter:
    """What answers: an adapter of the registry, one that the engine knows by `name`, or the base model."""

    adapter: RegisteredAdapter | None = None
    name: str | None = None


class AdapterSelector:
    """Chooses among one tenant's adapters for the base model that the loader's engine has.

    Safe to share between threads. An adapter for another base is never chosen, and naming one is an error.
    """

    def __init__(self, registry: AdapterRegistry, loader: AdapterLoader) -> None:
        self._registry = registry
        self._loader = loader
        self._last: dict[str, tuple[RegisteredAdapter, ...]] = {}

    def extract(
        self, schema_name: str, document_sha256: str, options: ExtractionOptions, ask: Ask
    ) -> Extraction:
        """Return what `ask` returns with the options that name the adapter as the engine knows it.

        Raises
        ------
        AdapterNotFoundError
            If what is named is not there, is retired, is for another base model, or cannot be loaded.
        RetrievalError
            If the registry cannot be read, and never could.
        """
        known = self._known(schema_name)
        self._loader.drop_retired(known, is_used=self._registry.is_used)
        selected = self.select(schema_name, known, document_sha256, named=options.adapter)
        if selected.adapter is not None:
            return self._loader.answer(selected.adapter, options, ask)
        extraction = ask(options.model_copy(update={"adapter": selected.name}))
        if selected.name is None:
            return extraction
        content = self._loader.content_of(selected.name)
        return extraction.model_copy(update={"adapter_sha256": content})

    def select(
        self,
        schema_name: str,
        known: Sequence[RegisteredAdapter],
        document_sha256: str,
        *,
        named: str | None = None,
    ) -> SelectedAdapter:
        """Return what answers a document, of the adapters `known` for its schema, or of what is named.

        Raises
        ------
        AdapterNotFoundError
            If what is named is retired, or has the name of another tenant's.
        """
        if named is not None:
            return self._named(named, schema_name)
        active = {adapter.state: adapter for adapter in known if self._is_active(adapter)}
        canary = active.get("canary")
        if canary is not None and in_share(canary, document_sha256):
            return SelectedAdapter(adapter=canary)
        return SelectedAdapter(adapter=active.get("live"))

    def _is_active(self, adapter: RegisteredAdapter) -> bool:
        # The state first: without adapters nobody has to know what the base is.
        is_active = adapter.state in ("live", "canary")
        return is_active and adapter.base_sha256 == self._loader.base_sha256()

    def _named(self, named: str, schema_name: str) -> SelectedAdapter:
        if named == BASE:
            return SelectedAdapter()
        # A name is that of an adapter for the schema; an id or a hash leaves no doubt.
        found = [a for a in self._registry.find(named) if a.name != named or a.schema_name == schema_name]
        # Of one name for several bases, the one for this base is meant.
        found.sort(key=lambda adapter: adapter.base_sha256 != self._loader.base_sha256())
        if found and found[0].state != "retired":
            return SelectedAdapter(adapter=found[0])
        if self._loader.knows(named):
            return SelectedAdapter(name=named)
        if found:
            raise AdapterNotFoundError(f"adapter {named!r} is retired", hint="promote it, or name another")
        # A server may have another tenant's adapters under such names.
        if _SERVED.fullmatch(named) is not None:
            raise AdapterNotFoundError(f"there is no adapter {named!r}", hint="`rasg adapters list` has them")
        return SelectedAdapter(name=named)

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


def in_share(canary: RegisteredAdapter, document_sha256: str) -> bool:
    """Return whether a document is among the canary's: always the same ones, others for another canary."""
    said = hashlib.sha256(f"{canary.content_sha256}{document_sha256}".encode()).digest()
    return int.from_bytes(said[:8], "big") % 10_000 < (canary.canary_percent or 0) * 100
