"""Refunds, and returns of their money to where it came from.

Revision ID: 0032
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0032"
down_revision = "0029"
branch_labels = None
depends_on = None

_DESTINATION = (
    "(kind = 'withdrawal' AND account_id IS NOT NULL AND refund_id IS NULL"
    " AND source_tx IS NULL) OR (kind = 'return' AND account_id IS NULL"
    " AND refund_id IS NOT NULL AND source_tx IS NOT NULL)"
)
_ID = sa.String(length=32)


def upgrade() -> None:
    """Make the tables of refunds, and let a payout go back to a transaction of the gateway."""
    op.create_table(
        "refund",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("source_kind", sa.String(length=12), nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("payment_id", _ID, nullable=True),
        sa.Column("gateway", sa.String(length=24), nullable=False),
        sa.Column("tx_id", sa.String(length=64), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("credited_at", UTCDateTime(), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=True),
        sa.Column("reminded_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "source_kind IN ('investment', 'exception')", name=op.f("ck_refund_source_kind_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_refund_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("key", name=op.f("uq_refund_key")),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_gateway_tx_id"), ["gateway", "tx_id"])
        batch_op.create_index(batch_op.f("ix_refund_user_id_id"), ["user_id", "id"])

    op.create_table(
        "refund_default",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_refund_default_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_refund_default")),
    )
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=12), server_default="withdrawal", nullable=False)
        )
        batch_op.add_column(sa.Column("refund_id", _ID, nullable=True))
        batch_op.add_column(sa.Column("source_tx", sa.String(length=64), nullable=True))
        batch_op.alter_column("account_id", existing_type=_ID, nullable=True)
        batch_op.create_check_constraint(
            batch_op.f("ck_payout_kind_known"), "kind IN ('withdrawal', 'return')"
        )
        batch_op.create_check_constraint(batch_op.f("ck_payout_destination"), _DESTINATION)
        batch_op.create_index(batch_op.f("ix_payout_refund_id"), ["refund_id"])
        batch_op.create_index(batch_op.f("ix_payout_gateway_source_tx"), ["gateway", "source_tx"])


def downgrade() -> None:
    """Drop them. Raises IntegrityError while a refund has gone back: its payout has no account."""
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payout_gateway_source_tx"))
        batch_op.drop_index(batch_op.f("ix_payout_refund_id"))
        batch_op.drop_constraint(batch_op.f("ck_payout_destination"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_payout_kind_known"), type_="check")
        batch_op.alter_column("account_id", existing_type=_ID, nullable=False)
        batch_op.drop_column("source_tx")
        batch_op.drop_column("refund_id")
        batch_op.drop_column("kind")
    op.drop_table("refund_default")
    op.drop_table("refund")
