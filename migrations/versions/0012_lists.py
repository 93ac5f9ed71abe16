"""The public list in a table of its own, with counts and an index for parts of words.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.campaigns import triggers
from crowdfund.kernel.db import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_FILTERS = ((), ("state",), ("sector",), ("state", "sector"))
_SORTS = (("starts_at",), ("is_over", "ends_at"), ("funded_bps",))


def upgrade() -> None:
    """Make the tables, list the campaigns that are public already, then make the triggers."""
    listing = op.create_table(
        "campaign_listing",
        sa.Column("place", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sector", sa.String(length=24), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("is_over", sa.Integer(), nullable=False),
        sa.Column("funded_bps", sa.BigInteger(), nullable=False),
        sa.Column("search_text", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_campaign_listing")),
        sa.UniqueConstraint("campaign_id", name=op.f("uq_campaign_listing_campaign_id")),
    )
    op.create_table(
        "campaign_count",
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sector", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state", "sector", name=op.f("pk_campaign_count")),
    )
    for filters in _FILTERS:
        for sort in _SORTS:
            name = f"ix_campaign_listing_{'_'.join((*filters, sort[-1]))}"
            op.create_index(name, listing.name, [*filters, *sort, "place"])
    op.create_index("ix_campaign_status_id", "campaign", ["status", "id"])  # the staff's list
    dialect = op.get_bind().dialect.name
    for statement in [*triggers.fill_sql(dialect), *triggers.ddl(dialect)]:
        op.execute(statement)


def downgrade() -> None:
    """Drop the list; campaigns hold all that it was made of."""
    for statement in triggers.drop_ddl(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_index("ix_campaign_status_id", "campaign")
    op.drop_table("campaign_count")
    op.drop_table("campaign_listing")
