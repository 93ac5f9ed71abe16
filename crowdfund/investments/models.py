"""Investments, consents, and the secret name under which the chain knows an investor."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.investments.rules import Status
from crowdfund.kernel.db import ID, Base, UTCDateTime, append_only, event_table, new_id, one_of


class Investment(Base):
    """Money of a person for a campaign; minor units."""

    __tablename__ = "investment"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"))
    user_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"))
    form_key: Mapped[str] = mapped_column(sa.String(64))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    shares: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    rail: Mapped[str] = mapped_column(sa.String(24))
    status: Mapped[str] = mapped_column(sa.String(12))
    payment_id: Mapped[str | None] = mapped_column(ID, index=True)
    tx_hash: Mapped[str | None] = mapped_column(sa.String(66))
    chain_problem: Mapped[str | None] = mapped_column(sa.String(500))
    # When its investor cancelled it although it was paid, and the contract's transaction for that.
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # `system` when it ended because its investor did not answer about changed terms.
    cancelled_by: Mapped[str | None] = mapped_column(ID)
    cancel_tx: Mapped[str | None] = mapped_column(sa.String(66))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # When its money was counted for the campaign; it stays when the money goes back.
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        sa.CheckConstraint("amount_minor > 0 AND shares > 0", name="positive"),
        sa.UniqueConstraint("user_id", "form_key"),
        sa.Index(None, "campaign_id", "status"),
        sa.Index(None, "campaign_id", "settled_at", "id"),
        sa.Index(None, "user_id", "id"),
    )


class InvestorKey(Base):
    """A random 32-byte name per person and campaign: the chain learns nothing of the person.

    `number` is what the company sees instead of a name (docs/adr/0038): 1 for its first investor.
    """

    __tablename__ = "investor_key"
    campaign_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(66), unique=True)
    number: Mapped[int]
    __table_args__ = (sa.UniqueConstraint("campaign_id", "number"),)


class InvestmentDay(Base):
    """What a campaign received and returned on a day of the platform's time zone; minor units.

    Counted with each investment, so that no page adds up all of them; the self-check does.
    """

    __tablename__ = "investment_day"
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"), primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    came: Mapped[int] = mapped_column(default=0)
    came_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    went: Mapped[int] = mapped_column(default=0)
    went_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    __table_args__ = (
        sa.CheckConstraint(
            "came >= 0 AND came_minor >= 0 AND went >= 0 AND went_minor >= 0", name="counts"
        ),
    )


class ForeignMoney(Base):
    """Money that a campaign's contract has without an investment here; minor units.

    `room_minor` is what it took of the campaign's room. `who` is the wallet of token money, the
    investor key of recorded fiat.
    """

    __tablename__ = "foreign_money"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    intent: Mapped[str] = mapped_column(sa.String(66))
    who: Mapped[str] = mapped_column(sa.String(66))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    room_minor: Mapped[int] = mapped_column(sa.BigInteger)
    tx_hash: Mapped[str] = mapped_column(sa.String(66))
    ordinal: Mapped[int]
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    refunded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("kind", "token", "fiat"),
        sa.CheckConstraint(
            "amount_minor > 0 AND room_minor >= 0 AND room_minor <= amount_minor", name="amounts"
        ),
        sa.UniqueConstraint("tx_hash", "ordinal"),
    )


@append_only
class Consent(Base):
    """Which text a person accepted for an investment, by its hash, and which terms.

    Consents from before terms had versions name none: that was version 1.
    """

    __tablename__ = "consent"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ID, index=True)
    investment_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("investment.id"), unique=True)
    text_hash: Mapped[str] = mapped_column(sa.String(64))
    text: Mapped[str] = mapped_column(sa.String(1000))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    terms_version: Mapped[int | None]
    terms_hash: Mapped[str | None] = mapped_column(sa.String(66))


investment_event = event_table("investment")
