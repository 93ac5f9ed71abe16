"""Webhooks that workers queue: the state `queued`, and what already is.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHECK = "ck_inbox_state_known"
_BEFORE = "state IN ('received', 'parked', 'done', 'refused', 'dead')"
_AFTER = "state IN ('received', 'queued', 'parked', 'done', 'refused', 'dead')"
_I = sa.table(
    "inbox",
    *(sa.column(name) for name in ("id", "provider", "state")),
    sa.column("received_at", UTCDateTime()),
)
_TEXTS = ("id", "queue", "lane", "kind", "key", "state", "attempts", "failures")
_T = sa.table(
    "outbox",
    *(sa.column(name) for name in _TEXTS),
    sa.column("payload", sa.JSON()),
    sa.column("not_before", UTCDateTime()),
    sa.column("created_at", UTCDateTime()),
)


def upgrade() -> None:
    _change_check(_AFTER)
    # Until now each webhook had its row in the outbox from the beginning.
    op.execute(sa.update(_I).where(_I.c.state == "received").values(state="queued"))


def downgrade() -> None:
    _queue_received()
    op.execute(sa.update(_I).where(_I.c.state == "queued").values(state="received"))
    _change_check(_BEFORE)


def _change_check(condition: str) -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(_CHECK), type_="check")
        batch_op.create_check_constraint(op.f(_CHECK), condition)


def _queue_received() -> None:
    """Add to the outbox what no worker has queued, because the older release would never look at it."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(_I.c.id, _I.c.provider, _I.c.received_at).where(_I.c.state == "received")
    ).all()
    for row in rows:
        connection.execute(
            sa.insert(_T).values(
                id=row.id, queue="payments", lane=row.provider, kind="payments.inbox", key=f"inbox:{row.id}:0",
                payload={"inbox_id": row.id}, state="due", not_before=row.received_at,
                created_at=row.received_at, attempts=0, failures=0,
            )
        )  # fmt: skip
