"""One document with the adapter that is chosen for it, or without, if it cannot answer and need not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.extraction.options import ExtractionOptions
from schemas.adapter import BASE
from schemas.errors import AdapterNotFoundError, RetrievalError
from schemas.extraction import Extraction, ExtractionWarning
from schemas.value_calibration import ValueCalibration

logger = logging.getLogger(__name__)

Ask = Callable[[ExtractionOptions], Extraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAdapter:
    """The adapter that belongs to a model: it answers where no other is chosen.

    Attributes
    ----------
    name
        As engines know it.
    content_sha256
        Of its weights and configuration (`schemas.adapter.adapter_sha256`).
    calibration
        What its probabilities are worth; None where nobody measured it.
    """

    name: str
    content_sha256: str
    calibration: ValueCalibration | None = None


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
    *,
    own: OwnAdapter | None = None,
) -> Extraction:
    """Return a document's extraction by the adapter that is chosen for it, `own` where none is.

    Without `adapters` the engine's own names are all there are. An adapter that cannot answer is an error,
    or, where `options.adapter_fallback` says so, the model answers without it, with the warning
    `adapter_unavailable`.

    Raises
    ------
    AdapterNotFoundError, RetrievalError
        If the adapter cannot answer and the base model must not.
    """
    without = options.model_copy(update={"adapter": None})
    if options.adapter == BASE:
        return ask(without)

    def ask_by_own(chosen: ExtractionOptions) -> Extraction:
        if chosen.adapter is not None or own is None:
            return ask(chosen)
        extraction = ask(chosen.model_copy(update={"adapter": own.name}))
        return extraction.model_copy(update={"adapter_sha256": own.content_sha256})

    try:
        if adapters is not None:
            return adapters.extract(schema_name, document_sha256, options, ask_by_own)
        return ask_by_own(options)
    except (AdapterNotFoundError, RetrievalError) as error:
        if not options.adapter_fallback:
            raise
        logger.warning("the model answers without the adapter: %s", error.code)
    try:
        extraction = ask_by_own(without)
    except AdapterNotFoundError:  # it was the model's own
        extraction = ask(without)
    message = "the adapter cannot answer; the model did without it"
    warning = ExtractionWarning(code="adapter_unavailable", message=message)
    return extraction.model_copy(update={"warnings": (*extraction.warnings, warning)})
