"""Terms of loans and revenue shares.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NUMBERS = ("interest_bps", "revenue_bps", "cap_bps", "term_months")


def upgrade() -> None:
    """Plain ALTERs: rebuilding the table on SQLite would drop the triggers of the public list."""
    for name in _NUMBERS:
        op.add_column("campaign", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("campaign", sa.Column("repayment", sa.String(length=16), nullable=True))


def downgrade() -> None:
    for name in ("repayment", *_NUMBERS):
        op.drop_column("campaign", name)
