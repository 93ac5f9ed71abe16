"""Money out of wallets, to bank accounts or back to its source, and the bank's answers about it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import (
    ID,
    Base,
    UTCDateTime,
    append_only,
    event_table,
    new_id,
    one_of,
)
from crowdfund.payouts.rules import MOST_SENDS, Kind, Status


class Payout(Base):
    """Money on its way out; minor units.

    A withdrawal goes to the person's payout account. A return goes back to the account that paid
    the gateway's transaction `source_tx`: a refund (from its person's wallet), or held money that
    staff decided to return (from suspense, so that no hold is needed; the payer may be unknown).
    `sends` counts the orders to the gateway, all under one idempotency key; no order is sent once
    there are `most_sends`.
    """

    __tablename__ = "payout"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str | None] = mapped_column(ID, sa.ForeignKey("person.id"))
    form_key: Mapped[str] = mapped_column(sa.String(64))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    gateway: Mapped[str] = mapped_column(sa.String(24))
    kind: Mapped[str] = mapped_column(
        sa.String(12), default=Kind.WITHDRAWAL, server_default=Kind.WITHDRAWAL
    )
    account_id: Mapped[str | None] = mapped_column(ID, sa.ForeignKey("payout_account.id"))
    refund_id: Mapped[str | None] = mapped_column(ID, index=True)
    exception_id: Mapped[str | None] = mapped_column(ID, index=True)
    source_tx: Mapped[str | None] = mapped_column(sa.String(64))
    masked: Mapped[str] = mapped_column(sa.String(40))
    hold_id: Mapped[str | None] = mapped_column(ID, unique=True)
    needs_approval: Mapped[bool]
    status: Mapped[str] = mapped_column(sa.String(12), default=Status.REQUESTED)
    approved_by: Mapped[str | None] = mapped_column(ID)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    gateway_id: Mapped[str | None] = mapped_column(sa.String(64))
    sends: Mapped[int] = mapped_column(default=0)
    most_sends: Mapped[int] = mapped_column(default=MOST_SENDS, server_default=str(MOST_SENDS))
    last_sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Why staff have to look at it, and since when.
    problem: Mapped[str | None] = mapped_column(sa.String(300))
    problem_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        one_of("kind", *Kind),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint(
            "(kind = 'withdrawal' AND account_id IS NOT NULL AND refund_id IS NULL"
            " AND exception_id IS NULL AND source_tx IS NULL)"
            " OR (kind = 'return' AND account_id IS NULL AND source_tx IS NOT NULL"
            " AND ((refund_id IS NOT NULL AND exception_id IS NULL)"
            " OR (refund_id IS NULL AND exception_id IS NOT NULL)))",
            name="destination",
        ),
        sa.CheckConstraint(
            "(exception_id IS NULL AND user_id IS NOT NULL AND hold_id IS NOT NULL)"
            " OR (exception_id IS NOT NULL AND hold_id IS NULL)",
            name="source",
        ),
        sa.UniqueConstraint("user_id", "form_key"),
        sa.UniqueConstraint("exception_id", "form_key"),
        sa.UniqueConstraint("gateway", "gateway_id"),
        sa.Index(None, "user_id", "id"),
        sa.Index(None, "status", "needs_approval", "requested_at"),
        sa.Index(None, "problem_at"),
        sa.Index(None, "gateway", "source_tx"),
    )


@append_only
class PayoutAnswer(Base):
    """An answer of the gateway about a payout; the same answer again is not repeated."""

    __tablename__ = "payout_answer"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    payout_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("payout.id"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    outcome: Mapped[str] = mapped_column(sa.String(12))
    detail: Mapped[str] = mapped_column(sa.String(300))


payout_event = event_table("payout")
