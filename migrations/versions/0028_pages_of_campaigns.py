"""Questions with answers, galleries and people on the pages of campaigns.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; no campaign has any of it yet."""
    op.create_table(
        "campaign_faq",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=150), nullable=False),
        sa.Column("answer", sa.String(length=2000), nullable=False),
        sa.Column("source_id", sa.String(length=32), nullable=True),
        sa.Column("added_by", sa.String(length=32), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=True),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('shown', 'removed')", name=op.f("ck_campaign_faq_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_faq_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_faq")),
    )
    with op.batch_alter_table("campaign_faq", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_faq_campaign_id_place"), ["campaign_id", "place"], unique=False
        )

    op.create_table(
        "campaign_person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("file_id", sa.String(length=80), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("agreed_by", sa.String(length=32), nullable=False),
        sa.Column("agreed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_person_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_person")),
    )
    with op.batch_alter_table("campaign_person", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_person_campaign_id_place"),
            ["campaign_id", "place"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_campaign_person_file_id"), ["file_id"], unique=False)

    op.create_table(
        "campaign_picture",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String(length=80), nullable=False),
        sa.Column("alt", sa.String(length=160), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(length=32), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_picture_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_picture")),
    )
    with op.batch_alter_table("campaign_picture", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_picture_campaign_id_place"),
            ["campaign_id", "place"],
            unique=False,
        )

    op.create_table(
        "campaign_removal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "kind IN ('picture', 'person')", name=op.f("ck_campaign_removal_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_removal_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_removal")),
        info={"append_only": True},
    )
    with op.batch_alter_table("campaign_removal", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_removal_campaign_id"), ["campaign_id"], unique=False
        )

    op.create_table(
        "campaign_faq_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_faq_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_faq_id"],
            ["campaign_faq.id"],
            name=op.f("fk_campaign_faq_event_campaign_faq_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_faq_event")),
        info={"append_only": True},
    )
    with op.batch_alter_table("campaign_faq_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_faq_event_campaign_faq_id"), ["campaign_faq_id"], unique=False
        )

    op.create_table(
        "campaign_faq_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("faq_id", sa.String(length=32), nullable=False),
        sa.Column("question", sa.String(length=150), nullable=False),
        sa.Column("answer", sa.String(length=2000), nullable=False),
        sa.Column("replaced_at", UTCDateTime(), nullable=False),
        sa.Column("replaced_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["faq_id"], ["campaign_faq.id"], name=op.f("fk_campaign_faq_version_faq_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_faq_version")),
        info={"append_only": True},
    )
    with op.batch_alter_table("campaign_faq_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_faq_version_faq_id"), ["faq_id"], unique=False
        )

    make_append_only(op, "campaign_faq_event")
    make_append_only(op, "campaign_faq_version")
    make_append_only(op, "campaign_removal")


def downgrade() -> None:
    """Drop them, those that refer to others first; what companies wrote is lost."""
    for table in (
        "campaign_faq_version",
        "campaign_faq_event",
        "campaign_faq",
        "campaign_removal",
        "campaign_picture",
        "campaign_person",
    ):
        op.drop_table(table)
