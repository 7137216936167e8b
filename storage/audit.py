"""The audit: who did what to a tenant's examples and adapters."""

from __future__ import annotations

from sqlalchemy.orm import Session

from schemas.example import AuditEntry
from storage.tables import AuditRow


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
