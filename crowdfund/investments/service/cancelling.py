"""An investor cancels a paid investment, until 48 hours before the deadline.

The books decide at once, the contract follows: it takes out of its totals what it has recorded.
Tokens are the other way round (`own_wallet`): the contract has them, and its event decides.
Changed terms open this again until the investor has answered (`term_changes`).
"""

from collections.abc import Sequence

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import totals
from crowdfund.investments import notices, queries, rules
from crowdfund.investments.models import Investment
from crowdfund.investments.rules import Status
from crowdfund.investments.service import giving_back, own_wallet, recording, states
from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.ledger.service import posting
from crowdfund.payments.rules import TOKEN

REASON = "The investor cancelled."
_CANCELLED = ("cancelled", "taken_back")  # the notice about money on its way, and of settled money
_LAPSED = ("lapsed", "not_reconfirmed")


class TooLate(Conflict):
    """The time in which a paid investment can be cancelled is over."""

    code = "too_late_to_cancel"


def refusal(investment_id: str) -> str | None:
    """Return as a sentence why a paid investment cannot be cancelled now, or None."""
    investment = queries.get(investment_id)
    if investment.status not in rules.CANCELLABLE:
        return _("Only a paid investment can be cancelled here. Nothing was changed.")
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

    Settled money goes to the wallet now, money on its way when it arrives, tokens when the contract
    has paid them back. Locks the investment, the campaign, the journal. Raises NotFound for another
    person's, TooLate.
    """
    queries.for_owner(investment_id, user_id)
    investment = states.lock(investment_id)
    if investment.cancelled_at is not None:
        return
    totals.lock_for_update(investment.campaign_id)
    if why := refusal(investment_id):
        raise TooLate(why)
    if investment.rail == TOKEN:
        own_wallet.cancel(investment, actor=user_id)
        return
    take_out([investment], reason=REASON, actor=user_id)


def take_out(investments: Sequence[Investment], *, reason: str, actor: str) -> None:
    """Cancel paid investments of one campaign, which the caller has locked with the campaign.

    The caller has checked that they may be cancelled. `actor` is `system` for investors who did not
    answer about changed terms. Locks the journal, last.
    """
    on_its_way, back = _LAPSED if actor == "system" else _CANCELLED
    going = []
    for investment in investments:
        investment.cancelled_at, investment.cancelled_by = clock.now(), actor
        db.session.flush()
        if investment.status == Status.AUTHORISED:
            totals.unreserve(investment.campaign_id, investment.amount_minor)
            states.move_locked(investment, Status.CANCELLED, reason=reason, actor=actor)
            notices.notify_investor(investment, on_its_way)
        else:
            _take_out_settled(investment, reason=reason, actor=actor)
            notices.notify_investor(investment, back)
            going.append(investment)
    if going:
        giving_back.emit_returned(going)
        posting.post_many([giving_back.return_draft(one) for one in going])


def _take_out_settled(investment: Investment, *, reason: str, actor: str) -> None:
    """Take settled money out of the totals and off the chain; the caller posts it back."""
    others = queries.settled_by(investment.user_id, investment.campaign_id)
    is_gone = not [one for one in others if one != investment.id]
    totals.uncount_settled(investment.campaign_id, investment.amount_minor, investor_gone=is_gone)
    if investment.chain_problem:
        totals.count_refused(investment.campaign_id, -1)
    states.move_locked(investment, Status.RETURNED, reason=reason, actor=actor)
    if investment.tx_hash:
        recording.take_off_chain(investment)


def taken_off_chain(investment_id: str, tx_hash: str) -> None:
    """Note that the contract no longer counts a cancelled investment."""
    states.lock(investment_id).cancel_tx = tx_hash
    db.session.flush()


def not_taken_off_chain(investment_id: str, reason: str) -> None:
    """Note why the contract still counts a cancelled investment; the money is back all the same."""
    states.lock(investment_id).chain_problem = reason[:500]
    db.session.flush()
