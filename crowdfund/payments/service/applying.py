"""Turn webhooks and status queries into money, a batch at a time, in one transaction."""

from collections.abc import Mapping, Sequence

import structlog

from crowdfund.adapters.gateways import Event, Truth
from crowdfund.kernel import clock
from crowdfund.payments import rules
from crowdfund.payments.rows import LockedPayment, TransactionRow
from crowdfund.payments.rules import Kind, Status, Verdict
from crowdfund.payments.service import answers, exceptions, keys, unmatched, webhooks
from crowdfund.payments.service.answers import Answer, Answers, Foreign, Unclear, report_of
from crowdfund.payments.service.batches import Batch
from crowdfund.payments.service.webhooks import Webhook

log = structlog.get_logger()
_NOT_ASKED = Unclear("The gateway was not asked yet.")


def apply_webhooks(
    ids: Sequence[str], given: Answers, *, parsed: Mapping[str, Event] | None = None
) -> None:
    """Apply webhooks with the gateway's answers, in the current transaction.

    Idempotent: rows that another worker finished meanwhile are left alone, and every posting has
    a key of its own.
    """
    found = webhooks.load(ids, lock=True, parsed=parsed)
    references = [answer.reference for answer in given.values() if isinstance(answer, Truth)]
    batch = Batch.load(
        ids=[name for name in references if name],
        pairs={(webhook.provider, webhook.event.tx_id) for webhook in found},
    )
    for webhook in found:
        _apply(batch, webhook, given.get((webhook.provider, webhook.event.tx_id), _NOT_ASKED))
    batch.save()
    webhooks.save(found)


def apply_truths(ids: Sequence[str], given: Answers) -> None:
    """Compare payments with the gateway's status, webhooks or not; end what was not paid in time.

    A status without its webhook moves nothing, but becomes visible (webhook_missing). Without a
    clear answer about this very payment nothing ends either: the next tick asks again.
    """
    batch = Batch.load(ids=ids)
    for payment in batch.payments.values():
        answer = given.get((payment.gateway, payment.tx_id or payment.id), _NOT_ASKED)
        answer = answers.about_payment(payment, answer)
        if isinstance(answer, Truth) and payment.tx_id is None:
            answer = _adopted(batch, payment, answer)
        _compare(batch, payment, answer)
    batch.save()


def _adopted(batch: Batch, payment: LockedPayment, truth: Truth) -> Answer:
    """Give a payment the transaction of an answer; return Foreign if that is booked elsewhere."""
    if batch.adopt(payment, truth):
        return truth
    return Foreign(f"The gateway names {truth.tx_id}, whose money is booked elsewhere.")


def _compare(batch: Batch, payment: LockedPayment, answer: Answer) -> None:
    if isinstance(answer, Unclear | Foreign):
        log.info("payment.unclear", payment_id=payment.id, why=answer.why)
        is_quiet = clock.now() - payment.checked_at >= rules.PATIENCE
        _question_answer(batch, payment, answer, is_exhausted=is_quiet)
        return
    if answer is not None:
        batch.answer(payment, keys.FOREIGN, keys.UNCLEAR)
        _note_report(payment, answer)
        batch.advance(payment, answer)
        _look_for_webhook(batch, payment, answer)
    payment.checked_at = clock.now()
    batch.touch(payment)
    paid = answer is not None and answer.status in ("SUCCESS", "SETTLED")
    if payment.expires_at <= clock.now() and payment.status in rules.UNPAID and not paid:
        batch.enter(payment, Status.EXPIRED, None, reason="It was not paid in time.")


def _note_report(payment: LockedPayment, truth: Truth) -> None:
    if payment.reported != truth.status or payment.reported_at is None:
        payment.reported, payment.reported_at = truth.status, clock.now()


def _look_for_webhook(batch: Batch, payment: LockedPayment, truth: Truth) -> None:
    is_missing = rules.missing_webhook(
        payment.status,
        payment.claimed,
        truth.status,
        claimed_failed=payment.claimed_failed,
    )
    now = clock.now()
    since = payment.reported_at or now
    if not is_missing or rules.may_be_on_its_way(payment.came_back_at, since, now):
        return
    name = keys.missing(truth.status)
    detail = f"{truth.status} is what the gateway answers, but no webhook has said so."
    received = truth.amount_minor, truth.currency
    batch.open_exception(payment, Kind.WEBHOOK_MISSING, detail, name=name, received=received)
    batch.answer(payment, *(other for other in keys.all_missing() if other != name))


