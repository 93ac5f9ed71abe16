"""Tables of verification: a person's file, its reviews, nominees."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.compliance.rules.reviews import Status
from crowdfund.kernel.db import ID, Base, UTCDateTime, event_table, new_id, one_of


class KycRecord(Base):
    """The facts of one person. The number of the identity document is sealed under SECRET_KEY.

    `revision` counts the changes, documents and payout account included: a reviewer decides about
    the revision that the page has shown.
    """

    __tablename__ = "kyc_file"
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    legal_name: Mapped[str | None] = mapped_column(sa.String(120))
    born_on: Mapped[date | None] = mapped_column(sa.Date)
    nationality: Mapped[str | None] = mapped_column(sa.String(2))
    street: Mapped[str | None] = mapped_column(sa.String(120))
    city: Mapped[str | None] = mapped_column(sa.String(80))
    region: Mapped[str | None] = mapped_column(sa.String(80))
    postal_code: Mapped[str | None] = mapped_column(sa.String(12))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    id_kind: Mapped[str | None] = mapped_column(sa.String(24))
    id_number_sealed: Mapped[str | None] = mapped_column(sa.String(200))
    # Keyed, so that the same number in two files is found without being readable.
    id_number_mark: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    revision: Mapped[int] = mapped_column(default=0)
    # The expiry date of which the person has been reminded.
    reminded_of: Mapped[date | None] = mapped_column(sa.Date)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class KycReview(Base):
    """One request of a person for a level, and its decision. `open_for` allows one at a time."""

    __tablename__ = "kyc_review"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    open_for: Mapped[str | None] = mapped_column(ID, unique=True)
    level: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(10), default=Status.SUBMITTED)
    submitted_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    proposed_by: Mapped[str | None] = mapped_column(ID)
    proposed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    # The page that the person came from and goes on to when this is decided, perhaps days later.
    next_path: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    expires_on: Mapped[date | None] = mapped_column(sa.Date)
    # Proves later what was verified: the salt stays here (docs/adr/0009).
    salt: Mapped[str] = mapped_column(sa.String(64))
    commitment: Mapped[str | None] = mapped_column(sa.String(66))
    __table_args__ = (one_of("status", *Status), one_of("level", "basic", "enhanced"))


kyc_review_event = event_table("kyc_review")


class Nominee(Base):
    """One nominee of a person. The share is in basis points; those in force add up to 10,000."""

    __tablename__ = "nominee"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    full_name: Mapped[str] = mapped_column(sa.String(120))
    relationship: Mapped[str] = mapped_column(sa.String(16))
    born_on: Mapped[date] = mapped_column(sa.Date)
    contact: Mapped[str] = mapped_column(sa.String(254))
    share_bp: Mapped[int]
    status: Mapped[str] = mapped_column(sa.String(10), default="draft")
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    revision: Mapped[int] = mapped_column(default=0)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", "draft", "pending", "verified", "rejected", "removed"),
        sa.CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share_of_a_whole"),
        sa.Index(None, "status", "submitted_at"),
    )


nominee_event = event_table("nominee")
