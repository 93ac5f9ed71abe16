"""Have the campaign's contract record an investment, refund it, or take it out again."""

from collections.abc import Mapping, Sequence

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import totals
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain
from crowdfund.investments import notices, queries, rules
from crowdfund.investments.models import Investment, InvestorKey
from crowdfund.investments.service import states
from crowdfund.kernel import live, randomness
from crowdfund.kernel.db import db, insert_ignore


def record(investment: Investment) -> None:
    """Have the contract of its campaign record an investment, once."""
    campaign = campaigns.by_id(investment.campaign_id)
    chain.write(
        rules.reference(investment.id),
        "CampaignImplementation",
        "recordInvestment",
        _record_args(investment),
        subject=("investment", investment.id),
        address=campaign.contract_address,
        batch="recordInvestments",
    )


def _record_args(investment: Investment) -> list[object]:
    """Return the reference, the investor's key and the token units of a contract's record."""
    return [
        chain_rules.intent_bytes32(rules.reference(investment.id)),
        _key(investment.campaign_id, investment.user_id),
        chain_rules.to_units(investment.amount_minor),
    ]


def record_refunds(investments: Sequence[Investment], campaign: CampaignRow) -> None:
    """Mark the contract's records of investments of a campaign as refunded, each once."""
    people = {one.user_id for one in investments}
    keys = queries.investor_keys(campaign.id, people)
    keys |= {one: _key(campaign.id, one) for one in sorted(people - keys.keys())}
    chain.write_many([_refund(one, campaign, keys[one.user_id]) for one in investments])


def _refund(investment: Investment, campaign: CampaignRow, key: str) -> chain.Effect:
    return chain.Effect(
        f"refund:{investment.id}",
        "CampaignImplementation",
        "recordRefund",
        [chain_rules.intent_bytes32(rules.reference(investment.id)), key],
        ("refund", campaign.id),
        address=campaign.contract_address,
        batch="recordRefunds",
    )


def _key(campaign_id: str, user_id: str) -> str:
    if known := queries.investor_key(campaign_id, user_id):
        return known
    totals.lock_for_update(campaign_id)  # two people never get the same number
    number = queries.last_investor_number(campaign_id) + 1
    row = {"campaign_id": campaign_id, "user_id": user_id, "key": "0x" + randomness.token_hex(32)}
    insert_ignore(InvestorKey.__table__, [row | {"number": number}])
    return str(queries.investor_key(campaign_id, user_id))


def confirmed(hashes: Mapping[str, str]) -> None:
    """Note that contracts have investments, which are given with their transactions.

    Locks the investments in the order of their ids, then their campaigns.
    """
    by_campaign: dict[str, list[Investment]] = {}
    for investment in states.lock_many(hashes):
        by_campaign.setdefault(investment.campaign_id, []).append(investment)
        if investment.chain_problem and investment.status in rules.IN:
            totals.count_refused(investment.campaign_id, -1)
        investment.tx_hash, investment.chain_problem = hashes[investment.id], None
    for campaign_id, investments in by_campaign.items():
        campaign = campaigns.by_id(campaign_id)
        moved = states.confirm_all(investments)
        notices.notify_of_each(moved, campaign, "recorded")
        for investment in investments:
            if investment not in moved:
                _undo_record(investment, campaign)


def _undo_record(investment: Investment, campaign: CampaignRow) -> None:
    """Take a record back that came too late."""
    if campaign.status in life.REFUNDING:
        record_refunds([investment], campaign)  # it was recorded just before the contract ended
    elif campaign.status == life.Status.LIVE and investment.cancelled_at is not None:
        take_off_chain(investment)  # it was cancelled while the record was on its way


def take_off_chain(investment: Investment) -> None:
    """Have the contract of a live campaign cancel its record of an investment."""
    campaign = campaigns.by_id(investment.campaign_id)
    chain.write(
        f"cancel:{investment.id}",
        "CampaignImplementation",
        "cancelRecord",
        _record_args(investment),
        subject=("cancellation", investment.id),
        address=campaign.contract_address,
    )


def record_refused(investment_id: str, reason: str) -> None:
    """Store why the contract refused; the money stays in escrow until staff have decided.

    Until then the campaign is neither closed nor released.
    """
    investment = states.lock(investment_id)
    if investment.status not in rules.IN:  # the money has gone back: the record is not needed
        if investment.cancelled_at is not None:
            investment.chain_problem = reason[:500]
        return
    if not investment.chain_problem:
        totals.count_refused(investment.campaign_id, 1)
    investment.chain_problem = reason[:500]
    db.session.flush()
    live.changed("investment", investment_id)
