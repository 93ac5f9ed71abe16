"""Webhooks of transactions that none of our payments has: their money goes to suspense, once."""

from typing import Any

from crowdfund.adapters.gateways import Truth
from crowdfund.ledger.rules import SUSPENSE, Draft, Posting, external
from crowdfund.ledger.service import posting
from crowdfund.payments import queries, rules
from crowdfund.payments.rules import Kind, Report, Verdict
from crowdfund.payments.service import exceptions, keys
from crowdfund.payments.service.answers import Answer, Foreign, Unclear
from crowdfund.payments.service.batches import Batch
from crowdfund.payments.service.webhooks import Webhook

SETTLED = "settled"


def apply(batch: Batch, webhook: Webhook, answer: Answer) -> None:
    """Judge a webhook without a payment; its payment may only be late, so first it waits."""
    if isinstance(answer, Foreign):
        webhook.wait(answer.why)
        _contradict(webhook, None, keys.foreign(answer.why), answer.why)
    elif not isinstance(answer, Truth) or webhook.has_retries_left:
        unclear = (
            answer.why if isinstance(answer, Unclear) else "No payment has this transaction (yet)."
        )
        webhook.wait(unclear)
    else:
        _judge(batch, webhook, answer)


def suspend_now(
    gateway: str, truth: Truth, *, owner: str | None, payment_id: str | None, detail: str
) -> None:
    """Put settled money of the gateway's own list into suspense in the current transaction.

    The key is that of a webhook about this transaction, so that the two together are one.
    """
    key = keys.transaction(gateway, truth.tx_id, SETTLED)
    posting.post_many([_draft(gateway, truth, key)])
    exceptions.open_one(
        key,
        Kind.DUPLICATE if payment_id else Kind.UNKNOWN_REFERENCE,
        about={
            "payment_id": payment_id,
            "user_id": owner,
            "gateway": gateway,
            "tx_id": truth.tx_id,
        },
        money=(truth.amount_minor, truth.currency),
        held=True,
        detail=detail,
    )


def _judge(batch: Batch, webhook: Webhook, truth: Truth) -> None:
    event = webhook.event
    claimed = Report(event.status, event.amount_minor, event.currency, event.customer_ref)
    weighed = rules.reconcile(
        claimed, Report(truth.status, truth.amount_minor, truth.currency, truth.customer_ref)
    )
    if weighed.verdict is Verdict.CONTRADICTION:
        why = f"A webhook says {event.status}, the gateway {truth.status}."
        webhook.wait(why)
        _contradict(webhook, truth, keys.differs(claimed, truth.status), why)
    elif weighed.verdict is Verdict.AHEAD:
        webhook.wait(f"The webhook says {event.status}, the gateway still {truth.status}.")
    elif weighed.claim != "SETTLED":
        webhook.last_error = "Not a payment of ours; no money came with it."
    else:
        _suspend(batch, webhook, truth)


def _suspend(batch: Batch, webhook: Webhook, truth: Truth) -> None:
    """Put the money of a transaction into suspense, with one exception whatever its kind."""
    key = keys.transaction(webhook.provider, truth.tx_id, SETTLED)
    money = truth.amount_minor, truth.currency
    before = exceptions.money_of(key)
    if before is not None:
        if before != money:
            why = "The gateway changed the amount after it had confirmed it."
            _contradict(webhook, truth, f"changed:{money[0]}{money[1]}", why)
        return
    payment = _meant(batch, webhook.provider, truth)
    batch.drafts.append(_draft(webhook.provider, truth, key))
    exceptions.open_one(
        key,
        Kind.DUPLICATE if payment else Kind.UNKNOWN_REFERENCE,
        about=_about(webhook, truth, payment["id"] if payment else None),
        money=money,
        held=True,
        detail="We received money in a transaction that belongs to no payment.",
    )


def _meant(batch: Batch, provider: str, truth: Truth) -> dict[str, Any] | None:
    """Return the payment of this customer that the transaction refers to."""
    payment = batch.payments.get(truth.reference)
    if payment is None or (payment["gateway"], payment["customer_ref"]) != (
        provider,
        truth.customer_ref,
    ):
        return None
    return payment


def _contradict(webhook: Webhook, truth: Truth | None, name: str, why: str) -> None:
    event = webhook.event
    exceptions.open_one(
        keys.transaction(webhook.provider, event.tx_id, name),
        Kind.CONTRADICTION,
        about=_about(webhook, truth, None),
        money=(truth.amount_minor, truth.currency)
        if truth
        else (event.amount_minor, event.currency),
        held=False,
        detail=why,
    )


def _about(webhook: Webhook, truth: Truth | None, payment_id: str | None) -> dict[str, Any]:
    customer = truth.customer_ref if truth else webhook.event.customer_ref
    return {
        "payment_id": payment_id,
        "user_id": queries.owner_of(webhook.provider, customer),
        "gateway": webhook.provider,
        "tx_id": webhook.event.tx_id,
    }


def _draft(provider: str, truth: Truth, key: str) -> Draft:
    return Draft(
        key,
        (Posting(external(provider), SUSPENSE, truth.amount_minor),),
        "payment.unexpected",
        truth.currency,
        (("tx_id", truth.tx_id),),
    )
