"""Return from the bank, pay what is missing, cancel a reservation, return from verification.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_PAYMENT = ("created", "pending", "succeeded", "settled", "failed", "expired", "reversed")
_INVESTMENT = ("paying", "authorised", "settled", "confirmed", "failed", "expired", "returned")


def upgrade() -> None:
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("reported", sa.String(length=8), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("reported_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("came_back_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("rest_of", sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f("ix_payment_rest_of"), ["rest_of"])
    with op.batch_alter_table("kyc_review", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("next_path", sa.String(length=300), server_default="", nullable=False)
        )
    _allow("payment", (*_PAYMENT, "cancelled"))
    _allow("investment", (*_INVESTMENT, "cancelled"))


def downgrade() -> None:
    """The older release knows nothing of cancelled ones; for it they have expired."""
    for table in ("payment", "investment"):
        status = sa.table(table, sa.column("status"))
        is_cancelled = status.c.status == "cancelled"
        op.execute(sa.update(status).where(is_cancelled).values(status="expired"))
    _allow("investment", _INVESTMENT)
    _allow("payment", _PAYMENT)
    with op.batch_alter_table("kyc_review", schema=None) as batch_op:
        batch_op.drop_column("next_path")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_rest_of"))
        for name in ("rest_of", "came_back_at", "reported_at", "reported"):
            batch_op.drop_column(name)


def _allow(table: str, statuses: tuple[str, ...]) -> None:
    name = f"ck_{table}_status_known"
    listed = ", ".join(f"'{status}'" for status in statuses)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(name), type_="check")
        batch_op.create_check_constraint(op.f(name), f"status IN ({listed})")
