"""Investments paid with tokens: the contract's event settles them, its refund returns them.

An investor who cancels has the contract pay the tokens back; its event takes them out of the books.

The money is in the contract from the moment of the event, so nothing is recorded there by us: such
an investment is settled and recorded at once.
"""

from collections.abc import Sequence

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import ending, totals
from crowdfund.chain import queries as chain_queries
from crowdfund.chain import service as chain
from crowdfund.chain.events import ContractEvent
from crowdfund.investments import notices, queries, rules
from crowdfund.investments.models import Investment
from crowdfund.investments.rules import Status
from crowdfund.investments.service import states
from crowdfund.kernel import clock, config, live, outbox
from crowdfund.kernel.db import db
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting
from crowdfund.token_payments import queries as orders
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.rows import OrderRow

AT_ONCE = 200  # wallets of one transaction
CANCELLATION = "token_cancellation"  # what a write about it is about
CancelledArgs = tuple[str, str, int]  # intent (0x hex), wallet, token units


def token_money_came(event: ContractEvent) -> bool:
    """Settle the investment that an `Invested` event pays; return whether there is one.

    Matched by intent, payer, amount, contract and chain, never by what a page said. False for money
    that fits no order, or finds no room any more: then it is foreign money.
    """
    order = orders.by_intent(str(event.args["intentId"]))
    if order is None or order.purpose_kind != "investment" or not _fits(order, event):
        return False
    investment = states.lock(order.purpose_id)
    if investment.status in rules.IN or investment.status == Status.RETURNED:
        return order.tx_hash == event.tx_hash
    if queries.is_foreign(event.tx_hash, event.ordinal):
        return False  # heard before, when it found no room
    is_new = not queries.is_in(investment.user_id, investment.campaign_id)
    has_room = investment.status not in rules.WITHOUT_ROOM
    if not totals.count_tokens(
        investment.campaign_id, investment.amount_minor, has_room=has_room, new_investor=is_new
    ):
        return False
    investment.tx_hash = event.tx_hash
    states.move_to(investment.id, Status.SETTLED)
    states.move_to(investment.id, Status.CONFIRMED)
    notices.send_receipt(investment)
    token_payments.settle(order, event.tx_hash)  # last: it locks the journal
    if campaigns.by_id(investment.campaign_id).status in life.REFUNDING:
        _refund_late(investment.campaign_id, order)
    return True


def _refund_late(campaign_id: str, order: OrderRow) -> None:
    """Return an investment whose event was heard only after its campaign had ended without it.

    The contract pays a wallet once, and all of it: if it has done so, that was this money too.
    """
    wallet = str(order.wallet)
    for event in chain_queries.final_events(order.contract, "Refunded"):
        if str(event.args["investor"]).lower() == wallet.lower():
            token_money_went_back(order.contract, wallet, event.tx_hash)
            return
    refund_wallet(campaign_id, wallet)


def _fits(order: OrderRow, event: ContractEvent) -> bool:
    """Return whether an event pays exactly what was ordered: who, what, where, on which chain."""
    args = event.args
    return (
        event.address.lower() == order.contract.lower()
        and str(args["investor"]).lower() == str(order.wallet).lower()
        and int(args["amount"]) == int(order.units)
        and order.chain_id == config.settings().chain_id
    )


def refund_wallet(campaign_id: str, wallet: str) -> None:
    """Have the contract of a failed campaign pay a wallet's tokens back; it needs no gas."""
    refund_wallets(campaign_id, [wallet])


def refund_wallets(campaign_id: str, wallets: Sequence[str]) -> None:
    """Have the contract of a failed campaign pay back the tokens of wallets, each once."""
    address = campaigns.by_id(campaign_id).contract_address
    chain.write_many(
        [
            chain.Effect(
                f"refund-token:{campaign_id}:{wallet}",
                "CampaignImplementation",
                "refundFor",
                [wallet],
                ("token_refund", campaign_id),
                address=address,
            )
            for wallet in wallets
        ]
    )


def pay_back(campaign_id: str, *, after: str = "") -> None:
    """Have the contract of a failed campaign pay back all tokens that came in, wallet by wallet.

    Some wallets in each transaction, in the order of their addresses, beginning behind `after`.
    """
    address = str(campaigns.by_id(campaign_id).contract_address)
    wallets = orders.wallets_of(address, after=after, limit=AT_ONCE)
    refund_wallets(campaign_id, wallets)
    if len(wallets) == AT_ONCE:
        payload = {"campaign_id": campaign_id, "after": wallets[-1]}
        key = f"refund-tokens:{campaign_id}:{wallets[-1]}"
        outbox.add("investments.refund_tokens", key, payload)


