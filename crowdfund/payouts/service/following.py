"""Follow a withdrawal at the bank: book what the bank answers, once.

An answer that does not fit changes nothing: staff see it, and we ask again.
"""

from crowdfund.adapters.gateways import (
    PayoutTruth,
)
from crowdfund.kernel import clock, live
from crowdfund.kernel.db import db, new_id
from crowdfund.kernel.money import decimal_str
from crowdfund.notifications import service as notifications
from crowdfund.payouts import queries, rules
from crowdfund.payouts.models import Payout, PayoutAnswer
from crowdfund.payouts.rows import PayoutRow
from crowdfund.payouts.rules import Kind, Status
from crowdfund.payouts.service import held, shared
from crowdfund.payouts.service.asking import (
    Answer,
    Foreign,
    Ordered,
    Refused,
    Silent,
    Unknown,
)

_LATE = "The bank has not finished this payout within two days."


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
