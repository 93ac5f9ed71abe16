"""Requests to release money, with the amounts that both people saw."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, UTCDateTime, event_table, new_id, one_of
from crowdfund.releases.rules import STATES


class ReleaseRequest(Base):
    """A part of a campaign's money is to be released: one person asks, another approves.

    `tranche` counts from 0. `open_key` is the campaign until it is decided, so that a campaign has
    one open request. The amounts are those of the preview: what the company gets and the fee, in
    the journal and, as tokens, on the contract.
    """

    __tablename__ = "release_request"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"), index=True)
    tranche: Mapped[int]
    company_minor: Mapped[int] = mapped_column(sa.BigInteger)
    fee_minor: Mapped[int] = mapped_column(sa.BigInteger)
    token_company_minor: Mapped[int] = mapped_column(sa.BigInteger)
    token_fee_minor: Mapped[int] = mapped_column(sa.BigInteger)
    status: Mapped[str] = mapped_column(sa.String(12), default="pending")
    open_key: Mapped[str | None] = mapped_column(ID, unique=True)
    reason: Mapped[str] = mapped_column(sa.String(500))
    asked_by: Mapped[str] = mapped_column(ID)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *STATES),
        sa.CheckConstraint(
            "status <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name="four_eyes",
        ),
        sa.CheckConstraint(
            "(status = 'pending' AND open_key IS NOT NULL) OR "
            "(status <> 'pending' AND open_key IS NULL)",
            name="open_key",
        ),
    )


release_request_event = event_table("release_request")
