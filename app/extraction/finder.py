"""Examples for the pages at hand, as the pipeline asks for them."""

from __future__ import annotations

import logging

from app.extraction.prompt_examples import FoundExamples
from ocr.layout import page_text
from retrieval.confirmed import find_confirmed
from retrieval.features import features_of, hash_of
from retrieval.search import ExampleSearch, Query, SearchMode
from retrieval.store import ExampleStore
from schemas.document import Document
from schemas.errors import RetrievalError
from schemas.example import DEFAULT_TENANT, Example
from schemas.spec import ExtractionSchema

logger = logging.getLogger(__name__)


class ExampleFinder:
    """Finds one tenant's examples; safe to share between threads.

    Parameters
    ----------
    min_similarity
        Examples less near than this are not shown (`retrieval.features.similarity`).
    excluded
        Hashes of files whose pages are never shown.
    """

    def __init__(
        self,
        store: ExampleStore,
        *,
        tenant: str = DEFAULT_TENANT,
        min_similarity: float,
        mode: SearchMode,
        excluded: frozenset[str] = frozenset(),
    ) -> None:
        self.store = store
        self.tenant = tenant
        self._min_similarity = min_similarity
        self._mode: SearchMode = mode
        self._excluded = excluded
        self._search = ExampleSearch(store)

    def without(self, documents: frozenset[str]) -> ExampleFinder:
        """Return a finder in the same store that never shows these files either."""
        return ExampleFinder(
            self.store,
            tenant=self.tenant,
            min_similarity=self._min_similarity,
            mode=self._mode,
            excluded=self._excluded | documents,
        )

    def find(self, part: Document, schema: ExtractionSchema, *, k: int) -> FoundExamples:
        """Return the examples most like the first page of a part of a document."""
        if not part.pages or k < 1:
            return FoundExamples()
        query = Query(
            tenant=self.tenant,
            features=features_of(page_text(part, 0), hash_of(part.pages[0]), self.store.embedder),
            schema=schema,
            document_sha256=part.sha256,
            k=k,
            next_pages=tuple(
                features_of(page_text(part, index), None) for index in range(1, len(part.pages))
            ),
            min_similarity=self._min_similarity,
            mode=self._mode,
            excluded=self._excluded,
        )
        try:
            return FoundExamples(hits=self._search.find(query))
        except RetrievalError as error:
            logger.warning("no example is shown: %s", error)
            return FoundExamples(failed=True)

    def find_confirmed(self, document_sha256: str, schema: ExtractionSchema) -> Example | None:
        """Return what was confirmed last of a file, as the schema asks for it; None if nothing was.

        A store that fails is logged and knows nothing.
        """
        if document_sha256 in self._excluded:
            return None
        try:
            return find_confirmed(self.store, self.tenant, document_sha256, schema)
        except RetrievalError as error:
            logger.warning("no confirmed answer is looked for: %s", error)
            return None

    def close(self) -> None:
        """Close the store."""
        self.store.close()
