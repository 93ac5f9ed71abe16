"""Dated versions of the plan, which one person proposes and another approves.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; without a version the terms in the code apply."""
    op.create_table(
        "plan_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("pair_minor", sa.BigInteger(), nullable=False),
        sa.Column("referral_minor", sa.BigInteger(), nullable=False),
        sa.Column("month_limit", sa.Integer(), nullable=False),
        sa.Column("free_pairs", sa.Integer(), nullable=False),
        sa.Column("emi_bp", sa.Integer(), nullable=False),
        sa.Column("reserve_bp", sa.Integer(), nullable=False),
        sa.Column("surplus", sa.String(length=8), nullable=False),
        sa.Column("min_payout_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("open_key", sa.String(length=10), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "status <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name=op.f("ck_plan_version_four_eyes"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'refused', 'cancelled')",
            name=op.f("ck_plan_version_status_known"),
        ),
        sa.CheckConstraint(
            "surplus IN ('carry', 'flush')", name=op.f("ck_plan_version_surplus_known")
        ),
        sa.CheckConstraint(
            "emi_bp >= 0 AND reserve_bp >= 0 AND emi_bp + reserve_bp <= 10000",
            name=op.f("ck_plan_version_shares"),
        ),
        sa.CheckConstraint(
            "month_limit > 0 AND free_pairs >= 0", name=op.f("ck_plan_version_pairs")
        ),
        sa.CheckConstraint(
            "pair_minor > 0 AND referral_minor > 0 AND min_payout_minor > 0",
            name=op.f("ck_plan_version_amounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("open_key", name=op.f("uq_plan_version_open_key")),
    )
    with op.batch_alter_table("plan_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_plan_version_status_from_on"), ["status", "from_on"], unique=False
        )

    op.create_table(
        "plan_version_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("plan_version_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_version_id"],
            ["plan_version.id"],
            name=op.f("fk_plan_version_event_plan_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version_event")),
        info={"append_only": True},
    )
    with op.batch_alter_table("plan_version_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_plan_version_event_plan_version_id"), ["plan_version_id"], unique=False
        )

    make_append_only(op, "plan_version_event")


def downgrade() -> None:
    """Drop the versions."""
    op.drop_table("plan_version_event")
    op.drop_table("plan_version")
