"""The example store: what is confirmed is in SQL when a call returns, and can be found from then on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from retrieval import truth
from retrieval.database import open_database, reading, store_id, writing
from retrieval.index import ExampleIndex
from retrieval.rows import index_row
from retrieval.truth import Stored
from schemas.errors import ExampleNotFoundError, RetrievalError
from schemas.example import AuditEntry, Example, checked_tenant
from schemas.spec import ExtractionSchema

logger = logging.getLogger(__name__)

_BATCH = 2_000


class ExampleStore:
    """Examples of all tenants: the truth in SQL, and the index that follows it.

    Safe to share between threads, and between processes that open the same database and index. What a crash
    left between the two is put right when the store is opened.

    Parameters
    ----------
    url
        The database (`retrieval.database.open_database`).
    index_uri
        Folder or object-store URI of the index; it may be deleted at any time.
    storage_options
        What the object store needs, as LanceDB names it.

    Raises
    ------
    ConfigurationError, RetrievalError
        As `open_database`. The methods raise `RetrievalError` if the database fails; an index that fails
        costs hits until it is healed, never an example.
    """

    def __init__(self, url: str, *, index_uri: str, storage_options: Mapping[str, str] | None = None) -> None:
        self.database: Engine = open_database(url)
        with self.database.connect() as connection:
            found = store_id(connection)
        self.index = ExampleIndex(index_uri, store_id=found, storage_options=storage_options)
        self._maintenance = threading.Lock()
        self._building = threading.Lock()
        self._telling = threading.Lock()
        self.heal()

    def add(
        self,
        examples: Sequence[Example],
        *,
        entries: Sequence[AuditEntry] = (),
        also: Callable[[Session], None] = lambda _: None,
    ) -> tuple[Stored, ...]:
        """Keep examples, the audit's lines and what `also` writes, all of them or none.

        An older annotation of the same page under the same schema is replaced. When this returns the
        examples survive a crash, and searches find them.
        """
        for example in examples:
            checked_tenant(example.tenant)
        with writing(self.database) as session:
            stored = truth.insert(session, examples)
            truth.note(session, *entries)
            also(session)
        for tenant in sorted({example.tenant for example in examples}):
            self._tell(tenant, fresh=frozenset(s.seq for s in stored))
        return stored

    def get(self, tenant: str, example_id: str) -> Example:
        """Return one example of the tenant's.

        Raises
        ------
        ExampleNotFoundError
            If the tenant has none of that id.
        """
        with reading(self.database) as session:
            row = truth.find_row(session, tenant, example_id)
            found = None if row is None else truth.by_seqs(session, tenant, [row.seq]).get(row.seq)
        if found is None:
            raise ExampleNotFoundError(f"no example {example_id[:32]!r}")
        return found.example

    def page(self, tenant: str, *, after: int = 0, limit: int = 100) -> tuple[Stored, ...]:
        """Return the tenant's examples in the order of insertion, those after place `after`."""
        with reading(self.database) as session:
            return truth.after(session, tenant, after, limit)

    def newest(self, tenant: str, limit: int) -> tuple[Stored, ...]:
        """Return the tenant's newest examples, the newest first."""
        with reading(self.database) as session:
            return truth.newest(session, tenant, limit)

    def by_seqs(self, tenant: str, seqs: Sequence[int]) -> dict[int, Stored]:
        """Return those of the tenant's examples that are there, by their place."""
        with reading(self.database) as session:
            return truth.by_seqs(session, tenant, seqs)

    def pages_from(self, stored: Stored, n_pages: int) -> tuple[Stored, ...]:
        """Return an example and those of the pages that follow it in its document, `n_pages` in all."""
        with reading(self.database) as session:
            return truth.pages_from(session, stored, n_pages)

    def schemas(self, tenant: str) -> dict[str, ExtractionSchema]:
        """Return the schemas that the tenant has examples of, by id."""
        with reading(self.database) as session:
            return truth.schemas_of(session, tenant)

    def n_examples(self, tenant: str) -> int:
        """Return how many examples the tenant has."""
        with reading(self.database) as session:
            return truth.n_examples(session, tenant)

    def remove(self, tenant: str, example_ids: Sequence[str], entries: Sequence[AuditEntry]) -> None:
        """Delete examples of the tenant's, contents and all, and write the audit's lines.

        Raises
        ------
        ExampleNotFoundError
            If one of them is not there; then none is deleted.
        """
        with writing(self.database) as session:
            for example_id in example_ids:
                row = truth.find_row(session, tenant, example_id)
                if row is None:
                    raise ExampleNotFoundError(f"no example {example_id[:32]!r}")
                truth.delete_rows(session, (row,))
            truth.note(session, *entries)
        self._tell(tenant)

    def rebuild(self, tenant: str | None = None) -> int:
        """Make the index of one tenant, or of all, anew from the truth; return the number of examples."""
        with reading(self.database) as session:
            wanted = truth.tenants(session) if tenant is None else (checked_tenant(tenant),)
        return sum(self._rebuild(one) for one in wanted)

    def ensure_index(self, tenant: str) -> bool:
        """Return whether the tenant has an index, made now if it was deleted."""
        if self.index.has(tenant):
            return True
        if self.n_examples(tenant) == 0:
            return False
        with self._building:
            if not self.index.has(tenant):
                logger.info("the index is made from the database")
                self._rebuild(tenant)
        return True

    def heal(self) -> None:
        """Tell the index what a crash kept from it."""
        with reading(self.database) as session:
            lacking = [t for t in truth.tenants(session) if truth.pending_of(session, t)]
        for tenant in lacking:
            self._tell(tenant)

    def maintain(self, tenant: str | None = None) -> None:
        """Compact the indices and bring them up to date; searches go on meanwhile."""
        with reading(self.database) as session:
            wanted = truth.tenants(session) if tenant is None else (tenant,)
        with self._maintenance:
            for one in wanted:
                self.index.maintain(one)

    def close(self) -> None:
        """Finish a maintenance that is running, and close the database."""
        with self._maintenance:
            self.database.dispose()
            self.index.close()

    def _rebuild(self, tenant: str) -> int:
        with writing(self.database) as session:
            truth.note_rebuild(session, tenant)
        with reading(self.database) as session:
            notes = truth.pending_of(session, tenant)
            n_rows = truth.n_examples(session, tenant)
            found = truth.batches(session, tenant, _BATCH)
            self.index.rebuild(tenant, ([index_row(s) for s in batch] for batch in found))
        with writing(self.database) as session:
            truth.drop_pending(session, tuple(notes))
        return n_rows

    def _tell(self, tenant: str, *, fresh: frozenset[int] = frozenset()) -> None:
        """Bring the index up to what SQL says; `fresh` examples are in no index yet.

        A failure leaves the notes in the database: the next call, or the next start, tries again.
        """
        try:
            with self._telling:
                self._tell_pending(tenant, fresh)
        except RetrievalError as error:
            logger.warning("the index of examples lags behind: %s", error)
            return
        self._keep_in_shape(tenant)

    def _tell_pending(self, tenant: str, fresh: frozenset[int]) -> None:
        if not self.index.has(tenant):
            self.ensure_index(tenant)
            return
        with reading(self.database) as session:
            notes = truth.pending_of(session, tenant)
            stored = truth.by_seqs(session, tenant, sorted(set(notes.values())))
        if truth.WHOLE_INDEX in notes.values():
            self._rebuild(tenant)
            return
        self.index.remove(tenant, sorted(set(notes.values()) - fresh))
        rows = [index_row(stored[seq]) for seq in sorted(stored)]
        if rows:
            self.index.add(tenant, rows)
        if notes:
            with writing(self.database) as session:
                truth.drop_pending(session, tuple(notes))

    def _keep_in_shape(self, tenant: str) -> None:
        """Maintain a small index at once, so that its answers depend on no past; a large one aside."""
        if self.index.is_small(tenant):
            with self._maintenance:
                self._maintain(tenant)
        elif self.index.needs_maintenance(tenant) and self._maintenance.acquire(blocking=False):
            threading.Thread(target=self._maintain_aside, args=(tenant,), daemon=True).start()

    def _maintain_aside(self, tenant: str) -> None:
        try:
            self._maintain(tenant)
        finally:
            self._maintenance.release()

    def _maintain(self, tenant: str) -> None:
        try:
            self.index.maintain(tenant)
        except RetrievalError as error:
            logger.warning("the index was not compacted: %s", error)


def sqlite_url(folder: Path) -> str:
    """Return the URL of the store's database in a folder."""
    return f"sqlite:///{folder / 'rasg.sqlite'}"


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)
