"""What investments do when payments, the chain or a campaign move."""

from typing import Any

from crowdfund.chain.hearing import hears
from crowdfund.investments import foreign, service, telling
from crowdfund.investments.rules import Status
from crowdfund.kernel import outbox

Rows = list[outbox.Row]


def _mine(rows: Rows) -> list[str]:
    return [row.payload["purpose_id"] for row in rows if row.payload["purpose_kind"] == "investment"]


@outbox.on("payment.succeeded", queue="payments", batch=100)
def payment_succeeded(rows: Rows) -> None:
    """The bank has taken the money."""
    for investment_id in _mine(rows):
        service.authorised(investment_id)


@outbox.on("payment.settled", queue="payments", batch=100)
def payment_settled(rows: Rows) -> None:
    """The money is in escrow."""
    for investment_id in _mine(rows):
        service.settled(investment_id)


@outbox.on("payment.failed", queue="payments", batch=100)
def payment_failed(rows: Rows) -> None:
    """No money will come."""
    for investment_id in _mine(rows):
        service.not_paid(investment_id, Status.FAILED)


@outbox.on("payment.reversed", queue="payments", batch=100)
def payment_reversed(rows: Rows) -> None:
    """The bank took the money and gave it back before settlement."""
    for investment_id in _mine(rows):
        service.not_paid(investment_id, Status.FAILED)


@outbox.on("payment.expired", queue="payments", batch=100)
def payment_expired(rows: Rows) -> None:
    """Nobody paid in time."""
    for investment_id in _mine(rows):
        service.not_paid(investment_id, Status.EXPIRED)


@outbox.on("chain.confirmed", queue="chain", batch=100)
def chain_confirmed(rows: Rows) -> None:
    """The contract has an investment."""
    for row in rows:
        kind, subject_id = row.payload["subject"]
        if kind == "investment":
            service.confirmed(subject_id, row.payload["tx_hash"])
        elif kind == "token_refund":
            foreign.token_money_went_back(row.payload["address"], row.payload["args"][0])


@outbox.on("chain.failed", queue="chain")
def chain_failed(rows: Rows) -> None:
    """The contract refuses an investment."""
    for row in rows:
        kind, subject_id = row.payload["subject"]
        if kind == "investment":
            service.record_refused(subject_id, row.payload["reason"])


@hears("CampaignImplementation.Invested")
def token_money_came(event: dict[str, Any]) -> None:
    """Tokens came into a contract; no rail of ours expects them yet, so they are all unknown."""
    foreign.token_money_came(event)


@hears("CampaignImplementation.InvestmentRecorded")
def recorded_by_others(event: dict[str, Any]) -> None:
    """Fiat was recorded by a transaction that was not sent from here."""
    foreign.fiat_recorded(event)


@hears("CampaignImplementation.Refunded")
def token_money_went_back(event: dict[str, Any]) -> None:
    """An investor took token money back from the contract."""
    foreign.token_money_went_back(event["address"], event["args"]["investor"])


@outbox.on("campaign.failed", queue="default")
def campaign_failed(rows: Rows) -> None:
    """Below the threshold: everybody gets back exactly what was paid."""
    for row in rows:
        foreign.pay_back_tokens(row.payload["campaign_id"])
        service.give_back_all(row.payload["campaign_id"], reason="The campaign did not reach its threshold.")


@outbox.on("campaign.cancelled", queue="default")
def campaign_cancelled(rows: Rows) -> None:
    """Cancelled while live: everybody gets back exactly what was paid."""
    for row in rows:
        foreign.pay_back_tokens(row.payload["campaign_id"])
        service.give_back_all(row.payload["campaign_id"], reason="The campaign was cancelled.")


@outbox.on("campaign.succeeded", queue="default")
def campaign_succeeded(rows: Rows) -> None:
    """Tell the investors that the threshold was reached."""
    for row in rows:
        telling.tell_all(row.payload["campaign_id"], "succeeded")


@outbox.on("campaign.released", queue="default")
def campaign_released(rows: Rows) -> None:
    """Tell the investors that the company has the money."""
    for row in rows:
        telling.tell_all(row.payload["campaign_id"], "released")
