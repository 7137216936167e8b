"""Many tenants in one process: what belongs to each, made when its first request comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.examples.service import ExampleService
from app.extraction.tenant import TenantContext
from app.schema_book import SchemaBook
from storage.webhooks import WebhookStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """What a tenant's requests work with: the way of a document, examples, schemas, and where it is told."""

    context: TenantContext
    example_service: ExampleService
    schemas: SchemaBook
    webhooks: WebhookStore


class Tenants:
    """Keeps what `make` makes of a tenant's id; safe to share between threads.

    All tenants have one store and one engine; nothing of one is reachable from what belongs to another.
    """

    def __init__(self, make: Callable[[str], Tenant]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._known: dict[str, Tenant] = {}

    def of(self, name: str) -> Tenant:
        """Return what belongs to a tenant.

        Raises
        ------
        InputError
            If the name is no tenant's id.
        """
        with self._lock:
            if name not in self._known:
                self._known[name] = self._make(name)
            return self._known[name]
