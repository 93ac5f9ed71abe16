"""What refunds do when money is credited, and when a reminder is due."""

from crowdfund.investments.events import InvestmentReturned
from crowdfund.kernel import outbox
from crowdfund.kernel.outbox import Row
from crowdfund.payments.events import MoneyCredited
from crowdfund.refunds.service import choosing, registering, reminding

BATCH = 100


@outbox.on(InvestmentReturned, batch=BATCH)
def investment_returned(events: list[InvestmentReturned]) -> None:
    """Note the refunds of investments."""
    registering.investments_returned(events)


@outbox.on(MoneyCredited)
def money_credited(events: list[MoneyCredited]) -> None:
    """Note the refund of money that was not as expected."""
    for event in events:
        registering.money_credited(event)


@outbox.handler("refunds.send_back", queue="payments")
def send_back(rows: list[Row]) -> None:
    """Send a refund back because its person wants that of all."""
    for row in rows:
        choosing.send_back_by_default(row.payload["refund_id"])


@outbox.handler("refunds.remind", queue="messages")
def remind(rows: list[Row]) -> None:
    """Remind of a refund."""
    for row in rows:
        reminding.remind(row.payload["refund_id"])
