"""Contracts as last read, each comparison, and requests to follow a contract."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import (
    ID,
    Base,
    Json,
    UTCDateTime,
    append_only,
    event_table,
    new_id,
    one_of,
)
from crowdfund.reconciliation.rules.following import REQUEST_STATES


class ContractReading(Base):
    """A contract of our factory as it was last read. Units are text, as integers have 256 bits.

    `campaign_id` is empty for one that no campaign of ours has, `is_ours` when our factory made it.
    `missing` and `extra` are ids of investments that only the books, or only the contract, have;
    they are read where something differs.
    """

    __tablename__ = "contract_reading"
    address: Mapped[str] = mapped_column(sa.String(42), primary_key=True)
    campaign_id: Mapped[str | None] = mapped_column(ID, index=True)
    is_ours: Mapped[bool]
    status: Mapped[str] = mapped_column(sa.String(16))
    fiat_units: Mapped[str] = mapped_column(sa.String(80))
    token_units: Mapped[str] = mapped_column(sa.String(80))
    escrow_units: Mapped[str] = mapped_column(sa.String(80))
    releases: Mapped[int] = mapped_column(default=0, server_default="0")
    block_number: Mapped[int] = mapped_column(sa.BigInteger)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    missing: Mapped[list[str] | None] = mapped_column(Json)
    extra: Mapped[list[str] | None] = mapped_column(Json)


@append_only
class Comparison(Base):
    """One comparison of all contracts with the books; `failure` says why there was none."""

    __tablename__ = "contract_comparison"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    block_number: Mapped[int | None] = mapped_column(sa.BigInteger)
    campaigns: Mapped[int] = mapped_column(default=0)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    differences: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    failure: Mapped[str | None] = mapped_column(sa.String(500))


class FollowRequest(Base):
    """A campaign is to follow its contract: one person asks, another approves what both have seen.

    `open_key` is set until it is decided, so that a campaign has one open request. `plan` is the
    preview that was shown, `fingerprint` the facts it was made from.
    """

    __tablename__ = "follow_request"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"), index=True)
    status: Mapped[str] = mapped_column(sa.String(12), default="pending")
    open_key: Mapped[str | None] = mapped_column(ID, unique=True)
    reason: Mapped[str] = mapped_column(sa.String(500))
    plan: Mapped[dict[str, Any]] = mapped_column(Json)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    asked_by: Mapped[str] = mapped_column(ID)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    problem: Mapped[str | None] = mapped_column(sa.String(500))
    __table_args__ = (
        one_of("status", *REQUEST_STATES),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'done') OR "
            "(decided_by IS NOT NULL AND decided_by <> asked_by)",
            name="four_eyes",
        ),
        sa.Index(None, "status", "asked_at"),
        sa.Index(None, "asked_at"),
    )


follow_request_event = event_table("follow_request")
