"""Lanes of the outbox, waiting times of webhooks, counts of refused ones, keys that name the claim.

Revision ID: 0008
Revises: 0007
"""

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_X = sa.table(
    "payment_exception",
    *(sa.column(name) for name in ("id", "key", "kind", "detail", "held", "gateway", "tx_id")),
)
_T = sa.table("outbox", *(sa.column(name) for name in ("lane", "queue", "kind", "state")))
_STATUS = re.compile(r"\b(PENDING|SUCCESS|SETTLED|FAILED)\b")


def upgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lane", sa.String(length=24), server_default="", nullable=False))
        batch_op.create_index(
            batch_op.f("ix_outbox_state_queue_lane_not_before"), ["state", "queue", "lane", "not_before"]
        )
        batch_op.drop_index(batch_op.f("ix_outbox_state_queue_not_before"))
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("waits_since", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("next_try_at", UTCDateTime(), nullable=True))
    op.create_table(
        "webhook_refusal",
        sa.Column("gateway", sa.String(length=24), nullable=False),
        sa.Column("client", sa.String(length=48), nullable=False),
        sa.Column("hour", UTCDateTime(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "client", "hour", name=op.f("pk_webhook_refusal")),
    )
    with op.batch_alter_table("webhook_refusal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_refusal_hour"), ["hour"])
    _name_lanes()
    _rename_keys()


def _name_lanes() -> None:
    """Until now there was one gateway; what waits for it goes on in its lane."""
    waits = sa.and_(_T.c.state == "due", _T.c.queue == "payments", _T.c.kind.like("payments.%"))
    is_gateways = _T.c.kind != "payments.reconcile"
    op.execute(sa.update(_T).where(waits, is_gateways).values(lane="bill_bitts"))


def _rename_keys() -> None:
    """Put the claim into the keys of exceptions, as payments/service/keys.py names them."""
    connection = op.get_bind()
    taken = set(connection.scalars(sa.select(_X.c.key)))
    for row in connection.execute(sa.select(_X).order_by(_X.c.id)).all():
        for key in _new_keys(row):
            if key not in taken:
                taken.add(key)
                connection.execute(sa.update(_X).where(_X.c.id == row.id).values(key=key))
                break


def _new_keys(row: sa.Row) -> Iterator[str]:
    if row.held and row.key.startswith("tx:"):
        yield f"tx:{row.gateway}:{row.tx_id}:settled"
    elif row.key.endswith((":webhook_missing", ":ahead")) and (said := _STATUS.search(row.detail)):
        yield f"{row.key}:{said[1]}"


def downgrade() -> None:
    op.drop_table("webhook_refusal")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_column("next_try_at")
        batch_op.drop_column("waits_since")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outbox_state_queue_not_before"), ["state", "queue", "not_before"]
        )
        batch_op.drop_index(batch_op.f("ix_outbox_state_queue_lane_not_before"))
        batch_op.drop_column("lane")
