"""Move an investment's money from escrow back to its investor's wallet."""

from collections.abc import Iterable

from crowdfund.campaigns.service import totals
from crowdfund.investments import notices, rules
from crowdfund.investments.events import InvestmentReturned
from crowdfund.investments.models import Investment
from crowdfund.investments.rules import Status
from crowdfund.investments.service import states
from crowdfund.kernel import outbox
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting
from crowdfund.payments import rules as payment_rules


def give_back(investment: Investment, what: str, *, reason: str, actor: str = "system") -> None:
    """Move an investment's money from escrow to its investor's wallet, once, and notify them."""
    if investment.chain_problem and investment.status in rules.IN:
        totals.count_refused(investment.campaign_id, -1)
    states.move_to(investment.id, Status.RETURNED, reason=reason, actor=actor)
    emit_returned([investment])
    posting.post_many([return_draft(investment)])  # last: it locks the journal
    notices.notify_investor(investment, what)


def emit_returned(investments: Iterable[Investment]) -> None:
    """Emit that money is back in wallets, for what came through a gateway."""
    outbox.emit_many(
        InvestmentReturned(
            key=one.id,
            investment_id=one.id,
            payment_id=str(one.payment_id),
            user_id=one.user_id,
            amount_minor=one.amount_minor,
            currency=one.currency,
        )
        for one in investments
        if one.rail != payment_rules.WALLET
    )


def return_draft(investment: Investment) -> ledger_rules.Draft:
    """Return the entry that moves an investment's money from escrow to its investor's wallet."""
    to_wallet = ledger_rules.Posting(
        ledger_rules.escrow(investment.campaign_id),
        ledger_rules.user_wallet(investment.user_id),
        investment.amount_minor,
    )
    return ledger_rules.Draft(
        f"investment:{investment.id}:returned",
        (to_wallet,),
        "investment.returned",
        investment.currency,
        (("campaign", investment.campaign_id), ("investment", investment.id)),
    )
