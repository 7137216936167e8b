"""What the way of a document tells whoever watches it: its stages and how it ended."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from schemas.extraction import Extraction


class Observer(Protocol):
    """Watches documents; what it does must not fail and not take long."""

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Return a context in which one stage ("read", "prompt", "decode", "ground") of a document runs."""
        ...

    def succeeded(self, extraction: Extraction) -> None:
        """Note a document that has an answer."""
        ...

    def failed(self, error: Exception) -> None:
        """Note a document, or a whole file, that has none."""
        ...


class NoObserver:
    """Watches nothing: the command line, tests, training."""

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Return a context that does nothing."""
        del name
        return nullcontext()

    def succeeded(self, extraction: Extraction) -> None:
        """Do nothing."""

    def failed(self, error: Exception) -> None:
        """Do nothing."""


NO_OBSERVER = NoObserver()
