"""Ask, answer, correct an answer, decline, and hide questions and answers of a campaign."""

from collections.abc import Mapping

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.service.shared import locked as lock_campaign
from crowdfund.campaigns.service.shared import news_changed, refresh_pages
from crowdfund.content.service import faq
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.rules.team import may
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.db.locking import locked
from crowdfund.kernel.fields import texts
from crowdfund.kernel.moving import move
from crowdfund.notifications import queries as notices
from crowdfund.notifications import service as notifications
from crowdfund.people import queries as people
from crowdfund.questions import queries, rules
from crowdfund.questions.models import (
    CampaignAnswerVersion,
    CampaignQuestion,
    campaign_question_event,
)
from crowdfund.questions.rules import Status

_ASKED = "question.asked"


def ask(campaign_id: str, text: str, *, actor: str) -> str:
    """Send a question to the company of a live campaign and return its id.

    Locks the campaign, so that of two clicks one is the same again. Raises Invalid, Conflict (one's
    own company, the same again), TooMany, or WrongState.
    """
    words = rules.clean_question(text)
    lock_campaign(campaign_id)
    campaign = campaigns.by_id(campaign_id)
    is_own = issuers.is_member(campaign.company_id, actor)
    rules.check_campaign(campaign.status, is_own=is_own)
    now = clock.now()
    asked = queries.asked_since(actor, now - rules.DAY, most=rules.MOST_A_DAY)
    rules.check_new(asked, campaign_id, words)
    rules.check_pace(asked, now)
    question_id = new_id()
    question = CampaignQuestion(
        id=question_id,
        campaign_id=campaign_id,
        asker_id=actor,
        asker_name=name_of(actor),
        status=Status.OPEN,
        text=words,
        asked_at=now,
    )
    db.session.add(question)
    db.session.flush()
    record_event(campaign_question_event, question_id, actor=actor, before=None, after=Status.OPEN)
    _notify_writers(campaign, question_id)
    refresh_pages(campaign_id, campaign.company_id)
    return question_id


def name_of(person_id: str) -> str:
    """Return how a person's name is shown beside a question: first name and initial."""
    person = people.get(person_id)
    return rules.public_name(person.first_name, person.last_name)[:80] if person else ""


def answer(question_id: str, text: str, *, actor: str) -> None:
    """Answer a question publicly, or correct its answer. Raises Invalid or WrongState.

    The asker is notified of the answer, not of a correction; a former answer is kept.
    """
    words, question = rules.clean_answer(text), _locked(question_id)
    if question.status == Status.ANSWERED:
        _correct(question, words, actor=actor)
        return
    to, now = rules.move(question.status, Status.ANSWERED), clock.now()
    question.answer, question.answered_by, question.answered_at = words, actor, now
    question.corrected_at = None
    move(question, to, campaign_question_event, actor=actor)
    news_changed(question.campaign_id)
    _notify_asker(question, "question.answered", key=f"answered:{now.timestamp():.0f}")


def decline(question_id: str, reason: str, *, actor: str) -> None:
    """Hide an open question with a reason, which the asker reads. Raises Invalid or WrongState."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    question = _locked(question_id)
    to = rules.move(question.status, Status.DECLINED)
    move(question, to, campaign_question_event, actor=actor, reason=why)
    refresh_pages(question.campaign_id)
    _notify_asker(question, "question.hidden", key="declined", reason=why)


def hide(question_id: str, reason: str, *, actor: str) -> None:
    """Hide a question and its answer, for our staff. Raises Invalid or WrongState."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    question = _locked(question_id)
    to = rules.move(question.status, Status.HIDDEN)
    move(question, to, campaign_question_event, actor=actor, reason=why)
    news_changed(question.campaign_id)
    _notify_asker(question, "question.hidden", key="hidden", reason=why)


def hide_answer(question_id: str, reason: str, *, actor: str) -> None:
    """Hide an answer, for our staff: the question waits for another one. Raises as `hide`."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    question = _locked(question_id)
    to = rules.move(question.status, Status.OPEN)
    _store_former(question, actor=actor, reason=why)
    question.answer = question.answered_by = question.answered_at = question.corrected_at = None
    move(question, to, campaign_question_event, actor=actor, reason=why)
    news_changed(question.campaign_id)
    campaign = campaigns.by_id(question.campaign_id)
    notifications.notify_all(
        _writers(campaign.company_id),
        "question.answer_hidden",
        {"campaign": campaign.title, "reason": why},
        key=f"question:{question_id}:answer_hidden:{clock.now().timestamp():.0f}",
        path=f"/my/campaigns/{campaign.id}/questions/{question_id}",
    )


def copy_to_faq(question_id: str, values: Mapping[str, object] | None = None, *, actor: str) -> str:
    """Copy an answered question to the campaign's frequently asked ones; return the copy's id.

    `values` holds other words for `question` and `answer`, where the own ones are too long. Raises
    InvalidFields, Conflict (copied already, too many) or WrongState.
    """
    question = _locked(question_id)
    rules.check_answered(question.status)
    words = values or rules.faq_words(question.text, question.answer or "")
    return faq.add(question.campaign_id, words, actor=actor, source_id=question_id)


def _correct(question: CampaignQuestion, words: str, *, actor: str) -> None:
    if question.answer == words:
        return
    _store_former(question, actor=actor)
    question.answer, question.answered_by = words, actor
    question.corrected_at = clock.now()
    db.session.flush()
    news_changed(question.campaign_id)


def _store_former(question: CampaignQuestion, *, actor: str, reason: str = "") -> None:
    db.session.add(
        CampaignAnswerVersion(
            id=new_id(),
            question_id=question.id,
            text=question.answer,
            answered_by=question.answered_by,
            replaced_at=clock.now(),
            replaced_by=actor,
            reason=reason,
        )
    )
    db.session.flush()


def _locked(question_id: str) -> CampaignQuestion:
    return locked(CampaignQuestion, question_id, queries.missing())


def _writers(company_id: str) -> set[str]:
    """Return who of a company's team may answer."""
    return {row.user_id for row in issuers.members(company_id) if may(row.role, "campaign")}


def _notify_writers(campaign: CampaignRow, question_id: str) -> None:
    """Notify those who may answer, but for those with an unread notice of a question."""
    writers = _writers(campaign.company_id)
    notifications.notify_all(
        writers - notices.with_unread(_ASKED, writers),
        _ASKED,
        {"campaign": campaign.title},
        key=f"question:{question_id}:asked",
        path=f"/my/campaigns/{campaign.id}/questions",
    )


def _notify_asker(question: CampaignQuestion, kind: str, *, key: str, reason: str = "") -> None:
    campaign = campaigns.by_id(question.campaign_id)
    why = {"reason": reason} if reason else {}
    notifications.notify(
        question.asker_id,
        kind,
        {"campaign": campaign.title, **why},
        key=f"question:{question.id}:{key}",
        path=f"/campaigns/{campaign.slug}/questions/ask",
    )
