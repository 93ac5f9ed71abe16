"""Bank accounts to which people are paid."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, LongText, UTCDateTime, event_table, new_id, one_of


class PayoutAccount(Base):
    """One bank account of a person; the number is sealed, pages show its masked form."""

    __tablename__ = "payout_account"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"))
    scheme: Mapped[str] = mapped_column(sa.String(8))
    country: Mapped[str] = mapped_column(sa.String(2))
    bank_code: Mapped[str] = mapped_column(sa.String(20))
    bank_name: Mapped[str] = mapped_column(sa.String(120), default="")
    holder: Mapped[str] = mapped_column(sa.String(160))
    masked: Mapped[str] = mapped_column(sa.String(40))
    sealed_number: Mapped[str] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(sa.String(10), default="pending")
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.Index(None, "person_id", "status"),
        sa.Index(None, "status", "person_id"),
        one_of("scheme", "iban", "et", "in"),
        one_of("status", "pending", "verified", "rejected", "replaced", "removed"),
    )


payout_account_event = event_table("payout_account")
