"""Refund everyone of a campaign that ended without success, some investments in each transaction.

A job returns the next ones and queues the next job. A worker that is killed loses nothing: what was
returned is returned, and the job that was not finished is done again.
"""

from collections.abc import Sequence

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import totals
from crowdfund.investments import notices, queries, rules
from crowdfund.investments.models import Investment
from crowdfund.investments.service import giving_back, own_wallet, recording, states
from crowdfund.kernel import outbox
from crowdfund.ledger.service import posting

AT_ONCE = 200  # investments of one transaction, which holds the journal's lock


def begin(campaign_id: str, *, reason: str) -> None:
    """Queue the refunds of a campaign."""
    _queue(campaign_id, reason, step=0)


def _queue(campaign_id: str, reason: str, *, step: int) -> None:
    payload = {"campaign_id": campaign_id, "reason": reason, "step": step}
    outbox.add("investments.refund", f"refund:{campaign_id}:{step}", payload)


def go_on(campaign_id: str, reason: str, step: int) -> None:
    """Refund the next investments, and queue the next step if there may be more."""
    if refund_next(campaign_id, reason=reason) == AT_ONCE:
        _queue(campaign_id, reason, step=step + 1)


def refund_next(campaign_id: str, *, reason: str) -> int:
    """Return the next settled investments of a campaign to the wallets; return how many there were.

    Each goes back once. The campaign is `refunded` when none is left, with tokens too. Locks the
    investments in the order of their ids, then the journal.
    """
    rows = queries.settled_of(campaign_id, limit=AT_ONCE)
    # Lock all rows before the first posting: the journal's head must not be held while waiting.
    found = states.lock_many([row.id for row in rows])
    _give_back([one for one in found if one.status in rules.IN], campaign_id, reason)
    if len(rows) < AT_ONCE:
        own_wallet.mark_refunded(campaign_id)
    return len(rows)


def _give_back(investments: Sequence[Investment], campaign_id: str, reason: str) -> None:
    """Move the money of locked investments to the wallets in one go, and notify everyone."""
    if not investments:
        return
    campaign = campaigns.by_id(campaign_id)
    if refused := sum(1 for one in investments if one.chain_problem):
        totals.count_refused(campaign_id, -refused)
    states.return_all(investments, reason=reason)
    notices.notify_of_each(investments, campaign, "refunded")
    # What the contract refused, it cannot refund.
    recording.record_refunds([one for one in investments if not one.chain_problem], campaign)
    giving_back.emit_returned(investments)
    drafts = [giving_back.return_draft(one) for one in investments]
    posting.post_many(drafts)  # last: it locks the journal
