"""Fees within a limit, nonce gaps, alerts about keys, closed writes.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WRITE = "'queued', 'signed', 'broadcast', 'mined', 'confirmed', 'failed'"
TX = "'signed', 'broadcast', 'mined', 'confirmed', 'reverted', 'replaced', 'lost'"
NEW_TX = "'signed', 'underpriced', 'broadcast', 'mined', 'confirmed', 'reverted', 'replaced', 'lost'"


def upgrade() -> None:
    with op.batch_alter_table("chain_tx") as table:
        table.add_column(sa.Column("kind", sa.String(8), nullable=False, server_default="call"))
        table.add_column(sa.Column("judged_at", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("refusal", sa.String(32), nullable=True))
        _allow(table, "chain_tx", NEW_TX)
        table.create_check_constraint(op.f("ck_chain_tx_kind_known"), "kind IN ('call', 'fill')")
    with op.batch_alter_table("chain_write") as table:
        _allow(table, "chain_write", f"{WRITE}, 'closed'")
    with op.batch_alter_table("chain_signer") as table:
        table.add_column(sa.Column("gap_nonce", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("gap_since", UTCDateTime(), nullable=True))
        table.add_column(sa.Column("alert", sa.String(500), nullable=True))
        table.add_column(sa.Column("alert_at", UTCDateTime(), nullable=True))
    with op.batch_alter_table("chain_cursor") as table:
        table.add_column(sa.Column("fee_problem", sa.String(500), nullable=True))


def _allow(table, name: str, statuses: str) -> None:
    table.drop_constraint(op.f(f"ck_{name}_status_known"), type_="check")
    table.create_check_constraint(op.f(f"ck_{name}_status_known"), f"status IN ({statuses})")


def downgrade() -> None:
    op.execute("UPDATE chain_write SET status = 'failed' WHERE status = 'closed'")
    op.execute("UPDATE chain_tx SET status = 'signed' WHERE status = 'underpriced'")
    with op.batch_alter_table("chain_cursor") as table:
        table.drop_column("fee_problem")
    with op.batch_alter_table("chain_signer") as table:
        for column in ("alert_at", "alert", "gap_since", "gap_nonce"):
            table.drop_column(column)
    with op.batch_alter_table("chain_write") as table:
        _allow(table, "chain_write", WRITE)
    with op.batch_alter_table("chain_tx") as table:
        table.drop_constraint(op.f("ck_chain_tx_kind_known"), type_="check")
        _allow(table, "chain_tx", TX)
        for column in ("refusal", "judged_at", "kind"):
            table.drop_column(column)
