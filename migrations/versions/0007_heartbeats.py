"""Heartbeats and gas money for the health report, an index for the purge, the audit log's head.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "chain_gas",
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("balance_gwei", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('admin', 'operator', 'recorder')", name=op.f("ck_chain_gas_role_known")),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_chain_gas")),
    )
    op.create_index(op.f("ix_outbox_kind_done_at"), "outbox", ["kind", "done_at"], unique=False)
    _make_audit_head()


def downgrade() -> None:
    op.drop_index(op.f("ix_outbox_kind_done_at"), table_name="outbox")
    op.drop_table("chain_gas")
    op.drop_table("heartbeat")


def _make_audit_head() -> None:
    """Make the audit log's head row, so that no two first entries make it at the same moment."""
    bind = op.get_bind()
    if bind.execute(sa.text("SELECT count(*) FROM audit_head")).scalar() == 0:
        values = {"hash": "0" * 64}
        bind.execute(sa.text("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, :hash)"), values)
