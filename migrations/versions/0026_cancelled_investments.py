"""Paid investments that their investors cancelled.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add when an investment was cancelled, and the transaction on chain."""
    with op.batch_alter_table("investment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cancelled_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("cancel_tx", sa.String(length=66), nullable=True))


def downgrade() -> None:
    """Drop both columns."""
    with op.batch_alter_table("investment", schema=None) as batch_op:
        batch_op.drop_column("cancel_tx")
        batch_op.drop_column("cancelled_at")
