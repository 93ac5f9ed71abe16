"""Every amount that pages explain, declared once: its name, its rule, and how it adds up.

Who may see one is said by `access.TABLE` (an endpoint for each) and by the query: the same as of
the page on which it stands.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crowdfund.kernel.db.paging import Place
from crowdfund.kernel.i18n import _l
from crowdfund.term_changes.rules.life import Answer
from crowdfund.tracing.queries import (
    accounts,
    answers,
    campaigns,
    contracts,
    investments,
    payments,
    refunds,
)
from crowdfund.tracing.rows import Explanation, Reader

VERSION = "0.1.0"  # of the platform, since which these rules hold


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount with a name: what it is, by which rule, and the query that adds it up.

    `heading` is the section of docs/rules.md that holds the rule.
    """

    name: str
    label: str
    rule: str
    heading: str
    explain: Callable[[str, Reader, Place], Explanation]

    @property
    def endpoint(self) -> str:
        """Return the name of its route."""
        return self.name.replace(".", "_")


_BALANCE = _l(
    "The balance of an account is the sum of its postings: what came in, less what went out. Each "
    "posting has a second side in another account, so no money is created or lost."
)
_ON_HOLD = _l(
    "Money that is reserved for a request stays in the account until the request is carried out or "
    "ends. Then it has left, or it is available again."
)
_SETTLED = _l(
    "Money counts for a campaign when the bank has settled it: when it has been transferred to the "
    "campaign's escrow."
)
_WAITING = _l(
    "Money is on its way from the reservation until the bank has settled the payment. A "
    "reservation that is not paid in time ends, and its amount becomes available again."
)
_FEE = _l(
    "The platform takes its fee of what is released, rounded down, and only if the campaign is "
    "successful. The company gets the rest."
)
_BOOKED = _l(
    "Money moves only by postings: an amount leaves one account and arrives in another. Entries "
    "are never changed or deleted; a mistake is reversed by another entry."
)
_PAYMENT = _l(
    "A payment counts when the bank's signed message and its answer to our own question agree. "
    "What is not exact is held until our staff have decided."
)
_ON_CHAIN = _l(
    "Each settled investment is recorded once in the campaign's contract. Books and contract are "
    "compared every ten minutes."
)

_ASKED = _l(
    "When the terms of a campaign change materially, each investor is asked whether to keep the "
    "investment. An investment counts with its whole amount under the last answer."
)

