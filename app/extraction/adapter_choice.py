"""One question with the adapter that is chosen for it, or without, if it cannot answer and need not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from app.extraction.options import ExtractionOptions
from schemas.adapter import BASE
from schemas.errors import AdapterNotFoundError, RetrievalError
from schemas.extraction import Extraction, ExtractionWarning

logger = logging.getLogger(__name__)

Ask = Callable[[ExtractionOptions], Extraction]


class AdapterChooser(Protocol):
    """Says which adapter answers a document, and has the engine load it."""

    def extract(
        self, schema_name: str, document_sha256: str, options: ExtractionOptions, ask: Ask
    ) -> Extraction:
        """Return what `ask` returns with the options that name the adapter as the engine knows it.

        Raises
        ------
        AdapterNotFoundError, RetrievalError
            If there is no such adapter, or nobody can say.
        """
        ...


def extract_with_adapter(
    adapters: AdapterChooser | None,
    schema_name: str,
    document_sha256: str,
    options: ExtractionOptions,
    ask: Ask,
) -> Extraction:
    """Return a document's extraction by the adapter that is chosen for it.

    Without `adapters` the engine's own names are all there are. An adapter that cannot answer is an error,
    or, where `options.adapter_fallback` says so, the base model answers with the warning
    `adapter_unavailable`.

    Raises
    ------
    AdapterNotFoundError, RetrievalError
        If the adapter cannot answer and the base model must not.
    """
    without = options.model_copy(update={"adapter": None})
    if options.adapter == BASE:
        return ask(without)
    try:
        if adapters is not None:
            return adapters.extract(schema_name, document_sha256, options, ask)
        return ask(options)
    except (AdapterNotFoundError, RetrievalError) as error:
        if not options.adapter_fallback:
            raise
        logger.warning("the base model answers: %s", error.code)
    extraction = ask(without)
    message = "the adapter cannot answer; the base model did"
    warning = ExtractionWarning(code="adapter_unavailable", message=message)
    return extraction.model_copy(update={"warnings": (*extraction.warnings, warning)})
