"""An investor cancels a paid investment, until 48 hours before the deadline.

The books decide at once, the contract follows: it takes out of its totals what it has recorded.
"""

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import totals
from crowdfund.investments import notices, queries, rules, service
from crowdfund.investments.rules import Status
from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.payments.rules import TOKEN

REASON = "The investor cancelled."


class TooLate(Conflict):
    """The time in which a paid investment can be cancelled is over."""

    code = "too_late_to_cancel"


def refusal(investment_id: str) -> str | None:
    """Return as a sentence why a paid investment cannot be cancelled now, or None."""
    investment = queries.get(investment_id)
    if investment.status not in rules.CANCELLABLE:
        return _("Only a paid investment can be cancelled here. Nothing was changed.")
    if investment.rail == TOKEN:
        return _(
            "You paid with tokens. The contract holds them until the campaign ends, so this "
            "investment cannot be cancelled."
        )
    campaign = campaigns.by_id(investment.campaign_id)
    if campaign.status != "live" or campaign.ending or campaign.contract_result:
        return _("The campaign has ended, so this investment cannot be cancelled any more.")
    if campaign.ends_at is None or clock.now() > rules.cancel_until(campaign.ends_at):
        return _(
            "An investment can be cancelled until 48 hours before the deadline. It is too late."
        )
    return None


def cancel_paid(investment_id: str, *, user_id: str) -> None:
    """Cancel a person's own paid investment; once is enough.

    Settled money goes to the wallet now, money on its way when it arrives. Locks the investment,
    the campaign, the journal. Raises NotFound for another person's, TooLate.
    """
    queries.for_owner(investment_id, user_id)
    investment = service.lock(investment_id)
    if investment.cancelled_at is not None:
        return
    totals.lock_for_update(investment.campaign_id)
    if why := refusal(investment_id):
        raise TooLate(why)
    investment.cancelled_at = clock.now()
    db.session.flush()
    if investment.status == Status.AUTHORISED:
        totals.unreserve(investment.campaign_id, investment.amount_minor)
        service.move_to(investment_id, Status.CANCELLED, actor=user_id, reason=REASON)
        notices.notify_investor(investment, "cancelled")
        return
    others = queries.settled_by(user_id, investment.campaign_id)
    is_gone = not [one for one in others if one != investment_id]
    totals.uncount_settled(investment.campaign_id, investment.amount_minor, investor_gone=is_gone)
    service.give_back(investment, "taken_back", reason=REASON, actor=user_id)
    if investment.tx_hash:
        service.take_off_chain(investment)


def taken_off_chain(investment_id: str, tx_hash: str) -> None:
    """Note that the contract no longer counts a cancelled investment."""
    service.lock(investment_id).cancel_tx = tx_hash
    db.session.flush()


def not_taken_off_chain(investment_id: str, reason: str) -> None:
    """Note why the contract still counts a cancelled investment; the money is back all the same."""
    service.lock(investment_id).chain_problem = reason[:500]
    db.session.flush()
