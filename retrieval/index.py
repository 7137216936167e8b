"""The search index of examples: one LanceDB table a tenant, made from the truth in SQL at any time.

The index holds numbers and words, no answers. What it finds are sequence numbers; whoever asks looks them up
in SQL, under the tenant's name, so that an index gone wrong can lose a hit but never show a foreign page.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

import numpy as np

from retrieval.embedding import TextEmbedder
from retrieval.loop import LoopThread
from retrieval.ranking import Found, Rankings, Schemas, ranked
from retrieval.text_features import VECTOR_SIZE, Floats
from retrieval.wavelet_hash import HASH_BYTES
from schemas.errors import RetrievalError

logger = logging.getLogger(__name__)

# Not typed to a checker's satisfaction; what it gives is converted here and goes no further. So is LanceDB.
pa: Any = import_module("pyarrow")

# Of all that a row is made of: an index of other features is made anew (`variant_of`).
_FEATURES_VERSION = 1
# A flat scan of fewer rows takes 4 ms and misses nothing.
_MIN_ROWS_FOR_PARTITIONS = 20_000
# Partitions are of the rows that were there when they were made; of this many times more, made anew.
_STALE_GROWTH = 4
# The size must be the index's own: partitions made by number are joined again by the next compaction, and
# searches take four times as long.
_PARTITION_ROWS = 1_000
_ADD_BATCH = 10_000
# Appended files of rows, and old versions, that are worth a compaction.
_WRITES_BEFORE_MAINTENANCE = 64
_KEPT_VERSIONS = timedelta(minutes=5)
_COLUMNS = (
    pa.field("seq", pa.int64(), nullable=False),
    pa.field("schema_id", pa.string(), nullable=False),
    pa.field("page_hash", pa.list_(pa.uint8(), HASH_BYTES)),
    pa.field("vector", pa.list_(pa.float32(), VECTOR_SIZE), nullable=False),
    pa.field("words", pa.string(), nullable=False),
)


def _lancedb() -> Any:  # noqa: ANN401
    """Return LanceDB, loaded at the first use: two CPU seconds that a store without examples never needs."""
    return import_module("lancedb")


def _configs() -> Any:  # noqa: ANN401
    return import_module("lancedb.index")


def _shape(embedding_size: int | None) -> Any:  # noqa: ANN401
    if embedding_size is None:
        return pa.schema(_COLUMNS)
    return pa.schema(
        [*_COLUMNS, pa.field("embedding", pa.list_(pa.float32(), embedding_size), nullable=False)]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """What the index knows of an example."""

    seq: int
    schema_id: str
    page_hash: bytes | None
    vector: Floats
    words: tuple[str, ...]
    embedding: Floats | None = None


class IndexLostError(RetrievalError):
    """The tenant has no table, or has it no longer: it can be made anew."""


def variant_of(embedder: TextEmbedder | None) -> str:
    """Return what rows of an index are made with; one of another variant has to be made anew."""
    return f"{_FEATURES_VERSION}/{'' if embedder is None else embedder.name}"


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
    embedder
        What gives texts vectors of their own, if anything does.

    Raises
    ------
    RetrievalError
        From every method, if LanceDB fails.
    """

    def __init__(
        self,
        uri: str,
        *,
        store_id: str,
        storage_options: Mapping[str, str] | None = None,
        embedder: TextEmbedder | None = None,
    ) -> None:
        self._store_id = store_id
        self._shape = _shape(None if embedder is None else embedder.size)
        self._tables: dict[str, Any] = {}
        self._n_writes: dict[str, int] = {}
        self._loop = LoopThread("example-index")
        self._uri = uri
        self._storage_options = dict(storage_options or {}) or None
        self._connection: Any = None

    def warm(self) -> None:
        """Load the library now, so that the first search does not wait for it."""
        with _translate_errors():
            _lancedb()

    def has(self, tenant: str) -> bool:
        """Return whether there is a table of this tenant's."""
        with _translate_errors():
            return self._loop.run(self._open(tenant)) is not None

    def n_rows(self, tenant: str) -> int:
        """Return how many examples the tenant's table holds."""
        with _translate_errors():
            return self._loop.run(self._n_rows(tenant))

    def rows(self, tenant: str, columns: Sequence[str]) -> Any:  # noqa: ANN401
        """Return columns of the whole table as an Arrow table, for programs that measure the index."""

        async def read() -> Any:  # noqa: ANN401
            table = await self._open(tenant)
            return None if table is None else await table.query().select(list(columns)).to_arrow()

        with _translate_errors():
            return self._loop.run(read())

    def add(self, tenant: str, rows: Sequence[IndexRow]) -> None:
        """Add rows that are not there; see `remove` for those that may be."""

        async def write() -> None:
            table = await self._open(tenant) or await self._create(tenant)
            for start in range(0, len(rows), _ADD_BATCH):
                await table.add(_arrow(rows[start : start + _ADD_BATCH], self._shape))

        with _translate_errors():
            self._loop.run(write())
        self._n_writes[tenant] = self._n_writes.get(tenant, 0) + 1

    def remove(self, tenant: str, seqs: Sequence[int]) -> None:
        """Remove rows; those that are not there are no error."""

        async def write() -> None:
            table = await self._open(tenant)
            if table is not None:
                await table.delete(f"seq IN ({', '.join(str(int(seq)) for seq in seqs)})")

        if seqs:
            with _translate_errors():
                self._loop.run(write())
            self._n_writes[tenant] = self._n_writes.get(tenant, 0) + 1

    def rebuild(self, tenant: str, batches: Iterable[Sequence[IndexRow]]) -> None:
        """Replace the tenant's table by one of these rows; they are taken one batch after another."""

        async def anew() -> Any:  # noqa: ANN401
            self._tables.pop(tenant, None)
            database = await self._connected()
            await database.drop_table(self.table_name(tenant), ignore_missing=True)
            return await self._create(tenant)

        with _translate_errors():
            table = self._loop.run(anew())
        for rows in batches:
            with _translate_errors():
                self._loop.run(table.add(_arrow(rows, self._shape)))
        self.maintain(tenant)

    def is_small(self, tenant: str) -> bool:
        """Return whether the table is scanned whole, and brought up to date in a blink."""
        return self.n_rows(tenant) < _MIN_ROWS_FOR_PARTITIONS

    def needs_maintenance(self, tenant: str) -> bool:
        """Return whether enough was written since the last compaction."""
        return self._n_writes.get(tenant, 0) >= _WRITES_BEFORE_MAINTENANCE

    def maintain(self, tenant: str) -> None:
        """Compact the table, bring its indices up to date, and partition a large one."""
        self._n_writes[tenant] = 0
        with _translate_errors():
            self._loop.run(self._maintain(tenant))

    def rank(
        self, tenant: str, asked: Rankings, *, limit: int, schema_ids: Schemas
    ) -> dict[str, list[Found]]:
        """Return the nearest examples by each of the rankings that are asked for, all sought at a time.

        By picture the nearest first, by words the best BM25 score first, of equals the older first. A
        ranking for which the page has nothing (no picture, no words) is left out.

        Raises
        ------
        IndexLostError
            If the tenant has no table, or another process has deleted it.
        """
        with _translate_errors():
            return self._loop.run(self._rank(tenant, asked, limit, schema_ids))

    def table_name(self, tenant: str) -> str:
        """Return the tenant's table: a hash, so that no tenant's name is part of a path or a query."""
        text = f"{self._store_id}/{tenant}"
        return f"examples_{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    def forget(self) -> None:
        """Open all tables anew at the next call."""
        self._tables.clear()

    def close(self) -> None:
        """End the index's thread."""
        self._loop.close()

    async def _rank(
        self, tenant: str, asked: Rankings, limit: int, schema_ids: Schemas
    ) -> dict[str, list[Found]]:
        table = await self._open(tenant)
        if table is None:
            raise IndexLostError("there is no index")
        try:
            return await ranked(table, asked, limit, schema_ids)
        except RetrievalError:
            raise
        except Exception:  # noqa: BLE001 - of any class; the second time it is reported
            logger.info("the index is opened again: another process may have replaced the table")
        self._tables.pop(tenant, None)
        table = await self._open(tenant)
        if table is None:
            raise IndexLostError("the index was deleted")
        return await ranked(table, asked, limit, schema_ids)

    async def _n_rows(self, tenant: str) -> int:
        table = await self._open(tenant)
        return 0 if table is None else int(await table.count_rows())

    async def _maintain(self, tenant: str) -> None:
        table = await self._open(tenant)
        if table is None:
            return
        n_rows = int(await table.count_rows())
        for column, config in _partition(n_rows, self._shape.names).items():
            if await _is_stale(table, column, n_rows):
                await table.create_index(column, config=config, replace=True)
        await table.optimize(cleanup_older_than=_KEPT_VERSIONS)

    async def _connected(self) -> Any:  # noqa: ANN401
        """Return the connection, made at the first use: a store whose index is out of reach can be opened."""
        if self._connection is None:
            self._connection = await _lancedb().connect_async(
                self._uri,
                storage_options=self._storage_options,
                read_consistency_interval=timedelta(0),  # other processes write too
            )
        return self._connection

    async def _open(self, tenant: str) -> Any | None:  # noqa: ANN401 - LanceDB is not typed
        table = self._tables.get(tenant)
        if table is None:
            try:
                table = await (await self._connected()).open_table(self.table_name(tenant))
            except Exception as error:
                if "not found" in str(error).lower():  # a ValueError, as are others
                    return None
                raise
            self._tables[tenant] = table
        return table

    async def _create(self, tenant: str) -> Any:  # noqa: ANN401
        words = _configs().FTS(
            base_tokenizer="whitespace",
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
        )
        database = await self._connected()
        table = await database.create_table(self.table_name(tenant), schema=self._shape, exist_ok=True)
        await table.create_index("words", config=words)
        self._tables[tenant] = table
        return table


