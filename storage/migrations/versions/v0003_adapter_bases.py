"""Adapters are live for one base model: each knows its base's weights."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATES = ("live", "canary")


def upgrade() -> None:
    """Add the column, filled from the cards, and let each base have its live adapter and its canary."""
    op.add_column("adapters", sa.Column("base_sha256", sa.String(64), nullable=False, server_default=""))
    adapters = sa.table(
        "adapters",
        sa.column("adapter_id", sa.String),
        sa.column("card_json", sa.Text),
        sa.column("base_sha256", sa.String),
    )
    connection = op.get_bind()
    for adapter_id, card in connection.execute(sa.select(adapters.c.adapter_id, adapters.c.card_json)).all():
        known = adapters.update().where(adapters.c.adapter_id == adapter_id)
        connection.execute(known.values(base_sha256=str(json.loads(card)["base_sha256"])))
    _index_states(["tenant", "schema_name", "base_sha256"])


def downgrade() -> None:
    """Take the column away; where several bases had one, the adapter that changed last stays live."""
    connection = op.get_bind()
    for state in _STATES:
        connection.execute(
            sa.text(
                "UPDATE adapters SET state = 'retired', canary_percent = NULL "
                "WHERE state = :state AND EXISTS ("
                "SELECT 1 FROM adapters other WHERE other.tenant = adapters.tenant "
                "AND other.schema_name = adapters.schema_name AND other.state = adapters.state "
                "AND (other.changed_at > adapters.changed_at "
                "OR (other.changed_at = adapters.changed_at AND other.seq > adapters.seq)))"
            ),
            {"state": state},
        )
    _index_states(["tenant", "schema_name"])
    op.drop_column("adapters", "base_sha256")


def _index_states(columns: list[str]) -> None:
    for state in _STATES:
        where = sa.text(f"state = '{state}'")
        op.drop_index(f"ux_adapters_{state}", "adapters")
        op.create_index(
            f"ux_adapters_{state}",
            "adapters",
            columns,
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )
