"""Ask the bank about withdrawals and send orders, outside of transactions.

Before anything is sent the bank is asked for our reference, and whatever is sent carries the same
idempotency key. An order is counted before it is sent, so that after a crash it is known that the
bank may have it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from crowdfund.adapters import gateway_budget, gateways
from crowdfund.adapters.gateways import (
    GatewayError,
    GatewayForeign,
    GatewayNotConfigured,
    GatewayRefused,
    PayoutOrder,
    PayoutTruth,
    ReturnOrder,
)
from crowdfund.kernel import clock
from crowdfund.kernel.db import own_transaction
from crowdfund.payout_accounts import service as payout_accounts
from crowdfund.payouts import queries, rules
from crowdfund.payouts.models import Payout
from crowdfund.payouts.rows import PayoutRow
from crowdfund.payouts.rules import Status

_P = Payout.__table__


@dataclass(frozen=True, slots=True)
class Ordered:
    """The bank has taken the order, under this number of its own."""

    gateway_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The bank refused the order."""

    why: str


@dataclass(frozen=True, slots=True)
class Silent:
    """No clear answer."""

    why: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """An answer about something else."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The bank does not know our reference, and nothing was sent."""


Answer = PayoutTruth | Ordered | Refused | Silent | Foreign | Unknown
Answers = dict[str, Answer]
Order = PayoutOrder | ReturnOrder
Orders = dict[str, tuple[PayoutRow, Order]]


def orders(ids: Iterable[str]) -> Orders:
    """Return what the bank is asked about, by id, with all that the calls need."""
    return {payout.id: (payout, _order(payout)) for payout in queries.many(set(ids))}


def _order(payout: PayoutRow) -> Order:
    reference, sum_ = rules.reference(payout.id), (payout.amount_minor, payout.currency)
    if payout.source_tx is not None:
        return ReturnOrder(reference, *sum_, tx_id=payout.source_tx)
    account, number = payout_accounts.with_number(str(payout.account_id))
    return PayoutOrder(
        reference,
        *sum_,
        country=account.country,
        bank_code=account.bank_code,
        number=number,
        holder=account.holder,
    )


def ask(wanted: Orders) -> Answers:
    """Return the bank's answers by id; what the bank does not know is ordered.

    Those for which there was no time are left out.
    """
    answers = _each({name: partial(_query, row) for name, (row, _order) in wanted.items()}, wanted)
    unknown = [name for name, answer in answers.items() if isinstance(answer, Unknown)]
    to_send = [name for name in unknown if _may_send(wanted[name][0]) and count_send(name)]
    sent = _each({name: partial(_send, *wanted[name]) for name in to_send}, wanted)
    left = set(to_send) - set(sent)
    _uncount_sends(left)
    return {name: answer for name, answer in (answers | sent).items() if name not in left}


def _may_send(payout: PayoutRow) -> bool:
    """Return whether the bank may be sent the order (again): it never confirmed to have it."""
    is_open = payout.status == Status.SUBMITTED and payout.gateway_id is None
    return is_open and payout.sends < payout.most_sends


def _each(
    calls: Mapping[str, Callable[[], Answer]],
    wanted: Orders,
) -> Answers:
    by_gateway: dict[str, dict[str, Callable[[], Answer]]] = {}
    for name, call in calls.items():
        by_gateway.setdefault(wanted[name][0].gateway, {})[name] = call
    found: Answers = {}
    for gateway, its in by_gateway.items():
        found |= gateway_budget.of(gateway).call_all(its)
    return found


def _query(payout: PayoutRow) -> Answer:
    try:
        with gateway_budget.of(payout.gateway).calling():
            truth = gateways.paying_out(payout.gateway).payout(rules.reference(payout.id))
    except GatewayForeign as error:
        return Foreign(error.user_message)
    except GatewayError as error:
        return Silent(error.user_message)
    return truth or Unknown()


def count_send(payout_id: str) -> bool:
    """Note in a transaction of its own that an order is about to be sent; return whether it may be.

    A worker that dies right after it leaves an order that may have reached the bank.
    """
    may_send = sa.and_(
        _P.c.id == payout_id,
        _P.c.status == Status.SUBMITTED,
        _P.c.gateway_id.is_(None),
        _P.c.sends < _P.c.most_sends,
    )
    now = {"sends": _P.c.sends + 1, "last_sent_at": clock.now()}
    with own_transaction() as connection:
        return connection.execute(sa.update(_P).where(may_send).values(now)).rowcount == 1


def _uncount_sends(ids: Collection[str]) -> None:
    """Take back the count of orders that were not sent, because there was no time for them."""
    if ids:
        with own_transaction() as connection:
            one_less = sa.update(_P).where(_P.c.id.in_(ids)).values(sends=_P.c.sends - 1)
            connection.execute(one_less)


def _send(payout: PayoutRow, order: Order) -> Answer:
    key = rules.reference(payout.id)
    try:
        with gateway_budget.of(payout.gateway).calling():
            if isinstance(order, ReturnOrder):
                return Ordered(gateways.refunding(payout.gateway).refund(order, key=key))
            return Ordered(gateways.paying_out(payout.gateway).pay_out(order, key=key))
    except GatewayNotConfigured as error:
        return Silent(error.user_message)
    except GatewayRefused as error:
        return Refused(error.user_message)
    except GatewayError as error:
        return Silent(error.user_message)
