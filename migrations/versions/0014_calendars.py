"""Let people choose the calendar of dates, on pages and in messages.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = ("person", "message")


def upgrade() -> None:
    """Add the choice; an empty one follows the language."""
    for name in TABLES:
        column = sa.Column("calendar", sa.String(length=9), server_default="", nullable=False)
        op.add_column(name, column)


def downgrade() -> None:
    """Forget the choice."""
    for name in TABLES:
        with op.batch_alter_table(name) as batch:
            batch.drop_column("calendar")
