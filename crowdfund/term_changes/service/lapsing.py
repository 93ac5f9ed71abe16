"""Refund whoever has not answered in time, some investments in each transaction.

A worker that is killed loses nothing: what went back is back, and the rest is found again.
"""

from collections.abc import Sequence

from crowdfund.campaigns.service import totals
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import Investment
from crowdfund.investments.service import cancelling, reservations, states
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import locked
from crowdfund.kernel.moving import move
from crowdfund.payments.service.cancelling import AlreadyPaid
from crowdfund.term_changes.models import Reconfirmation, term_change_event
from crowdfund.term_changes.queries import answers, changes
from crowdfund.term_changes.rows import ChangeRow
from crowdfund.term_changes.rules import life
from crowdfund.term_changes.rules.life import Answer, Status
from crowdfund.term_changes.service import asking, news
from crowdfund.term_changes.service.proposing import lock

AT_ONCE = 200  # investments of one transaction, which holds the journal's lock
REASON = "The investor did not answer about the changed terms in time."


def begin_due() -> int:
    """Queue the refunds of each campaign that has unanswered questions whose time is over.

    Returns how many campaigns there were. Runs any number of times.
    """
    found = answers.campaigns_overdue(clock.now())
    for campaign_id in found:
        first = answers.overdue(campaign_id, clock.now(), most=1)
        _queue(campaign_id, first[0].id)
    return len(found)


def _queue(campaign_id: str, first: str) -> None:
    """Queue a step; one that begins with the same question again is looked for a minute later."""
    minute = int(clock.now().timestamp()) // 60
    payload = {"campaign_id": campaign_id}
    outbox.add("term_changes.lapse", f"lapse:{campaign_id}:{first}:{minute}", payload)


def go_on(campaign_id: str) -> None:
    """Refund the next investments of a campaign, and queue the next step if there may be more."""
    if lapse_next(campaign_id) == AT_ONCE and (
        more := answers.overdue(campaign_id, clock.now(), most=1)
    ):
        _queue(campaign_id, more[0].id)


def lapse_next(campaign_id: str) -> int:
    """Refund the next investments whose time to answer is over; return how many were looked at.

    Each goes back once. What the bank has and we have not received stays open until it arrives or
    ends. Locks the investments in the order of their ids, then the campaign, then the journal.
    """
    now = clock.now()
    rows = answers.overdue(campaign_id, now, most=AT_ONCE)
    found = states.lock_many([row.investment_id for row in rows])
    totals.lock_for_update(campaign_id)
    if campaign_id not in answers.campaigns_overdue(now):
        return 0  # answered, or being ended, while this waited
    asked = {row.investment_id: locked(Reconfirmation, row.id) for row in rows}
    due = [one for one in found if _is_due(asked[one.id])]
    paid = [one for one in due if one.status in investment_rules.CANCELLABLE]
    for investment in due:
        if investment.status not in investment_rules.ACTIVE:
            asking.end(asked[investment.id], Answer.NOT_NEEDED, actor="system")
        elif investment not in paid:
            _cancel_unpaid(investment, asked[investment.id])
    for investment in paid:
        asking.end(asked[investment.id], Answer.LAPSED, actor="system", reason=REASON)
    cancelling.take_out(paid, reason=REASON, actor="system")  # last: locks the journal
    return len(rows)


def _is_due(answer: Reconfirmation) -> bool:
    return answer.status == Answer.OPEN and life.is_over(answer.due_at, clock.now())


def _cancel_unpaid(investment: Investment, answer: Reconfirmation) -> None:
    try:
        reservations.cancel(investment.id, user_id=investment.user_id, actor="system")
    except AlreadyPaid:
        return  # the money is on its way: the next round finds it paid
    asking.end(answer, Answer.LAPSED, actor="system", reason=REASON)
    news.notify_investor(answer, "reservation_lapsed")


def settle_ended() -> int:
    """Close questions about investments or campaigns that ended otherwise; return how many."""
    rows = answers.not_needed(most=AT_ONCE)
    states.lock_many([row.investment_id for row in rows])
    for row in rows:
        answer = locked(Reconfirmation, row.id)
        if answer.status == Answer.OPEN:
            asking.end(answer, Answer.NOT_NEEDED, actor="system")
    return len(rows)


def finish_due() -> int:
    """Finish the changes about which nobody has to answer any more; return how many."""
    return sum(_finish(change.id) for change in _done())


def _done() -> Sequence[ChangeRow]:
    return [one for one in changes.reconfirming() if not answers.open_of_change(one.id)]


def _finish(change_id: str) -> int:
    change = lock(change_id)
    if change.status != Status.RECONFIRMING:
        return 0
    change.open_key = None
    pages = (("term_change", change_id),)
    move(change, Status.FINISHED, term_change_event, actor="system", pages=pages)
    news.notify_team(change, "terms_finished")
    return 1
