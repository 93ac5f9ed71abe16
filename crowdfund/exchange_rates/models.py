"""Proposals of exchange rates: one person proposes, another approves."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.exchange_rates.rules import MOST_SOURCE, Status
from crowdfund.kernel.db import ID, Base, UTCDateTime, event_table, new_id, one_of


class RateRequest(Base):
    """A rate that somebody proposes from a day on; `fx_rate` has it once a second person approved.

    `valid_from` is the beginning of that day, or the moment of the approval if that was later.
    `open_key` is pair and day while it is pending, so that there is one. `has_checked` says that
    a change of more than a tenth was looked at.
    """

    __tablename__ = "rate_request"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    token: Mapped[str] = mapped_column(sa.String(16))
    currency: Mapped[str] = mapped_column(sa.String(3))
    numerator: Mapped[int] = mapped_column(sa.BigInteger)
    denominator: Mapped[int] = mapped_column(sa.BigInteger)
    from_on: Mapped[date]
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[str] = mapped_column(sa.String(MOST_SOURCE))
    has_checked: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(500))
    status: Mapped[str] = mapped_column(sa.String(12), default=Status.PENDING)
    open_key: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    asked_by: Mapped[str] = mapped_column(ID)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    rate_id: Mapped[str | None] = mapped_column(ID, sa.ForeignKey("fx_rate.id"))
    __table_args__ = (
        one_of("status", *Status),
        sa.CheckConstraint("numerator > 0 AND denominator > 0", name="positive"),
        sa.CheckConstraint(
            "(status = 'pending' AND open_key IS NOT NULL) OR "
            "(status <> 'pending' AND open_key IS NULL)",
            name="open_key",
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> asked_by"
            " AND rate_id IS NOT NULL)",
            name="four_eyes",
        ),
    )


rate_request_event = event_table("rate_request")
