"""Versions of the plan: one person proposes, another approves."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, UTCDateTime, event_table, new_id, one_of
from crowdfund.plans.rules.terms import Status, Surplus


class PlanVersion(Base):
    """The terms of the plan from a day on, in its time zone; amounts in minor units of INR.

    `open_key` is the day while the proposal is pending, so that there is one for a day. An approved
    version is never changed: its day had not begun when it was approved.
    """

    __tablename__ = "plan_version"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    from_on: Mapped[date]
    pair_minor: Mapped[int] = mapped_column(sa.BigInteger)
    referral_minor: Mapped[int] = mapped_column(sa.BigInteger)
    month_limit: Mapped[int]
    free_pairs: Mapped[int]
    emi_bp: Mapped[int]
    reserve_bp: Mapped[int]
    surplus: Mapped[str] = mapped_column(sa.String(8))
    min_payout_minor: Mapped[int] = mapped_column(sa.BigInteger)
    reason: Mapped[str] = mapped_column(sa.String(500))
    status: Mapped[str] = mapped_column(sa.String(12), default=Status.PENDING)
    open_key: Mapped[str | None] = mapped_column(sa.String(10), unique=True)
    asked_by: Mapped[str] = mapped_column(ID)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        one_of("surplus", *Surplus),
        sa.CheckConstraint(
            "pair_minor > 0 AND referral_minor > 0 AND min_payout_minor > 0", name="amounts"
        ),
        sa.CheckConstraint("month_limit > 0 AND free_pairs >= 0", name="pairs"),
        sa.CheckConstraint(
            "emi_bp >= 0 AND reserve_bp >= 0 AND emi_bp + reserve_bp <= 10000", name="shares"
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name="four_eyes",
        ),
        sa.Index(None, "status", "from_on"),
    )


plan_version_event = event_table("plan_version")