def token_money_went_back(address: str, wallet: str, tx_hash: str) -> None:
    """Return the investments of a wallet that a contract has paid back, each once.

    The platform or the investor may have asked the contract; its event counts. Locks the
    investments, then the journal.
    """
    paid = [order for order in orders.paid_by(address, wallet) if order.refund_tx is None]
    if not paid:
        return
    drafts, campaign_id = [], ""
    for order in paid:
        investment = states.lock(order.purpose_id)
        campaign_id = investment.campaign_id
        token_payments.note_refunded(order.payment_id, tx_hash)
        if investment.status in rules.IN:
            states.move_to(investment.id, Status.RETURNED, reason=f"paid back in {tx_hash}")
            notices.notify_investor(investment, "refunded_tokens", wallet=wallet)
            drafts.append(_return_draft(investment))
    if drafts:
        posting.post_many(drafts)
    mark_refunded(campaign_id)


def cancel(investment: Investment, *, actor: str) -> None:
    """Have the contract pay a locked investment's tokens back to the wallet that paid them.

    It stays settled until the contract's event is heard. The campaign cannot close meanwhile. Each
    try after a refusal is a write of its own; the contract gives an investment back once.
    """
    order = orders.order(str(investment.payment_id))
    tries = len(chain_queries.writes_of(CANCELLATION, investment.id))
    investment.cancelled_at, investment.cancelled_by = clock.now(), actor
    db.session.flush()
    chain.write(
        f"cancel-token:{investment.id}:{tries + 1}",
        "CampaignImplementation",
        "cancelInvestment",
        [order.intent, str(order.wallet), int(order.units)],
        subject=(CANCELLATION, investment.id),
        address=order.contract,
    )
    live.changed("investment", investment.id)


def investment_cancelled(address: str, args: CancelledArgs, tx_hash: str) -> bool:
    """Return an investment whose tokens a contract has paid back, once; False if it is not ours.

    Locks the investment, the campaign, the journal.
    """
    intent, wallet, units = args
    order = orders.by_intent(intent)
    if order is None or order.tx_hash is None or order.contract.lower() != address.lower():
        return False
    if (str(order.wallet).lower(), int(order.units)) != (wallet.lower(), units):
        return False
    investment = states.lock(order.purpose_id)
    if investment.status not in rules.IN:
        return True  # heard before
    others = queries.settled_by(investment.user_id, investment.campaign_id)
    is_gone = not [one for one in others if one != investment.id]
    totals.uncount_tokens(investment.campaign_id, investment.amount_minor, investor_gone=is_gone)
    investment.cancel_tx = tx_hash
    token_payments.note_refunded(order.payment_id, tx_hash)
    states.move_locked(investment, Status.RETURNED, reason=f"cancelled in {tx_hash}")
    notices.notify_investor(investment, "cancelled_tokens", wallet=wallet)
    posting.post_many([_return_draft(investment)])
    return True


def not_cancelled(investment_id: str) -> None:
    """Keep an investment that the contract did not cancel, and notify its investor."""
    investment = states.lock(investment_id)
    if investment.status not in rules.IN or investment.cancelled_at is None:
        return
    investment.cancelled_at = investment.cancelled_by = None
    db.session.flush()
    notices.notify_investor(investment, "not_cancelled")
    live.changed("investment", investment.id)


def _return_draft(investment: Investment) -> ledger_rules.Draft:
    to_wallet = ledger_rules.Posting(
        ledger_rules.tokens(investment.campaign_id),
        ledger_rules.OUTSIDE_WALLETS,
        investment.amount_minor,
    )
    return ledger_rules.Draft(
        f"investment:{investment.id}:returned",
        (to_wallet,),
        "investment.returned",
        investment.currency,
        (("campaign", investment.campaign_id), ("investment", investment.id)),
    )


def mark_refunded(campaign_id: str) -> None:
    """Note that a campaign is refunded once nobody's money is left in it."""
    campaign = campaigns.by_id(campaign_id)
    is_ended = campaign.status in (life.Status.FAILED, life.Status.CANCELLED)
    if is_ended and not queries.has_investors(campaign_id):
        ending.mark_refunded(campaign_id)
