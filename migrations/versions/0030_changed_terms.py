"""Changes of the terms of live campaigns: proposals, versions, and what investors answer.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the terms of every campaign are version 1."""
    op.create_table(
        "term_change",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("open_key", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.Column("rejection_reason", sa.String(length=1000), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'reconfirming', 'finished', 'corrected', 'withdrawn')",
            name=op.f("ck_term_change_status_known"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> author_id", name=op.f("ck_term_change_four_eyes")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_term_change_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_change")),
        sa.UniqueConstraint("open_key", name=op.f("uq_term_change_open_key")),
    )
    op.create_index(op.f("ix_term_change_campaign_id_id"), "term_change", ["campaign_id", "id"])
    op.create_index(op.f("ix_term_change_status_id"), "term_change", ["status", "id"])

    op.create_table(
        "terms_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.String(length=32), nullable=True),
        sa.Column("is_material", sa.Boolean(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=66), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("effective_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_terms_version_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_version")),
        sa.UniqueConstraint(
            "campaign_id", "number", name=op.f("uq_terms_version_campaign_id_number")
        ),
        info={"append_only": True},
    )
    op.create_table(
        "reconfirmation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("change_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("investment_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("reminded_at", UTCDateTime(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "(status = 'open') = (answered_at IS NULL)", name=op.f("ck_reconfirmation_answered")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'kept', 'taken_back', 'lapsed', 'not_needed')",
            name=op.f("ck_reconfirmation_status_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_reconfirmation_amount")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["term_change.id"], name=op.f("fk_reconfirmation_change_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconfirmation")),
        sa.UniqueConstraint(
            "change_id", "investment_id", name=op.f("uq_reconfirmation_change_id_investment_id")
        ),
    )
    op.create_index(
        op.f("ix_reconfirmation_campaign_id_status"), "reconfirmation", ["campaign_id", "status"]
    )
    op.create_index(op.f("ix_reconfirmation_investment_id"), "reconfirmation", ["investment_id"])
    op.create_index(
        op.f("ix_reconfirmation_status_due_at_id"), "reconfirmation", ["status", "due_at", "id"]
    )
    op.create_index(
        op.f("ix_reconfirmation_user_id_status"), "reconfirmation", ["user_id", "status"]
    )

    op.create_table(
        "term_change_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("term_change_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["term_change_id"], ["term_change.id"], name=op.f("fk_term_change_event_term_change_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_change_event")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_term_change_event_term_change_id"), "term_change_event", ["term_change_id"]
    )

    op.create_table(
        "reconfirmation_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("reconfirmation_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["reconfirmation_id"],
            ["reconfirmation.id"],
            name=op.f("fk_reconfirmation_event_reconfirmation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconfirmation_event")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_reconfirmation_event_reconfirmation_id"),
        "reconfirmation_event",
        ["reconfirmation_id"],
    )

    op.add_column(
        "campaign", sa.Column("terms_version", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column("campaign", sa.Column("current_terms_hash", sa.String(length=66), nullable=True))

    op.add_column("consent", sa.Column("terms_version", sa.Integer(), nullable=True))
    op.add_column("consent", sa.Column("terms_hash", sa.String(length=66), nullable=True))

    op.add_column("investment", sa.Column("cancelled_by", sa.String(length=32), nullable=True))

    make_append_only(op, "reconfirmation_event")
    make_append_only(op, "term_change_event")
    make_append_only(op, "terms_version")


def downgrade() -> None:
    """Drop them; proposals, versions and answers are lost, the texts in force stay."""
    op.drop_column("investment", "cancelled_by")
    op.drop_column("consent", "terms_hash")
    op.drop_column("consent", "terms_version")
    op.drop_column("campaign", "current_terms_hash")
    op.drop_column("campaign", "terms_version")
    for table in (
        "reconfirmation_event",
        "reconfirmation",
        "term_change_event",
        "terms_version",
        "term_change",
    ):
        op.drop_table(table)
