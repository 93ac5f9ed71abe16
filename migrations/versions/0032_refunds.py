"""Refunds, and returns of their money to where it came from.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_DESTINATION = (
    "(kind = 'withdrawal' AND account_id IS NOT NULL AND refund_id IS NULL"
    " AND source_tx IS NULL) OR (kind = 'return' AND account_id IS NULL"
    " AND refund_id IS NOT NULL AND source_tx IS NOT NULL)"
)
_ID = sa.String(length=32)


def upgrade() -> None:
    """Make the tables of refunds, and let a payout go back to a transaction of the gateway."""
    op.create_table(
        "refund",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("source_kind", sa.String(length=12), nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("payment_id", _ID, nullable=True),
        sa.Column("gateway", sa.String(length=24), nullable=False),
        sa.Column("tx_id", sa.String(length=64), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("credited_at", UTCDateTime(), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=True),
        sa.Column("reminded_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "source_kind IN ('investment', 'exception')", name=op.f("ck_refund_source_kind_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_refund_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("key", name=op.f("uq_refund_key")),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_gateway_tx_id"), ["gateway", "tx_id"])
        batch_op.create_index(batch_op.f("ix_refund_user_id_id"), ["user_id", "id"])

    op.create_table(
        "refund_default",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_refund_default_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_refund_default")),
    )
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=12), server_default="withdrawal", nullable=False)
        )
        batch_op.add_column(sa.Column("refund_id", _ID, nullable=True))
        batch_op.add_column(sa.Column("source_tx", sa.String(length=64), nullable=True))
        batch_op.alter_column("account_id", existing_type=_ID, nullable=True)
        batch_op.create_check_constraint(
            batch_op.f("ck_payout_kind_known"), "kind IN ('withdrawal', 'return')"
        )
        batch_op.create_check_constraint(batch_op.f("ck_payout_destination"), _DESTINATION)
        batch_op.create_index(batch_op.f("ix_payout_refund_id"), ["refund_id"])
        batch_op.create_index(batch_op.f("ix_payout_gateway_source_tx"), ["gateway", "source_tx"])
    _note_earlier_refunds()


def _note_earlier_refunds() -> None:
    """Note what went back to wallets before, so that it can be sent back; nobody is reminded of it.

    An investment that several payments had brought is left out: it can be withdrawn as before.
    """
    names = ("id", "key", "user_id", "source_kind", "source_id", "payment_id", "gateway", "tx_id")
    refund = sa.table("refund", *map(sa.column, (*names, *_AMOUNT, "credited_at", "reminded_days")))
    columns = [*names, *_AMOUNT, "credited_at", "reminded_days"]
    for found in (_returned_investments(), _credited_exceptions()):
        op.execute(sa.insert(refund).from_select(columns, found))


_AMOUNT = ("amount_minor", "currency")
_ALREADY_REMINDED = sa.literal_column("30")


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(one, sa.String) for one in columns))


def _returned_investments() -> sa.Select:
    i = _table("investment", "id", "user_id", "payment_id", "status", *_AMOUNT)
    p = _table(
        "payment", "id", "gateway", "tx_id", "status", "received_minor", "received_currency"
    )
    e = _table("investment_event", "investment_id", "to_status", "at")
    came = sa.and_(
        p.c.status == "settled",
        p.c.tx_id.is_not(None),
        p.c.received_minor >= i.c.amount_minor,
        p.c.received_currency == i.c.currency,
    )
    return (
        sa.select(
            *(i.c.id, sa.literal_column("'investment:'") + i.c.id + sa.literal_column("':0'")),
            *(i.c.user_id, sa.literal_column("'investment'"), i.c.id.label("source_id")),
            *(p.c.id.label("payment_id"), p.c.gateway, p.c.tx_id, i.c.amount_minor, i.c.currency),
            *(sa.func.max(e.c.at), _ALREADY_REMINDED),
        )
        .select_from(
            i.join(p, p.c.id == i.c.payment_id).join(
                e, sa.and_(e.c.investment_id == i.c.id, e.c.to_status == "returned")
            )
        )
        .where(i.c.status == "returned", p.c.gateway != "wallet", came)
        .group_by(
            *(i.c.id, i.c.user_id, p.c.id, p.c.gateway, p.c.tx_id, i.c.amount_minor, i.c.currency)
        )
    )


def _credited_exceptions() -> sa.Select:
    names = ("id", "user_id", "payment_id", "gateway", "tx_id", "resolution", "held", "resolved_at")
    x = _table("payment_exception", *names, *_AMOUNT)
    return sa.select(
        *(x.c.id, sa.literal_column("'exception:'") + x.c.id + sa.literal_column("':0'")),
        *(x.c.user_id, sa.literal_column("'exception'"), x.c.id.label("source_id")),
        *(x.c.payment_id, x.c.gateway, x.c.tx_id, x.c.amount_minor, x.c.currency),
        *(x.c.resolved_at, _ALREADY_REMINDED),
    ).where(
        x.c.resolution == "credit",
        x.c.user_id.is_not(None),
        x.c.tx_id.is_not(None),
        x.c.resolved_at.is_not(None),
    )


def downgrade() -> None:
    """Drop them. Raises IntegrityError while a refund has gone back: its payout has no account."""
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payout_gateway_source_tx"))
        batch_op.drop_index(batch_op.f("ix_payout_refund_id"))
        batch_op.drop_constraint(batch_op.f("ck_payout_destination"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_payout_kind_known"), type_="check")
        batch_op.alter_column("account_id", existing_type=_ID, nullable=False)
        batch_op.drop_column("source_tx")
        batch_op.drop_column("refund_id")
        batch_op.drop_column("kind")
    op.drop_table("refund_default")
    op.drop_table("refund")
