"""The rankings of one table: what is near by picture, by words, by n-grams and by embedding, at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrieval.text_features import Floats
from retrieval.wavelet_hash import HASH_BYTES, hash_distance
from schemas.errors import RetrievalError

# Partitions looked into, of a thousand rows each. On a million pages 64 partitions of vectors hold 0.96 of
# the fifty nearest, and the first hit is that of an exact search for 0.99 (benchmarks/retrieval_scale.py);
# of fewer than 64,000 pages all are looked into.
_N_PROBES = {"page_hash": 64, "vector": 64, "embedding": 64}
_SCHEMA_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A row that was found; `value` is a distance (hash, vector) or a BM25 score (words)."""

    seq: int
    value: float
    page_hash: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rankings:
    """What is searched by: a page's hash, its words, its vector; None, or empty, for not at all."""

    page_hash: bytes | None = None
    words: Sequence[str] = ()
    vector: Floats | None = None
    embedding: Floats | None = None


# The schemas whose examples are wanted; None for all.
Schemas = frozenset[str] | None


async def ranked(
    table: Any,  # noqa: ANN401
    asked: Rankings,
    limit: int,
    schema_ids: Schemas,
) -> dict[str, list[Found]]:
    """Return the nearest rows of a LanceDB table by each of the rankings that are asked for."""
    searches: dict[str, Coroutine[Any, Any, list[Found]]] = {}
    if asked.page_hash is not None:
        query = np.frombuffer(asked.page_hash, dtype=np.uint8)
        searches["image"] = _nearest(table, "page_hash", "hamming", query, limit, schema_ids)
    if asked.words:
        searches["words"] = _best(table, asked.words, limit, schema_ids)
    if asked.vector is not None and asked.vector.any():
        searches["ngrams"] = _nearest(table, "vector", "cosine", asked.vector, limit, schema_ids)
    if asked.embedding is not None and asked.embedding.any():
        searches["embedding"] = _nearest(table, "embedding", "cosine", asked.embedding, limit, schema_ids)
    found = dict(zip(searches, await asyncio.gather(*searches.values()), strict=True))
    if asked.page_hash is not None:
        found["image"] = _by_picture(asked.page_hash, found.values(), limit)
    return found


def _by_picture(page_hash: bytes, rankings: Iterable[Sequence[Found]], limit: int) -> list[Found]:
    """Return what any ranking has found by the distance of its picture, nearest first.

    What the partitions of hashes leave out, the other rankings have found where it matters: a page that looks
    and reads alike.
    """
    hashes = {row.seq: row.page_hash for ranking in rankings for row in ranking if row.page_hash is not None}
    near = sorted((hash_distance(page_hash, found), seq) for seq, found in hashes.items())
    return [Found(seq=seq, value=float(distance), page_hash=hashes[seq]) for distance, seq in near[:limit]]


async def _nearest(
    table: Any,  # noqa: ANN401
    column: str,
    metric: str,
    query: Any,  # noqa: ANN401
    limit: int,
    schema_ids: Schemas,
) -> list[Found]:
    search = table.query().nearest_to(query).column(column).distance_type(metric).nprobes(_N_PROBES[column])
    found = (
        await _filter(search.limit(limit), schema_ids).select(["seq", "page_hash", "_distance"]).to_arrow()
    )
    return _order(found, "_distance", sign=1)


async def _best(
    table: Any,  # noqa: ANN401
    words: Sequence[str],
    limit: int,
    schema_ids: Schemas,
) -> list[Found]:
    search = table.query().nearest_to_text(" ".join(words), columns="words").limit(limit)
    found = await _filter(search, schema_ids).select(["seq", "page_hash", "_score"]).to_arrow()
    return _order(found, "_score", sign=-1)


def _filter(search: Any, schema_ids: Schemas) -> Any:  # noqa: ANN401
    if schema_ids is None:
        return search
    if not all(_SCHEMA_ID.fullmatch(schema_id) for schema_id in schema_ids):
        raise RetrievalError("a schema id is no hash")
    wanted = ", ".join(f"'{schema_id}'" for schema_id in sorted(schema_ids))
    return search.where(f"schema_id IN ({wanted})")


def _order(found: Any, column: str, *, sign: int) -> list[Found]:  # noqa: ANN401
    pairs = zip(found["seq"].to_pylist(), found[column].to_pylist(), _hashes(found), strict=True)
    rows = [Found(seq=int(seq), value=float(value), page_hash=page_hash) for seq, value, page_hash in pairs]
    return sorted(rows, key=lambda row: (sign * row.value, row.seq))


def _hashes(found: Any) -> list[bytes | None]:  # noqa: ANN401
    """Return the hash of each row's picture, None for one without."""
    column = found["page_hash"]
    if column.null_count == 0:
        whole = b"".join(chunk.flatten().to_numpy().tobytes() for chunk in column.chunks)
        return [whole[i : i + HASH_BYTES] for i in range(0, len(whole), HASH_BYTES)]
    return [None if pixels is None else bytes(pixels) for pixels in found["page_hash"].to_pylist()]