def _question_answer(
    batch: Batch, payment: LockedPayment, answer: Unclear | Foreign, *, is_exhausted: bool
) -> None:
    """Open an exception: about a foreign answer at once, about a malformed one if it stays so."""
    if isinstance(answer, Foreign):
        batch.open_exception(payment, Kind.CONTRADICTION, answer.why, name=keys.foreign(answer.why))
    elif answer.is_malformed and is_exhausted:
        batch.open_exception(payment, Kind.CONTRADICTION, answer.why, name=keys.UNCLEAR)


def _apply(batch: Batch, webhook: Webhook, answer: Answer) -> None:
    answer = answers.about_event(webhook.event, answer)
    payment = batch.by_tx.get((webhook.provider, webhook.event.tx_id))
    if payment is None and isinstance(answer, Truth):
        payment = batch.adopt_by_reference(webhook.provider, answer)
    if payment is None:
        unmatched.apply(batch, webhook, answer)
        return
    webhook.payment_id = payment.id
    is_known = answer is _NOT_ASKED and says_nothing_new(webhook.event, payment)
    is_asked = not (is_known or payment.status == Status.SETTLED)
    answer = answers.about_payment(
        payment, answer if is_asked else _own_truth(payment, webhook.event)
    )
    if isinstance(answer, Truth):
        if is_asked:
            batch.answer(payment, keys.FOREIGN, keys.UNCLEAR)
            _note_report(payment, answer)
        _apply_known(batch, webhook, payment, answer)
    elif answer is None:
        webhook.wait("The gateway does not know this transaction.")
        _escalate_if_exhausted(batch, webhook, payment)
    else:
        webhook.wait(answer.why)
        _question_answer(batch, payment, answer, is_exhausted=not webhook.has_retries_left)


def _apply_known(batch: Batch, webhook: Webhook, payment: LockedPayment, truth: Truth) -> None:
    event = report_of(webhook.event)
    found = rules.reconcile(event, report_of(truth))
    is_over = payment.status == Status.SETTLED
    if not is_over:
        batch.claim(payment, found.claim)
        batch.advance(payment, truth)
    if found.verdict is Verdict.CONTRADICTION:
        why = f"A webhook says {event.status}, the gateway {truth.status}."
        batch.open_exception(
            payment, Kind.CONTRADICTION, why, name=keys.differs(event, truth.status)
        )
        if not is_over:  # the gateway's answer may have been wrong for a moment
            webhook.wait(why)
    elif found.verdict is Verdict.AHEAD:
        webhook.wait(f"The webhook says {event.status}, the gateway still {truth.status}.")
        _escalate_if_exhausted(batch, webhook, payment)
    elif webhook.attempts:
        batch.answer(payment, *keys.of_event(event))
    _end_if_dismissed(webhook, payment, keys.differs(event, truth.status))


def _escalate_if_exhausted(batch: Batch, webhook: Webhook, payment: LockedPayment) -> None:
    if not webhook.has_retries_left:
        name = keys.ahead(report_of(webhook.event))
        batch.open_exception(payment, Kind.CONTRADICTION, webhook.last_error or "", name=name)
        _end_if_dismissed(webhook, payment, name)


def _end_if_dismissed(webhook: Webhook, payment: LockedPayment, name: str) -> None:
    """Mark a dead webhook as done if staff have dismissed its contradiction."""
    if webhook.state == "dead" and exceptions.is_dismissed(keys.payment(payment.id, name)):
        webhook.state = "done"


def says_nothing_new(event: Event, payment: LockedPayment | TransactionRow) -> bool:
    """Return whether a webhook needs no status query, because it says what was agreed on before.

    A settled payment never needs one: what was agreed then is the truth.
    """
    received = payment.received_minor, payment.received_currency
    is_settled = payment.status == Status.SETTLED
    return is_settled or rules.is_old_news(report_of(event), payment.status, received)


def _own_truth(payment: LockedPayment, event: Event) -> Truth:
    """Return what was agreed on for the payment of a webhook before."""
    amount, currency = payment.received_minor, payment.received_currency
    if amount is None or currency is None:
        amount, currency = event.amount_minor, event.currency
    status = rules.reached(payment.status) or "PENDING"
    customer = payment.customer_ref or ""
    return Truth(event.tx_id, customer, status, amount, currency, payment.id)
