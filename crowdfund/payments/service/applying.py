"""Turn webhooks and status queries into money, a batch at a time, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from ... import clock, live, outbox
from ...adapters import gateways
from ...adapters.gateways import Event, Truth
from ...db import db
from ...ledger.rules import SUSPENSE, Draft, Posting, external
from .. import queries, rules
from ..models import Inbox
from ..rules import Kind, Said, Status, Verdict
from . import exceptions
from .batches import Batch, Work

log = structlog.get_logger()
_I = Inbox.__table__
_SAVE_WEBHOOK = (
    sa.update(_I)
    .where(_I.c.id == sa.bindparam("b_id"))
    .values({
        name: sa.bindparam(name) for name in ("state", "attempts", "last_error", "payment_id", "done_at")
    })
)  # fmt: skip
_OPEN_ENDED = (Status.CREATED, Status.PENDING)


@dataclass(frozen=True, slots=True)
class Unclear:
    """The status query gave no answer this time."""

    why: str


Answer = Truth | Unclear | None
Answers = Mapping[tuple[str, str], Answer]


@dataclass(slots=True)
class Webhook:
    """An inbox row on its way through a batch."""

    id: str
    provider: str
    event: Event
    attempts: int
    state: str = "done"
    last_error: str | None = None
    payment_id: str | None = None

    def wait(self, why: str) -> None:
        """Try again later; after the last try wait for a person."""
        self.attempts += 1
        self.last_error = why[:300]
        self.state = "dead" if self.attempts >= rules.DEAD_AFTER else "parked"

    @property
    def is_patient(self) -> bool:
        """Return whether it may still become clear by itself."""
        return self.attempts < rules.PATIENCE


def load_webhooks(ids: Iterable[str], *, lock: bool = False) -> list[Webhook]:
    """Return what is still to be done of some inbox rows, oldest first."""
    query = sa.select(_I.c.id, _I.c.provider, _I.c.raw, _I.c.attempts)
    query = query.where(_I.c.id.in_(list(ids)), _I.c.state.in_(("received", "parked"))).order_by(_I.c.id)
    rows = db.session.execute(query.with_for_update() if lock else query)
    return [
        Webhook(row.id, row.provider, gateways.get(row.provider).parse_webhook(row.raw), row.attempts)
        for row in rows
    ]


def apply_webhooks(ids: Sequence[str], answers: Answers) -> None:
    """Apply webhooks with the gateway's answers, in the current transaction.

    Idempotent: rows that another worker finished meanwhile are left alone, and every posting has
    a key of its own.
    """
    webhooks = load_webhooks(ids, lock=True)
    references = [answer.reference for answer in answers.values() if isinstance(answer, Truth)]
    batch = Batch.load(
        ids=[name for name in references if name],
        pairs={(webhook.provider, webhook.event.tx_id) for webhook in webhooks},
    )
    for webhook in webhooks:
        _apply(batch, webhook, answers.get((webhook.provider, webhook.event.tx_id), Unclear("not asked yet")))
    batch.save()
    _save(webhooks)


def apply_truths(ids: Sequence[str], answers: Answers) -> None:
    """Compare payments with the gateway's status, webhooks or not; end what was not paid in time.

    A status without its webhook moves nothing, but becomes visible (webhook_missing). Without a
    clear answer nothing ends either: the next tick asks again.
    """
    batch = Batch.load(ids=ids)
    now = clock.now()
    for payment in batch.payments.values():
        answer = answers.get((payment["gateway"], payment["tx_id"] or payment["id"]))
        if isinstance(answer, Unclear):
            log.info("payment.unclear", payment_id=payment["id"], why=answer.why)
            continue
        if answer is not None and payment["tx_id"] is None:
            batch.adopt(payment["gateway"], answer)
        if answer is not None:
            batch.advance(payment, answer)
            _look_for_webhook(batch, payment, answer)
        payment["checked_at"] = now
        batch.touch(payment)
        paid = answer is not None and answer.status in ("SUCCESS", "SETTLED")
        if payment["expires_at"] <= now and payment["status"] in _OPEN_ENDED and not paid:
            batch.enter(payment, Status.EXPIRED, None, reason="It was not paid in time.")
    batch.save()


def _look_for_webhook(batch: Batch, payment: Work, truth: Truth) -> None:
    missing = rules.missing_webhook(
        payment["status"], payment["claimed"], truth.status, claimed_failed=payment["claimed_failed"]
    )
    if missing:
        detail = f"{truth.status} is what the gateway answers, but no webhook has said so."
        batch.doubt(payment, Kind.WEBHOOK_MISSING, detail, received=(truth.amount_minor, truth.currency))


def _apply(batch: Batch, webhook: Webhook, answer: Answer) -> None:
    payment = batch.by_tx.get((webhook.provider, webhook.event.tx_id))
    if payment is None and isinstance(answer, Truth):
        payment = batch.adopt(webhook.provider, answer)
    if payment is None:
        _apply_stranger(batch, webhook, answer)
        return
    webhook.payment_id = payment["id"]
    if payment["status"] == Status.SETTLED:
        answer = _own_truth(payment, webhook.event)
    if isinstance(answer, Unclear):
        webhook.wait(answer.why)
    elif answer is None:
        webhook.wait("The gateway does not know this transaction.")
        _doubt_if_tired(batch, webhook, payment)
    else:
        _apply_known(batch, webhook, payment, answer)


def _apply_known(batch: Batch, webhook: Webhook, payment: Work, truth: Truth) -> None:
    weighed = rules.weigh(_said(webhook.event), _said(truth))
    if payment["status"] != Status.SETTLED:
        batch.claim(payment, weighed.claim)
        batch.advance(payment, truth)
    if weighed.verdict is Verdict.CONTRADICTION:
        batch.contradict(payment, f"A webhook says {webhook.event.status}, the gateway {truth.status}.")
    elif weighed.verdict is Verdict.AHEAD:
        webhook.wait(f"The webhook says {webhook.event.status}, the gateway still {truth.status}.")
        _doubt_if_tired(batch, webhook, payment)
    elif not webhook.is_patient:
        batch.answered.append(_ahead_key(payment))


def _doubt_if_tired(batch: Batch, webhook: Webhook, payment: Work) -> None:
    if not webhook.is_patient:
        batch.doubt(payment, Kind.CONTRADICTION, webhook.last_error or "", name="ahead")


def _ahead_key(payment: Work) -> str:
    return f"payment:{payment['id']}:ahead"


def _own_truth(payment: Work, event: Event) -> Truth:
    """A settled payment needs no query: what was agreed then is the truth."""
    amount, currency = payment["received_minor"], payment["received_currency"]
    return Truth(payment["tx_id"], event.customer_ref, "SETTLED", amount, currency)


def _apply_stranger(batch: Batch, webhook: Webhook, answer: Answer) -> None:
    """A transaction that none of our payments has: money in it goes to suspense, once."""
    event = webhook.event
    if not isinstance(answer, Truth) or webhook.is_patient:
        unclear = answer.why if isinstance(answer, Unclear) else "No payment has this transaction (yet)."
        webhook.wait(unclear)
        return
    known = batch.payments.get(answer.reference)
    weighed = rules.weigh(_said(event), _said(answer))
    kind = Kind.DUPLICATE if known else Kind.UNKNOWN_REFERENCE
    held = weighed.claim == "SETTLED"
    if weighed.verdict is Verdict.CONTRADICTION:
        kind = Kind.CONTRADICTION
    elif not held:
        webhook.last_error = "Not a payment of ours; no money came with it."
        return
    else:
        batch.drafts.append(_suspense_draft(webhook, answer))
    exceptions.open_one(
        f"tx:{webhook.provider}:{event.tx_id}:{kind}",
        kind,
        about={
            "payment_id": known["id"] if known else None,
            "user_id": queries.owner_of(webhook.provider, answer.customer_ref),
            "gateway": webhook.provider,
            "tx_id": event.tx_id,
        },
        money=(answer.amount_minor, answer.currency),
        held=held,
        detail="Money of a transaction that no payment asked for." if held else "Webhook and gateway differ.",
    )


def _suspense_draft(webhook: Webhook, truth: Truth) -> Draft:
    return Draft(
        f"tx:{webhook.provider}:{truth.tx_id}:settled",
        (Posting(external(webhook.provider), SUSPENSE, truth.amount_minor),),
        "payment.unexpected",
        truth.currency,
        (("tx_id", truth.tx_id),),
    )


def _said(what: Event | Truth) -> Said:
    return Said(what.status, what.amount_minor, what.currency, what.customer_ref)


def _save(webhooks: Sequence[Webhook]) -> None:
    """Write the inbox rows; put parked ones back with their delay, call for help over dead ones."""
    if not webhooks:
        return
    now = clock.now()
    rows: list[dict[str, Any]] = []
    for webhook in webhooks:
        done_at = now if webhook.state == "done" else None
        rows.append({
            "b_id": webhook.id, "state": webhook.state, "attempts": webhook.attempts,
            "last_error": webhook.last_error, "payment_id": webhook.payment_id, "done_at": done_at,
        })  # fmt: skip
        if webhook.state == "parked":
            delay = timedelta(seconds=rules.retry_delay_s(webhook.attempts))
            queue_webhook(webhook.id, again=webhook.attempts, not_before=now + delay)
        elif webhook.state == "dead":
            log.error("inbox.dead", inbox_id=webhook.id, why=webhook.last_error)
    db.session.connection().execute(_SAVE_WEBHOOK, rows)
    live.changed("inbox", "all")


def queue_webhook(inbox_id: str, *, again: object = 0, not_before: Any = None) -> None:  # noqa: ANN401
    """Queue an inbox row for the inbox job."""
    outbox.add("payments.inbox", f"inbox:{inbox_id}:{again}", {"inbox_id": inbox_id}, not_before=not_before)
