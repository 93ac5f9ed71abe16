"""Ask the investors of a campaign about a material change, tell them, and remind them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.investments.models import Investment
from crowdfund.investments.service import settling
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, locked, new_id
from crowdfund.kernel.moving import move
from crowdfund.payments.rules import TOKEN
from crowdfund.term_changes.models import Reconfirmation, TermChange, reconfirmation_event
from crowdfund.term_changes.queries import answers, changes
from crowdfund.term_changes.rows import ActiveInvestment, AnswerRow, ChangeRow
from crowdfund.term_changes.rules import life
from crowdfund.term_changes.rules.life import Answer
from crowdfund.term_changes.service import news

AT_ONCE = 200
_R = Reconfirmation.__table__


def ask_everyone(change: TermChange) -> None:
    """Ask about each investment that holds money or room, in the transaction of the approval.

    The caller has locked the campaign: nobody can invest under the old terms meanwhile. What is
    still open about an earlier change is not needed any more.
    """
    now = clock.now()
    for answer_id in answers.open_ids_of(change.campaign_id):
        answer = locked(Reconfirmation, answer_id)
        if answer.status == Answer.OPEN:
            end(answer, Answer.NOT_NEEDED, actor="system", reason="Later terms are asked about.")
    found = answers.active(change.campaign_id)
    if not found or change.due_at is None:
        return
    rows = [_row(one, change, now, change.due_at) for one in found]
    events = [_event(str(row["id"]), now) for row in rows]
    db.session.execute(sa.insert(_R), rows)
    db.session.execute(sa.insert(reconfirmation_event), events)


def _row(
    one: ActiveInvestment | Investment, change: TermChange | ChangeRow, now: datetime, due: datetime
) -> dict[str, object]:
    return {
        "id": new_id(),
        "change_id": change.id,
        "campaign_id": change.campaign_id,
        "investment_id": one.id,
        "user_id": one.user_id,
        "amount_minor": one.amount_minor,
        "status": Answer.OPEN,
        "version": change.version,
        "asked_at": now,
        "due_at": due,
    }


def _event(answer_id: str, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "reconfirmation_id": answer_id,
        "at": now,
        "actor": "system",
        "from_status": None,
        "to_status": Answer.OPEN,
        "reason": "",
    }


def ask_late(investment: Investment) -> None:
    """Ask about money that has just been counted although it was placed under older terms.

    Its reservation had ended when the others were asked, or before they had answered. The caller
    has locked the investment.
    """
    change = changes.last_material(investment.campaign_id)
    if change is None or change.version is None or change.due_at is None:
        return
    if investment.rail == TOKEN:  # terms change only while no tokens are in or under way
        return
    if answers.agreed_version(investment.id) >= change.version:
        return
    known = answers.by_investment(change.id, investment.id)
    if known is not None and known.status in (Answer.OPEN, Answer.KEPT):
        return
    ends_at = campaigns.by_id(investment.campaign_id).ends_at or change.due_at
    now = clock.now()
    due_at = life.late_due(now, change.due_at, ends_at)
    if known is None:
        row = _row(investment, change, now, due_at)
        answer_id = str(row["id"])
        db.session.execute(sa.insert(_R).values(row))
        db.session.execute(sa.insert(reconfirmation_event).values(_event(answer_id, now)))
    else:
        answer = locked(Reconfirmation, known.id)
        answer.asked_at, answer.due_at = now, due_at
        answer.answered_at = answer.reminded_at = None
        reason = "The money arrived after all."
        to = life.move_answer(answer.status, Answer.OPEN)
        move(answer, to, reconfirmation_event, actor="system", reason=reason)
        answer_id = known.id
    _tell(locked(Reconfirmation, answer_id))


def announce_next(change_id: str, after: str) -> None:
    """Tell the next investors after this question, and queue the rest."""
    found = answers.to_announce(change_id, after, most=AT_ONCE)
    for answer in found:
        _tell(answer)
    if len(found) == AT_ONCE:
        last = found[-1].id
        payload = {"change_id": change_id, "after": last}
        outbox.add("term_changes.announce", f"terms:{change_id}:{last}", payload)


def _tell(asked: AnswerRow | Reconfirmation) -> None:
    news.notify_investor(asked, "terms_changed", until_at=asked.due_at.isoformat())
    news.refresh(asked.investment_id, asked.user_id, asked.change_id)


def remind_due() -> int:
    """Remind the next people who have a day left, each once; return how many there were."""
    now = clock.now()
    found = answers.to_remind(now, now + life.REMIND_BEFORE, most=AT_ONCE)
    for answer in found:
        news.notify_investor(answer, "terms_reminder", until_at=answer.due_at.isoformat())
    _note_reminded([answer.id for answer in found], now)
    return len(found)


def _note_reminded(ids: Sequence[str], now: datetime) -> None:
    if ids:
        these = sa.and_(_R.c.id.in_(ids), _R.c.reminded_at.is_(None))
        db.session.execute(sa.update(_R).where(these).values(reminded_at=now))


def end(answer: Reconfirmation, to: Answer, *, actor: str, reason: str = "") -> None:
    """Move a locked open question to what became of it. Raises AnswerTooLate."""
    after = life.move_answer(answer.status, to)
    answer.answered_at = clock.now()
    move(answer, after, reconfirmation_event, actor=actor, reason=reason)
    news.refresh(answer.investment_id, answer.user_id, answer.change_id)


settling.register_settled(ask_late)
