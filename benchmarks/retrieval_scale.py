"""How the example store grows: query times, recall, build time, memory and disk, by number of examples.

    python -m benchmarks.retrieval_scale FOLDER --sizes 1000,100000,1000000

Examples are made up: vendors of fifty pages each, whose pages share 40 words of their own (from a vocabulary
with the frequencies of natural text) and a picture up to some bits, and differ in 20 numbers and 10 words.
They go through the database and the index as real ones do. A query is a further page of some vendor. "Recall"
is how often the first candidate is the one of a search that compares the query with every example: hashes and
vectors by numpy; BM25 is exact in the index itself.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from retrieval import search as searching
from retrieval.features import features_of
from retrieval.fusion import fuse
from retrieval.ranking import Rankings
from retrieval.search import DEPTH, ExampleSearch, Query
from retrieval.store import ExampleStore
from retrieval.text_features import query_words
from schemas.registry import get_schema
from storage.database import sqlite_url, write_session
from storage.schema_records import keep_schema
from storage.tables import ExampleRow

_PAGES_PER_VENDOR = 50
_VOCABULARY = 50_000
_OWN_WORDS, _OTHER_WORDS, _NUMBERS = 40, 10, 20
_NOISE_BITS = 24
_TENANT = "scale"
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SCHEMA = get_schema("receipt")


class Pages:
    """The made-up pages; page `n` of vendor `v` is always the same."""

    def __init__(self) -> None:
        rng = random.Random(0)
        letters = "abcdefghijklmnopqrstuvwxyz"
        # Frequent words are short, as everywhere.
        lengths = [2 + round(0.6 * math.log2(rank) + rng.random()) for rank in range(1, _VOCABULARY + 1)]
        self._words = ["".join(rng.choices(letters, k=length)) for length in lengths]
        ranks = np.arange(1, _VOCABULARY + 1, dtype=np.float64)
        self._cumulative = np.cumsum(1 / ranks**1.05)
        self._cumulative /= self._cumulative[-1]

    def text(self, vendor: int, number: int) -> str:
        """Return the text of a page."""
        own, page = np.random.default_rng(vendor), np.random.default_rng((vendor, number))
        words = [*self._some(own, _OWN_WORDS), *self._some(page, _OTHER_WORDS)]
        numbers = [f"{n / 100:.2f}" for n in page.integers(1, 99_999, _NUMBERS)]
        return "\n".join(" ".join(part) for part in (words[:20], words[20:], numbers))

    def picture(self, vendor: int, number: int) -> bytes:
        """Return the hash of a page's picture."""
        layout = np.random.default_rng((vendor, 1)).bytes(32)
        noise = np.zeros(256, dtype=np.uint8)
        noise[np.random.default_rng((vendor, number, 2)).integers(0, 256, _NOISE_BITS)] = 1
        return (np.frombuffer(layout, dtype=np.uint8) ^ np.packbits(noise)).tobytes()

    def _some(self, rng: np.random.Generator, n: int) -> list[str]:
        return [self._words[i] for i in np.searchsorted(self._cumulative, rng.random(n))]