def _partition(n_rows: int, columns: Sequence[str]) -> dict[str, Any]:
    """Return how the columns of a large table are partitioned; none of a small one's."""
    if n_rows < _MIN_ROWS_FOR_PARTITIONS:
        return {}
    shape: dict[str, int] = {
        "target_partition_size": _PARTITION_ROWS,
        "max_iterations": 15,
        "sample_rate": 64,
    }
    configs = {
        "page_hash": _configs().IvfFlat(distance_type="hamming", **shape),
        "vector": _configs().IvfSq(distance_type="cosine", **shape),
        "embedding": _configs().IvfSq(distance_type="cosine", **shape),
    }
    return {column: config for column, config in configs.items() if column in columns}


async def _is_stale(table: Any, column: str, n_rows: int) -> bool:  # noqa: ANN401
    for index in await table.list_indices():
        if list(index.columns) == [column]:
            stats = await table.index_stats(index.name)
            n_indexed = 0 if stats is None else int(stats.num_indexed_rows)
            return n_rows > _STALE_GROWTH * max(n_indexed, 1)
    return True


def _arrow(rows: Sequence[IndexRow], shape: Any) -> Any:  # noqa: ANN401
    hashes = [None if row.page_hash is None else list(row.page_hash) for row in rows]
    columns = [
        pa.array([row.seq for row in rows], pa.int64()),
        pa.array([row.schema_id for row in rows], pa.string()),
        pa.array(hashes, pa.list_(pa.uint8(), HASH_BYTES)),
        _matrix([row.vector for row in rows]),
        pa.array([" ".join(row.words) for row in rows], pa.string()),
    ]
    if "embedding" in shape.names:
        columns.append(_matrix([row.embedding for row in rows if row.embedding is not None]))
    return pa.Table.from_arrays(columns, schema=shape)


def _matrix(vectors: Sequence[Floats]) -> Any:  # noqa: ANN401
    stacked = np.stack(vectors).astype(np.float32, copy=False)
    return pa.FixedSizeListArray.from_arrays(pa.array(stacked.ravel()), stacked.shape[1])


@contextmanager
def _translate_errors() -> Generator[None]:
    """Turn what LanceDB raises, which may be of any class, into our error; the message may name paths."""
    try:
        yield
    except RetrievalError:
        raise
    except Exception as error:
        raise RetrievalError(f"the search index failed: {type(error).__name__}") from error
