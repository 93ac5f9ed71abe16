"""Reads about investments."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.investments import rules
from crowdfund.investments.models import (
    ForeignMoney,
    Investment,
    InvestmentDay,
    InvestorKey,
    investment_event,
)
from crowdfund.investments.rows import CampaignSums, CountedRow, DayRow, InvestmentRow, SettledRow
from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.payments import queries as payments
from crowdfund.payments.models import Payment
from crowdfund.payments.rules import TOKEN

_I, _C, _K = Investment.__table__, Campaign.__table__, InvestorKey.__table__
_P, _F, _D = Payment.__table__, ForeignMoney.__table__, InvestmentDay.__table__
_WITH_CAMPAIGN = sa.select(*columns(InvestmentRow, _I, _C)).join(_C, _C.c.id == _I.c.campaign_id)


def for_owner(investment_id: str, user_id: str) -> InvestmentRow:
    """Return a person's own investment with its campaign; raises NotFound for others."""
    query = _WITH_CAMPAIGN.where(_I.c.id == investment_id, _I.c.user_id == user_id)
    missing = NotFound(_("There is no such investment, or it is not yours."))
    return read_one(InvestmentRow, query, missing)


def get(investment_id: str) -> InvestmentRow:
    """Return an investment with its campaign, whoever owns it; raises NotFound."""
    query = _WITH_CAMPAIGN.where(_I.c.id == investment_id)
    return read_one(InvestmentRow, query, NotFound(_("There is no such investment.")))


def unpaid_of(user_id: str, campaign_id: str) -> list[InvestmentRow]:
    """Return a person's unpaid reservations in a campaign, newest first."""
    query = _WITH_CAMPAIGN.where(
        _I.c.user_id == user_id, _I.c.campaign_id == campaign_id, _I.c.status == "paying"
    )
    return read_all(InvestmentRow, query.order_by(_I.c.id.desc()))


def last_amount(user_id: str, campaign_id: str) -> int | None:
    """Return the amount of a person's newest investment in a campaign if it brought no money."""
    query = sa.select(_I.c.amount_minor, _I.c.status).where(
        _I.c.user_id == user_id, _I.c.campaign_id == campaign_id
    )
    row = db.session.execute(query.order_by(_I.c.id.desc()).limit(1)).first()
    is_open = row is not None and row.status in (rules.Status.PAYING, *rules.WITHOUT_ROOM)
    return row.amount_minor if row is not None and is_open else None


def by_form_key(user_id: str, key: str) -> InvestmentRow | None:
    """Return what a person's form with this key has placed, with its campaign, or None."""
    query = _WITH_CAMPAIGN.where(_I.c.user_id == user_id, _I.c.form_key == key)
    return read_first(InvestmentRow, query)


def times(investment_id: str) -> dict[str, datetime]:
    """Return when an investment reached each status."""
    query = sa.select(investment_event.c.to_status, investment_event.c.at)
    query = query.where(investment_event.c.investment_id == investment_id)
    return {
        row.to_status: row.at for row in db.session.execute(query.order_by(investment_event.c.at))
    }


def portfolio(
    user_id: str, *, status: str = "", place: Place = START, size: int = 20
) -> Page[InvestmentRow]:
    """Return a person's investments, newest first."""
    query = _WITH_CAMPAIGN.where(_I.c.user_id == user_id)
    if status:
        query = query.where(_I.c.status == status)
    return read_page(
        query, (Key(_I.c.id, is_descending=True),), place, size=size, row=InvestmentRow
    )


def totals(user_id: str) -> dict[str, int]:
    """Return what a person has in campaigns, on its way there, and in how many (minor units)."""
    query = sa.select(_I.c.status, sa.func.sum(_I.c.amount_minor), sa.func.count())
    rows = db.session.execute(query.where(_I.c.user_id == user_id).group_by(_I.c.status)).all()
    by_status = {status: int(amount) for status, amount, _ in rows}
    companies = sa.select(sa.func.count(sa.distinct(_I.c.campaign_id))).where(
        _I.c.user_id == user_id, _I.c.status.in_(rules.IN)
    )
    return {
        "invested_minor": sum(by_status.get(status, 0) for status in rules.IN),
        "pending_minor": by_status.get("paying", 0) + by_status.get("authorised", 0),
        "campaigns": int(db.session.scalar(companies) or 0),
    }


def active_minor(user_id: str, campaign_id: str, *, is_token: bool | None = None) -> int:
    """Return what a person has in a campaign or on its way there, in minor units.

    `is_token`: only what is paid with tokens, or only the rest.
    """
    query = sa.select(sa.func.coalesce(sa.func.sum(_I.c.amount_minor), 0)).where(
        _I.c.user_id == user_id, _I.c.campaign_id == campaign_id, _I.c.status.in_(rules.ACTIVE)
    )
    if is_token is not None:
        query = query.where((_I.c.rail == TOKEN) if is_token else (_I.c.rail != TOKEN))
    return int(db.session.scalar(query) or 0)


