"""Name stored work and schedules by the features that `accounts` became.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAMES = {
    "accounts.apply_change": "security.apply_change",
    "accounts.lapse_requests": "admin.lapse_requests",
    "accounts.purge_attempts": "sign_in.purge_attempts",
    "accounts.purge_limits": "sign_in.purge_limits",
    "accounts.purge_proofs": "security.purge_proofs",
    "accounts.purge_tokens": "api_tokens.purge",
}


def upgrade() -> None:
    """Rename what waits in the outbox, and drop old schedules: they are planned anew at once."""
    _rename(NAMES)


def downgrade() -> None:
    """Give back the old names."""
    _rename({new: old for old, new in NAMES.items()})


def _rename(names: dict[str, str]) -> None:
    outbox = sa.table("outbox", sa.column("kind"))
    schedule = sa.table("schedule", sa.column("name"))
    for old, new in names.items():
        op.execute(sa.update(outbox).where(outbox.c.kind == old).values(kind=new))
    op.execute(sa.delete(schedule).where(schedule.c.name.in_(list(names))))
