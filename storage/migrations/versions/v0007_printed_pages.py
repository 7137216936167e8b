"""Examples with lists know where the words of their page stand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of examples that are there it is not known."""
    op.add_column("examples", sa.Column("printed_zlib", sa.LargeBinary, nullable=True))


def downgrade() -> None:
    """Take the column away."""
    op.drop_column("examples", "printed_zlib")
