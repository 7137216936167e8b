"""The search index of examples: one LanceDB table a tenant, made from the truth in SQL at any time.

The index holds numbers and words, no answers. What it finds are sequence numbers; whoever asks looks them up
in SQL, under the tenant's name, so that an index gone wrong can lose a hit but never show a foreign page.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np

from retrieval.text_features import VECTOR_SIZE, Floats
from retrieval.wavelet_hash import HASH_BYTES
from schemas.errors import RetrievalError

logger = logging.getLogger(__name__)

# Neither is typed to a checker's satisfaction; what they give is converted here and goes no further.
pa: Any = import_module("pyarrow")
lancedb: Any = import_module("lancedb")
_configs: Any = import_module("lancedb.index")

# Part of each table's name: an index of other features, or of another shape, is no index of this program.
FEATURES_VERSION = 1
# A flat scan of fewer rows takes 4 ms and misses nothing.
_MIN_ROWS_FOR_PARTITIONS = 20_000
# Partitions are of the rows that were there when they were made; of this many times more, made anew.
_STALE_GROWTH = 4
_N_PROBES = 20
_ADD_BATCH = 10_000
# Appended files of rows, and old versions, that are worth a compaction.
_WRITES_BEFORE_MAINTENANCE = 64
_KEPT_VERSIONS = timedelta(minutes=5)
_SCHEMA_ID = re.compile(r"[0-9a-f]{64}")
_VECTORS: Mapping[str, Any] = {
    "page_hash": _configs.IvfFlat(distance_type="hamming"),
    "vector": _configs.IvfSq(distance_type="cosine"),
}
_SHAPE: Any = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("schema_id", pa.string(), nullable=False),
        pa.field("page_hash", pa.list_(pa.uint8(), HASH_BYTES)),
        pa.field("vector", pa.list_(pa.float32(), VECTOR_SIZE), nullable=False),
        pa.field("words", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """What the index knows of an example."""

    seq: int
    schema_id: str
    page_hash: bytes | None
    vector: Floats
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A row that was found; `value` is a distance (hash, vector) or a BM25 score (words)."""

    seq: int
    value: float


