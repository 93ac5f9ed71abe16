"""Tables of campaigns: the terms, the running totals, and who changed what state."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.campaigns import triggers
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.rules.limits import STATES as LIMIT_STATES
from crowdfund.campaigns.rules.terms import MAX_GRACE_DAYS
from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, event_table, new_id, one_of


class Campaign(Base):
    """One raise of a company. Money in minor units; totals move by conditional UPDATE only."""

    __tablename__ = "campaign"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"), index=True)
    author_id: Mapped[str] = mapped_column(ID)
    status: Mapped[str] = mapped_column(sa.String(24), default=Status.DRAFT)
    # --- what people read
    title: Mapped[str | None] = mapped_column(sa.String(80))
    summary: Mapped[str | None] = mapped_column(sa.String(240))
    story_md: Mapped[str | None] = mapped_column(sa.Text)
    sector: Mapped[str | None] = mapped_column(sa.String(24))
    security_type: Mapped[str | None] = mapped_column(sa.String(24))
    image_id: Mapped[str | None] = mapped_column(sa.String(80))
    image_alt: Mapped[str | None] = mapped_column(sa.String(160))
    # Title, summary and company in lower case of every alphabet, which SQL's lower() is not.
    search_text: Mapped[str] = mapped_column(sa.String(500), default="")
    # --- terms
    currency: Mapped[str] = mapped_column(sa.String(3), default="ETB")
    goal_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    min_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    max_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    price_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    duration_days: Mapped[int | None]
    # Of a loan: interest a year, term, repayment. Of a revenue share: part, cap, term.
    interest_bps: Mapped[int | None]
    revenue_bps: Mapped[int | None]
    cap_bps: Mapped[int | None]
    term_months: Mapped[int | None]
    repayment: Mapped[str | None] = mapped_column(sa.String(16))
    threshold_bps: Mapped[int]
    fee_bps: Mapped[int]
    grace_days: Mapped[int]
    terms_hash: Mapped[str | None] = mapped_column(sa.String(66))
    # Parts of a release with their conditions (rules.tranches); empty for one release.
    tranches: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    terms_frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # What people agree to now. `terms_hash` stays the hash of version 1, which the contract has;
    # without a later version there is no other.
    terms_version: Mapped[int] = mapped_column(default=1, server_default="1")
    current_terms_hash: Mapped[str | None] = mapped_column(sa.String(66))
    # --- running totals; what is settled is part of what is reserved
    reserved_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    settled_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    investors_count: Mapped[int] = mapped_column(default=0)
    # The part of `settled_minor` that investors paid with tokens of their own wallets.
    paid_token_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    # Token money that only the contract has, and the part of `reserved_minor` that only the
    # contract has: money without an investment here. It takes room, and counts for success if it
    # came as tokens.
    token_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    foreign_room_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    # --- life
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reviewed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reviewed_by: Mapped[str | None] = mapped_column(ID)
    rejection_reason: Mapped[str | None] = mapped_column(sa.String(1000))
    deploy_tries: Mapped[int] = mapped_column(default=0)
    deploy_tx: Mapped[str | None] = mapped_column(sa.String(66))
    contract_address: Mapped[str | None] = mapped_column(sa.String(42))
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Set while the contract is being closed, cancelled or released; then no money comes in.
    ending: Mapped[str | None] = mapped_column(sa.String(16))
    ending_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ending_tries: Mapped[int] = mapped_column(default=0)
    chain_error: Mapped[str | None] = mapped_column(sa.String(500))
    # How the contract has ended, while the campaign has not followed it.
    contract_result: Mapped[str | None] = mapped_column(sa.String(16))
    # Settled investments that the contract refused to record.
    refused_count: Mapped[int] = mapped_column(default=0, server_default="0")
    # What two people accepted: the contract's fiat total less what we hold as recorded there.
    accepted_difference_minor: Mapped[int] = mapped_column(
        sa.BigInteger, default=0, server_default="0"
    )
    accepted_result: Mapped[str | None] = mapped_column(sa.String(16))
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    close_tx: Mapped[str | None] = mapped_column(sa.String(66))
    release_entry_id: Mapped[str | None] = mapped_column(ID)
    released_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    fee_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Parts of a release that are paid out in the journal; the amounts above are their sums.
    tranches_paid: Mapped[int] = mapped_column(default=0, server_default="0")
    release_tx: Mapped[str | None] = mapped_column(sa.String(66))
    # --- two locks (rules.md, Issuers and campaigns): one live campaign, one start a calendar year
    live_lock: Mapped[str | None] = mapped_column(ID, unique=True)
    year_lock: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    started_year: Mapped[int | None]
    # Rises with every change: a key of cached pieces of pages.
    version: Mapped[int] = mapped_column(default=1)
    # Rises with every change of what everyone reads in updates, questions and answers.
    news_version: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        sa.CheckConstraint("reserved_minor >= 0 AND reserved_minor <= goal_minor", name="room"),
        sa.CheckConstraint(
            "settled_minor >= 0 AND settled_minor <= reserved_minor", name="settled"
        ),
        sa.CheckConstraint("investors_count >= 0", name="investors"),
        sa.CheckConstraint("token_minor >= 0", name="token"),
        sa.CheckConstraint(
            "foreign_room_minor >= 0 AND foreign_room_minor <= reserved_minor - settled_minor",
            name="foreign_room",
        ),
        sa.CheckConstraint("goal_minor > 0 AND price_minor > 0", name="amounts"),
        sa.CheckConstraint("min_minor > 0 AND max_minor >= min_minor", name="per_person"),
        sa.Index(None, "status", "starts_at"),
        sa.Index(None, "status", "ends_at"),
        sa.Index(None, "status", "closed_at"),
        sa.Index(None, "status", "id"),
    )


class CampaignDocument(Base):
    """A public document of a campaign; the bytes are in storage under their content id."""

    __tablename__ = "campaign_document"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(80))
    filename: Mapped[str] = mapped_column(sa.String(120))
    content_type: Mapped[str] = mapped_column(sa.String(40))
    size: Mapped[int]
    cid: Mapped[str] = mapped_column(sa.String(64), index=True)
    added_by: Mapped[str] = mapped_column(ID)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    pinned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    pin_error: Mapped[str | None] = mapped_column(sa.String(500))
    __table_args__ = (sa.UniqueConstraint("campaign_id", "cid"),)


class CampaignFollower(Base):
    """A person who wants news of a campaign; unfollowing removes the row.

    Who follows is personal data: pages show it to that person alone, and others a number.
    """

    __tablename__ = "campaign_follower"
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    followed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (sa.Index(None, "person_id", "followed_at", "campaign_id"),)


class LimitsVersion(Base):
    """The limits of all campaigns from a day on: one person proposes, another approves.

    `valid_from` is the beginning of that day, or the moment of the approval if that was later.
    `open_key` is the day while the proposal is pending, so that there is one for a day. The fee is
    not here: the contracts fix it.
    """

    __tablename__ = "limits_version"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    from_on: Mapped[date]
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    goal_min_minor: Mapped[int] = mapped_column(sa.BigInteger)
    goal_max_minor: Mapped[int] = mapped_column(sa.BigInteger)
    days_min: Mapped[int]
    days_max: Mapped[int]
    investment_min_minor: Mapped[int] = mapped_column(sa.BigInteger)
    threshold_bps: Mapped[int]
    grace_days: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(500))
    status: Mapped[str] = mapped_column(sa.String(12), default="pending")
    open_key: Mapped[str | None] = mapped_column(sa.String(10), unique=True)
    asked_by: Mapped[str] = mapped_column(ID)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *LIMIT_STATES),
        # The contract must still record what settles at the end of the grace.
        sa.CheckConstraint(f"grace_days >= 0 AND grace_days <= {MAX_GRACE_DAYS}", name="grace"),
        sa.CheckConstraint("goal_min_minor > 0 AND goal_max_minor >= goal_min_minor", name="goal"),
        sa.CheckConstraint("days_min > 0 AND days_max >= days_min", name="days"),
        sa.CheckConstraint(
            "investment_min_minor > 0 AND investment_min_minor <= goal_min_minor",
            name="investment",
        ),
        sa.CheckConstraint("threshold_bps > 0 AND threshold_bps <= 10000", name="threshold"),
        sa.CheckConstraint(
            "status <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name="four_eyes",
        ),
        sa.Index(None, "status", "valid_from"),
        sa.Index(None, "valid_from", "id"),
    )


class CampaignListing(Base):
    """A public campaign as the list sorts and finds it; only triggers write it (docs/adr/0030).

    No foreign key: on MariaDB a cascade fires no triggers, and a campaign is never removed.
    `is_derived`: a backup leaves it out, as the triggers make its rows anew.
    """

    __tablename__ = triggers.LISTING
    # Decides between equal campaigns, and is the row of the text index.
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    campaign_id: Mapped[str] = mapped_column(ID, unique=True)
    state: Mapped[str] = mapped_column(sa.String(8))
    sector: Mapped[str] = mapped_column(sa.String(24))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    is_over: Mapped[int]
    funded_bps: Mapped[int] = mapped_column(sa.BigInteger)
    search_text: Mapped[str] = mapped_column(sa.String(500))
    # One index for each way to filter and sort: each page is one short walk along one of them.
    __table_args__ = (
        *(
            sa.Index(
                f"ix_campaign_listing_{'_'.join((*filters, sort[-1]))}", *filters, *sort, "place"
            )
            for filters in ((), ("state",), ("sector",), ("state", "sector"))
            for sort in (("starts_at",), ("is_over", "ends_at"), ("funded_bps",))
        ),
        {"info": {"is_derived": True}},
    )


class CampaignCount(Base):
    """How many campaigns the list holds of a state and sector; only triggers write it.

    `mark` is another number after each change of the list that is not of money.
    """

    __tablename__ = triggers.COUNT
    state: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    sector: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    number: Mapped[int]
    mark: Mapped[int] = mapped_column(sa.BigInteger)
    __table_args__ = ({"info": {"is_derived": True}},)


campaign_event = event_table("campaign")
limits_version_event = event_table("limits_version")


@event.listens_for(Base.metadata, "after_create")
def _make_triggers(
    _target: sa.MetaData, connection: Connection, *, tables: list[sa.Table], **_: object
) -> None:
    """Make the triggers of the list with its table; migrations run the same statements."""
    if CampaignListing.__table__ in tables:
        for statement in triggers.ddl(connection.dialect.name):
            connection.exec_driver_sql(statement)
