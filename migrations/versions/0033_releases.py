"""Releases by two people and in parts.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the requests, and count the releases of before as one part each."""
    op.create_table(
        "release_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("tranche", sa.Integer(), nullable=False),
        sa.Column("company_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("token_company_minor", sa.BigInteger(), nullable=False),
        sa.Column("token_fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("open_key", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "(status = 'pending' AND open_key IS NOT NULL) OR "
            "(status <> 'pending' AND open_key IS NULL)",
            name=op.f("ck_release_request_open_key"),
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name=op.f("ck_release_request_four_eyes"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'refused', 'cancelled')",
            name=op.f("ck_release_request_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_release_request_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_request")),
        sa.UniqueConstraint("open_key", name=op.f("uq_release_request_open_key")),
    )
    with op.batch_alter_table("release_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_release_request_campaign_id"), ["campaign_id"], unique=False
        )

    op.create_table(
        "release_request_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("release_request_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_request_id"],
            ["release_request.id"],
            name=op.f("fk_release_request_event_release_request_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_request_event")),
        info={"append_only": True},
    )
    with op.batch_alter_table("release_request_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_release_request_event_release_request_id"),
            ["release_request_id"],
            unique=False,
        )

    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tranches", sa.JSON(), nullable=True))
        batch_op.add_column(
            sa.Column("tranches_paid", sa.Integer(), server_default="0", nullable=False)
        )

    with op.batch_alter_table("contract_reading", schema=None) as batch_op:
        batch_op.add_column(sa.Column("releases", sa.Integer(), server_default="0", nullable=False))

    op.execute("UPDATE campaign SET tranches_paid = 1 WHERE released_minor IS NOT NULL")
    make_append_only(op, "release_request_event")


def downgrade() -> None:
    """Drop the requests and the columns."""
    with op.batch_alter_table("contract_reading", schema=None) as batch_op:
        batch_op.drop_column("releases")

    for name in ("tranches_paid", "tranches"):  # not in a batch: SQLite would lose the triggers
        op.drop_column("campaign", name)

    op.drop_table("release_request_event")
    op.drop_table("release_request")
