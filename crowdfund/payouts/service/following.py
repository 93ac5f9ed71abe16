"""Follow a withdrawal at the bank: order it once, ask until it is final, book the result.

Before anything is sent the bank is asked for our reference, and whatever is sent carries the same
idempotency key. An order is counted before it is sent, so that after a crash it is known that the
bank may have it. An answer that does not fit changes nothing: staff see it, and we ask again.
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
from crowdfund.kernel import clock, live
from crowdfund.kernel.db import db, new_id, own_transaction
from crowdfund.kernel.money import decimal_str
from crowdfund.notifications import service as notifications
from crowdfund.payout_accounts import service as payout_accounts
from crowdfund.payouts import queries, rules
from crowdfund.payouts.models import Payout, PayoutAnswer
from crowdfund.payouts.rows import PayoutRow
from crowdfund.payouts.rules import Kind, Status
from crowdfund.payouts.service import held, shared

_P = Payout.__table__
_LATE = "The bank has not finished this payout within two days."


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


# --- what asks the bank, outside of transactions --------------------------------------------------


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


# --- what an answer does --------------------------------------------------------------------------


def apply(asked: PayoutRow, answer: Answer, *, destination: str) -> bool:
    """Book what the bank answered about a withdrawal; return whether it has to be asked again.

    `asked` is the withdrawal as it was when the bank was asked, `destination` the account that we
    ordered it to, or the transaction that is paid back. Money moves only by an answer that fits in
    every field, and only once. About one that has ended the bank is asked again until it answers.
    """
    payout = shared.lock(asked.id)
    _note(payout, answer)
    if _is_overtaken(payout, asked, answer):
        return False
    is_open = payout.status == Status.SUBMITTED
    if problem := _problem(payout, answer, destination):
        _flag(payout, problem)
    elif payout.status in rules.FINAL:
        if isinstance(answer, PayoutTruth):
            _unflag(payout)
    else:
        _carry_out(payout, answer)
    return payout.status == Status.SUBMITTED or (not is_open and isinstance(answer, Silent))


def _is_overtaken(payout: Payout, asked: PayoutRow, answer: Answer) -> bool:
    """Return whether a withdrawal has ended since, and the answer only says that it had not."""
    has_ended = payout.status in rules.FINAL and asked.status not in rules.FINAL
    is_open = isinstance(answer, PayoutTruth) and answer.status == "PENDING"
    return has_ended and (is_open or isinstance(answer, Silent | Unknown))


def _problem(payout: Payout, answer: Answer, destination: str) -> str | None:
    """Return why staff have to look at an answer, or None if it fits what we know."""
    match answer:
        case Foreign():
            return answer.why
        case PayoutTruth():
            return _difference(payout, answer, destination) or _contradiction(payout, answer.status)
        case Ordered():
            return _taken(payout, answer.gateway_id) or _order_after_end(payout)
        case Refused() if payout.sends > 1 or payout.gateway_id is not None:
            return "The bank refuses an order that it may have received before. Ask the bank."
        case Unknown():
            return _lost(payout)
    return None


def _lost(payout: Payout) -> str | None:
    if payout.gateway_id is not None and payout.status != Status.FAILED:
        return "The bank no longer knows this payout, which it had accepted."
    if payout.status == Status.PAID:
        return "The bank does not know this payout, which is booked as paid."
    if payout.sends >= payout.most_sends and payout.status == Status.SUBMITTED:
        return "The bank does not know this payout, although it was sent many times."
    return None


def _order_after_end(payout: Payout) -> str | None:
    if payout.status in rules.RETURNED:
        return "The bank has taken the order of a withdrawal whose money was returned."
    return None


def _difference(payout: Payout, truth: PayoutTruth, destination: str) -> str | None:
    if (truth.amount_minor, truth.currency) != (payout.amount_minor, payout.currency):
        shown = f"{decimal_str(truth.amount_minor, truth.currency)} {truth.currency}"
        return f"The bank names another amount: {shown}."
    if payout.kind == Kind.RETURN and truth.tx_id != destination:
        return f"The bank names another transaction: {truth.tx_id or 'none'}."
    if payout.kind == Kind.WITHDRAWAL and truth.number != destination:
        return f"The bank names another account: it ends in {truth.number[-4:]}."
    if payout.gateway_id not in (None, truth.payout_id):
        return f"The bank names another payout of its own: {truth.payout_id}."
    return _taken(payout, truth.payout_id)


def _taken(payout: Payout, gateway_id: str) -> str | None:
    if queries.is_gateway_id_taken(payout.gateway, gateway_id, besides=payout.id):
        return f"The bank names payout {gateway_id}, which belongs to another withdrawal."
    return None


def _contradiction(payout: Payout, status: str) -> str | None:
    """Return how an answer differs from the end that is booked."""
    booked = {Status.PAID: "PAID", Status.FAILED: "FAILED"}.get(Status(payout.status))
    if payout.status in rules.FINAL and status != booked:
        return f"The bank says {status}, but this withdrawal has ended as {payout.status}."
    return None


def _carry_out(payout: Payout, answer: Answer) -> None:
    match answer:
        case PayoutTruth(status="PAID"):
            payout.gateway_id = answer.payout_id
            book_paid(payout, actor="system")
        case PayoutTruth(status="FAILED"):
            payout.gateway_id = answer.payout_id
            book_failed(payout, "bank_failed", actor="system")
        case PayoutTruth():
            payout.gateway_id = answer.payout_id
            _unless_late(payout)
        case Ordered():
            payout.gateway_id = answer.gateway_id
            _unless_late(payout)
        case Refused():
            book_failed(payout, "bank_refused", actor="system")
        case _:
            _unless_late(payout, keep=True)


def _unless_late(payout: Payout, *, keep: bool = False) -> None:
    """Show staff a payout that takes too long; a good answer ends an earlier doubt.

    With `keep` the answer was none, and what staff see already stays.
    """
    if keep and payout.problem is not None:
        return
    waited = clock.now() - (payout.submitted_at or clock.now())
    if waited > rules.LATE_AFTER:
        _flag(payout, _LATE)
    elif not keep:
        _unflag(payout)


def book_paid(payout: Payout, *, actor: str, reason: str = "") -> None:
    """Book that the bank has paid a locked withdrawal, and notify its person."""
    held.pay(payout)
    _clear(payout)
    payout.ended_at = clock.now()
    shared.change(payout, Status.PAID, actor=actor, reason=reason)
    shared.notify_owner(payout, "paid")
    _look_again(payout)


def book_failed(payout: Payout, code: str, *, actor: str, reason: str = "") -> None:
    """Return the money of a locked withdrawal that the bank did not pay."""
    _clear(payout)
    shared.give_back(payout, Status.FAILED, actor=actor, reason=reason)
    payout.reason = "return_failed" if payout.kind == Kind.RETURN else code
    shared.notify_owner(payout, "failed")
    _look_again(payout)


def _look_again(payout: Payout) -> None:
    """Ask once more a day later, whether the bank still says what is booked."""
    at = clock.now() + rules.LOOK_AGAIN_AFTER
    shared.queue_follow(payout.id, payout.gateway, series="after", step=0, at=at)


# --- what staff see -------------------------------------------------------------------------------


def flag_overdue(*, most: int = 200) -> None:
    """Show staff what the bank has not finished in time, whatever became of the questions to it."""
    for payout_id in queries.overdue(clock.now() - rules.LATE_AFTER, most=most):
        payout = shared.lock(payout_id)
        if payout.status == Status.SUBMITTED and payout.problem is None:
            _flag(payout, _LATE)


def _flag(payout: Payout, problem: str) -> None:
    problem = problem[:300]
    if payout.problem == problem:
        return
    is_new = payout.problem is None
    payout.problem = problem
    payout.problem_at = payout.problem_at or clock.now()
    if is_new:
        notifications.queue_work("staff.payouts", key=f"payout:{payout.id}:{new_id()[:8]}")
    _show(payout)


def _unflag(payout: Payout) -> None:
    if payout.problem is not None:
        _clear(payout)
        _show(payout)


def _clear(payout: Payout) -> None:
    payout.problem = payout.problem_at = None


def _show(payout: Payout) -> None:
    for kind, key in shared.pages_of(payout):
        live.changed(kind, key)


def _note(payout: Payout, answer: Answer) -> None:
    """Keep an answer unless it repeats the one before."""
    outcome, detail = described(answer)
    last = queries.last_answer(payout.id)
    if last is not None and (last.outcome, last.detail) == (outcome, detail):
        return
    row = PayoutAnswer(
        id=new_id(), payout_id=payout.id, at=clock.now(), outcome=outcome, detail=detail[:300]
    )
    db.session.add(row)
    _show(payout)


def described(answer: Answer) -> tuple[str, str]:
    """Return an answer as staff read it: a word, and its facts without the account number."""
    match answer:
        case PayoutTruth():
            amount = f"{decimal_str(answer.amount_minor, answer.currency)} {answer.currency}"
            is_return = bool(answer.tx_id)
            to = f"back for {answer.tx_id}" if is_return else f"account ••{answer.number[-4:]}"
            facts = f"{answer.payout_id}, {amount}, {to}"
            return answer.status, f"{facts}. {answer.reason}" if answer.reason else facts
        case Ordered():
            return "ordered", answer.gateway_id
        case Refused():
            return "refused", answer.why
        case Foreign():
            return "foreign", answer.why
        case Silent():
            return "silent", answer.why
    return "unknown", "The bank does not know our reference."
