"""How often, and when last, the order of a withdrawal was sent to the bank.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the limit of orders, and the moment of the last."""
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("most_sends", sa.Integer(), server_default="12", nullable=False)
        )
        batch_op.add_column(sa.Column("last_sent_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Drop both columns."""
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_column("last_sent_at")
        batch_op.drop_column("most_sends")
