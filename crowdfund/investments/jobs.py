"""What investments do when payments, the chain or a campaign move."""

from collections.abc import Sequence

from crowdfund.campaigns.events import (
    CampaignCancelled,
    CampaignClosesSoon,
    CampaignFailed,
    CampaignReleased,
    CampaignSucceeded,
)
from crowdfund.chain.contract_events import on_contract_event
from crowdfund.chain.events import ContractEvent, WriteConfirmed, WriteFailed
from crowdfund.investments import followers, notices
from crowdfund.investments.rules import Status
from crowdfund.investments.service import (
    cancelling,
    foreign,
    own_wallet,
    recording,
    refunding,
    settling,
    states,
)
from crowdfund.kernel import outbox
from crowdfund.payments.events import (
    PaymentEvent,
    PaymentExpired,
    PaymentFailed,
    PaymentReversed,
    PaymentSettled,
    PaymentSucceeded,
)


def _is_ours(event: PaymentEvent) -> bool:
    return event.purpose_kind == "investment"


def _lock(payments: Sequence[PaymentEvent]) -> None:
    """Lock the investments of a batch before the totals of campaigns, as all verbs do."""
    states.lock_many({payment.purpose_id for payment in payments})


@outbox.on(PaymentSucceeded, queue="payments", batch=100, where=_is_ours)
def payment_succeeded(payments: list[PaymentSucceeded]) -> None:
    """The bank has taken the money."""
    _lock(payments)
    for payment in payments:
        settling.authorised(payment.purpose_id)


@outbox.on(PaymentSettled, queue="payments", batch=100, where=_is_ours)
def payment_settled(payments: list[PaymentSettled]) -> None:
    """The money is in escrow."""
    _lock(payments)
    for payment in payments:
        settling.settled(payment.purpose_id)


@outbox.on(PaymentFailed, queue="payments", batch=100, where=_is_ours)
def payment_failed(payments: list[PaymentFailed]) -> None:
    """No money will come."""
    _lock(payments)
    for payment in payments:
        settling.not_paid(payment.purpose_id, Status.FAILED)


@outbox.on(PaymentReversed, queue="payments", batch=100, where=_is_ours)
def payment_reversed(payments: list[PaymentReversed]) -> None:
    """The bank took the money and gave it back before settlement."""
    _lock(payments)
    for payment in payments:
        settling.not_paid(payment.purpose_id, Status.FAILED)


@outbox.on(PaymentExpired, queue="payments", batch=100, where=_is_ours)
def payment_expired(payments: list[PaymentExpired]) -> None:
    """No payment arrived in time."""
    _lock(payments)
    for payment in payments:
        settling.not_paid(payment.purpose_id, Status.EXPIRED)


_REFUSED = ("investment", "cancellation", own_wallet.CANCELLATION)
_CONFIRMED = (*_REFUSED, "token_refund")


@outbox.on(
    WriteConfirmed,
    queue="chain",
    batch=100,
    where=lambda write: write.subject.kind in _CONFIRMED,
)
def chain_confirmed(writes: list[WriteConfirmed]) -> None:
    """The contract has an investment, counts it no longer, or has paid tokens back."""
    recording.confirmed(
        {one.subject.id: one.tx_hash for one in writes if one.subject.kind == "investment"}
    )
    for write in writes:
        if write.subject.kind == "cancellation":
            cancelling.taken_off_chain(write.subject.id, write.tx_hash)
        elif write.subject.kind == own_wallet.CANCELLATION:
            intent, wallet, units = write.args
            args = (str(intent), str(wallet), int(units))
            own_wallet.investment_cancelled(write.address, args, write.tx_hash)
        elif write.subject.kind == "token_refund":
            foreign.token_money_went_back(write.address, write.args[0])
            own_wallet.token_money_went_back(write.address, write.args[0], write.tx_hash)


@outbox.on(
    WriteFailed,
    queue="chain",
    where=lambda write: write.subject.kind in _REFUSED,
)
def chain_failed(writes: list[WriteFailed]) -> None:
    """The contract refuses an investment, or its cancellation."""
    for write in writes:
        if write.subject.kind == "investment":
            recording.record_refused(write.subject.id, write.reason)
        elif write.subject.kind == own_wallet.CANCELLATION:
            own_wallet.not_cancelled(write.subject.id)
        else:
            cancelling.not_taken_off_chain(write.subject.id, write.reason)


