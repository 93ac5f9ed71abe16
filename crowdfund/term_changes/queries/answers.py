"""Reads about what investors answer."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules.life import Status as CampaignStatus
from crowdfund.investments.models import Consent, Investment
from crowdfund.investments.rules import ACTIVE
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.rows import columns, read_all, read_first
from crowdfund.term_changes.models import Reconfirmation, reconfirmation_event
from crowdfund.term_changes.rows import (
    ActiveInvestment,
    AnswerRow,
    AskedRow,
    Progress,
)
from crowdfund.term_changes.rules.life import Answer

_R, _I, _C, _K = (
    Reconfirmation.__table__,
    Investment.__table__,
    Campaign.__table__,
    Consent.__table__,
)
_ANSWER = sa.select(*columns(AnswerRow, _R))
_IS_OPEN = _R.c.status == Answer.OPEN
# Campaigns whose money can go back: live, and not being ended.
_TAKES_OUT = (
    _C.c.status == CampaignStatus.LIVE,
    _C.c.ending.is_(None),
    _C.c.contract_result.is_(None),
)


def is_open(campaign_id: str) -> bool:
    """Return whether somebody has still to answer about the terms of a campaign."""
    query = sa.select(_R.c.id).where(_R.c.campaign_id == campaign_id, _IS_OPEN)
    return db.session.execute(query.limit(1)).first() is not None


def open_of_change(change_id: str) -> bool:
    """Return whether somebody has still to answer about a change."""
    query = sa.select(_R.c.id).where(_R.c.change_id == change_id, _IS_OPEN)
    return db.session.execute(query.limit(1)).first() is not None


def of_investment(investment_id: str) -> AnswerRow | None:
    """Return the newest question about an investment, answered or not, or None."""
    query = _ANSWER.where(_R.c.investment_id == investment_id)
    return read_first(AnswerRow, query.order_by(_R.c.version.desc()).limit(1))


def asked(user_id: str) -> list[AskedRow]:
    """Return what a person has still to answer, the most urgent first."""
    query = sa.select(*columns(AskedRow, _R, _C)).join(_C, _C.c.id == _R.c.campaign_id)
    query = query.where(_R.c.user_id == user_id, _IS_OPEN)
    return read_all(AskedRow, query.order_by(_R.c.due_at, _R.c.id).limit(20))


def active(campaign_id: str) -> list[ActiveInvestment]:
    """Return the investments that hold money or room of a campaign, in the order of their ids."""
    query = sa.select(*columns(ActiveInvestment, _I))
    query = query.where(_I.c.campaign_id == campaign_id, _I.c.status.in_(ACTIVE))
    return read_all(ActiveInvestment, query.order_by(_I.c.id))


def agreed_version(investment_id: str, *, below: int | None = None) -> int:
    """Return which version of the terms an investor has agreed to last, for this investment.

    With `below`, which one before that version.
    """
    first = sa.select(_K.c.terms_version).where(_K.c.investment_id == investment_id)
    kept = sa.select(sa.func.max(_R.c.version)).where(
        _R.c.investment_id == investment_id, _R.c.status == Answer.KEPT
    )
    if below is not None:
        kept = kept.where(_R.c.version < below)
    return max(db.session.scalar(first) or 1, db.session.scalar(kept) or 1)


def progress(change_id: str) -> dict[str, Progress]:
    """Return how many have answered in each way, and about how much money, by state."""
    amount = sa.cast(sa.func.coalesce(sa.func.sum(_R.c.amount_minor), 0), sa.BigInteger)
    selected = columns(Progress, _R, number=sa.func.count(), amount_minor=amount)
    query = sa.select(*selected).where(_R.c.change_id == change_id).group_by(_R.c.status)
    found = {row.status: row for row in read_all(Progress, query)}
    return {str(one): found.get(one, Progress(one, 0, 0)) for one in Answer}


def to_announce(change_id: str, after: str, *, most: int) -> list[AnswerRow]:
    """Return the next open questions about a change after an id, in the order of their ids."""
    query = _ANSWER.where(_R.c.change_id == change_id, _R.c.id > after, _IS_OPEN)
    return read_all(AnswerRow, query.order_by(_R.c.id).limit(most))


def to_remind(now: datetime, until: datetime, *, most: int) -> list[AnswerRow]:
    """Return open questions that end before `until` and of which nobody was reminded."""
    query = _ANSWER.where(_IS_OPEN, _R.c.due_at >= now, _R.c.due_at <= until)
    query = query.where(_R.c.reminded_at.is_(None))
    return read_all(AnswerRow, query.order_by(_R.c.due_at, _R.c.id).limit(most))


def campaigns_overdue(now: datetime) -> Sequence[str]:
    """Return the live campaigns with questions whose time is over, which are not being ended."""
    query = sa.select(_R.c.campaign_id).join(_C, _C.c.id == _R.c.campaign_id)
    query = query.where(_IS_OPEN, _R.c.due_at < now, *_TAKES_OUT)
    return db.session.scalars(query.distinct().order_by(_R.c.campaign_id)).all()


def overdue(campaign_id: str, now: datetime, *, most: int) -> list[AnswerRow]:
    """Return the next open questions of a campaign whose time is over."""
    query = _ANSWER.where(_R.c.campaign_id == campaign_id, _IS_OPEN, _R.c.due_at < now)
    return read_all(AnswerRow, query.order_by(_R.c.due_at, _R.c.id).limit(most))


def not_needed(*, most: int) -> list[AnswerRow]:
    """Return open questions about investments that have ended, or of campaigns that have."""
    has_ended = sa.or_(_I.c.status.not_in(ACTIVE), _C.c.status != CampaignStatus.LIVE)
    query = _ANSWER.join(_I, _I.c.id == _R.c.investment_id).join(_C, _C.c.id == _R.c.campaign_id)
    return read_all(AnswerRow, query.where(_IS_OPEN, has_ended).order_by(_R.c.id).limit(most))


def open_ids_of(campaign_id: str) -> Sequence[str]:
    """Return the ids of all open questions of a campaign."""
    query = sa.select(_R.c.id).where(_R.c.campaign_id == campaign_id, _IS_OPEN)
    return db.session.scalars(query.order_by(_R.c.id)).all()


def history(answer_id: str) -> list[StatusChange]:
    """Return every change of state of a question, oldest first."""
    return status_changes(reconfirmation_event, answer_id)


def by_investment(change_id: str, investment_id: str) -> AnswerRow | None:
    """Return the question about an investment for a change, or None."""
    query = _ANSWER.where(_R.c.change_id == change_id, _R.c.investment_id == investment_id)
    return read_first(AnswerRow, query)
