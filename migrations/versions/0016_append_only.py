"""Refuse REPLACE in append-only tables on SQLite, whose trigger for DELETE it does not ask.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db.history import no_replace_ddl, unique_keys

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = sa.text(
    "SELECT tbl_name FROM sqlite_master AS made "
    "WHERE type = 'trigger' AND name = tbl_name || '_no_delete' "
    "AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = made.tbl_name || '_no_replace')"
)


def upgrade() -> None:
    """Add the trigger to the append-only tables that have none yet."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return
    for table in bind.execute(_TABLES).scalars().all():
        op.execute(no_replace_ddl(table, unique_keys(bind, table)))


def downgrade() -> None:
    """Drop the triggers."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return
    names = sa.text(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE :made ESCAPE '\\'"
    )
    for name in bind.execute(names, {"made": "%\\_no\\_replace"}).scalars().all():
        op.execute(f"DROP TRIGGER {name}")
