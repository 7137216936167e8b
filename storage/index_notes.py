"""What the search index has not been told yet, and what its rows are made with."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from storage.tables import ExampleRow, PendingRow, StoreRow

# SQLite takes 32,766 variables in a statement, PostgreSQL 65,535.
_MAX_VARIABLES = 10_000
# Where a note has it for a place, it is about the whole index; places begin at 1.
WHOLE_INDEX = 0


def tenants(session: Session) -> tuple[str, ...]:
    """Return the tenants that have examples, or of whom the index may still have some."""
    with_examples = session.scalars(select(ExampleRow.tenant).distinct()).all()
    pending = session.scalars(select(PendingRow.tenant).distinct()).all()
    return tuple(sorted({*with_examples, *pending}))


def pending_of(session: Session, tenant: str) -> dict[int, int]:
    """Return what the index has not been told yet: place in the order, by the note's id."""
    query = select(PendingRow).where(PendingRow.tenant == tenant).order_by(PendingRow.pending_id)
    return {row.pending_id: row.seq for row in session.scalars(query)}


def note_rebuild(session: Session, tenant: str) -> None:
    """Note that the tenant's index is being made: until the note is dropped, what there is may be half."""
    session.add(PendingRow(tenant=tenant, seq=WHOLE_INDEX))


def index_variant(session: Session) -> str:
    """Return what the rows of the index are made with."""
    return session.scalars(select(StoreRow.index_variant)).one()


def set_index_variant(session: Session, variant: str) -> None:
    """Note what the rows of the index are made with from now on."""
    session.execute(update(StoreRow).values(index_variant=variant))


def is_being_made(session: Session, tenant: str) -> bool:
    """Return whether the tenant's index is half made: by somebody at work, or left so by a crash."""
    noted = exists().where(PendingRow.tenant == tenant, PendingRow.seq == WHOLE_INDEX)
    return bool(session.scalar(select(noted)))


def drop_pending(session: Session, pending_ids: Sequence[int]) -> None:
    """Forget notes whose matter the index has been told."""
    for start in range(0, len(pending_ids), _MAX_VARIABLES):
        part = pending_ids[start : start + _MAX_VARIABLES]
        session.execute(delete(PendingRow).where(PendingRow.pending_id.in_(part)))
