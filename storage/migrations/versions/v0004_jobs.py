"""Durable jobs with their results, batches of them, and idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("n_jobs", sa.Integer, nullable=False),
    )
    _make_jobs()
    op.create_table(
        "job_results",
        sa.Column(
            "job_id", sa.String(32), sa.ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("target_id", sa.String(32), nullable=False, index=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("in_flight_until", _MOMENT),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(32), nullable=False, unique=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("batch_id", sa.String(32), sa.ForeignKey("batches.batch_id")),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("schema_id", sa.String(64), sa.ForeignKey("schemas.schema_id"), index=True),
        sa.Column("schema_name", sa.String(64), nullable=False),
        sa.Column("request_json", sa.Text, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("file_name", sa.String(255)),
        sa.Column("document_sha256", sa.String(64)),
        sa.Column("n_bytes", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("finished_at", _MOMENT),
        sa.Column("not_before", _MOMENT),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.String(128)),
        sa.Column("lease_token", sa.BigInteger, nullable=False),
        sa.Column("lease_beat", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.String(16)),
        sa.Column("page_number", sa.Integer),
        sa.Column("n_pages", sa.Integer),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("problem_json", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_state_seq", "jobs", ["state", "seq"])
    op.create_index("ix_jobs_tenant_seq", "jobs", ["tenant", "seq"])
    op.create_index("ix_jobs_tenant_document", "jobs", ["tenant", "document_sha256"])
    op.create_index("ix_jobs_batch_state", "jobs", ["batch_id", "state"])
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"])


def downgrade() -> None:
    """Drop the tables, and everything in them."""
    for table in ("idempotency_keys", "job_results", "jobs", "batches"):
        op.drop_table(table)
