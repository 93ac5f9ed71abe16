"""Returns of held money through the gateway, and returns that staff made by hand.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_BEFORE = (
    "(kind = 'withdrawal' AND account_id IS NOT NULL AND refund_id IS NULL"
    " AND source_tx IS NULL) OR (kind = 'return' AND account_id IS NULL"
    " AND refund_id IS NOT NULL AND source_tx IS NOT NULL)"
)
_DESTINATION = (
    "(kind = 'withdrawal' AND account_id IS NOT NULL AND refund_id IS NULL"
    " AND exception_id IS NULL AND source_tx IS NULL)"
    " OR (kind = 'return' AND account_id IS NULL AND source_tx IS NOT NULL"
    " AND ((refund_id IS NOT NULL AND exception_id IS NULL)"
    " OR (refund_id IS NULL AND exception_id IS NOT NULL)))"
)
_SOURCE = (
    "(exception_id IS NULL AND user_id IS NOT NULL AND hold_id IS NOT NULL)"
    " OR (exception_id IS NOT NULL AND hold_id IS NULL)"
)
_ID = sa.String(length=32)


def upgrade() -> None:
    """Let a payout return held money, and note how money of an exception went back."""
    with op.batch_alter_table("payment_exception", schema=None) as batch_op:
        batch_op.add_column(sa.Column("return_id", _ID, nullable=True))
        batch_op.add_column(sa.Column("returned_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("bank_reference", sa.String(length=80), nullable=True))
    # Until now staff sent it at the bank, and the decision booked that it had left.
    op.execute(
        "UPDATE payment_exception SET returned_at = resolved_at WHERE resolution = 'return'"
    )
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.add_column(sa.Column("exception_id", _ID, nullable=True))
        batch_op.alter_column("user_id", existing_type=_ID, nullable=True)
        batch_op.alter_column("hold_id", existing_type=_ID, nullable=True)
        batch_op.drop_constraint(batch_op.f("ck_payout_destination"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_payout_destination"), _DESTINATION)
        batch_op.create_check_constraint(batch_op.f("ck_payout_source"), _SOURCE)
        batch_op.create_unique_constraint(
            batch_op.f("uq_payout_exception_id_form_key"), ["exception_id", "form_key"]
        )
        batch_op.create_index(batch_op.f("ix_payout_exception_id"), ["exception_id"])


def downgrade() -> None:
    """Drop them. Raises IntegrityError while a return of held money is stored."""
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payout_exception_id"))
        batch_op.drop_constraint(batch_op.f("uq_payout_exception_id_form_key"), type_="unique")
        batch_op.drop_constraint(batch_op.f("ck_payout_source"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_payout_destination"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_payout_destination"), _BEFORE)
        batch_op.alter_column("hold_id", existing_type=_ID, nullable=False)
        batch_op.alter_column("user_id", existing_type=_ID, nullable=False)
        batch_op.drop_column("exception_id")
    with op.batch_alter_table("payment_exception", schema=None) as batch_op:
        batch_op.drop_column("bank_reference")
        batch_op.drop_column("returned_at")
        batch_op.drop_column("return_id")
