"""Background work of withdrawals: hand them over to the bank, ask until they have ended."""

from datetime import timedelta

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, reading
from crowdfund.kernel.outbox import Partial, Row
from crowdfund.payments.service import returning
from crowdfund.payout_accounts.events import PayoutAccountChanged
from crowdfund.payouts import queries, rules
from crowdfund.payouts.service import asking, following, requests, returns, shared
from crowdfund.payouts.service.asking import Answers
from crowdfund.people.events import AccountClosed

BATCH = 100

returning.register_sender(returns.of_exception)


@outbox.handler("payouts.submit", queue="payments")
def submit(rows: list[Row]) -> None:
    """Hand withdrawals over: from here on they go to the bank."""
    ids = [row.payload["payout_id"] for row in rows]
    shared.lock_many(ids)
    for payout_id in ids:
        requests.submit(payout_id)


def _ask(rows: list[Row]) -> Partial:
    """Ask the bank about the withdrawals of a batch, each once, and order what it does not know."""
    with reading():
        wanted = asking.orders(row.payload["payout_id"] for row in rows)
        db.session.remove()
    answers = asking.ask(wanted)
    left = frozenset(row.id for row in rows if row.payload["payout_id"] not in answers)
    return Partial((answers, wanted), left)


@outbox.handler("payouts.follow", queue="payments", batch=BATCH, prepare=_ask)
def follow(rows: list[Row], found: tuple[Answers, asking.Orders]) -> None:
    """Book the answers, and queue the next question about what has not ended."""
    answers, wanted = found
    shared.lock_many(row.payload["payout_id"] for row in rows)
    for row in rows:
        asked, order = wanted[row.payload["payout_id"]]
        asks_again = following.apply(asked, answers[asked.id], destination=order.destination)
        if asks_again and row.payload["series"] in ("bank", "after"):
            _ask_again(row)


def _ask_again(row: Row) -> None:
    payout = queries.get(row.payload["payout_id"])
    series, step = row.payload["series"], row.payload["step"] + 1
    if series == "after":
        wait_s = rules.next_look_s(step)
    else:
        wait_s = rules.next_question_s(clock.now() - (payout.submitted_at or clock.now()))
    at = clock.now() + timedelta(seconds=wait_s)
    shared.queue_follow(payout.id, payout.gateway, series=series, step=step, at=at)


@outbox.every(3_600, "payouts.overdue", queue="payments")
def overdue() -> None:
    """Show staff what takes too long, even if asking about it has failed."""
    following.flag_overdue()


@outbox.on(PayoutAccountChanged)
def payout_account_changed(events: list[PayoutAccountChanged]) -> None:
    """Return the money of withdrawals to an account that is no longer the person's."""
    for event in events:
        requests.stop_unsent(event.person_id)


@outbox.on(AccountClosed)
def account_closed(events: list[AccountClosed]) -> None:
    """Return the money of withdrawals of a closed account that the bank does not have yet."""
    for event in events:
        requests.stop_unsent(event.person_id)
