"""How much work there is, of all tenants: what an operator watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from storage.database import Engine, read_session
from storage.jobs import UNFINISHED
from storage.tables import JobRow


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCount:
    """Unfinished jobs by state, and the seconds since the oldest queued one was accepted (0 of none)."""

    n_by_state: dict[str, int]
    oldest_age_s: float


def count_queue(database: Engine) -> QueueCount:
    """Return how much work there is; states without a job have 0."""
    with read_session(database) as session:
        found = session.execute(
            select(JobRow.state, func.count()).where(JobRow.state.in_(UNFINISHED)).group_by(JobRow.state)
        )
        counts = dict.fromkeys(sorted(UNFINISHED), 0) | {str(state): int(n) for state, n in found}
        oldest = session.scalar(select(func.min(JobRow.created_at)).where(JobRow.state == "queued"))
    age_s = 0.0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds()
    return QueueCount(n_by_state=counts, oldest_age_s=max(0.0, age_s))
