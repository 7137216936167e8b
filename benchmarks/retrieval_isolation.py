"""No search ever returns another tenant's page: random queries of many tenants, while they write.

    python -m benchmarks.retrieval_isolation --queries 100000 --tenants 50

Every tenant has the same pages, so that a foreign one would always be as near as its own. Modes, schemas and
numbers of hits vary; now and then a tenant adds a page or loses one. Exit code 1 if a foreign row was seen.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from retrieval.features import features_of
from retrieval.search import ExampleSearch, Query, SearchMode
from retrieval.store import ExampleStore
from schemas.errors import ExampleNotFoundError
from storage.database import sqlite_url
from tests.retrieval.pages import NARROW, SCHEMA, example, page_hash, page_text

_N_VENDORS = 6
_N_PAGES = 5
_WRITE_SHARE = 0.002
_MODES: tuple[SearchMode, ...] = ("fused", "image", "text")


class Trial:
    """The store under test, and what was seen."""

    def __init__(self, folder: Path, n_tenants: int) -> None:
        self.tenants = [f"tenant-{i}" for i in range(n_tenants)]
        self.store = ExampleStore(sqlite_url(folder), index_uri=str(folder / "index"))
        self.search = ExampleSearch(self.store)
        self.n_queries = self.n_hits = self.n_foreign = 0
        self._lock = Lock()
        for tenant in self.tenants:
            pages = [(v, n) for v in range(_N_VENDORS) for n in range(_N_PAGES)]
            self.store.add([example(v, n, tenant=tenant) for v, n in pages])

    def run(self, seed: int, n_queries: int) -> None:
        """Make random queries, and some writes between them."""
        rng = random.Random(seed)
        for _ in range(n_queries):
            tenant = rng.choice(self.tenants)
            if rng.random() < _WRITE_SHARE:
                self._write(rng, tenant)
            self._ask(rng, tenant)

    def _write(self, rng: random.Random, tenant: str) -> None:
        page = example(rng.randrange(_N_VENDORS), 1000 + rng.randrange(50), tenant=tenant)
        if rng.random() < 0.5:
            self.store.add([page])
            return
        try:
            self.store.remove(tenant, [page.example_id], ())
        except ExampleNotFoundError:
            return

    def _ask(self, rng: random.Random, tenant: str) -> None:
        vendor, number = rng.randrange(_N_VENDORS + 2), 2000 + rng.randrange(1000)
        picture = page_hash(vendor, number) if rng.random() < 0.9 else None
        query = Query(
            tenant=tenant,
            features=features_of(page_text(vendor, number), picture),
            schema=rng.choice((SCHEMA, NARROW)),
            k=rng.choice((1, 1, 3, 20)),
            mode=rng.choice(_MODES),
        )
        hits = self.search.find(query)
        with self._lock:
            self.n_queries += 1
            self.n_hits += len(hits)
            self.n_foreign += sum(hit.example.tenant != tenant for hit in hits)


def main() -> None:
    """Run the trial and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.threads) as pool:
        trial = Trial(Path(folder), arguments.tenants)
        share = arguments.queries // arguments.threads
        running = [pool.submit(trial.run, seed, share) for seed in range(arguments.threads)]
        for one in running:
            one.result()
    seconds = time.perf_counter() - started
    print(
        f"{trial.n_queries:,} queries of {arguments.tenants} tenants, {trial.n_hits:,} hits, "
        f"{trial.n_foreign} foreign, in {seconds:.0f} s"
    )
    if trial.n_foreign or not trial.n_hits:
        sys.exit(1)


if __name__ == "__main__":
    main()
