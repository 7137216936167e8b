"""Examples know what was corrected, and the whole answer that was confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of examples that are there, neither is known."""
    op.add_column("examples", sa.Column("mistakes_json", sa.Text, nullable=False, server_default="{}"))
    op.add_column("examples", sa.Column("confirmed_json", sa.Text, nullable=True))


def downgrade() -> None:
    """Take the columns away."""
    op.drop_column("examples", "confirmed_json")
    op.drop_column("examples", "mistakes_json")
