"""The example store: what is confirmed is in SQL when a call returns, and can be found from then on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from retrieval.embedding import TextEmbedder
from retrieval.index import ExampleIndex, variant_of
from retrieval.rows import index_row
from schemas.errors import ExampleNotFoundError, RetrievalError
from schemas.example import AuditEntry, Example, check_tenant, is_id
from schemas.spec import ExtractionSchema
from storage import audit, example_records, index_notes, schema_records
from storage.database import (
    forget_deleted,
    lock_index,
    open_database,
    read_session,
    store_id,
    translate_errors,
    write_session,
)
from storage.example_records import Stored

logger = logging.getLogger(__name__)

_BATCH = 2_000
# For the lock on the index: an answer does not wait long for an example, whoever adds one can, and a rebuild
# waits for another one.
_SEARCH_WAIT_S, _SYNC_WAIT_S, _REBUILD_WAIT_S = 5.0, 30.0, 3600.0


class ExampleStore:
    """Examples of all tenants: the truth in SQL, and the index that follows it.

    Safe to share between threads, and between processes that open the same database and index. What a crash
    left between the two is put right when the store is opened.

    Parameters
    ----------
    url
        The database (`storage.database.open_database`).
    index_uri
        Folder or object-store URI of the index; it may be deleted at any time.
    storage_options
        What the object store needs, as LanceDB names it.
    embedder
        Gives a fourth ranking. Opened with another one, or with none, the index is made anew.

    Raises
    ------
    ConfigurationError, RetrievalError
        As `open_database`. The methods raise `RetrievalError` if the database fails; an index that fails
        costs hits until it is healed, never an example.
    """

    def __init__(
        self,
        url: str,
        *,
        index_uri: str,
        storage_options: Mapping[str, str] | None = None,
        embedder: TextEmbedder | None = None,
    ) -> None:
        self.database: Engine = open_database(url)
        with translate_errors(), self.database.connect() as connection:
            found = store_id(connection)
        self.embedder = embedder
        self._take_up(variant_of(embedder))
        self.index = ExampleIndex(
            index_uri, store_id=found, storage_options=storage_options, embedder=embedder
        )
        self._at_work = threading.Lock()  # on the index, in this process
        self._aside = threading.Lock()  # held by the thread that maintains a large one
        self.heal()

    def _take_up(self, variant: str) -> None:
        """Note that every index has to be made anew, if they were made with something else."""
        with read_session(self.database) as session:
            if index_notes.index_variant(session) == variant:
                return
        with write_session(self.database) as session:
            index_notes.set_index_variant(session, variant)
            for tenant in index_notes.tenants(session):
                index_notes.note_rebuild(session, tenant)

    def add(
        self,
        examples: Sequence[Example],
        *,
        entries: Sequence[AuditEntry] = (),
        also: Callable[[Session], None] = lambda _: None,
    ) -> tuple[Stored, ...]:
        """Keep examples, the audit's lines and what `also` writes, all of them or none.

        Older annotations of the same document under the same schema are replaced. When this returns the
        examples survive a crash, and searches find them.
        """
        for example in examples:
            check_tenant(example.tenant)
        with write_session(self.database) as session:
            stored = example_records.insert(session, examples)
            audit.note(session, *entries)
            also(session)
        for tenant in sorted({example.tenant for example in examples}):
            self._sync_index(tenant)
        return stored

    def get(self, tenant: str, example_id: str) -> Example:
        """Return one example of the tenant's.

        Raises
        ------
        ExampleNotFoundError
            If the tenant has none of that id.
        """
        with read_session(self.database) as session:
            row = example_records.find_row(session, tenant, example_id) if is_id(example_id) else None
            found = None if row is None else example_records.by_seqs(session, tenant, [row.seq]).get(row.seq)
        if found is None:
            raise ExampleNotFoundError("there is no example of that id")
        return found.example

    def page(self, tenant: str, *, after: int = 0, limit: int = 100) -> tuple[Stored, ...]:
        """Return the tenant's examples in the order of insertion, those after place `after`."""
        with read_session(self.database) as session:
            return example_records.after(session, tenant, after, limit)

    def newest(self, tenant: str, limit: int) -> tuple[Stored, ...]:
        """Return the tenant's newest examples, the newest first."""
        with read_session(self.database) as session:
            return example_records.newest(session, tenant, limit)

    def by_seqs(self, tenant: str, seqs: Sequence[int]) -> dict[int, Stored]:
        """Return those of the tenant's examples that are there, by their place."""
        with read_session(self.database) as session:
            return example_records.by_seqs(session, tenant, seqs)

    def pages_from(self, stored: Stored, n_pages: int) -> tuple[Stored, ...]:
        """Return an example and those of the pages that follow it in its document, `n_pages` in all."""
        with read_session(self.database) as session:
            return example_records.pages_from(session, stored, n_pages)

    def of_document(self, tenant: str, document_sha256: str) -> tuple[Stored, ...]:
        """Return the tenant's examples of one file, those that were kept last first."""
        with read_session(self.database) as session:
            return example_records.of_document(session, tenant, document_sha256)

    def schemas(self, tenant: str) -> dict[str, ExtractionSchema]:
        """Return the schemas that the tenant has examples of, by id."""
        with read_session(self.database) as session:
            return schema_records.schemas_of(session, tenant)

    def n_examples(self, tenant: str) -> int:
        """Return how many examples the tenant has."""
        with read_session(self.database) as session:
            return example_records.n_examples(session, tenant)

    def remove(self, tenant: str, example_ids: Sequence[str], entries: Sequence[AuditEntry]) -> None:
        """Delete examples of the tenant's, contents and all, and write the audit's lines.

        Raises
        ------
        ExampleNotFoundError
            If one of them is not there; then none is deleted.
        """
        with write_session(self.database) as session:
            for example_id in example_ids:
                row = example_records.find_row(session, tenant, example_id) if is_id(example_id) else None
                if row is None:
                    raise ExampleNotFoundError("there is no example of one of these ids")
                example_records.delete_rows(session, (row,))
            audit.note(session, *entries)
        self._sync_index(tenant)
        self._forget_deleted()

    def taught_by(self, tenant: str, extraction_id: str) -> tuple[str, ...]:
        """Return the ids of the examples that feedback on an answer made; some may be gone."""
        with read_session(self.database) as session:
            return audit.examples_of(session, tenant, extraction_id)

    def discard(self, tenant: str, entries: Sequence[AuditEntry]) -> tuple[str, ...]:
        """Delete the examples that the entries are about, as far as they are there; return their ids."""
        gone: list[str] = []
        with write_session(self.database) as session:
            for entry in entries:
                row = example_records.find_row(session, tenant, entry.example_id or "")
                if row is not None:
                    gone.append(row.example_id)
                    example_records.delete_rows(session, (row,))
                    audit.note(session, entry)
        self._sync_index(tenant)
        return tuple(gone)

    def rebuild(self, tenant: str | None = None) -> int:
        """Make the index of one tenant, or of all, anew from the truth; return the number of examples."""
        with read_session(self.database) as session:
            wanted = index_notes.tenants(session) if tenant is None else (check_tenant(tenant),)
        n_examples = 0
        for one in wanted:
            with self._alone(_REBUILD_WAIT_S):
                n_examples += self._rebuild(one)
        return n_examples

    def ensure_index(self, tenant: str) -> bool:
        """Return whether the tenant has an index, made now if it was deleted or left half made.

        Raises
        ------
        RetrievalError
            If another process is making it.
        """
        if self._has_index(tenant):
            return True
        if self.n_examples(tenant) == 0:
            return False
        with self._alone(_SEARCH_WAIT_S):
            if not self._has_index(tenant):
                logger.info("the index is made from the database")
                self._rebuild(tenant)
        return True

    def _has_index(self, tenant: str) -> bool:
        with read_session(self.database) as session:
            if index_notes.is_being_made(session, tenant):
                return False
        return self.index.has(tenant)

    def heal(self) -> None:
        """Tell the index what a crash kept from it."""
        with read_session(self.database) as session:
            lacking = [t for t in index_notes.tenants(session) if index_notes.pending_of(session, t)]
        for tenant in lacking:
            self._sync_index(tenant)

    def warm(self) -> None:
        """Load what searches need, if there is an example; what is wrong with the store is logged."""
        try:
            with read_session(self.database) as session:
                known = index_notes.tenants(session)
            if known:
                self.index.warm()
        except RetrievalError as error:
            logger.warning("the search index is not warm: %s", error)

    def maintain(self, tenant: str | None = None) -> None:
        """Compact the indices and bring them up to date; searches go on meanwhile, writes wait."""
        with read_session(self.database) as session:
            wanted = index_notes.tenants(session) if tenant is None else (tenant,)
        for one in wanted:
            with self._alone(_REBUILD_WAIT_S):
                self.index.maintain(one)

    def close(self) -> None:
        """Finish a maintenance that is running, and close the database."""
        with self._aside, self._at_work:
            self.database.dispose()
            self.index.close()

    @contextmanager
    def _alone(self, timeout_s: float) -> Generator[None]:
        """Yield while nobody else writes to the index, of this process or another."""
        if not self._at_work.acquire(timeout=timeout_s):
            raise RetrievalError("the search index is being made")
        try:
            with lock_index(self.database, timeout_s=timeout_s):
                yield
        finally:
            self._at_work.release()

    def _rebuild(self, tenant: str) -> int:
        """Make a tenant's index anew; only with the lock. What is added meanwhile is told afterwards."""
        with write_session(self.database) as session:
            index_notes.note_rebuild(session, tenant)
        with read_session(self.database) as session:
            notes = index_notes.pending_of(session, tenant)
            n_rows = example_records.n_examples(session, tenant)
            found = example_records.batches(session, tenant, _BATCH)
            self.index.rebuild(tenant, ([index_row(s, self.embedder) for s in batch] for batch in found))
        with write_session(self.database) as session:
            index_notes.drop_pending(session, tuple(notes))
        self._sync_pending(tenant)
        return n_rows

    def _sync_index(self, tenant: str) -> None:
        """Bring the index up to what SQL says.

        A failure leaves the notes in the database: the next call, or the next start, tries again.
        """
        try:
            with self._alone(_SYNC_WAIT_S):
                self._sync_pending(tenant)
                is_small = self.index.is_small(tenant)
                if is_small:  # so that its answers depend on no past
                    self.index.maintain(tenant)
            if not is_small and self.index.needs_maintenance(tenant) and self._aside.acquire(blocking=False):
                threading.Thread(target=self._maintain_aside, args=(tenant,), daemon=True).start()
        except RetrievalError as error:
            logger.warning("the index of examples lags behind: %s", error)

    def _sync_pending(self, tenant: str) -> None:
        """Tell the index what is noted; only with the lock."""
        with read_session(self.database) as session:
            notes = index_notes.pending_of(session, tenant)
            stored = example_records.by_seqs(session, tenant, sorted(set(notes.values())))
            n_examples = example_records.n_examples(session, tenant)
        if not notes:
            return
        if index_notes.WHOLE_INDEX in notes.values() or (n_examples and not self.index.has(tenant)):
            self._rebuild(tenant)
            return
        # Removed first whatever they are: a crash may have left rows whose notes were not yet taken away.
        self.index.remove(tenant, sorted(set(notes.values())))
        rows = [index_row(stored[seq], self.embedder) for seq in sorted(stored)]
        if rows:
            self.index.add(tenant, rows)
        with write_session(self.database) as session:
            index_notes.drop_pending(session, tuple(notes))

    def _forget_deleted(self) -> None:
        try:
            forget_deleted(self.database)
        except RetrievalError as error:  # a reader is at work; the next write overwrites it
            logger.info("the log still holds what was deleted: %s", error)

    def _maintain_aside(self, tenant: str) -> None:
        try:
            with self._alone(_REBUILD_WAIT_S):
                self.index.maintain(tenant)
        except RetrievalError as error:
            logger.warning("the index was not compacted: %s", error)
        finally:
            self._aside.release()


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)
