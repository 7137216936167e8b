"""The base of what comes back from an extraction."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Base of the values that cross a boundary: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
