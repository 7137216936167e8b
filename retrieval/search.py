"""The examples most like a page: three rankings fused, then checked one by one against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.features import PageFeatures, is_same_page, similarity
from retrieval.fusion import Fused, fuse
from retrieval.index import IndexLostError
from retrieval.projection import covers, join, project
from retrieval.ranking import Rankings, Schemas
from retrieval.store import ExampleStore
from retrieval.text_features import query_words
from schemas.example import Example
from schemas.spec import ExtractionSchema, json_path, single_fields
from storage.example_records import Stored

# image  the paper's way: wavelet hashes by L1 distance, nothing else
# text   BM25 and n-grams
# fused  all three, and embeddings where the store has an encoder
SearchMode = Literal["fused", "image", "text"]

# Rows asked of each ranking. A ranking's share beyond it is under half of what its first row gets.
DEPTH = 64
# When so many of these are the page itself or repeat each other, the search goes deeper, to at most this.
_MAX_DEPTH = 1024
# On the receipts of nine vendors and the ad contracts of nine stations, the first hit was the same vendor's
# for 0.95 and 0.64 with an equal vote of the picture, for 0.98 and 0.82 with a quarter, and for 0.80 and 0.41
# with the picture alone (docs/results/retrieval.md).
WEIGHTS = {"image": 0.25, "words": 1.0, "ngrams": 1.0, "embedding": 1.0}
_MODES: dict[SearchMode, tuple[str, ...]] = {
    "image": ("image",),
    "text": ("words", "ngrams", "embedding"),
    "fused": ("image", "words", "ngrams", "embedding"),
}
_LOADED_AT_FIRST = 4
# Of the values that an annotation has for what is asked.
_MAX_UNKNOWN_SHARE = 0.2
# As between the pages of a layout text.
PAGE_BREAK = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The page for which an example is sought.

    Attributes
    ----------
    document_sha256
        The page's file, whose own annotations are never shown to it; None for a text without a file.
    next_pages
        The pages that are asked about together with the one that is searched for: as many of those that
        follow in the example's document are shown.
    min_similarity
        Examples less near than this are no help (`features.similarity`).
    excluded
        Hashes of further files that are never shown.
    """

    tenant: str
    features: PageFeatures
    schema: ExtractionSchema
    document_sha256: str | None = None
    k: int = 1
    next_pages: tuple[PageFeatures, ...] = ()
    min_similarity: float = 0.0
    mode: SearchMode = "fused"
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An example that was found; its answer is under the schema that was asked for."""

    example: Example
    similarity_score: float
    fused_score: float


class ExampleSearch:
    """Searches one store; safe to share between threads."""

    def __init__(self, store: ExampleStore) -> None:
        self._store = store

    def find(self, query: Query) -> tuple[Hit, ...]:
        """Return up to `k` examples, the nearest first.

        Only the tenant's own; only under a schema that holds what is asked for; never of the same file, nor
        where one of its pages is one of those that are asked about, in another file; none below
        `min_similarity`; none that lacks more than a fifth of what its annotation knows. Of equally near
        ones the older comes first. No example at all gives none.

        Raises
        ------
        RetrievalError
            If the store or its index fails.
        """
        schema_ids = self._usable(query)
        if schema_ids == frozenset() or query.k < 1 or not self._store.ensure_index(query.tenant):
            return ()
        depth = DEPTH
        while True:
            ranked = self.rank(query, depth=depth, schema_ids=schema_ids)
            hits, n_far = self._check(query, ranked)
            # Where most are not near enough there is nothing behind them; where the page itself or its copies
            # crowd the ranking there may be.
            is_over = 2 * n_far >= len(ranked) or len(ranked) < depth or depth >= _MAX_DEPTH
            if len(hits) >= query.k or is_over:
                return hits
            depth = min(4 * depth, _MAX_DEPTH)

    def rank(self, query: Query, *, depth: int, schema_ids: Schemas) -> list[Fused]:
        """Return candidates by fused score, unchecked: the page itself may be among them."""
        names = _MODES[query.mode]
        features = query.features
        asked = Rankings(
            page_hash=features.page_hash if "image" in names else None,
            words=query_words(features.words) if "words" in names else (),
            vector=features.vector if "ngrams" in names else None,
            embedding=features.embedding if "embedding" in names else None,
        )
        try:
            found = self._store.index.rank(query.tenant, asked, limit=depth, schema_ids=schema_ids)
        except IndexLostError:  # deleted under this process, which thought that it was there
            if not self._store.ensure_index(query.tenant):
                return []
            found = self._store.index.rank(query.tenant, asked, limit=depth, schema_ids=schema_ids)
        return fuse({name: [row.seq for row in rows] for name, rows in found.items()}, WEIGHTS)

    def _usable(self, query: Query) -> Schemas:
        """Return the schemas whose examples can be used; None if all of the tenant's can."""
        known = self._store.schemas(query.tenant)
        usable = frozenset(i for i, schema in known.items() if covers(schema, query.schema))
        return None if usable and len(usable) == len(known) else usable

    def _check(self, query: Query, ranked: Sequence[Fused]) -> tuple[tuple[Hit, ...], int]:
        """Return the hits among the candidates, and how many were not near enough."""
        hits: list[Hit] = []
        n_far = 0
        for fused, stored in self._load(query.tenant, ranked):
            if len(hits) == query.k:
                break
            example = stored.example
            if example.document_sha256 == query.document_sha256 or example.document_sha256 in query.excluded:
                continue
            score = similarity(query.features, example)
            n_far += score < query.min_similarity
            if score < query.min_similarity or not _is_told(example, query.schema):
                continue
            pages = self._pages(query, stored)
            if any(
                is_same_page(mine, page) for mine in (query.features, *query.next_pages) for page in pages
            ):
                continue
            shown = join_pages(pages, query.schema)
            hits.append(Hit(example=shown, similarity_score=score, fused_score=fused.score))
        return tuple(hits), n_far

    def _pages(self, query: Query, stored: Stored) -> tuple[Example, ...]:
        """Return the example and the pages that are shown with it."""
        if not query.next_pages:
            return (stored.example,)
        pages = self._store.pages_from(stored, 1 + len(query.next_pages))
        return tuple(page.example for page in pages) or (stored.example,)

    def _load(self, tenant: str, ranked: Sequence[Fused]) -> Iterator[tuple[Fused, Stored]]:
        """Yield the candidates that SQL has under the tenant's name: a few at first, then more."""
        start, n = 0, _LOADED_AT_FIRST
        while start < len(ranked):
            part = ranked[start : start + n]
            start, n = start + n, 2 * n
            stored = self._store.by_seqs(tenant, [fused.seq for fused in part])
            yield from ((fused, stored[fused.seq]) for fused in part if fused.seq in stored)


def join_pages(pages: Sequence[Example], asked: ExtractionSchema) -> Example:
    """Return the pages of one document as one example under the schema that is asked for."""
    return pages[0].model_copy(
        update={
            "text": PAGE_BREAK.join(page.text for page in pages),
            "answer": project(join([page.answer for page in pages]), asked),
            "evidence": tuple(line for page in pages for line in page.evidence),
            "printed": tuple(printed for page in pages for printed in page.printed),
        }
    )


def _is_told(example: Example, asked: ExtractionSchema) -> bool:
    """Return whether an example says enough of what its annotation knows: null for the rest misleads."""
    keys = {json_path(path) for path, _ in single_fields(asked.root)}
    n_unknown, n_known = (len(keys.intersection(paths)) for paths in (example.unknown, example.known))
    return n_unknown <= _MAX_UNKNOWN_SHARE * (n_known + n_unknown)
