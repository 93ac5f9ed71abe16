"""Follow the payment of an investment: authorised, settled, not paid."""

from collections.abc import Callable

from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import ending as ending_service
from crowdfund.campaigns.service import releasing, totals
from crowdfund.investments import notices, queries, rules
from crowdfund.investments.models import Investment
from crowdfund.investments.rules import Status
from crowdfund.investments.service import giving_back, recording, states

ending_service.register_arriving(queries.arriving_minor)
releasing.register_under_way(queries.has_tokens_under_way)

# What a feature above this one does when money has been counted for a campaign.
_after_settled: list[Callable[[Investment], None]] = []


def register_settled(then: Callable[[Investment], None]) -> None:
    """Have `then` called with each investment whose money has just been counted."""
    _after_settled.append(then)


def authorised(investment_id: str) -> None:
    """Note that the bank has taken the money."""
    states.move_to(investment_id, Status.AUTHORISED)


def settled(investment_id: str) -> None:
    """Count the money as in and have it recorded on chain; return money that came too late."""
    investment = states.lock(investment_id)
    if investment.status in rules.IN or investment.status == Status.RETURNED:
        return
    if investment.cancelled_at is not None:  # after it was paid
        has_lapsed = investment.cancelled_by == "system"
        what = "not_reconfirmed" if has_lapsed else "taken_back"
        giving_back.give_back(investment, what, reason="The investment had been cancelled.")
        return
    is_new = not queries.is_in(investment.user_id, investment.campaign_id)
    try:
        if investment.status in rules.WITHOUT_ROOM:  # its room was released
            totals.reserve(investment.campaign_id, investment.amount_minor)
        totals.count_settled(investment.campaign_id, investment.amount_minor, new_investor=is_new)
    except (life.CampaignClosed, life.CampaignFull) as error:
        had_room = investment.status in (Status.PAYING, Status.AUTHORISED)
        if had_room:
            totals.unreserve(investment.campaign_id, investment.amount_minor)
        giving_back.give_back(investment, "returned", reason=error.user_message)
        return
    states.move_to(investment_id, Status.SETTLED)
    recording.record(investment)
    notices.send_receipt(investment)
    for then in _after_settled:
        then(investment)


def not_paid(investment_id: str, status: Status) -> None:
    """Release the reservation when no money will come (failed, expired)."""
    investment = states.lock(investment_id)
    if investment.status in (Status.PAYING, Status.AUTHORISED):
        totals.unreserve(investment.campaign_id, investment.amount_minor)
        ending = status if investment.status == Status.PAYING else Status.FAILED
        states.move_to(investment_id, ending)
        notices.notify_not_paid(investment, ending)
