"""Withdrawals from wallets to bank accounts.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of withdrawals, their history and the bank's answers."""
    op.create_table(
        "payout",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gateway", sa.String(length=24), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("masked", sa.String(length=40), nullable=False),
        sa.Column("hold_id", sa.String(length=32), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("gateway_id", sa.String(length=64), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("problem_at", UTCDateTime(), nullable=True),
        sa.Column("requested_at", UTCDateTime(), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('requested', 'approved', 'submitted', 'paid', 'failed', 'rejected', 'cancelled')",
            name=op.f("ck_payout_status_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payout_positive")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payout_account.id"], name=op.f("fk_payout_account_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_payout_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("gateway", "gateway_id", name=op.f("uq_payout_gateway_gateway_id")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_payout_hold_id")),
        sa.UniqueConstraint("user_id", "form_key", name=op.f("uq_payout_user_id_form_key")),
    )
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payout_problem_at"), ["problem_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_payout_status_needs_approval_requested_at"),
            ["status", "needs_approval", "requested_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_payout_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "payout_answer",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("payout_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payout.id"], name=op.f("fk_payout_answer_payout_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_answer")),
        info={"append_only": True},
    )
    with op.batch_alter_table("payout_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payout_answer_payout_id"), ["payout_id"], unique=False)

    op.create_table(
        "payout_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("payout_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payout.id"], name=op.f("fk_payout_event_payout_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_event")),
        info={"append_only": True},
    )
    with op.batch_alter_table("payout_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payout_event_payout_id"), ["payout_id"], unique=False)

    make_append_only(op, "payout_answer")
    make_append_only(op, "payout_event")


def downgrade() -> None:
    """Drop them, those that refer to others first; MariaDB drops no index that a key needs."""
    for table in ("payout_event", "payout_answer", "payout"):
        op.drop_table(table)
