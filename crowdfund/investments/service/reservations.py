"""An unpaid reservation: cancel it, or pay the rest of it."""

from datetime import datetime

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import totals
from crowdfund.investments import queries
from crowdfund.investments.rules import Status
from crowdfund.investments.service import states
from crowdfund.kernel.i18n import _
from crowdfund.payments.service import cancelling, rests
from crowdfund.token_payments import service as token_payments


def cancel(investment_id: str, *, user_id: str, actor: str = "") -> None:
    """Cancel a person's own unpaid reservation and free its room; once is enough.

    `actor` is who does it, if it is not that person. Raises NotFound for another person's,
    AlreadyPaid once the bank has the money.
    """
    queries.for_owner(investment_id, user_id)
    investment = states.lock(investment_id)
    if investment.status == Status.CANCELLED:
        return
    if investment.status != Status.PAYING:
        raise cancelling.AlreadyPaid(
            _("Only a reservation that has not been paid can be cancelled. Nothing was changed.")
        )
    who = actor or user_id
    token_payments.check_no_transaction(str(investment.payment_id))
    cancelling.cancel(str(investment.payment_id), actor=who)
    totals.unreserve(investment.campaign_id, investment.amount_minor)
    investment.cancelled_by = who
    states.move_locked(investment, Status.CANCELLED, actor=who)


def pay_rest(investment_id: str, *, user_id: str) -> None:
    """Begin the payment of what is missing of a person's own investment.

    Raises NotFound for another person's, RestNotPossible after the deadline or a decision.
    """
    investment = queries.for_owner(investment_id, user_id)
    states.lock(investment_id)
    rests.begin(str(investment.payment_id))


def rest_until(investment_id: str) -> datetime | None:
    """Return until when the rest of an investment's money may follow, or None (for payments)."""
    investment = queries.get(investment_id)
    campaign = campaigns.by_id(investment.campaign_id)
    is_reserved = investment.status in (Status.PAYING, Status.AUTHORISED)
    is_open = campaign.status == life.Status.LIVE and not campaign.ending
    return campaign.ends_at if is_reserved and is_open else None
