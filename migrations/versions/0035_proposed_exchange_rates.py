"""Exchange rates that one person proposes and another approves; documents of changed terms.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the rates themselves stay where they are."""
    op.create_table(
        "rate_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("has_checked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("open_key", sa.String(length=40), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("rate_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(status = 'pending' AND open_key IS NOT NULL) OR "
            "(status <> 'pending' AND open_key IS NULL)",
            name=op.f("ck_rate_request_open_key"),
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> asked_by"
            " AND rate_id IS NOT NULL)",
            name=op.f("ck_rate_request_four_eyes"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'refused', 'cancelled')",
            name=op.f("ck_rate_request_status_known"),
        ),
        sa.CheckConstraint(
            "numerator > 0 AND denominator > 0", name=op.f("ck_rate_request_positive")
        ),
        sa.ForeignKeyConstraint(["rate_id"], ["fx_rate.id"], name=op.f("fk_rate_request_rate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_request")),
        sa.UniqueConstraint("open_key", name=op.f("uq_rate_request_open_key")),
    )
    op.create_table(
        "rate_request_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rate_request_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["rate_request_id"],
            ["rate_request.id"],
            name=op.f("fk_rate_request_event_rate_request_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_request_event")),
        info={"append_only": True},
    )
    with op.batch_alter_table("rate_request_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rate_request_event_rate_request_id"), ["rate_request_id"], unique=False
        )

    make_append_only(op, "rate_request_event")
    op.add_column("term_change", sa.Column("document", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop the proposals and the column; approved rates stay."""
    op.drop_column("term_change", "document")
    op.drop_table("rate_request_event")
    op.drop_table("rate_request")
