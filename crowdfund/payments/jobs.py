"""Background work of payments: outside calls first, without a lock; then one transaction.

Rows of a gateway form a lane of their own, drained apart (outbox/lanes.py); each gateway has its
own threads, time and breaker (adapters/gateway_budget.py). Rows for which there was no time are
given back.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

import structlog

from crowdfund.adapters import gateway_budget, gateways
from crowdfund.adapters.gateway_budget import START_WITHIN_S
from crowdfund.adapters.gateways import (
    Event,
    GatewayError,
    GatewayForeign,
    GatewayUnclear,
    Initiated,
    Truth,
)
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, reading
from crowdfund.kernel.outbox import Partial, Row
from crowdfund.payments import queries
from crowdfund.payments.rows import TransactionRow
from crowdfund.payments.service import applying, refusals, starting, watching
from crowdfund.payments.service import webhooks as webhooks_service
from crowdfund.payments.service.answers import Answer, Foreign, Unclear
from crowdfund.payments.service.webhooks import Webhook

log = structlog.get_logger()
BATCH = 500
K = TypeVar("K")
T = TypeVar("T")
Pair = tuple[str, str]
Answers = dict[Pair, Answer]


def _capacity(lane: str) -> int:
    """Return how many rows a worker may take for a gateway now."""
    return gateway_budget.of(lane).capacity() if lane in gateways.names() else BATCH


outbox.CAPACITIES["payments"] = _capacity
outbox.INTAKES["payments"] = outbox.Intake(
    webhooks_service.collect, webhooks_service.oldest_received
)


# --- what asks the gateway, outside of transactions -----------------------------------------------


def ask(pairs: Iterable[Pair], *, start_within_s: float = START_WITHIN_S) -> Answers:
    """Return the gateways' answers by (gateway, name); pairs not asked in time have none."""
    calls: dict[str, dict[Pair, Callable[[], Answer]]] = {}
    for pair in dict.fromkeys(pairs):
        calls.setdefault(pair[0], {})[pair] = partial(_ask_one, pair)
    return _each_gateway(calls, start_within_s)


def _each_gateway(
    calls: Mapping[str, Mapping[K, Callable[[], T]]], start_within_s: float = START_WITHIN_S
) -> dict[K, T]:
    found: dict[K, T] = {}
    for gateway, its in calls.items():
        found |= gateway_budget.of(gateway).call_all(its, start_within_s=start_within_s)
    return found


def _ask_one(pair: Pair) -> Answer:
    gateway, name = pair
    budget, asked_at = gateway_budget.of(gateway), clock.now()
    try:
        with budget.calling():
            truth = gateways.get(gateway).query(name)
    except GatewayForeign as error:
        return Foreign(error.user_message)
    except GatewayError as error:
        return Unclear(error.user_message, is_malformed=isinstance(error, GatewayUnclear))
    if truth is not None:
        budget.settled.note(name, asked_at, truth)
    return truth


def _ask_about_webhooks(rows: list[Row]) -> Partial:
    """One query for each payment of the batch about which a webhook says something new."""
    with reading():
        webhooks = webhooks_service.load([row.payload["inbox_id"] for row in rows])
        known = queries.by_tx(_pair(webhook) for webhook in webhooks)
        db.session.remove()
    payments = {(row.gateway, row.tx_id): row for row in known}
    new = [webhook for webhook in webhooks if _needs_answer(webhook, payments.get(_pair(webhook)))]
    answers: Answers = {}
    unanswered = []
    for webhook in new:
        if truth := _settled_since(webhook):
            answers[_pair(webhook)] = truth
        else:
            unanswered.append(_pair(webhook))
    answers |= ask(unanswered)
    left = {webhook.id for webhook in new if _pair(webhook) not in answers}
    events = {webhook.id: webhook.event for webhook in webhooks}
    return Partial(
        (answers, events), frozenset(row.id for row in rows if row.payload["inbox_id"] in left)
    )


def _pair(webhook: Webhook) -> Pair:
    return webhook.provider, webhook.event.tx_id


