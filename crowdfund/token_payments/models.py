"""Tables of token payments: dated rates, and the quote that locks one of them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, append_only, new_id

_ADDRESS, _HASH = sa.String(42), sa.String(66)


@append_only
class FxRate(Base):
    """What a token is worth from a moment on: data with a source, never changed, only followed.

    `numerator` minor units of the currency for `denominator` minor units (hundredths) of the token.
    """

    __tablename__ = "fx_rate"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    token: Mapped[str] = mapped_column(sa.String(16))
    currency: Mapped[str] = mapped_column(sa.String(3))
    numerator: Mapped[int] = mapped_column(sa.BigInteger)
    denominator: Mapped[int] = mapped_column(sa.BigInteger)
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[str] = mapped_column(sa.String(200))
    added_by: Mapped[str] = mapped_column(sa.String(64))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.CheckConstraint("numerator > 0 AND denominator > 0", name="positive"),
        sa.UniqueConstraint("token", "currency", "valid_from"),
    )


class TokenOrder(Base):
    """A payment that is to come as tokens: the locked quote, the wallet, the event that paid it.

    `units` are the token's smallest units, too many for an integer column where it has 18 decimals.
    """

    __tablename__ = "token_order"
    payment_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("payment.id"), primary_key=True)
    intent: Mapped[str] = mapped_column(_HASH, unique=True)
    rate_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("fx_rate.id"))
    token: Mapped[str] = mapped_column(sa.String(16))
    token_minor: Mapped[int] = mapped_column(sa.BigInteger)
    units: Mapped[str] = mapped_column(sa.String(78))
    chain_id: Mapped[int] = mapped_column(sa.BigInteger)
    token_address: Mapped[str] = mapped_column(_ADDRESS)
    contract: Mapped[str] = mapped_column(_ADDRESS)
    quoted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Last second of the quote and of the admission.
    valid_until: Mapped[datetime] = mapped_column(UTCDateTime)
    wallet: Mapped[str | None] = mapped_column(_ADDRESS)
    wallet_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_contract: Mapped[bool] = mapped_column(default=False)
    # What the wallet is asked to do, encoded here; the page only passes it on.
    calls: Mapped[dict[str, Any] | None] = mapped_column(Json)
    problem: Mapped[str | None] = mapped_column(sa.String(40))
    # What the page said of its transaction: shown, never believed.
    hint_tx: Mapped[str | None] = mapped_column(_HASH)
    hint_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tx_hash: Mapped[str | None] = mapped_column(_HASH)
    paid_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    refund_tx: Mapped[str | None] = mapped_column(_HASH)
    __table_args__ = (
        sa.CheckConstraint("token_minor > 0", name="positive"),
        sa.Index(None, "contract", "wallet"),
    )
