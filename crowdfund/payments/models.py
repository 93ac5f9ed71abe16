"""Tables of payments, the inbox of webhooks, and what waits for a decision of staff."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, event_table, new_id, one_of
from crowdfund.kernel.db.types import MediumBlob
from crowdfund.payments.rules import NEVER_PROPOSED, Kind, Resolution, Status

_RAW = sa.LargeBinary(64 * 1024 + 1).with_variant(MediumBlob(), "mysql", "mariadb")


class Payment(Base):
    """Money asked of a person through a gateway, for a purpose of a higher feature."""

    __tablename__ = "payment"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    user_id: Mapped[str] = mapped_column(ID, index=True)
    gateway: Mapped[str] = mapped_column(sa.String(24))
    purpose_kind: Mapped[str] = mapped_column(sa.String(24))
    purpose_id: Mapped[str] = mapped_column(ID)
    destination: Mapped[str] = mapped_column(sa.String(80))
    description: Mapped[str] = mapped_column(sa.String(200))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    status: Mapped[str] = mapped_column(sa.String(12), default=Status.CREATED)
    tx_id: Mapped[str | None] = mapped_column(sa.String(64))
    checkout_url: Mapped[str | None] = mapped_column(sa.String(500))
    # The strongest verified webhook that a status query has confirmed, and whether one says FAILED.
    claimed: Mapped[str] = mapped_column(sa.String(8), default="")
    claimed_failed: Mapped[bool] = mapped_column(default=False)
    received_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    received_currency: Mapped[str | None] = mapped_column(sa.String(3))
    # What the gateway itself answered last, since when, and when the payer came back from it.
    reported: Mapped[str] = mapped_column(sa.String(8), default="", server_default="")
    reported_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    came_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The payment whose missing part this one collects, for the same purpose.
    rest_of: Mapped[str | None] = mapped_column(ID, index=True)
    # When the purpose was notified that no money will come; what comes later is late.
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(sa.String(300))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        one_of("claimed", "", "PENDING", "SUCCESS", "SETTLED"),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.UniqueConstraint("gateway", "tx_id"),
        sa.Index(None, "purpose_kind", "purpose_id"),
        sa.Index(None, "status", "id"),
        sa.Index(None, "status", "checked_at"),
    )


class GatewayCustomer(Base):
    """A person as a gateway knows them: one CPRN per customer, stored before the first payment."""

    __tablename__ = "gateway_customer"
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    gateway: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    cprn: Mapped[str] = mapped_column(sa.String(40))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (sa.UniqueConstraint("gateway", "cprn"),)


class Inbox(Base):
    """A webhook as it was received; refused ones are stored too, a repeated refusal only counted.

    It is `received` until a worker adds its work to the outbox, then `queued`.
    """

    __tablename__ = "inbox"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    provider: Mapped[str] = mapped_column(sa.String(24))
    event_id: Mapped[str] = mapped_column(sa.String(80))
    raw: Mapped[bytes] = mapped_column(_RAW)
    headers: Mapped[dict[str, str]] = mapped_column(Json)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(sa.String(8), default="received")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.String(300))
    payment_id: Mapped[str | None] = mapped_column(ID, index=True)
    # Since when it waits: its arrival (then empty), or the last time that staff processed it again.
    waits_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("state", "received", "queued", "parked", "done", "refused", "dead"),
        sa.UniqueConstraint("provider", "event_id"),
        sa.Index(None, "state", "id"),
    )


class WebhookRefusal(Base):
    """How many webhooks of a client were refused in an hour; the inbox stores only some."""

    __tablename__ = "webhook_refusal"
    gateway: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    client: Mapped[str] = mapped_column(sa.String(48), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    count: Mapped[int] = mapped_column(sa.BigInteger)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (sa.Index(None, "hour"),)


class PaymentException(Base):
    """Something inexact, with a proposal; `held` says that its money is in suspense.

    `return_id` is its last return through the gateway, `returned_at` when the money had left us;
    `bank_reference` is what the bank calls a return that staff made by hand.
    """

    __tablename__ = "payment_exception"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    payment_id: Mapped[str | None] = mapped_column(ID, index=True)
    user_id: Mapped[str | None] = mapped_column(ID)
    gateway: Mapped[str] = mapped_column(sa.String(24))
    tx_id: Mapped[str | None] = mapped_column(sa.String(64))
    kind: Mapped[str] = mapped_column(sa.String(24))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    held: Mapped[bool] = mapped_column(default=False)
    detail: Mapped[str] = mapped_column(sa.String(300), default="")
    proposed_resolution: Mapped[str] = mapped_column(sa.String(12))
    state: Mapped[str] = mapped_column(sa.String(12), default="open")
    resolution: Mapped[str | None] = mapped_column(sa.String(12))
    resolved_by: Mapped[str | None] = mapped_column(ID)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    return_id: Mapped[str | None] = mapped_column(ID)
    returned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    bank_reference: Mapped[str | None] = mapped_column(sa.String(80))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("kind", *Kind),
        one_of("state", "open", "resolved"),
        one_of("proposed_resolution", *(one for one in Resolution if one not in NEVER_PROPOSED)),
        sa.Index(None, "state", "id"),
    )


payment_event = event_table("payment")
payment_exception_event = event_table("payment_exception")