def _needs_answer(webhook: Webhook, payment: TransactionRow | None) -> bool:
    return payment is None or not applying.says_nothing_new(webhook.event, payment)


def _settled_since(webhook: Webhook) -> Truth | None:
    """Return an answer of the last seconds that is enough for a webhook at its first try."""
    if webhook.attempts or webhook.event.status == "FAILED":
        return None
    return gateway_budget.of(webhook.provider).settled.since(webhook.event.tx_id, webhook.since)


def _ask_about_payments(rows: list[Row]) -> Partial:
    with reading():
        names = {row.id: _name_at_gateway(row) for row in rows}
        db.session.remove()
    answers = ask(names.values())
    return Partial(
        answers, frozenset(row_id for row_id, name in names.items() if name not in answers)
    )


def _name_at_gateway(row: Row) -> Pair:
    payment = queries.get(row.payload["payment_id"])
    return payment.gateway, payment.tx_id or payment.id


def _initiate(rows: list[Row]) -> Partial:
    return _call_each(
        rows,
        lambda row: starting.initiation(
            row.payload["payment_id"], attempt=row.payload.get("attempt", 0) or row.attempts
        ),
        lambda row: queries.get(row.payload["payment_id"]).gateway,
    )


def _register(rows: list[Row]) -> Partial:
    return _call_each(
        rows,
        lambda row: starting.registration(row.payload["user_id"], row.payload["gateway"]),
        lambda row: str(row.payload["gateway"]),
    )


def _call_each(
    rows: list[Row], call_of: Callable[[Row], Callable[[], T]], gateway_of: Callable[[Row], str]
) -> Partial:
    """Return the results of the rows' calls by row id; what needs the database is read before."""
    calls: dict[str, dict[str, Callable[[], T]]] = {}
    with reading():
        for row in rows:
            calls.setdefault(gateway_of(row), {})[row.id] = call_of(row)
        db.session.remove()
    found = _each_gateway(calls)
    return Partial(found, frozenset(row.id for row in rows if row.id not in found))


# --- handlers -------------------------------------------------------------------------------------


@outbox.handler("payments.inbox", queue="payments", batch=BATCH, prepare=_ask_about_webhooks)
def work_inbox(rows: list[Row], found: tuple[Answers, dict[str, Event]]) -> None:
    """Apply a batch of webhooks in one transaction."""
    answers, events = found
    applying.apply_webhooks([row.payload["inbox_id"] for row in rows], answers, parsed=events)


@outbox.handler("payments.register", queue="payments", batch=BATCH, prepare=_register)
def register(rows: list[Row], answers: dict[str, str | starting.Failed | None]) -> None:
    """Store customers' numbers before the first payment of each is opened."""
    for row in rows:
        cprn = answers[row.id]
        if isinstance(cprn, str):
            starting.store_customer(row.payload["user_id"], row.payload["gateway"], cprn)
        elif cprn is not None:
            raise outbox.Retry(min(2.0**row.attempts, 300.0), cprn.why)


@outbox.handler("payments.initiate", queue="payments", batch=BATCH, prepare=_initiate)
def initiate(rows: list[Row], answers: dict[str, Initiated | starting.Failed | None]) -> None:
    """Store the transactions that the gateway opened."""
    for row in rows:
        attempt = row.payload.get("attempt", 0)
        starting.store_initiated(row.payload["payment_id"], answers[row.id], attempt=attempt)


@outbox.handler("payments.check", queue="payments", batch=BATCH, prepare=_ask_about_payments)
def check(rows: list[Row], answers: Answers) -> None:
    """Compare payments with the gateway's status."""
    applying.apply_truths([row.payload["payment_id"] for row in rows], answers)
    watching.ask_again([row.payload for row in rows])


@outbox.every(60, "payments.reconcile", queue="payments")
def reconcile() -> None:
    """Ask about payments without news for some minutes."""
    starting.queue_checks()


@outbox.every(60, "payments.purge_refused", queue="payments")
def purge_refused() -> None:
    """Remove samples of refused webhooks faster than they can arrive."""
    refusals.purge()