@on_contract_event("CampaignImplementation.Invested")
def token_money_came(event: ContractEvent) -> None:
    """A contract received tokens: they pay an investment, or nobody here expects them."""
    if not own_wallet.token_money_came(event):
        foreign.token_money_came(event)


@on_contract_event("CampaignImplementation.InvestmentRecorded")
def recorded_by_others(event: ContractEvent) -> None:
    """Fiat was recorded by a transaction that was not sent from here."""
    foreign.fiat_recorded(event)


@on_contract_event("CampaignImplementation.InvestmentCancelled")
def investment_cancelled(event: ContractEvent) -> None:
    """A contract paid an investment's tokens back by a transaction that was not sent from here."""
    found = event.args
    args = (str(found["intentId"]), str(found["investor"]), int(found["amount"]))
    own_wallet.investment_cancelled(event.address, args, event.tx_hash)


@on_contract_event("CampaignImplementation.Refunded")
def token_money_went_back(event: ContractEvent) -> None:
    """An investor took token money back from the contract."""
    foreign.token_money_went_back(event.address, event.args["investor"])
    own_wallet.token_money_went_back(event.address, event.args["investor"], event.tx_hash)


@outbox.on(CampaignFailed, queue="default")
def campaign_failed(campaigns: list[CampaignFailed]) -> None:
    """Below the threshold: everyone is refunded exactly what was paid."""
    for campaign in campaigns:
        foreign.pay_back_tokens(campaign.campaign_id)
        own_wallet.pay_back(campaign.campaign_id)
        refunding.begin(campaign.campaign_id, reason="The campaign did not reach its threshold.")


@outbox.on(CampaignCancelled, queue="default")
def campaign_cancelled(campaigns: list[CampaignCancelled]) -> None:
    """Cancelled while live: everyone is refunded exactly what was paid."""
    for campaign in campaigns:
        foreign.pay_back_tokens(campaign.campaign_id)
        own_wallet.pay_back(campaign.campaign_id)
        refunding.begin(campaign.campaign_id, reason="The campaign was cancelled.")


@outbox.handler("investments.refund", queue="default")
def refund(rows: list[outbox.Row]) -> None:
    """Refund the next investments of a campaign."""
    for row in rows:
        refunding.go_on(**row.payload)


@outbox.handler("investments.refund_tokens", queue="default")
def refund_tokens(rows: list[outbox.Row]) -> None:
    """Pay back the tokens of the next wallets of a campaign."""
    for row in rows:
        own_wallet.pay_back(row.payload["campaign_id"], after=row.payload["after"])


@outbox.on(CampaignSucceeded, queue="default")
def campaign_succeeded(campaigns: list[CampaignSucceeded]) -> None:
    """Notify the investors that the threshold was reached."""
    for campaign in campaigns:
        notices.notify_investors(campaign.campaign_id, "succeeded")


@outbox.on(CampaignReleased, queue="default")
def campaign_released(campaigns: list[CampaignReleased]) -> None:
    """Notify the investors that the company has the money."""
    for campaign in campaigns:
        notices.notify_investors(campaign.campaign_id, "released")


# --- followers who have not invested --------------------------------------------------------------


@outbox.on(CampaignClosesSoon, queue="messages")
def followed_closes_soon(campaigns: list[CampaignClosesSoon]) -> None:
    """Remind the followers of the deadline."""
    for campaign in campaigns:
        followers.begin(campaign.campaign_id, "closing")


@outbox.on(CampaignSucceeded, queue="messages")
def followed_succeeded(campaigns: list[CampaignSucceeded]) -> None:
    """Notify the followers that the threshold was reached."""
    for campaign in campaigns:
        followers.begin(campaign.campaign_id, "succeeded")


@outbox.on(CampaignFailed, queue="messages")
def followed_failed(campaigns: list[CampaignFailed]) -> None:
    """Notify the followers that the threshold was not reached."""
    for campaign in campaigns:
        followers.begin(campaign.campaign_id, "failed")


@outbox.on(CampaignCancelled, queue="messages")
def followed_cancelled(campaigns: list[CampaignCancelled]) -> None:
    """Notify the followers that the campaign was cancelled."""
    for campaign in campaigns:
        followers.begin(campaign.campaign_id, "cancelled")


@outbox.handler("investments.notify_followers", queue="messages")
def notify_followers(rows: list[outbox.Row]) -> None:
    """Notify the next followers of a campaign."""
    for row in rows:
        followers.notify_next(**row.payload)
