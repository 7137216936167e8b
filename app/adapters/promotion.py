"""An adapter goes live, or canary, if it does no worse on the tenant's gold set than what answers now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.loading import AdapterLoader
from app.bench.compare import ComparedFigure, compare, comparison_table, regressions
from app.bench.gold_set import GoldDocument, gold_documents, run_gold_set
from app.bench.results import Results
from app.extraction.adapter_choice import Ask
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from retrieval.store import ExampleStore
from schemas.errors import (
    AdapterNotFoundError,
    EngineContractError,
    EngineUnavailableError,
    PromotionRefusedError,
    RetrievalError,
)
from schemas.extraction import Extraction
from storage.adapters import AdapterRegistry, RegisteredAdapter

logger = logging.getLogger(__name__)

# Of a run's folder: what answers now, and what is to.
BEFORE, AFTER = "before", "after"
# Whichever side they hit would look worse than it is.
_NOT_THE_ADAPTERS = frozenset(
    error.code
    for error in (AdapterNotFoundError, EngineContractError, EngineUnavailableError, RetrievalError)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionBar:
    """What a candidate must reach.

    Attributes
    ----------
    tolerance, level
        How much F1 may fall, and the p-value up to which a fall counts as no chance; as in
        `rasg bench compare`.
    without_gold
        Whether it may be promoted where no document judges it.
    """

    tolerance: float = 0.0
    level: float = 0.05
    without_gold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An adapter beside the one that is live: the figures of both on the same documents.

    Attributes
    ----------
    against
        The live adapter; None is the base model.
    folder
        Holds both runs; None where no document judged.
    """

    adapter: RegisteredAdapter
    against: RegisteredAdapter | None
    n_documents: int
    figures: tuple[ComparedFigure, ...] = ()
    folder: Path | None = None

    @property
    def table(self) -> str:
        """Return the figures as a Markdown table."""
        return comparison_table(self.figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedAdapter:
    """Has one adapter answer every document, or the base model."""

    loader: AdapterLoader
    adapter: RegisteredAdapter | None

    def extract(
        self, schema_name: str, document_sha256: str, options: ExtractionOptions, ask: Ask
    ) -> Extraction:
        """Return what `ask` returns with the adapter."""
        del schema_name, document_sha256
        return ask(options) if self.adapter is None else self.loader.answer(self.adapter, options, ask)


class Promoter:
    """Judges one tenant's adapters, and makes them live.

    Parameters
    ----------
    pipeline
        Extracts as the service does for the tenant; what answers is said for each run.
    loader
        Has the pipeline's engine load what is judged.
    runs
        Below which each judgement keeps its two runs.
    options
        How documents are extracted, adapters apart.
    """

    def __init__(
        self,
        registry: AdapterRegistry,
        store: ExampleStore,
        pipeline: Pipeline,
        loader: AdapterLoader,
        *,
        runs: Path,
        options: ExtractionOptions,
    ) -> None:
        self._registry = registry
        self._store = store
        self._pipeline = pipeline
        self._loader = loader
        self._runs = runs
        self._options = options

    def judge(
        self, adapter: RegisteredAdapter, *, announce: Callable[[str], None] = lambda _: None
    ) -> Judgement:
        """Return the figures of the live adapter, or the base model, and of `adapter`, on the gold set.

        Documents that either was trained on do not count. Both runs are kept: every figure can be computed
        again from their files.

        Raises
        ------
        PromotionRefusedError
            If it is live already, or the engine failed: then neither side's figures are its own.
        AdapterNotFoundError
            If one of them cannot be loaded.
        """
        live = self._registry.live(adapter.schema_name, adapter.base_sha256)
        if live is not None and live.adapter_id == adapter.adapter_id:
            raise PromotionRefusedError("the adapter is live already")
        self._loader.make_ready(adapter)
        documents = self._unseen(adapter, live)
        if not documents:
            return Judgement(adapter=adapter, against=live, n_documents=0)
        folder = self._runs / adapter.adapter_id / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        folder.mkdir(parents=True, mode=0o700)  # it holds values of documents
        before = self._run(live, documents, folder / BEFORE, announce)
        after = self._run(adapter, documents, folder / AFTER, announce)
        return Judgement(
            adapter=adapter,
            against=live,
            n_documents=sum(document.says_something for document in documents),
            figures=compare(before, after),
            folder=folder,
        )

    def promote(
        self, judged: Judgement, bar: PromotionBar, *, canary: int | None, actor: str
    ) -> RegisteredAdapter:
        """Make an adapter live, or let it answer `canary` percent of the documents.

        Raises
        ------
        PromotionRefusedError
            If a figure fell by more than chance, no document judged and one must, or another adapter went
            live meanwhile. Nothing is changed then.
        """
        _check_bar(judged, bar)
        instead_of = None if judged.against is None else judged.against.adapter_id
        adapter_id = judged.adapter.adapter_id
        if canary is not None:
            return self._registry.go_canary(adapter_id, percent=canary, instead_of=instead_of, actor=actor)
        return self._registry.go_live(adapter_id, instead_of=instead_of, actor=actor)

    def _unseen(self, adapter: RegisteredAdapter, live: RegisteredAdapter | None) -> tuple[GoldDocument, ...]:
        cards = [self._registry.card(one.adapter_id) for one in (adapter, live) if one is not None]
        seen = {sha256 for card in cards for sha256 in card.trained_on}
        found = gold_documents(self._store, self._registry.tenant, schema_name=adapter.schema_name)
        unseen = tuple(document for document in found if document.document.sha256 not in seen)
        logger.info("%d of %d gold documents were trained on", len(found) - len(unseen), len(found))
        return unseen

    def _run(
        self,
        adapter: RegisteredAdapter | None,
        documents: Sequence[GoldDocument],
        folder: Path,
        announce: Callable[[str], None],
    ) -> Results:
        announce("the base model" if adapter is None else adapter.served_name)
        if adapter is not None:
            self._loader.make_ready(adapter)
        fixed = FixedAdapter(loader=self._loader, adapter=adapter)
        pipeline = replace(self._pipeline, tenant=replace(self._pipeline.tenant, adapters=fixed))
        options = self._options.model_copy(update={"adapter": None, "adapter_fallback": False})
        results = run_gold_set(pipeline, documents, folder, dataset=self._registry.tenant, options=options)
        failed = [line.error for line in results.lines if line.error in _NOT_THE_ADAPTERS]
        if failed:
            raise PromotionRefusedError(
                f"the engine failed on {len(failed)} of {len(documents)} documents, the first by {failed[0]}",
                hint="promote it again when the engine is well",
            )
        return results


def _check_bar(judged: Judgement, bar: PromotionBar) -> None:
    if not judged.n_documents and not bar.without_gold:
        raise PromotionRefusedError(
            "no gold document can judge the adapter: there are none for its schema, it was trained on all, "
            "or no page shows what they say",
            hint="confirm or correct some answers, or say --without-gold",
        )
    fallen = regressions(judged.figures, tolerance=bar.tolerance, level=bar.level)
    if fallen:
        falls = ", ".join(f"{one.metric} F1 by {-one.difference.value:.3f}" for one in fallen)
        raise PromotionRefusedError(f"the adapter does worse than what is live: {falls}")
