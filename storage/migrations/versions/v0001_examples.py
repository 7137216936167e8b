"""Examples, their schemas, what the index lacks, the audit, and extractions that may be corrected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "store",
        sa.Column("store_id", sa.String(32), primary_key=True),
        sa.Column("index_variant", sa.String(128), nullable=False),
    )
    op.create_table(
        "schemas",
        sa.Column("schema_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("json_schema", sa.Text, nullable=False),
    )
    op.create_table(
        "examples",
        sa.Column("seq", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("example_id", sa.String(32), nullable=False, unique=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("document_sha256", sa.String(64), nullable=False),
        sa.Column("page_index", sa.Integer, nullable=False),
        sa.Column("schema_id", sa.String(64), sa.ForeignKey("schemas.schema_id"), nullable=False),
        sa.Column("page_hash", sa.LargeBinary(32)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer_json", sa.Text, nullable=False),
        sa.Column("evidence_json", sa.Text, nullable=False),
        sa.Column("known_json", sa.Text, nullable=False),
        sa.Column("unknown_json", sa.Text, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("confirmed_by", sa.String(128), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("tenant", "document_sha256", "page_index", "schema_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_examples_tenant_seq", "examples", ["tenant", "seq"])
    op.create_index("ix_examples_tenant_schema", "examples", ["tenant", "schema_id"])
    op.create_table(
        "index_pending",
        sa.Column("pending_id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(64), nullable=False, index=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("audit_id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(64), nullable=False, index=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("example_id", sa.String(32)),
        sa.Column("extraction_id", sa.String(32), index=True),
    )
    op.create_table(
        "extractions",
        sa.Column("extraction_id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("schema_id", sa.String(64), sa.ForeignKey("schemas.schema_id"), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("output_json", sa.Text, nullable=False),
    )
    op.create_index("ix_extractions_created_at", "extractions", ["created_at"])


def downgrade() -> None:
    """Drop the tables, and everything in them."""
    for table in ("extractions", "audit", "index_pending", "examples", "schemas", "store"):
        op.drop_table(table)