class ExampleIndex:
    """The index of one store; safe to share between threads.

    Parameters
    ----------
    uri
        A folder, or the URI of an object store (`s3://…`).
    store_id
        The store that it is the index of; tables of other stores are not seen.
    storage_options
        What an object store needs, as LanceDB names it.

    Raises
    ------
    RetrievalError
        From every method, if LanceDB fails.
    """

    def __init__(self, uri: str, *, store_id: str, storage_options: Mapping[str, str] | None = None) -> None:
        self._store_id = store_id
        with _translated():
            self._db = lancedb.connect(
                uri,
                storage_options=dict(storage_options or {}) or None,
                read_consistency_interval=timedelta(0),  # other processes write too
            )
        self._tables: dict[str, Any] = {}
        self._n_writes: dict[str, int] = {}
        self._lock = Lock()

    def has(self, tenant: str) -> bool:
        """Return whether there is a table of this tenant's."""
        return self._open(tenant) is not None

    def table(self, tenant: str) -> Any | None:  # noqa: ANN401 - LanceDB is not typed
        """Return the tenant's table, for programs that measure the index itself."""
        return self._open(tenant)

    def n_rows(self, tenant: str) -> int:
        """Return how many examples the tenant's table holds."""
        table = self._open(tenant)
        with _translated():
            return 0 if table is None else int(table.count_rows())

    def add(self, tenant: str, rows: Sequence[IndexRow]) -> None:
        """Add rows that are not there; see `remove` for those that may be."""
        with _translated():
            table = self._open(tenant)
            if table is None:
                table = self._create(tenant)
            for start in range(0, len(rows), _ADD_BATCH):
                table.add(_arrow(rows[start : start + _ADD_BATCH]))
        self._n_writes[tenant] = self._n_writes.get(tenant, 0) + 1

    def remove(self, tenant: str, seqs: Sequence[int]) -> None:
        """Remove rows; those that are not there are no error."""
        table = self._open(tenant)
        if table is None or not seqs:
            return
        with _translated():
            table.delete(f"seq IN ({', '.join(str(int(seq)) for seq in seqs)})")
        self._n_writes[tenant] = self._n_writes.get(tenant, 0) + 1

    def rebuild(self, tenant: str, batches: Iterable[Sequence[IndexRow]]) -> None:
        """Replace the tenant's table by one of these rows."""
        with _translated():
            self.forget(tenant)
            self._db.drop_table(self.table_name(tenant), ignore_missing=True)
            table = self._create(tenant)
            for rows in batches:
                table.add(_arrow(rows))
        self.maintain(tenant)

    def is_small(self, tenant: str) -> bool:
        """Return whether the table is scanned whole, and brought up to date in a blink."""
        return self.n_rows(tenant) < _MIN_ROWS_FOR_PARTITIONS

    def needs_maintenance(self, tenant: str) -> bool:
        """Return whether enough was written since the last compaction."""
        return self._n_writes.get(tenant, 0) >= _WRITES_BEFORE_MAINTENANCE

    def maintain(self, tenant: str) -> None:
        """Compact the table, bring its indices up to date, and partition a large one."""
        table = self._open(tenant)
        if table is None:
            return
        self._n_writes[tenant] = 0
        with _translated():
            n_rows = int(table.count_rows())
            for column, config in _VECTORS.items():
                if n_rows >= _MIN_ROWS_FOR_PARTITIONS and _is_stale(table, column, n_rows):
                    table.create_index(column, config=config, replace=True)
            table.optimize(cleanup_older_than=_KEPT_VERSIONS)

    def by_hash(self, tenant: str, page_hash: bytes, *, limit: int, schema_ids: Schemas) -> list[Found]:
        """Return the nearest by Hamming distance, nearest first; of equals the older first."""
        query = np.frombuffer(page_hash, dtype=np.uint8)
        return self._nearest(tenant, "page_hash", "hamming", query, limit, schema_ids)

    def by_vector(self, tenant: str, vector: Floats, *, limit: int, schema_ids: Schemas) -> list[Found]:
        """Return the nearest by cosine distance; a zero vector is near nothing."""
        if not vector.any():
            return []
        return self._nearest(tenant, "vector", "cosine", vector, limit, schema_ids)

    def by_words(self, tenant: str, words: Sequence[str], *, limit: int, schema_ids: Schemas) -> list[Found]:
        """Return the best by BM25 over any of the words, best first; of equals the older first."""
        if not words:
            return []

        def search(table: Any) -> Any:  # noqa: ANN401
            query = table.search(" ".join(words), query_type="fts", fts_columns="words").limit(limit)
            return _filtered(query, schema_ids).select(["seq", "_score"]).to_arrow()

        return _ordered(self._read(tenant, search), "_score", sign=-1)

    def _nearest(
        self,
        tenant: str,
        column: str,
        metric: str,
        query: Any,  # noqa: ANN401
        limit: int,
        schema_ids: Schemas,
    ) -> list[Found]:
        def search(table: Any) -> Any:  # noqa: ANN401
            found = table.search(query, vector_column_name=column).distance_type(metric)
            found = _filtered(found.nprobes(_N_PROBES).limit(limit), schema_ids)
            return found.select(["seq", "_distance"]).to_arrow()

        return _ordered(self._read(tenant, search), "_distance", sign=1)

    def _read(self, tenant: str, search: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        """Return what a search finds; once more if another process has replaced the table meanwhile."""
        table = self._open(tenant)
        if table is None:
            return None
        try:
            return search(table)
        except Exception:  # noqa: BLE001 - of any class; the second time it is ours to report
            logger.info("the index is opened again")
        self.forget(tenant)
        table = self._open(tenant)
        with _translated():
            return None if table is None else search(table)

    def table_name(self, tenant: str) -> str:
        """Return the tenant's table: a hash, so that no tenant's name is part of a path or a query."""
        text = f"{FEATURES_VERSION}/{self._store_id}/{tenant}"
        return f"examples_{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    def _open(self, tenant: str) -> Any | None:  # noqa: ANN401 - LanceDB is not typed
        with self._lock:
            table = self._tables.get(tenant)
            if table is None:
                try:
                    table = self._db.open_table(self.table_name(tenant))
                except Exception as error:
                    if "not found" in str(error).lower():  # a ValueError, as are others
                        return None
                    raise RetrievalError("the search index cannot be opened") from error
                self._tables[tenant] = table
            return table

    def _create(self, tenant: str) -> Any:  # noqa: ANN401
        words = _configs.FTS(
            base_tokenizer="whitespace",
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
        )
        table = self._db.create_table(self.table_name(tenant), schema=_SHAPE, exist_ok=True)
        table.create_index("words", config=words)
        with self._lock:
            self._tables[tenant] = table
        return table

    def forget(self, tenant: str | None = None) -> None:
        """Open a tenant's table, or all, anew at the next call."""
        with self._lock:
            if tenant is None:
                self._tables.clear()
            else:
                self._tables.pop(tenant, None)


# The schemas whose examples are wanted; None for all.
Schemas = frozenset[str] | None


def _is_stale(table: Any, column: str, n_rows: int) -> bool:  # noqa: ANN401
    for index in table.list_indices():
        if list(index.columns) == [column]:
            stats = table.index_stats(index.name)
            n_indexed = 0 if stats is None else int(stats.num_indexed_rows)
            return n_rows > _STALE_GROWTH * max(n_indexed, 1)
    return True


def _filtered(search: Any, schema_ids: Schemas) -> Any:  # noqa: ANN401
    if schema_ids is None:
        return search
    if not all(_SCHEMA_ID.fullmatch(schema_id) for schema_id in schema_ids):
        raise RetrievalError("a schema id is no hash")
    wanted = ", ".join(f"'{schema_id}'" for schema_id in sorted(schema_ids))
    return search.where(f"schema_id IN ({wanted})", prefilter=True)


def _ordered(found: Any, column: str, *, sign: int) -> list[Found]:  # noqa: ANN401
    if found is None:
        return []
    rows = [Found(seq=row["seq"], value=row[column]) for row in found.to_pylist()]
    return sorted(rows, key=lambda row: (sign * row.value, row.seq))


def _arrow(rows: Sequence[IndexRow]) -> Any:  # noqa: ANN401
    hashes = [None if row.page_hash is None else list(row.page_hash) for row in rows]
    vectors = np.stack([row.vector for row in rows]).astype(np.float32, copy=False)
    return pa.Table.from_arrays(
        [
            pa.array([row.seq for row in rows], pa.int64()),
            pa.array([row.schema_id for row in rows], pa.string()),
            pa.array(hashes, pa.list_(pa.uint8(), HASH_BYTES)),
            pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), VECTOR_SIZE),
            pa.array([" ".join(row.words) for row in rows], pa.string()),
        ],
        schema=_SHAPE,
    )


@contextmanager
def _translated() -> Generator[None]:
    """Turn what LanceDB raises, which may be of any class, into our error; the message may name paths."""
    try:
        yield
    except RetrievalError:
        raise
    except Exception as error:
        raise RetrievalError(f"the search index failed: {type(error).__name__}") from error
