"""Whose request it is, as far as one document's way needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.example import DEFAULT_TENANT

if TYPE_CHECKING:
    from app.extraction.adapter_choice import AdapterChooser
    from app.extraction.finder import ExampleFinder


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantContext:
    """What belongs to a request and not to the engine that answers it.

    Attributes
    ----------
    name
        The tenant's id.
    examples
        Finds the tenant's annotated pages; None shows none.
    adapters
        Says which of the tenant's adapters answers; None leaves only the names that the engine knows itself.
    """

    name: str = DEFAULT_TENANT
    examples: ExampleFinder | None = None
    adapters: AdapterChooser | None = None


# Whose request it is where nobody is named: no examples, no adapters of a registry.
NO_TENANT = TenantContext()
