"""Adapters and their states, who answered what is kept, and how it came out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, and the columns that older ones lack."""
    op.add_column("audit", sa.Column("adapter_id", sa.String(32)))
    op.add_column("extractions", sa.Column("adapter_sha256", sa.String(64)))
    op.create_table(
        "adapters",
        sa.Column("seq", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("adapter_id", sa.String(32), nullable=False, unique=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("schema_name", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("card_json", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("canary_percent", sa.Integer),
        sa.Column("replaced_id", sa.String(32)),
        sa.Column("added_by", sa.String(128), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(128), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("tenant", "schema_name", "content_sha256"),
    )
    for state in ("live", "canary"):
        where = sa.text(f"state = '{state}'")
        op.create_index(
            f"ux_adapters_{state}",
            "adapters",
            ["tenant", "schema_name"],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )
    op.create_index("ix_adapters_content", "adapters", ["content_sha256"])
    op.create_table(
        "feedback_scores",
        sa.Column("extraction_id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("schema_name", sa.String(64), nullable=False),
        sa.Column("adapter_sha256", sa.String(64)),
        sa.Column("n_right", sa.Integer, nullable=False),
        sa.Column("n_fields", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index(
        "ix_feedback_scores_tenant", "feedback_scores", ["tenant", "schema_name", "adapter_sha256"]
    )


def downgrade() -> None:
    """Drop what was made, and everything in it."""
    op.drop_table("feedback_scores")
    op.drop_table("adapters")
    op.drop_column("extractions", "adapter_sha256")
    op.drop_column("audit", "adapter_id")
