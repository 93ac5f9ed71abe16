"""What became of an investment, for the features above."""

from dataclasses import dataclass

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class InvestmentReturned(Event, name="investment.returned"):
    """The money of an investment is back in its investor's wallet; minor units.

    What was paid from the wallet is not among them: it has no other place to go back to.
    """

    investment_id: str
    payment_id: str
    user_id: str
    amount_minor: int
    currency: str