def has_open_tokens(user_id: str, campaign_id: str) -> bool:
    """Return whether a person has a reservation in a campaign that tokens are to pay."""
    query = sa.select(_I.c.id).where(
        _I.c.user_id == user_id,
        _I.c.campaign_id == campaign_id,
        _I.c.rail == TOKEN,
        _I.c.status == rules.Status.PAYING,
    )
    return db.session.execute(query.limit(1)).first() is not None


def is_in(user_id: str, campaign_id: str) -> bool:
    """Return whether a person has settled money in a campaign."""
    query = sa.select(_I.c.id).where(
        _I.c.user_id == user_id, _I.c.campaign_id == campaign_id, _I.c.status.in_(rules.IN)
    )
    return db.session.execute(query.limit(1)).first() is not None


def has_tokens_under_way(campaign_id: str) -> bool:
    """Return whether a wallet may still pay tokens to a campaign that we have not heard of."""
    query = sa.select(_I.c.id).where(
        _I.c.campaign_id == campaign_id, _I.c.rail == TOKEN, _I.c.status == rules.Status.PAYING
    )
    return db.session.execute(query.limit(1)).first() is not None


def investor_key(campaign_id: str, user_id: str) -> str | None:
    """Return the name under which a campaign's contract knows a person."""
    query = sa.select(_K.c.key).where(_K.c.campaign_id == campaign_id, _K.c.user_id == user_id)
    return db.session.scalar(query)


def investor_keys(campaign_id: str, people: Collection[str]) -> dict[str, str]:
    """Return the names under which a campaign's contract knows people, by person."""
    query = sa.select(_K.c.user_id, _K.c.key).where(
        _K.c.campaign_id == campaign_id, _K.c.user_id.in_(list(people))
    )
    return {row.user_id: row.key for row in db.session.execute(query)}


def settled_by(user_id: str, campaign_id: str) -> Sequence[str]:
    """Return the ids of a person's settled investments in a campaign."""
    query = sa.select(_I.c.id).where(
        _I.c.user_id == user_id, _I.c.campaign_id == campaign_id, _I.c.status.in_(rules.IN)
    )
    return db.session.scalars(query.order_by(_I.c.id)).all()


def investor_numbers(campaign_id: str, people: Collection[str]) -> dict[str, int]:
    """Return the numbers that people have in a campaign, by person."""
    query = sa.select(_K.c.user_id, _K.c.number).where(
        _K.c.campaign_id == campaign_id, _K.c.user_id.in_(people)
    )
    return {row.user_id: row.number for row in db.session.execute(query)}


def last_investor_number(campaign_id: str) -> int:
    """Return the highest number of a campaign's investors; 0 before the first one."""
    query = sa.select(sa.func.max(_K.c.number)).where(_K.c.campaign_id == campaign_id)
    return db.session.scalar(query) or 0


def settled_of(campaign_id: str, *, limit: int | None = None) -> list[SettledRow]:
    """Return the settled investments of a campaign in fiat, oldest first; at most `limit`.

    What was paid with tokens is not among them: only the contract can give it back.
    """
    query = sa.select(*columns(SettledRow, _I))
    query = query.where(
        _I.c.campaign_id == campaign_id, _I.c.status.in_(rules.IN), _I.c.rail != TOKEN
    )
    return read_all(SettledRow, query.order_by(_I.c.id).limit(limit))


_LAST_COUNTED = (Key(_I.c.settled_at, is_descending=True), Key(_I.c.id, is_descending=True))


def counted_of(campaign_id: str, place: Place = START, *, size: int) -> Page[CountedRow]:
    """Return the investments whose money was ever counted for a campaign, newest first."""
    query = sa.select(*columns(CountedRow, _I))
    query = query.where(_I.c.campaign_id == campaign_id, _I.c.settled_at.is_not(None))
    return read_page(query, _LAST_COUNTED, place, size=size, row=CountedRow)


def investors_of(campaign_id: str) -> Sequence[str]:
    """Return everyone who has settled money in a campaign."""
    query = sa.select(_I.c.user_id).where(
        _I.c.campaign_id == campaign_id, _I.c.status.in_(rules.IN)
    )
    return db.session.scalars(query.distinct()).all()


def has_investors(campaign_id: str) -> bool:
    """Return whether anyone has settled money in a campaign."""
    query = sa.select(_I.c.id).where(_I.c.campaign_id == campaign_id, _I.c.status.in_(rules.IN))
    return db.session.execute(query.limit(1)).first() is not None


def investors_among(campaign_id: str, people: Sequence[str], statuses: Sequence[str]) -> set[str]:
    """Return who of these people has an investment of these states in a campaign."""
    query = sa.select(_I.c.user_id).where(
        _I.c.campaign_id == campaign_id, _I.c.user_id.in_(people), _I.c.status.in_(statuses)
    )
    return set(db.session.scalars(query))


def days_of(campaign_id: str) -> list[DayRow]:
    """Return the days on which money of a campaign was settled or returned, the first one first."""
    query = sa.select(*columns(DayRow, _D)).where(_D.c.campaign_id == campaign_id)
    return read_all(DayRow, query.order_by(_D.c.day))