_ALL = (
    Figure("campaign.settled", _l("Raised"), _SETTLED, "Payments", campaigns.settled),
    Figure("campaign.on_its_way", _l("On its way"), _WAITING, "Investment", campaigns.on_its_way),
    Figure(
        "campaign.arriving",
        _l("Paid, not settled yet"),
        _l("A campaign is not closed early while money that has been paid is still arriving."),
        "Success",
        campaigns.arriving,
    ),
    Figure("campaign.released", _l("Released to the company"), _FEE, "Fee", campaigns.released),
    Figure("campaign.fee", _l("Fee"), _FEE, "Fee", campaigns.fee),
    Figure("term_change.kept", _l("Kept"), _ASKED, "Changed terms", answers.answered(Answer.KEPT)),
    Figure(
        "term_change.taken_back",
        _l("Took the money back"),
        _ASKED,
        "Changed terms",
        answers.answered(Answer.TAKEN_BACK),
    ),
    Figure(
        "term_change.lapsed",
        _l("Returned without an answer"),
        _ASKED,
        "Changed terms",
        answers.answered(Answer.LAPSED),
    ),
    Figure(
        "term_change.open",
        _l("Not answered yet"),
        _ASKED,
        "Changed terms",
        answers.answered(Answer.OPEN),
    ),
    Figure(
        "company.balance",
        _l("Balance of the company"),
        _BALANCE,
        "Journal",
        accounts.company_balance,
    ),
    Figure(
        "portfolio.invested", _l("Invested"), _SETTLED, "Payments", investments.portfolio_invested
    ),
    Figure(
        "portfolio.on_its_way",
        _l("On its way"),
        _WAITING,
        "Investment",
        investments.portfolio_on_its_way,
    ),
    Figure(
        "investment.amount",
        _l("Amount of the investment"),
        _l(
            "An investment is exactly the amount that was reserved: it is settled when that amount "
            "is in the campaign's escrow. You pay no fee."
        ),
        "Investment",
        investments.investment_amount,
    ),
    Figure(
        "wallet.balance", _l("Balance of the wallet"), _BALANCE, "Journal", accounts.wallet_balance
    ),
    Figure(
        "wallet.balance_after",
        _l("Balance after this posting"),
        _BALANCE,
        "Journal",
        accounts.wallet_balance_after,
    ),
    Figure(
        "wallet.available",
        _l("Available in the wallet"),
        _l("What is available is the balance less what is on hold."),
        "Withdrawals",
        accounts.wallet_available,
    ),
    Figure(
        "wallet.on_hold",
        _l("On hold in the wallet"),
        _ON_HOLD,
        "Withdrawals",
        accounts.wallet_on_hold,
    ),
    Figure(
        "withdrawal.amount",
        _l("Amount of the withdrawal"),
        _l(
            "A withdrawal costs no fee. Its amount is on hold from the request on, and leaves the "
            "wallet when the bank's answer says that it has paid exactly this amount."
        ),
        "Withdrawals",
        accounts.withdrawal_amount,
    ),
    Figure(
        "refund.amount",
        _l("Amount of the refund"),
        _l(
            "A refund is exactly what a payment brought and was not used: each payment is refunded "
            "once, and no more goes back than came."
        ),
        "Refund",
        refunds.amount,
    ),
    Figure(
        "refund.in_wallet",
        _l("Still in the wallet"),
        _l(
            "What is still in the wallet is the refund, less what was sent back or is on its way, "
            "less what was spent or withdrawn. Older money is spent first."
        ),
        "Refund",
        refunds.in_wallet,
    ),
    Figure(
        "posting.amount", _l("Amount of the posting"), _BOOKED, "Journal", accounts.posting_amount
    ),
    Figure(
        "payment.amount",
        _l("Amount of the payment"),
        _l(
            "A payment asks for exactly the amount of what it is for. A further payment asks for "
            "what was missing of the first one."
        ),
        "Payments",
        payments.amount,
    ),
    Figure("payment.received", _l("Received"), _PAYMENT, "Payments", payments.received),
    Figure(
        "payment.missing",
        _l("Still missing"),
        _l("What is missing is the amount that was asked for, less what has been received."),
        "Payments",
        payments.missing,
    ),
    Figure(
        "exception.amount", _l("Payment to review"), _PAYMENT, "Payments", payments.exception_amount
    ),
    Figure(
        "payments.asked",
        _l("Total of payments"),
        _l("The total is the sum of all payments that match the filters."),
        "Payments",
        payments.total_asked,
    ),
    Figure(
        "payments.received",
        _l("Total received"),
        _l("The total is the sum of what was received for all payments that match the filters."),
        "Payments",
        payments.total_received,
    ),
    Figure("account.balance", _l("Balance"), _BALANCE, "Journal", accounts.account_balance),
    Figure(
        "account.balance_after",
        _l("Balance after this posting"),
        _BALANCE,
        "Journal",
        accounts.account_balance_after,
    ),
    Figure("account.held", _l("On hold"), _ON_HOLD, "Journal", accounts.account_held),
    Figure(
        "contract.recorded",
        _l("Recorded in the contract"),
        _ON_CHAIN,
        "Chain writes",
        contracts.recorded,
    ),
    Figure(
        "contract.refused",
        _l("Refused by the contract"),
        _ON_CHAIN,
        "Chain writes",
        contracts.refused,
    ),
    Figure("contract.tokens", _l("Tokens"), _ON_CHAIN, "Chain writes", contracts.tokens),
    Figure("drift.compared", _l("Money compared"), _ON_CHAIN, "Chain writes", contracts.compared),
)
FIGURES = {one.name: one for one in _ALL}
