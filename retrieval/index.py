"""The search index of examples: one LanceDB table a tenant, made from the truth in SQL at any time.

The index holds numbers and words, no answers. What it finds are sequence numbers; whoever asks looks them up
in SQL, under the tenant's name, so that an index gone wrong can lose a hit but never show a foreign page.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Coroutine, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

import numpy as np

from retrieval.embedding import TextEmbedder
from retrieval.loop import LoopThread
from retrieval.text_features import VECTOR_SIZE, Floats
from retrieval.wavelet_hash import HASH_BYTES, hash_distance
from schemas.errors import RetrievalError

logger = logging.getLogger(__name__)

# Neither is typed to a checker's satisfaction; what they give is converted here and goes no further.
pa: Any = import_module("pyarrow")
lancedb: Any = import_module("lancedb")
_configs: Any = import_module("lancedb.index")

# Of all that a row is made of: an index of other features is made anew (`variant_of`).
_FEATURES_VERSION = 1
# A flat scan of fewer rows takes 4 ms and misses nothing.
_MIN_ROWS_FOR_PARTITIONS = 20_000
# Partitions are of the rows that were there when they were made; of this many times more, made anew.
_STALE_GROWTH = 4
# Rows of a partition, and partitions looked into. On a million pages 64 partitions of vectors hold 0.96 of
# the fifty nearest, and the first hit is that of an exact search for 0.99 (benchmarks/retrieval_scale.py); of
# fewer than 64,000 pages all are looked into. The size must be the index's own: partitions made by number are
# joined again by the next compaction, and searches take four times as long.
_PARTITION_ROWS = 1_000
_N_PROBES = {"page_hash": 64, "vector": 64, "embedding": 64}
_ADD_BATCH = 10_000
# Appended files of rows, and old versions, that are worth a compaction.
_WRITES_BEFORE_MAINTENANCE = 64
_KEPT_VERSIONS = timedelta(minutes=5)
_SCHEMA_ID = re.compile(r"[0-9a-f]{64}")
_COLUMNS = (
    pa.field("seq", pa.int64(), nullable=False),
    pa.field("schema_id", pa.string(), nullable=False),
    pa.field("page_hash", pa.list_(pa.uint8(), HASH_BYTES)),
    pa.field("vector", pa.list_(pa.float32(), VECTOR_SIZE), nullable=False),
    pa.field("words", pa.string(), nullable=False),
)


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

    def has(self, tenant: str) -> bool:
        """Return whether there is a table of this tenant's."""
        with _translated():
            return self._loop.run(self._open(tenant)) is not None

    def n_rows(self, tenant: str) -> int:
        """Return how many examples the tenant's table holds."""
        with _translated():
            return self._loop.run(self._n_rows(tenant))

    def rows(self, tenant: str, columns: Sequence[str]) -> Any:  # noqa: ANN401
        """Return columns of the whole table as an Arrow table, for programs that measure the index."""

        async def read() -> Any:  # noqa: ANN401
            table = await self._open(tenant)
            return None if table is None else await table.query().select(list(columns)).to_arrow()

        with _translated():
            return self._loop.run(read())

    def add(self, tenant: str, rows: Sequence[IndexRow]) -> None:
        """Add rows that are not there; see `remove` for those that may be."""

        async def write() -> None:
            table = await self._open(tenant) or await self._create(tenant)
            for start in range(0, len(rows), _ADD_BATCH):
                await table.add(_arrow(rows[start : start + _ADD_BATCH], self._shape))

        with _translated():
            self._loop.run(write())
        self._n_writes[tenant] = self._n_writes.get(tenant, 0) + 1

    def remove(self, tenant: str, seqs: Sequence[int]) -> None:
        """Remove rows; those that are not there are no error."""

        async def write() -> None:
            table = await self._open(tenant)
            if table is not None:
                await table.delete(f"seq IN ({', '.join(str(int(seq)) for seq in seqs)})")

        if seqs:
            with _translated():
                self._loop.run(write())
            self._n_writes[tenant] = self._n_writes.get(tenant, 0) + 1

    def rebuild(self, tenant: str, batches: Iterable[Sequence[IndexRow]]) -> None:
        """Replace the tenant's table by one of these rows; they are taken one batch after another."""

        async def anew() -> Any:  # noqa: ANN401
            self._tables.pop(tenant, None)
            database = await self._connected()
            await database.drop_table(self.table_name(tenant), ignore_missing=True)
            return await self._create(tenant)

        with _translated():
            table = self._loop.run(anew())
        for rows in batches:
            with _translated():
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
        with _translated():
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
        with _translated():
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
            return await _ranked(table, asked, limit, schema_ids)
        except RetrievalError:
            raise
        except Exception:  # noqa: BLE001 - of any class; the second time it is reported
            logger.info("the index is opened again: another process may have replaced the table")
        self._tables.pop(tenant, None)
        table = await self._open(tenant)
        if table is None:
            raise IndexLostError("the index was deleted")
        return await _ranked(table, asked, limit, schema_ids)

    async def _n_rows(self, tenant: str) -> int:
        table = await self._open(tenant)
        return 0 if table is None else int(await table.count_rows())

    async def _maintain(self, tenant: str) -> None:
        table = await self._open(tenant)
        if table is None:
            return
        n_rows = int(await table.count_rows())
        for column, config in _partitioned(n_rows, self._shape.names).items():
            if await _is_stale(table, column, n_rows):
                await table.create_index(column, config=config, replace=True)
        await table.optimize(cleanup_older_than=_KEPT_VERSIONS)

    async def _connected(self) -> Any:  # noqa: ANN401
        """Return the connection, made at the first use: a store whose index is out of reach can be opened."""
        if self._connection is None:
            self._connection = await lancedb.connect_async(
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
        words = _configs.FTS(
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


def _partitioned(n_rows: int, columns: Sequence[str]) -> dict[str, Any]:
    """Return how the columns of a large table are partitioned; none of a small one's."""
    if n_rows < _MIN_ROWS_FOR_PARTITIONS:
        return {}
    shape: dict[str, int] = {
        "target_partition_size": _PARTITION_ROWS,
        "max_iterations": 15,
        "sample_rate": 64,
    }
    configs = {
        "page_hash": _configs.IvfFlat(distance_type="hamming", **shape),
        "vector": _configs.IvfSq(distance_type="cosine", **shape),
        "embedding": _configs.IvfSq(distance_type="cosine", **shape),
    }
    return {column: config for column, config in configs.items() if column in columns}


async def _ranked(
    table: Any,  # noqa: ANN401
    asked: Rankings,
    limit: int,
    schema_ids: Schemas,
) -> dict[str, list[Found]]:
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
        await _filtered(search.limit(limit), schema_ids).select(["seq", "page_hash", "_distance"]).to_arrow()
    )
    return _ordered(found, "_distance", sign=1)


async def _best(
    table: Any,  # noqa: ANN401
    words: Sequence[str],
    limit: int,
    schema_ids: Schemas,
) -> list[Found]:
    search = table.query().nearest_to_text(" ".join(words), columns="words").limit(limit)
    found = await _filtered(search, schema_ids).select(["seq", "page_hash", "_score"]).to_arrow()
    return _ordered(found, "_score", sign=-1)


async def _is_stale(table: Any, column: str, n_rows: int) -> bool:  # noqa: ANN401
    for index in await table.list_indices():
        if list(index.columns) == [column]:
            stats = await table.index_stats(index.name)
            n_indexed = 0 if stats is None else int(stats.num_indexed_rows)
            return n_rows > _STALE_GROWTH * max(n_indexed, 1)
    return True


def _filtered(search: Any, schema_ids: Schemas) -> Any:  # noqa: ANN401
    if schema_ids is None:
        return search
    if not all(_SCHEMA_ID.fullmatch(schema_id) for schema_id in schema_ids):
        raise RetrievalError("a schema id is no hash")
    wanted = ", ".join(f"'{schema_id}'" for schema_id in sorted(schema_ids))
    return search.where(f"schema_id IN ({wanted})")


def _ordered(found: Any, column: str, *, sign: int) -> list[Found]:  # noqa: ANN401
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
def _translated() -> Generator[None]:
    """Turn what LanceDB raises, which may be of any class, into our error; the message may name paths."""
    try:
        yield
    except RetrievalError:
        raise
    except Exception as error:
        raise RetrievalError(f"the search index failed: {type(error).__name__}") from error
