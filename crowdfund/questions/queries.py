"""Reads about questions."""

from datetime import datetime

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, count_up_to, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.questions.models import (
    CampaignAnswerVersion,
    CampaignQuestion,
    campaign_question_event,
)
from crowdfund.questions.rows import Asked, FormerAnswer, QuestionRow, ReasonRow
from crowdfund.questions.rules import Status

_Q = CampaignQuestion.__table__
_V = CampaignAnswerVersion.__table__
_QUESTION = sa.select(*columns(QuestionRow, _Q))
_NEWEST_ANSWER = (Key(_Q.c.answered_at, is_descending=True), Key(_Q.c.id, is_descending=True))
_NEWEST = (Key(_Q.c.id, is_descending=True),)
_LONGEST_WAITING = (Key(_Q.c.id),)


class QuestionMissing(NotFound):
    """No such question, or none that this person may see."""


def missing() -> QuestionMissing:
    """Return the refusal for a question that is not there, or not for this person."""
    return QuestionMissing(_("There is no such question."))


def answered(campaign_id: str, place: Place = START, *, size: int = 20) -> Page[QuestionRow]:
    """Return a page of the public questions of a campaign, the newest answer first."""
    query = _QUESTION.where(_Q.c.campaign_id == campaign_id, _Q.c.status == Status.ANSWERED)
    return read_page(query, _NEWEST_ANSWER, place, size=size, row=QuestionRow)


def in_state(
    campaign_id: str, status: str, place: Place = START, *, size: int = 20
) -> Page[QuestionRow]:
    """Return a page of the questions in one state: open ones oldest first, others newest first."""
    query = _QUESTION.where(_Q.c.campaign_id == campaign_id, _Q.c.status == status)
    order = _LONGEST_WAITING if status == Status.OPEN else _NEWEST
    return read_page(query, order, place, size=size, row=QuestionRow)


def count_open(campaign_id: str) -> int:
    """Return how many questions of a campaign wait for an answer, counted up to 1,001."""
    is_open = sa.and_(_Q.c.campaign_id == campaign_id, _Q.c.status == Status.OPEN)
    return count_up_to(sa.select(_Q.c.id).where(is_open))


def of_campaign(campaign_id: str, question_id: str) -> QuestionRow:
    """Return a question in any state, for the team and for staff. Raises QuestionMissing."""
    query = _QUESTION.where(_Q.c.campaign_id == campaign_id, _Q.c.id == question_id)
    return read_one(QuestionRow, query, missing())


def for_member(
    campaign_id: str, question_id: str, user_id: str, action: str
) -> tuple[CampaignRow, QuestionRow]:
    """Return a campaign and a question about it to a member whose role allows the action.

    A question that our staff have hidden is not found. Raises CampaignMissing, QuestionMissing, or
    RoleForbids.
    """
    campaign = campaigns.for_member(campaign_id, user_id, action)
    question = of_campaign(campaign_id, question_id)
    if question.status == Status.HIDDEN:
        raise missing()
    return campaign, question


def of_asker(campaign_id: str, asker_id: str, *, most: int = 20) -> list[QuestionRow]:
    """Return the newest questions of a person about a campaign."""
    query = _QUESTION.where(_Q.c.campaign_id == campaign_id, _Q.c.asker_id == asker_id)
    return read_all(QuestionRow, query.order_by(_Q.c.id.desc()).limit(most))


def asked_since(asker_id: str, since: datetime, *, most: int) -> list[Asked]:
    """Return what a person has asked about any campaign after a moment, newest first."""
    query = sa.select(*columns(Asked, _Q))
    query = query.where(_Q.c.asker_id == asker_id, _Q.c.asked_at > since)
    return read_all(Asked, query.order_by(_Q.c.asked_at.desc()).limit(most))


def former(question_id: str) -> list[FormerAnswer]:
    """Return the answers of a question that were corrected or hidden, newest first."""
    query = sa.select(*columns(FormerAnswer, _V)).where(_V.c.question_id == question_id)
    return read_all(FormerAnswer, query.order_by(_V.c.id.desc()))


def history(question_id: str) -> list[StatusChange]:
    """Return every change of state of a question, oldest first."""
    return status_changes(campaign_question_event, question_id)


def last_reasons(questions: list[QuestionRow]) -> dict[str, str]:
    """Return why each of these questions is in its state, by id; empty where nobody said why."""
    table = campaign_question_event
    ids = [one.id for one in questions]
    query = sa.select(*columns(ReasonRow, table, question_id=table.c.campaign_question_id))
    query = query.where(table.c.campaign_question_id.in_(ids)).order_by(table.c.id)
    return {row.question_id: row.reason for row in read_all(ReasonRow, query)}
