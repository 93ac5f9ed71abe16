"""People follow campaigns.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of who follows what."""
    op.create_table(
        "campaign_follower",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("followed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_follower_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_campaign_follower_person_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "person_id", name=op.f("pk_campaign_follower")),
    )
    op.create_index(
        op.f("ix_campaign_follower_person_id_followed_at_campaign_id"),
        "campaign_follower",
        ["person_id", "followed_at", "campaign_id"],
    )


def downgrade() -> None:
    """Forget who follows what."""
    op.drop_table("campaign_follower")