def _rows(pages: Pages, n: int, schema_id: str) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, n, 20_000):
        batch: list[dict[str, Any]] = []
        for i in range(start, min(n, start + 20_000)):
            vendor, number = divmod(i, _PAGES_PER_VENDOR)
            batch.append(
                {
                    "example_id": UUID(int=i).hex,
                    "tenant": _TENANT,
                    "document_sha256": f"{i:064x}",
                    "page_index": 0,
                    "schema_id": schema_id,
                    "page_hash": pages.picture(vendor, number),
                    "text": pages.text(vendor, number),
                    "answer_json": "{}",
                    "evidence_json": "[]",
                    "known_json": "[]",
                    "unknown_json": "[]",
                    "source": "imported",
                    "confirmed_by": "benchmark",
                    "created_at": _AT,
                }
            )
        yield batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Every example's features, to be compared one by one."""

    seqs: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, store: ExampleStore) -> Exact:
        """Return what the index holds."""
        found = store.index.rows(_TENANT, ["seq", "page_hash", "vector"])
        n = found.num_rows
        hashes = np.concatenate([c.flatten().to_numpy() for c in found["page_hash"].chunks])
        vectors = np.concatenate([c.flatten().to_numpy() for c in found["vector"].chunks])
        return cls(
            seqs=found["seq"].to_numpy(),
            hashes=hashes.reshape(n, 32).view(np.uint64),
            vectors=vectors.reshape(n, -1),
        )

    def ranking(self, distances: NDArray[np.float64]) -> list[int]:
        """Return the nearest, of equals the older first."""
        near = np.argpartition(distances, min(DEPTH, len(distances) - 1))[: DEPTH + 1]
        cut = distances[near].max()
        all_near = np.flatnonzero(distances <= cut)
        order = np.lexsort((self.seqs[all_near], distances[all_near]))
        return [int(seq) for seq in self.seqs[all_near[order][:DEPTH]]]

    def best(self, query: Query, store: ExampleStore) -> int:
        """Return the first candidate of the exact search."""
        assert query.features.page_hash is not None
        mine = np.frombuffer(query.features.page_hash, dtype=np.uint64)
        bits = np.bitwise_count(self.hashes ^ mine).sum(axis=1).astype(np.float64)
        angles = (1.0 - self.vectors @ query.features.vector).astype(np.float64)
        words = query_words(query.features.words)
        found = store.index.rank(_TENANT, Rankings(words=words), limit=DEPTH, schema_ids=None)
        rankings = {
            "image": self.ranking(bits),
            "ngrams": self.ranking(angles),
            "words": [row.seq for row in found["words"]],
        }
        return fuse(rankings, searching.WEIGHTS)[0].seq


def _queries(pages: Pages, n_examples: int, n: int) -> list[Query]:
    rng = random.Random(1)
    made: list[Query] = []
    for _ in range(n):
        vendor = rng.randrange(max(1, n_examples // _PAGES_PER_VENDOR))
        number = _PAGES_PER_VENDOR + rng.randrange(1000)
        features = features_of(pages.text(vendor, number), pages.picture(vendor, number))
        made.append(Query(tenant=_TENANT, features=features, schema=_SCHEMA))
    return made


def _timed(n_times: int, queries: Sequence[Query], search: ExampleSearch) -> NDArray[np.float64]:
    seconds: list[float] = []
    for query in queries[:n_times]:
        started = time.perf_counter()
        search.find(query)
        seconds.append(time.perf_counter() - started)
    return 1000 * np.asarray(seconds)


def _disk_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _measure(folder: Path, n: int, n_queries: int) -> None:
    pages = Pages()
    shutil.rmtree(folder, ignore_errors=True)
    store = ExampleStore(sqlite_url(folder), index_uri=str(folder / "index"))
    started = time.perf_counter()
    with write_session(store.database) as session:
        schema_id = keep_schema(session, _SCHEMA.name, _SCHEMA.json_schema)
    for batch in _rows(pages, n, schema_id):
        with write_session(store.database) as session:
            session.execute(insert(ExampleRow), batch)
    sql_s = time.perf_counter() - started
    started = time.perf_counter()
    store.rebuild(_TENANT)
    index_s = time.perf_counter() - started
    search = ExampleSearch(store)
    queries = _queries(pages, n, n_queries + 20)
    _timed(20, queries, search)  # the first ones read from disk
    milliseconds = _timed(n_queries, queries[20:], search)
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    exact = Exact.of(store)
    ranked = [search.rank(query, depth=DEPTH, schema_ids=None)[0].seq for query in queries]
    hits = [seq == exact.best(query, store) for query, seq in zip(queries, ranked, strict=True)]
    p50, p99 = np.quantile(milliseconds, [0.5, 0.99])
    sql_mb, index_mb = _disk_mb(folder) - _disk_mb(folder / "index"), _disk_mb(folder / "index")
    print(
        f"| {n:,} | {p50:.1f} | {p99:.1f} | {np.mean(hits):.3f} | {sql_s:.0f} | {index_s:.0f} "
        f"| {rss_mb:.0f} | {sql_mb:.0f} | {index_mb:.0f} |",
        flush=True,
    )
    store.close()


def main() -> None:
    """Print one row of a Markdown table for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the stores are made; 3 GB for a million")
    parser.add_argument("--sizes", default="1000,100000")
    parser.add_argument("--n-queries", type=int, default=500)
    arguments = parser.parse_args()
    print("| examples | p50 ms | p99 ms | recall@1 | SQL s | index s | peak MB | SQL MB | index MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in arguments.sizes.split(","):
        _measure(arguments.folder / size, int(size), arguments.n_queries)


if __name__ == "__main__":
    main()
