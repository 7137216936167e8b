"""From the truth to the index: what is searched by, of what is kept."""

from __future__ import annotations

from retrieval.embedding import TextEmbedder
from retrieval.features import features_of
from retrieval.index import IndexRow
from storage.example_records import Stored


def index_row(stored: Stored, embedder: TextEmbedder | None = None) -> IndexRow:
    """Return what the index keeps of an example."""
    features = features_of(stored.example.text, stored.example.page_hash, embedder)
    return IndexRow(
        seq=stored.seq,
        schema_id=stored.schema_id,
        page_hash=features.page_hash,
        vector=features.vector,
        words=features.words,
        embedding=features.embedding,
    )
