"""Return what a campaign's contract never recorded."""

from collections.abc import Collection

from crowdfund.campaigns.service import totals
from crowdfund.chain import queries as chain_queries
from crowdfund.chain import service as chain
from crowdfund.chain.rules import WriteStatus
from crowdfund.investments import queries, rules
from crowdfund.investments.service import giving_back, states


def lock_settled(campaign_id: str) -> None:
    """Lock the settled investments of a campaign, in order and before the campaign itself."""
    for row in queries.settled_of(campaign_id):
        states.lock(row.id)


def give_back_unrecorded(campaign_id: str, ids: Collection[str], *, reason: str) -> int:
    """Return settled investments that the contract does not have, each once; return how many.

    The campaign's totals fall by them, so that they are what the contract counts.
    """
    rows = queries.settled_of(campaign_id)
    staying = {row.user_id for row in rows if row.id not in ids}
    going = [
        found for row in rows if row.id in ids and (found := states.lock(row.id)).status in rules.IN
    ]
    for number, investment in enumerate(going):
        later = {other.user_id for other in going[number + 1 :]}
        totals.uncount_settled(
            campaign_id,
            investment.amount_minor,
            investor_gone=investment.user_id not in staying | later,
        )
    for investment in going:
        giving_back.give_back(investment, "unrecorded", reason=reason)
    return len(going)


def forget_records(campaign_id: str, ids: Collection[str]) -> None:
    """Note that the contract does not have these settled investments, although it once had."""
    for investment_id in sorted(ids):
        investment = states.lock(investment_id)
        if investment.tx_hash and investment.status in rules.IN:
            investment.tx_hash, investment.chain_problem = None, "The contract does not have it."
            totals.count_refused(campaign_id, 1)


def close_records(ids: Collection[str], *, reason: str, actor: str) -> None:
    """Close the refused writes of investments whose money went back, so none is sent again."""
    for investment_id in sorted(ids):
        found = chain_queries.write(rules.reference(investment_id))
        if found is not None and found.status == WriteStatus.FAILED:
            chain.close(found.id, reason, actor=actor)
