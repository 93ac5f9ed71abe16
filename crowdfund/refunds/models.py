"""Refunds: money that came through a gateway and is back in its payer's wallet."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, UTCDateTime, new_id, one_of
from crowdfund.refunds.rules import SourceKind


class Refund(Base):
    """What of a gateway's transaction was credited to a wallet; minor units.

    `key` makes the same credit one refund. Without `tx_id` the gateway's transaction is not known,
    and the money cannot go back by itself. `kept_at`: the person left it in the wallet.
    """

    __tablename__ = "refund"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    user_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"))
    source_kind: Mapped[str] = mapped_column(sa.String(12))
    source_id: Mapped[str] = mapped_column(ID)
    payment_id: Mapped[str | None] = mapped_column(ID)
    gateway: Mapped[str] = mapped_column(sa.String(24))
    tx_id: Mapped[str | None] = mapped_column(sa.String(64))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    credited_at: Mapped[datetime] = mapped_column(UTCDateTime)
    kept_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reminded_days: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        one_of("source_kind", *SourceKind),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.Index(None, "gateway", "tx_id"),
        sa.Index(None, "user_id", "id"),
    )


class RefundDefault(Base):
    """A person who wants every refund sent back to where it came from at once."""

    __tablename__ = "refund_default"
    user_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
