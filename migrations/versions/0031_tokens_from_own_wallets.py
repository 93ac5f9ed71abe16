"""Payments with tokens from own wallets: dated rates, orders with a locked quote, a total.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and count what campaigns got as tokens; nothing was paid so before."""
    op.create_table(
        "fx_rate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("numerator > 0 AND denominator > 0", name=op.f("ck_fx_rate_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fx_rate")),
        sa.UniqueConstraint(
            "token", "currency", "valid_from", name=op.f("uq_fx_rate_token_currency_valid_from")
        ),
        info={"append_only": True},
    )
    op.create_table(
        "token_order",
        sa.Column("payment_id", sa.String(length=32), nullable=False),
        sa.Column("intent", sa.String(length=66), nullable=False),
        sa.Column("rate_id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("token_minor", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.String(length=78), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("token_address", sa.String(length=42), nullable=False),
        sa.Column("contract", sa.String(length=42), nullable=False),
        sa.Column("quoted_at", UTCDateTime(), nullable=False),
        sa.Column("valid_until", UTCDateTime(), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=True),
        sa.Column("wallet_at", UTCDateTime(), nullable=True),
        sa.Column("is_contract", sa.Boolean(), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=True),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("hint_tx", sa.String(length=66), nullable=True),
        sa.Column("hint_at", UTCDateTime(), nullable=True),
        sa.Column("tx_hash", sa.String(length=66), nullable=True),
        sa.Column("paid_at", UTCDateTime(), nullable=True),
        sa.Column("refund_tx", sa.String(length=66), nullable=True),
        sa.CheckConstraint("token_minor > 0", name=op.f("ck_token_order_positive")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_token_order_payment_id")
        ),
        sa.ForeignKeyConstraint(["rate_id"], ["fx_rate.id"], name=op.f("fk_token_order_rate_id")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_token_order")),
        sa.UniqueConstraint("intent", name=op.f("uq_token_order_intent")),
    )
    with op.batch_alter_table("token_order", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_token_order_contract_wallet"), ["contract", "wallet"], unique=False
        )

    # A plain ALTER: rebuilding the table on SQLite would drop the triggers of the public list.
    column = sa.Column("paid_token_minor", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("campaign", column)
    make_append_only(op, "fx_rate")


def downgrade() -> None:
    """Forget rates and orders; the journal keeps what was paid."""
    op.drop_column("campaign", "paid_token_minor")
    op.drop_table("token_order")
    op.drop_table("fx_rate")
