"""A payer comes back from the gateway: it is asked at once and again, without false alarms."""

from datetime import timedelta

import pytest

from crowdfund.kernel.db import commit, rollback
from crowdfund.payments import queries, rules
from crowdfund.payments.rules import Progress, Status, Watch
from crowdfund.payments.service import watching

from .conftest import ESCROW


def come_back(world, payment):
    rollback()
    watching.came_back(payment.id)
    commit()
    world.work()


def questions(world, payment):
    return sum(path == f"/payment/{payment.tx_id}" for _, path in world.bank.calls)


def later(world, frozen, seconds):
    """Let time pass second by second, with a worker that never sleeps."""
    for _ in range(seconds):
        frozen.advance(timedelta(seconds=1))
        world.work()


def test_the_gateway_is_asked_at_once_when_the_payer_is_back(world):
    payment = world.start(25_000)
    assert questions(world, payment) == 0
    come_back(world, payment)
    assert questions(world, payment) == 1


def test_it_is_asked_every_few_seconds_at_first_and_seldom_later(world, frozen):
    payment = world.start(25_000)
    come_back(world, payment)
    later(world, frozen, 10)
    assert 4 <= questions(world, payment) <= 6
    later(world, frozen, 410)
    all_of_them = questions(world, payment)
    assert all_of_them <= 22
    later(world, frozen, 60)
    assert questions(world, payment) == all_of_them


def test_it_is_asked_no_more_once_the_payment_is_paid(world, frozen):
    payment = world.start(25_000)
    come_back(world, payment)
    world.bank.set_truth(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "SUCCESS")
    world.work()
    so_far = questions(world, payment)
    later(world, frozen, 30)
    assert (world.status(payment.id), questions(world, payment)) == ("succeeded", so_far + 1)


def test_a_reload_of_the_way_back_starts_no_second_series(world, frozen):
    payment = world.start(25_000)
    for _ in range(5):
        come_back(world, payment)
    assert questions(world, payment) == 1
    frozen.advance(timedelta(seconds=11))
    come_back(world, payment)
    so_far = questions(world, payment)
    later(world, frozen, 10)
    assert questions(world, payment) - so_far <= 6


def test_a_webhook_a_moment_slower_than_the_question_makes_no_work_for_staff(world, frozen):
    payment = world.start(25_000)
    world.bank.set_truth(payment.tx_id, "SETTLED")
    come_back(world, payment)
    later(world, frozen, 5)
    assert (world.exceptions(), world.balance(ESCROW)) == ([], 0)
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    assert (world.status(payment.id), world.balance(ESCROW)) == ("settled", 25_000)
    assert world.exceptions() + world.exceptions("resolved") == []


@pytest.mark.parametrize("paid_after", [0, 40, 280])
def test_a_lost_webhook_is_shown_to_staff_a_minute_after_the_gateway_knew(
    world, frozen, paid_after
):
    payment = world.start(25_000)
    come_back(world, payment)
    later(world, frozen, paid_after)
    world.bank.set_truth(payment.tx_id, "SETTLED")
    later(world, frozen, 30)
    assert world.exceptions() == []
    later(world, frozen, 70)
    assert [one.kind for one in world.exceptions()] == ["webhook_missing"]
    assert world.balance(ESCROW) == 0


def test_a_gateway_that_does_not_answer_is_asked_again(world, frozen):
    payment = world.start(25_000)
    world.bank.down = True
    come_back(world, payment)
    later(world, frozen, 20)
    world.bank.down = False
    world.bank.set_truth(payment.tx_id, "SUCCESS")
    later(world, frozen, 60)
    found = world.read(lambda: queries.get(payment.id))
    assert found.reported == "SUCCESS"


@pytest.mark.parametrize(
    ("status", "back", "checked", "reported", "expected"),
    [
        ("pending", None, 0, "", "to_pay"),
        ("pending", None, 0, "PENDING", "to_pay"),
        ("created", 0, 0, "", "asking"),
        ("pending", 0, 14, "PENDING", "asking"),
        ("pending", 0, 16, "PENDING", "not_paid"),
        ("pending", 20, 16, "PENDING", "asking"),
        ("pending", 0, 300, "", "asking"),
        ("pending", None, 0, "SUCCESS", "reported_paid"),
        ("pending", 0, 5, "SETTLED", "reported_paid"),
        ("expired", 0, 5, "SETTLED", "reported_paid"),
        ("cancelled", 0, 5, "SUCCESS", "reported_paid"),
        ("reversed", 0, 5, "SUCCESS", "over"),
        ("pending", 0, 5, "FAILED", "reported_failed"),
        ("failed", 0, 5, "FAILED", "over"),
        ("expired", 0, 5, "PENDING", "over"),
    ],
)
def test_nobody_who_may_have_paid_is_asked_to_pay(
    frozen, status, back, checked, reported, expected
):
    start = frozen.now()
    came_back_at = None if back is None else start + timedelta(seconds=back)
    watch = Watch(came_back_at, start + timedelta(seconds=checked), reported)
    assert rules.progress(Status(status), watch) is Progress(expected)
