"""Withdrawals: held at the request, paid once, returned once; whatever the bank does."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.admin import service as admin
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Invalid, NotFound, NotYours, TooMany, WrongState
from crowdfund.payout_accounts.events import PayoutAccountChanged
from crowdfund.payouts import queries, rules
from crowdfund.payouts.models import Payout
from crowdfund.payouts.service import asking, deciding, following, requests
from crowdfund.people import service as people
from tests import raising
from tests.payouts.conftest import NUMBERS, open_holds, verified_account

REASON = "The bank told us so by telephone."


def status(world, payout_id):
    return world.get(payout_id).status


def test_a_small_withdrawal_is_held_sent_and_paid(world):
    world.fund()
    payout_id = world.request()
    assert world.wallet() == ("1000.00", "600.00")
    assert world.books_are_clean()
    world.work()
    assert status(world, payout_id) == "submitted"
    order = world.bank.payouts[payout_id]
    assert (order["amount"], order["account_number"]) == ("400.00", NUMBERS["alice"])
    world.later()
    assert (status(world, payout_id), world.orders()) == ("submitted", 1)
    world.bank.set_payout(payout_id, "PAID")
    world.later()
    assert status(world, payout_id) == "paid"
    assert world.wallet() == ("600.00", "600.00")
    assert (open_holds(), world.orders()) == (0, 1)
    assert world.books_are_clean()
    assert {"payout.requested", "payout.paid"} <= set(raising.told(world.people["alice"]))


def test_the_same_form_sent_twice_is_one_withdrawal(world):
    world.fund()
    first = world.request()
    assert world.request() == first
    assert world.wallet() == ("1000.00", "600.00")
    with raising.refused(rules.FormUsed):
        world.request(amount="300")
    world.work()
    assert (world.request(), world.orders()) == (first, 1)


def test_nobody_withdraws_more_than_is_available(world):
    world.fund()
    world.request(amount="700")
    with raising.refused(rules.NotEnough):
        world.request(amount="300.01", key="form-key-2")
    world.request(amount="300", key="form-key-3")
    assert world.wallet() == ("1000.00", "0.00")


def test_without_a_verified_account_nothing_is_held(world):
    carol = raising.person("carol")
    world.people["carol"] = carol
    world.fund("carol")
    with raising.refused(rules.NoAccount):
        world.request("carol")
    assert world.wallet("carol") == ("1000.00", "1000.00")


def test_an_expired_verification_does_not_hold_money_back(world):
    world.fund()
    people.set_kyc_level(world.people["alice"], "none", actor="system")
    payout_id = world.sent()
    world.bank.set_payout(payout_id, "PAID")
    world.later()
    assert status(world, payout_id) == "paid"


def test_above_the_limit_a_colleague_of_finance_approves(world):
    world.fund(amount="5,000")
    payout_id = world.sent(amount="1,000.01")
    assert (status(world, payout_id), world.orders()) == ("requested", 0)
    world.do(requests.approve, payout_id, actor=world.people["fin"])
    world.work()
    assert (status(world, payout_id), world.orders()) == ("submitted", 1)
    assert world.books_are_clean()
    with pytest.raises(WrongState):
        requests.approve(payout_id, actor=world.people["fred"])


def test_a_large_amount_cannot_be_split_into_small_ones(world):
    world.fund(amount="5,000")
    world.sent(amount="600", key="form-key-1")
    second = world.sent(amount="600", key="form-key-2")
    assert (status(world, second), world.get(second).needs_approval) == ("requested", True)
    world.later(hours=25)
    third = world.sent(amount="600", key="form-key-3")
    assert status(world, third) == "submitted"


def test_nobody_approves_their_own_withdrawal(world):
    world.fund("fin", "5,000")
    payout_id = world.request("fin", "3,000")
    for verb in (
        requests.approve,
        lambda *args, **how: requests.reject(*args, reason=REASON, **how),
    ):
        with raising.refused(NotYours):
            verb(payout_id, actor=world.people["fin"])
    world.do(requests.approve, payout_id, actor=world.people["fred"])
    assert status(world, payout_id) == "approved"


def test_a_rejected_withdrawal_returns_the_money_once_and_says_why(world):
    world.fund(amount="5,000")
    payout_id = world.request(amount="3,000")
    with raising.refused(Invalid):
        requests.reject(payout_id, actor=world.people["fin"], reason="no")
    world.do(requests.reject, payout_id, actor=world.people["fin"], reason=REASON)
    world.work()
    assert (status(world, payout_id), world.get(payout_id).reason) == ("rejected", REASON)
    assert world.wallet() == ("5000.00", "5000.00")
    with raising.refused(WrongState):
        requests.reject(payout_id, actor=world.people["fin"], reason=REASON)
    assert world.orders() == 0
    assert world.books_are_clean()
    assert "payout.rejected" in raising.told(world.people["alice"])


def test_a_person_cancels_only_their_own_and_only_before_it_is_on_its_way(world):
    world.fund()
    payout_id = world.request()
    with raising.refused(NotFound):
        requests.cancel(payout_id, user_id=world.people["bob"])
    for _ in range(2):
        world.do(requests.cancel, payout_id, user_id=world.people["alice"])
    world.work()
    assert (status(world, payout_id), world.orders()) == ("cancelled", 0)
    assert world.wallet() == ("1000.00", "1000.00")
    other = world.sent(key="form-key-2")
    with raising.refused(Conflict):
        requests.cancel(other, user_id=world.people["alice"])
    assert world.books_are_clean()


def test_a_payment_that_failed_at_the_bank_returns_the_money_once(world):
    world.fund()
    payout_id = world.sent()
    world.bank.set_payout(payout_id, "FAILED", reason="Account closed")
    world.later()
    world.do(deciding.ask_bank, payout_id)
    world.later(days=2)
    assert status(world, payout_id) == "failed"
    assert world.wallet() == ("1000.00", "1000.00")
    assert world.books_are_clean()
    assert any("Account closed" in row.detail for row in queries.answers(payout_id))
    assert "payout.failed" in raising.told(world.people["alice"])


def test_an_order_that_the_bank_refuses_at_first_returns_the_money(world):
    world.fund()
    world.bank.refuse_payouts = True
    payout_id = world.sent()
    assert (status(world, payout_id), world.wallet()[1]) == ("failed", "1000.00")


def test_a_lost_answer_is_looked_up_and_never_ordered_twice(world):
    world.fund()
    payout_id = world.request()
    world.bank.lose_answers = 2  # of the question, then of the order
    world.work()
    for _ in range(5):
        world.later(seconds=5)
    assert (len(world.bank.payouts), world.orders()) == (1, 1)
    world.bank.set_payout(payout_id, "PAID")
    world.later()
    assert status(world, payout_id) == "paid"


def test_an_order_that_got_lost_is_sent_again_under_the_same_key(world):
    world.fund()
    world.bank.down = True
    payout_id = world.sent()
    world.later(minutes=5)
    assert (status(world, payout_id), world.orders()) == ("submitted", 0)
    world.bank.down = False
    world.later(minutes=5)
    assert list(world.bank.answers) == [payout_id]


def test_a_refusal_after_an_order_without_answer_is_for_staff(world):
    world.fund()
    payout_id = world.request()
    world.do(requests.submit, payout_id)
    assert asking.count_send(payout_id)  # a worker that died right after
    world.bank.refuse_payouts = True
    world.work()
    found = world.get(payout_id)
    assert found.status == "submitted"
    assert "may have received" in found.problem
    assert world.wallet() == ("1000.00", "600.00")
    assert "staff.payouts" in raising.told(world.people["fin"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "399.00"},
        {"currency": "USD"},
        {"account_number": NUMBERS["bob"]},
        {"payout_id": "NPO-OTHER"},
        {"reference": "another"},
        {"amount": None},
    ],
)
@pytest.mark.parametrize("answer", ["PAID", "FAILED"])
def test_an_answer_that_does_not_fit_moves_nothing_until_it_does(world, answer, wrong):
    world.fund()
    payout_id = world.sent()
    right = dict(world.bank.payouts[payout_id])
    world.bank.set_payout(payout_id, answer, **wrong)
    world.later()
    found = world.get(payout_id)
    assert found.status == "submitted"
    assert bool(found.problem) == (wrong != {"amount": None})  # a field that lacks is no answer
    assert world.wallet() == ("1000.00", "600.00")
    assert world.books_are_clean()
    world.bank.payouts[payout_id] = right | {"status": "PAID"}
    world.later()
    assert (status(world, payout_id), world.get(payout_id).problem) == ("paid", None)
    assert world.orders() == 1


def test_a_bank_that_forgets_an_order_is_not_sent_another(world):
    world.fund()
    payout_id = world.sent()
    world.later()
    del world.bank.payouts[payout_id]
    world.later()
    assert world.orders() == 1
    assert "no longer knows" in world.get(payout_id).problem


@pytest.mark.parametrize(("first", "then"), [("PAID", "FAILED"), ("FAILED", "PAID")])
def test_a_bank_that_changes_its_mind_changes_no_money(world, first, then):
    world.fund()
    payout_id = world.sent()
    world.bank.set_payout(payout_id, first)
    world.later()
    booked = (world.wallet(), status(world, payout_id))
    world.bank.set_payout(payout_id, then)
    world.later(days=1, seconds=2)
    assert (world.wallet(), status(world, payout_id)) == booked
    assert "has ended as" in world.get(payout_id).problem
    world.do(deciding.dismiss, payout_id, actor=world.people["fin"], reason=REASON)
    assert world.get(payout_id).problem is None
    assert world.books_are_clean()


@pytest.mark.parametrize(("outcome", "left"), [("paid", "600.00"), ("failed", "1000.00")])
def test_staff_end_what_the_bank_leaves_open(world, outcome, left):
    world.fund()
    payout_id = world.sent()
    world.later(days=3)
    assert "within two days" in world.get(payout_id).problem
    with raising.refused(Invalid):
        deciding.settle(payout_id, "maybe", actor=world.people["fin"], reason=REASON)
    world.do(deciding.settle, payout_id, outcome, actor=world.people["fin"], reason=REASON)
    assert (status(world, payout_id), world.wallet()) == (outcome, (left, left))
    assert world.books_are_clean()
    with raising.refused(WrongState):
        deciding.settle(payout_id, outcome, actor=world.people["fin"], reason=REASON)


def test_staff_see_what_is_late_even_if_nobody_could_ask_about_it(world):
    world.fund()
    payout_id = world.request()
    world.do(requests.submit, payout_id)
    world.clock.advance(timedelta(days=3))
    world.do(following.flag_overdue)
    assert "within two days" in world.get(payout_id).problem


def test_a_person_requests_only_so_many_withdrawals_a_day(world, monkeypatch):
    monkeypatch.setattr(rules, "MOST_A_DAY", 2)
    world.fund()
    for number in (1, 2):
        payout_id = world.request(amount="1", key=f"form-key-{number}")
        world.do(requests.cancel, payout_id, user_id=world.people["alice"])
    with raising.refused(TooMany):
        world.request(amount="1", key="form-key-3")
    assert open_holds() == 0
    world.later(days=2)
    world.request(amount="1", key="form-key-4")


def test_without_a_problem_staff_cannot_end_a_withdrawal(world):
    world.fund()
    payout_id = world.sent()
    with raising.refused(WrongState):
        deciding.settle(payout_id, "failed", actor=world.people["fin"], reason=REASON)


def test_a_changed_account_stops_a_withdrawal_that_waits(world):
    world.fund(amount="5,000")
    waits = world.request(amount="3,000")
    alice = world.people["alice"]
    verified_account(alice, "1000222333444")
    with raising.refused(rules.NotPossible):
        requests.approve(waits, actor=world.people["fin"])
    outbox_event = PayoutAccountChanged(key="test", person_id=alice)
    world.do(raising.outbox.emit, outbox_event)
    world.work()
    assert (status(world, waits), world.wallet()) == ("rejected", ("5000.00", "5000.00"))
    assert "payout.stopped" in raising.told(alice)


def test_a_changed_account_stops_a_withdrawal_on_its_way_to_the_bank(world):
    world.fund()
    payout_id = world.request()
    verified_account(world.people["alice"], "1000222333444")
    world.work()
    assert (status(world, payout_id), world.orders()) == ("rejected", 0)


def test_an_account_that_was_closed_stops_a_withdrawal(world):
    world.fund()
    payout_id = world.request()
    root = raising.person("root", "admin")
    world.do(admin.disable, world.people["alice"], actor=root, reason="For this test.")
    world.work()
    assert (status(world, payout_id), world.wallet()[1]) == ("rejected", "1000.00")


@pytest.mark.parametrize(
    "wrong",
    [{"status": "paid"}, {"status": "failed"}, {"amount_minor": 1}, {"needs_approval": True}],
)
def test_the_self_check_finds_a_withdrawal_that_is_not_booked_so(world, wrong):
    world.fund()
    payout_id = world.sent()
    assert world.books_are_clean()
    rollback()
    db.session.execute(sa.update(Payout).where(Payout.id == payout_id).values(wrong))
    commit()
    assert not world.books_are_clean()
