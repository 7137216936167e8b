"""One template needs few examples: of pages that look and read alike, the newest are kept."""

from __future__ import annotations

from retrieval.features import features_of, similarity
from retrieval.ranking import Rankings
from retrieval.store import ExampleStore
from retrieval.wavelet_hash import hash_distance
from schemas.example import AuditEntry, Example
from storage.example_records import Stored

# Pages of one template: of one vendor's receipts half reach it, of two vendors' none did (0.63 at the 99th
# percentile, docs/results/retrieval.md).
_SAME_TEXT = 0.9
# Bits of 256; of one vendor's receipts, photographed one by one, a quarter are nearer than this.
_SAME_PICTURE = 56


def thin(
    store: ExampleStore, added: Example, *, keep: int, actor: str, spare: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Remove the oldest examples of the template of `added` beyond the newest `keep`; return their ids.

    Those whose ids are in `spare` stay: what was just added is not taken away by its own.

    Only examples of the same tenant and schema count, and those are of one template that read alike
    (n-gram cosine of 0.9) and look alike (56 of 256 bits), where both have a picture.
    """
    features = features_of(added.text, added.page_hash)
    asked = Rankings(vector=features.vector)
    found = store.index.rank(added.tenant, asked, limit=4 * keep + 64, schema_ids=None)
    near = store.by_seqs(added.tenant, [row.seq for row in found.get("ngrams", [])]).values()
    alike = [s for s in near if _same_schema(s.example, added) and _is_alike(s, added)]
    newest_first = sorted(alike, key=lambda s: (s.example.created_at, s.seq), reverse=True)
    surplus = [s.example.example_id for s in newest_first[keep:] if s.example.example_id not in spare]
    if not surplus:
        return ()
    entries = [
        AuditEntry(
            tenant=added.tenant, at=added.created_at, actor=actor, action="thinned", example_id=example_id
        )
        for example_id in surplus
    ]
    return store.discard(added.tenant, entries)


def _same_schema(first: Example, second: Example) -> bool:
    return (first.schema_name, first.json_schema) == (second.schema_name, second.json_schema)


def _is_alike(stored: Stored, added: Example) -> bool:
    example = stored.example
    if similarity(features_of(example.text, example.page_hash), added) < _SAME_TEXT:
        return False
    if example.page_hash is None or added.page_hash is None:
        return True
    return hash_distance(example.page_hash, added.page_hash) <= _SAME_PICTURE
