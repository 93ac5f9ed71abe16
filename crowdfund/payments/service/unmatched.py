"""Webhooks of transactions that none of our payments has: their money goes to suspense, once."""

from crowdfund.adapters.gateways import Truth
from crowdfund.ledger.rules import SUSPENSE, Draft, Posting, external
from crowdfund.ledger.service import posting
from crowdfund.payments import queries, rules
from crowdfund.payments.rules import Kind, Verdict
from crowdfund.payments.service import exceptions, keys
from crowdfund.payments.service.answers import Answer, Foreign, Unclear, report_of
from crowdfund.payments.service.batches import Batch
from crowdfund.payments.service.exceptions import Origin
from crowdfund.payments.service.webhooks import Webhook

SETTLED = "settled"


def apply(batch: Batch, webhook: Webhook, answer: Answer) -> None:
    """Apply a webhook without a payment; first it waits, because its payment may only be late."""
    if isinstance(answer, Foreign):
        webhook.wait(answer.why)
        _contradict(webhook, None, keys.foreign(answer.why), answer.why)
    elif isinstance(answer, Unclear):
        webhook.wait(answer.why)
    elif answer is None or webhook.has_retries_left:
        webhook.wait("No payment has this transaction (yet).")
    else:
        _compare(batch, webhook, answer)


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
        origin=Origin(payment_id, owner, gateway, truth.tx_id),
        money=(truth.amount_minor, truth.currency),
        held=True,
        detail=detail,
    )


def _compare(batch: Batch, webhook: Webhook, truth: Truth) -> None:
    event = report_of(webhook.event)
    found = rules.reconcile(event, report_of(truth))
    if found.verdict is Verdict.CONTRADICTION:
        why = f"A webhook says {event.status}, the gateway {truth.status}."
        webhook.wait(why)
        _contradict(webhook, truth, keys.differs(event, truth.status), why)
    elif found.verdict is Verdict.AHEAD:
        webhook.wait(f"The webhook says {event.status}, the gateway still {truth.status}.")
    elif found.claim != "SETTLED":
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
    payment = batch.of_customer(webhook.provider, truth)
    batch.drafts.append(_draft(webhook.provider, truth, key))
    exceptions.open_one(
        key,
        Kind.DUPLICATE if payment else Kind.UNKNOWN_REFERENCE,
        origin=_origin(webhook, truth, payment.id if payment else None),
        money=money,
        held=True,
        detail="We received money in a transaction that belongs to no payment.",
    )


def _contradict(webhook: Webhook, truth: Truth | None, name: str, why: str) -> None:
    event = webhook.event
    shown = truth or event
    exceptions.open_one(
        keys.transaction(webhook.provider, event.tx_id, name),
        Kind.CONTRADICTION,
        origin=_origin(webhook, truth, None),
        money=(shown.amount_minor, shown.currency),
        held=False,
        detail=why,
    )


def _origin(webhook: Webhook, truth: Truth | None, payment_id: str | None) -> Origin:
    customer = truth.customer_ref if truth else webhook.event.customer_ref
    owner = queries.owner_of(webhook.provider, customer)
    return Origin(payment_id, owner, webhook.provider, webhook.event.tx_id)


def _draft(provider: str, truth: Truth, key: str) -> Draft:
    return Draft(
        key,
        (Posting(external(provider), SUSPENSE, truth.amount_minor),),
        "payment.unexpected",
        truth.currency,
        (("tx_id", truth.tx_id),),
    )
