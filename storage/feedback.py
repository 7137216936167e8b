"""How answers came out by what people said of them, by the adapter that gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from storage.database import read_session
from storage.tables import FeedbackScoreRow


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackScore:
    """Of one answer `n_right` of `n_fields` fields are as a person says; no values.

    `adapter_sha256` is the content of the adapter that answered, None for the base model.
    """

    extraction_id: str
    tenant: str
    schema_name: str
    adapter_sha256: str | None
    n_right: int
    n_fields: int
    at: datetime

    def __post_init__(self) -> None:
        if not 0 <= self.n_right <= self.n_fields:
            raise ValueError(f"need 0 <= n_right <= n_fields, got {self.n_right}, {self.n_fields}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSummary:
    """Documents that somebody confirmed or corrected, and the mean share of their fields that were right.

    `mean_score` is in [0, 1]; None if no document had a field.
    """

    n_documents: int
    mean_score: float | None


def keep_score(session: Session, score: FeedbackScore) -> None:
    """Write a score down; what was said of the same answer before counts no more."""
    session.merge(
        FeedbackScoreRow(
            extraction_id=score.extraction_id,
            tenant=score.tenant,
            schema_name=score.schema_name,
            adapter_sha256=score.adapter_sha256,
            n_right=score.n_right,
            n_fields=score.n_fields,
            at=score.at,
        )
    )


def drop_score(session: Session, extraction_id: str) -> None:
    """Delete what was said of an answer, if anything was."""
    session.execute(delete(FeedbackScoreRow).where(FeedbackScoreRow.extraction_id == extraction_id))


def feedback_summaries(database: Engine, tenant: str) -> Mapping[tuple[str, str | None], FeedbackSummary]:
    """Return the tenant's feedback by schema name and adapter content, None for the base model."""
    row = FeedbackScoreRow
    share = row.n_right * 1.0 / func.nullif(row.n_fields, 0)
    query = (
        select(row.schema_name, row.adapter_sha256, func.count(), func.avg(share))
        .where(row.tenant == tenant)
        .group_by(row.schema_name, row.adapter_sha256)
    )
    with read_session(database) as session:
        found = session.execute(query).all()
    return {
        (schema_name, adapter): FeedbackSummary(
            n_documents=n_documents, mean_score=None if mean is None else float(mean)
        )
        for schema_name, adapter, n_documents, mean in found
    }
