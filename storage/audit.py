"""The audit: who did what to a tenant's examples and adapters."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.example import AuditEntry
from storage.tables import AuditRow


def examples_of(session: Session, tenant: str, extraction_id: str) -> tuple[str, ...]:
    """Return the ids of the examples that feedback on an answer made, the oldest first; some may be gone."""
    of_answer = (AuditRow.tenant == tenant, AuditRow.extraction_id == extraction_id)
    found = session.scalars(
        select(AuditRow.example_id)
        .where(*of_answer, AuditRow.example_id.is_not(None))
        .order_by(AuditRow.audit_id)
    )
    return tuple(dict.fromkeys(one for one in found if one is not None))


def note(session: Session, *entries: AuditEntry) -> None:
    """Write lines of the audit."""
    for entry in entries:
        session.add(
            AuditRow(
                tenant=entry.tenant,
                at=entry.at,
                actor=entry.actor,
                action=entry.action,
                example_id=entry.example_id,
                extraction_id=entry.extraction_id,
                adapter_id=entry.adapter_id,
            )
        )
