"""Add updates of campaigns, and questions with their answers.

Revision ID: 0022
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; no campaign has updates or questions yet."""
    op.create_table(
        "campaign_question",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("asker_id", sa.String(length=32), nullable=False),
        sa.Column("asker_name", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("answer", sa.String(length=3000), nullable=True),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("corrected_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "status <> 'answered' OR answer IS NOT NULL", name=op.f("ck_campaign_question_answer")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'answered', 'declined', 'hidden')",
            name=op.f("ck_campaign_question_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_question_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_question")),
    )
    op.create_index(
        op.f("ix_campaign_question_asker_id_asked_at"),
        "campaign_question",
        ["asker_id", "asked_at"],
    )
    op.create_index(
        op.f("ix_campaign_question_campaign_id_status_answered_at_id"),
        "campaign_question",
        ["campaign_id", "status", "answered_at", "id"],
    )
    op.create_index(
        op.f("ix_campaign_question_campaign_id_status_id"),
        "campaign_question",
        ["campaign_id", "status", "id"],
    )

    op.create_table(
        "campaign_update",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text_md", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("corrected_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'hidden', 'removed')",
            name=op.f("ck_campaign_update_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_update_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_update")),
    )
    op.create_index(
        op.f("ix_campaign_update_campaign_id_id"), "campaign_update", ["campaign_id", "id"]
    )
    op.create_index(
        op.f("ix_campaign_update_campaign_id_status_published_at_id"),
        "campaign_update",
        ["campaign_id", "status", "published_at", "id"],
    )

    op.create_table(
        "campaign_answer_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("question_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=3000), nullable=False),
        sa.Column("answered_by", sa.String(length=32), nullable=False),
        sa.Column("replaced_at", UTCDateTime(), nullable=False),
        sa.Column("replaced_by", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["campaign_question.id"],
            name=op.f("fk_campaign_answer_version_question_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_answer_version")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_campaign_answer_version_question_id"), "campaign_answer_version", ["question_id"]
    )

    op.create_table(
        "campaign_question_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_question_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_question_id"],
            ["campaign_question.id"],
            name=op.f("fk_campaign_question_event_campaign_question_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_question_event")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_campaign_question_event_campaign_question_id"),
        "campaign_question_event",
        ["campaign_question_id"],
    )

    op.create_table(
        "campaign_update_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_update_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_update_id"],
            ["campaign_update.id"],
            name=op.f("fk_campaign_update_event_campaign_update_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_update_event")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_campaign_update_event_campaign_update_id"),
        "campaign_update_event",
        ["campaign_update_id"],
    )

    op.create_table(
        "campaign_update_picture",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("update_id", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.String(length=80), nullable=False),
        sa.Column("alt", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(
            ["update_id"], ["campaign_update.id"], name=op.f("fk_campaign_update_picture_update_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_update_picture")),
    )
    op.create_index(
        op.f("ix_campaign_update_picture_update_id"), "campaign_update_picture", ["update_id"]
    )

    op.create_table(
        "campaign_update_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("update_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text_md", sa.Text(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("replaced_at", UTCDateTime(), nullable=False),
        sa.Column("replaced_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["update_id"], ["campaign_update.id"], name=op.f("fk_campaign_update_version_update_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_update_version")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_campaign_update_version_update_id"), "campaign_update_version", ["update_id"]
    )

    op.add_column(
        "campaign", sa.Column("news_version", sa.Integer(), server_default="0", nullable=False)
    )

    make_append_only(op, "campaign_answer_version")
    make_append_only(op, "campaign_question_event")
    make_append_only(op, "campaign_update_event")
    make_append_only(op, "campaign_update_version")


def downgrade() -> None:
    """Drop them; what was written, asked and answered is lost."""
    op.drop_column("campaign", "news_version")
    for table in (
        "campaign_update_version",
        "campaign_update_picture",
        "campaign_update_event",
        "campaign_update",
        "campaign_question_event",
        "campaign_answer_version",
        "campaign_question",
    ):
        op.drop_table(table)
