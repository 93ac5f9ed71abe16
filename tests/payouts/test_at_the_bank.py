"""Orders and questions when the bank, a worker or the time gets in the way."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateway_budget
from crowdfund.admin import service as admin
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Invalid, NotYours, WrongState
from crowdfund.ledger.service import holds
from crowdfund.payouts import rules
from crowdfund.payouts.models import Payout
from crowdfund.payouts.rules import GATEWAY
from crowdfund.payouts.service import asking, deciding, following, requests, shared
from tests import raising

REASON = "The bank has told us so by telephone."


def put(payout_id, **values):
    rollback()
    db.session.execute(sa.update(Payout).where(Payout.id == payout_id).values(values))
    commit()


def fin(world):
    return world.people["fin"]


def test_an_order_for_which_there_was_no_time_is_not_counted_as_sent(world, monkeypatch):
    world.fund()
    payout_id = world.request()
    world.do(requests.submit, payout_id)
    query = asking._query

    def query_then_pause(payout):
        answer = query(payout)
        gateway_budget.of(GATEWAY)._paused_until = clock.now() + timedelta(seconds=30)
        return answer

    with monkeypatch.context() as slow:
        slow.setattr(asking, "_query", query_then_pause)
        world.work()
    assert (world.get(payout_id).sends, world.orders()) == (0, 0)
    world.later(minutes=2)
    assert (world.get(payout_id).sends, world.orders()) == (1, 1)


def test_staff_let_an_order_be_sent_again_that_the_bank_has_lost_many_times(world):
    world.fund()
    payout_id = world.request()
    world.do(requests.submit, payout_id)
    put(payout_id, sends=rules.MOST_SENDS)
    world.work()
    assert "sent many times" in world.get(payout_id).problem
    assert world.orders() == 0
    with raising.refused(Invalid):
        deciding.send_again(payout_id, actor=fin(world), reason="no")
    with raising.refused(NotYours):
        deciding.send_again(payout_id, actor=world.people["alice"], reason=REASON)
    world.do(deciding.send_again, payout_id, actor=fin(world), reason=REASON)
    world.work()
    assert (world.orders(), list(world.bank.answers)) == (1, [payout_id])
    with raising.refused(WrongState):
        deciding.send_again(payout_id, actor=fin(world), reason=REASON)
    world.bank.set_payout(payout_id, "PAID")
    world.later()
    assert (world.get(payout_id).status, world.get(payout_id).problem) == ("paid", None)


def test_no_worker_sends_more_orders_than_are_allowed(world):
    world.fund()
    payout_id = world.request()
    world.do(requests.submit, payout_id)
    put(payout_id, sends=rules.MOST_SENDS)
    assert not asking.count_send(payout_id)
    assert world.get(payout_id).sends == rules.MOST_SENDS


@pytest.mark.parametrize("away", [timedelta(hours=1), timedelta(days=9)])
def test_the_question_after_the_end_is_asked_until_the_bank_answers(world, away):
    world.fund()
    payout_id = world.sent()
    world.bank.set_payout(payout_id, "PAID")
    world.later()
    world.bank.set_payout(payout_id, "FAILED")
    world.bank.down = True
    world.later(hours=24, seconds=1)
    for _ in range(away // timedelta(hours=1)):
        world.later(hours=1)
    assert world.get(payout_id).problem is None
    world.bank.down = False
    for _ in range(25):
        world.later(hours=1)
    assert "has ended as" in world.get(payout_id).problem


def test_the_bank_is_not_asked_again_once_it_has_confirmed_the_end(world):
    world.fund()
    payout_id = world.sent()
    world.bank.set_payout(payout_id, "PAID")
    world.later()
    world.later(hours=24, seconds=1)
    asked = len(world.bank.calls)
    world.later(days=9)
    assert len(world.bank.calls) == asked


def test_a_withdrawal_booked_as_paid_by_hand_that_the_bank_does_not_know_is_shown(world):
    world.fund()
    payout_id = world.request()
    world.do(requests.submit, payout_id)
    put(payout_id, sends=rules.MOST_SENDS)
    world.work()
    world.do(deciding.settle, payout_id, "paid", actor=fin(world), reason=REASON)
    world.later(hours=24, seconds=1)
    assert "booked as paid" in world.get(payout_id).problem


def test_money_is_not_returned_while_an_order_may_be_on_its_way_to_the_bank(world):
    world.fund()
    payout_id = world.request()
    world.do(requests.submit, payout_id)
    assert asking.count_send(payout_id)  # a worker is sending it right now
    put(payout_id, problem="For this test.", problem_at=clock.now())
    with raising.refused(rules.NotPossible):
        deciding.settle(payout_id, "failed", actor=fin(world), reason=REASON)
    assert world.wallet() == ("1000.00", "600.00")
    world.clock.advance(rules.ORDER_ARRIVES_WITHIN)
    world.do(deciding.settle, payout_id, "failed", actor=fin(world), reason=REASON)
    assert not asking.count_send(payout_id)
    assert world.wallet() == ("1000.00", "1000.00")


def test_closing_an_account_returns_what_waits_for_approval(world):
    world.fund(amount="5,000")
    payout_id = world.sent(amount="3,000")
    root = raising.person("root", "admin")
    world.do(admin.disable, world.people["alice"], actor=root, reason="For this test.")
    world.work()
    found = world.get(payout_id)
    assert (found.status, found.reason) == ("rejected", "person_disabled")
    assert world.wallet() == ("5000.00", "5000.00")
    assert world.books_are_clean()


def test_the_notice_of_a_stopped_withdrawal_blames_nothing_that_did_not_happen(world):
    world.fund(amount="5,000")
    world.sent(amount="3,000")
    root = raising.person("root", "admin")
    world.do(admin.disable, world.people["alice"], actor=root, reason="For this test.")
    world.work()
    text = raising.mail_to("alice@example.com")
    assert "did not send" in text
    assert "changed" not in text


def test_time_that_has_run_out_hides_no_graver_problem(world):
    world.fund()
    payout_id = world.sent()
    world.bank.set_payout(payout_id, "PAID", amount="399.00")
    world.later()
    world.bank.down = True
    world.later(days=3)
    world.do(following.flag_overdue)
    assert "another amount" in world.get(payout_id).problem
    world.bank.down = False
    world.bank.set_payout(payout_id, "PENDING", amount="400.00")
    world.later(hours=1)
    assert "within two days" in world.get(payout_id).problem


def test_all_withdrawals_of_a_batch_are_locked_before_money_of_any_moves(world, monkeypatch):
    world.fund()
    ids = [world.request(amount="10", key=f"form-key-{number}") for number in range(3)]
    world.work()
    for payout_id in ids:
        world.bank.set_payout(payout_id, "PAID")
    steps = []
    lock, capture = shared.lock, holds.capture_hold
    monkeypatch.setattr(shared, "lock", lambda name: (steps.append(name), lock(name))[1])
    monkeypatch.setattr(
        holds, "capture_hold", lambda *args, **how: (steps.append("money"), capture(*args, **how))
    )
    world.later()
    assert steps.count("money") == 3
    assert steps[: steps.index("money")][:3] == sorted(ids)