def ids_of(campaign_id: str) -> Sequence[str]:
    """Return the ids of all investments of a campaign."""
    return db.session.scalars(sa.select(_I.c.id).where(_I.c.campaign_id == campaign_id)).all()


def campaigns_of(investment_ids: Collection[str]) -> dict[str, str]:
    """Return the campaigns of investments, by investment."""
    query = sa.select(_I.c.id, _I.c.campaign_id).where(_I.c.id.in_(list(investment_ids)))
    return {row.id: row.campaign_id for row in db.session.execute(query)}


def token_investors(campaign_id: str) -> Sequence[str]:
    """Return the wallets whose token money a campaign's contract has and has not paid back."""
    query = sa.select(_F.c.who).where(
        _F.c.campaign_id == campaign_id, _F.c.kind == "token", _F.c.refunded_at.is_(None)
    )
    return db.session.scalars(query.distinct().order_by(_F.c.who)).all()


def is_foreign(tx_hash: str, ordinal: int) -> bool:
    """Return whether an event was counted as money that belongs to no investment."""
    query = sa.select(_F.c.id).where(_F.c.tx_hash == tx_hash, _F.c.ordinal == ordinal)
    return db.session.execute(query.limit(1)).first() is not None


def foreign_minor(campaign_ids: Sequence[str] | None = None) -> dict[tuple[str, str], int]:
    """Return money on chain that belongs to no investment, by campaign and kind; minor units.

    The kind is token or fiat. With ids, of these campaigns only.
    """
    query = sa.select(_F.c.campaign_id, _F.c.kind, sa.func.sum(_F.c.amount_minor))
    if campaign_ids is not None:
        query = query.where(_F.c.campaign_id.in_(campaign_ids))
    rows = db.session.execute(query.group_by(_F.c.campaign_id, _F.c.kind))
    return {(campaign_id, kind): int(amount) for campaign_id, kind, amount in rows}


def sums(campaign_ids: Sequence[str] | None = None) -> list[CampaignSums]:
    """Return per campaign what is active, settled, and paid but not counted yet, for the proof I5.

    With ids, of these campaigns only.
    """
    is_in = _I.c.status.in_(rules.IN)
    not_counted = _I.c.status.not_in((*rules.IN, rules.Status.RETURNED))
    has_arrived = sa.and_(_P.c.status == "settled", not_counted, payments.reached_its_purpose())
    per_day = sa.func.coalesce(sa.func.sum(_D.c.came_minor - _D.c.went_minor), 0)
    in_days = sa.select(sa.cast(per_day, sa.BigInteger)).where(_D.c.campaign_id == _C.c.id)
    selected = columns(
        CampaignSums,
        _C,
        active=_sum_where(_I.c.status.in_(rules.ACTIVE)),
        settled=_sum_where(is_in),
        settled_tokens=_sum_where(sa.and_(is_in, _I.c.rail == TOKEN)),
        arriving=_sum_where(has_arrived),
        investors=sa.func.count(sa.distinct(sa.case((is_in, _I.c.user_id)))),
        in_days=in_days.correlate(_C).scalar_subquery(),
    )
    query = sa.select(*selected).outerjoin(_I, _I.c.campaign_id == _C.c.id)
    query = query.outerjoin(_P, _P.c.id == _I.c.payment_id)
    if campaign_ids is not None:
        query = query.where(_C.c.id.in_(campaign_ids))
    return read_all(CampaignSums, query.group_by(_C.c.id).order_by(_C.c.id))


def arriving_minor(campaign_id: str) -> int:
    """Return what has been paid for a campaign and is not settled yet, in minor units.

    Paid is what a webhook said or what the gateway answers; a reservation alone is not.
    """
    query = sa.select(_sum_where(is_arriving())).outerjoin(_P, _P.c.id == _I.c.payment_id)
    return db.session.scalar(query.where(_I.c.campaign_id == campaign_id)) or 0


def is_arriving() -> sa.ColumnElement[bool]:
    """Return the condition that an investment, joined with its payment, is paid but not settled."""
    is_reported = sa.and_(
        _I.c.status == rules.Status.PAYING, _P.c.reported.in_(("SUCCESS", "SETTLED"))
    )
    return sa.or_(_I.c.status == rules.Status.AUTHORISED, is_reported)


def _sum_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    amount = sa.case((condition, _I.c.amount_minor), else_=0)
    # PostgreSQL adds up to NUMERIC, a Decimal in Python.
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)


def recently_changed(events: int, most: int) -> list[str]:
    """Return the campaigns of the newest status changes of investments, newest first."""
    newest = sa.select(investment_event.c.id, investment_event.c.investment_id)
    newest_events = newest.order_by(investment_event.c.id.desc()).limit(events).subquery()
    query = sa.select(_I.c.campaign_id, sa.func.max(newest_events.c.id).label("last"))
    query = query.join(newest_events, newest_events.c.investment_id == _I.c.id)
    rows = db.session.execute(
        query.group_by(_I.c.campaign_id).order_by(sa.text("last DESC")).limit(most)
    )
    return [row.campaign_id for row in rows]
