"""What is not exact: nothing is dropped, a person decides, every coin stays in the journal."""

from datetime import timedelta

import pytest

from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, Invalid
from crowdfund.payments.service import inbox, purposes, resolving, starting

from .conftest import ESCROW, GATEWAY

SUSPENSE = "platform:suspense"
STAFF = "f" * 32


def settle(world, payment, **truth):
    world.bank.set_truth(payment.tx_id, "SETTLED", **truth)
    world.tell(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "SETTLED")
    world.work()


def decide(world, resolution, reason="as agreed", *, actor=STAFF):
    (found,) = world.exceptions()
    resolving.resolve(found.id, resolution, actor=actor, reason=reason)
    commit()
    world.work()


@pytest.mark.parametrize(("amount", "kind"), [("249.99", "too_little"), ("250.01", "too_much")])
def test_a_wrong_amount_waits_in_suspense_and_its_purpose_is_not_told_settled(
    world, news, amount, kind
):
    payment = world.start(25_000)
    settle(world, payment, amount=amount)
    (found,) = world.exceptions()
    assert (found.kind, found.held) == (kind, True)
    assert world.balance(SUSPENSE) == found.amount_minor == int(amount.replace(".", ""))
    assert world.balance(ESCROW) == 0
    assert "payment.settled" not in [event for event, _, _ in news]
    assert world.is_clean()


def test_too_much_accepted_gives_the_purpose_its_part_and_the_wallet_the_rest(world, news):
    payment = world.start(25_000)
    settle(world, payment, amount="300.00")
    decide(world, "accept")
    assert world.balance(ESCROW) == 25_000
    assert world.balance(f"user:{world.user_id}:wallet") == 5_000
    assert world.balance(SUSPENSE) == 0
    assert ("payment.settled", payment.id, 25_000) in news
    assert world.is_clean()


def test_too_little_credited_goes_to_the_wallet_and_the_purpose_ends(world, news):
    payment = world.start(25_000)
    settle(world, payment, amount="100.00")
    decide(world, "credit")
    assert world.balance(f"user:{world.user_id}:wallet") == 10_000
    assert [event for event, _, _ in news][-1] == "payment.failed"
    assert world.is_clean()


def test_too_little_cannot_be_accepted_because_purposes_count_whole_amounts(world):
    payment = world.start(25_000)
    settle(world, payment, amount="100.00")
    with pytest.raises(Conflict):
        decide(world, "accept")
    rollback()


def test_another_currency_stays_in_that_currency_and_can_only_go_back(world):
    payment = world.start(25_000)
    settle(world, payment, currency="USD")
    assert world.balance(SUSPENSE, "USD") == 25_000
    assert world.balance(SUSPENSE) == world.balance(ESCROW) == 0
    decide(world, "return")
    world.bank_ends_returns()
    assert world.balance("gateway:bill_bitts:external", "USD") == 0
    assert world.is_clean()


def expire(world, frozen):
    payment = world.start()
    frozen.advance(timedelta(hours=25))
    world.work()
    return payment


def test_late_money_waits_in_suspense_and_higher_features_hear_of_it(world, frozen, news):
    payment = expire(world, frozen)
    settle(world, payment)
    assert world.status(payment.id) == "settled"
    assert [one.kind for one in world.exceptions()] == ["late"]
    assert [event for event, _, _ in news] == ["payment.expired"]
    assert world.balance(SUSPENSE) == 25_000


def test_late_money_is_accepted_only_by_a_purpose_that_can_still_take_it(world, frozen, news):
    payment = expire(world, frozen)
    settle(world, payment)
    with pytest.raises(Conflict):
        resolving.accept_late(payment.id)
    rollback()
    before = dict(purposes._purposes)
    purposes.register_purpose("order", lambda _id: "/", accepts_late=lambda _id: True)
    try:
        assert resolving.accept_late(payment.id)
        commit()
        world.work()
    finally:
        purposes._purposes.update(before)
    assert world.balance(ESCROW) == 25_000
    assert ("payment.settled", payment.id, 25_000) in news


def test_a_second_transaction_for_a_paid_order_is_a_duplicate(world, bank, frozen):
    payment = world.start()
    settle(world, payment)
    cprn = bank.payments[payment.tx_id]["cprn"]
    other = bank.open_payment(cprn, 25_000, status="SETTLED", reference=payment.id)
    world.tell(other, "SETTLED")
    patiently(world, frozen)
    (found,) = world.exceptions()
    assert (found.kind, found.payment_id, found.held) == ("duplicate", payment.id, True)
    decide(world, "credit")
    assert world.balance(f"user:{world.user_id}:wallet") == 25_000
    assert world.balance(ESCROW) == 25_000
    assert world.is_clean()


def test_money_that_nobody_asked_for_goes_to_suspense_once(world, bank, frozen):
    stranger = bank.open_payment("CPRN-AAAAAAAA", 7_000, status="SETTLED")
    for _ in range(3):
        assert world.tell(stranger, "SETTLED").parked
    patiently(world, frozen)
    (found,) = world.exceptions()
    assert (found.kind, found.user_id, found.held) == ("unknown_reference", None, True)
    assert world.balance(SUSPENSE) == 7_000
    with pytest.raises(Conflict):
        decide(world, "credit")
    rollback()
    decide(world, "return")
    assert world.balance(SUSPENSE) == 0
    assert world.is_clean()


def test_a_webhook_that_is_sent_again_is_answered_like_the_first_time(world, bank):
    ours = world.start().tx_id
    stranger = bank.open_payment("CPRN-AAAAAAAA", 7_000, status="SETTLED")
    for name, is_parked in ((ours, False), (stranger, True)):
        raw, headers = bank.webhook(name, "SETTLED")
        answers = [inbox.accept(GATEWAY, raw, headers) for _ in range(2)]
        assert [(one.tx_id, one.parked) for one in answers] == [(name, is_parked)] * 2


def patiently(world, frozen):
    for _ in range(6):
        world.work()
        frozen.advance(timedelta(seconds=20))
    world.work()


def test_a_lie_moves_nothing_and_becomes_a_contradiction(world, frozen):
    payment = world.start()
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    assert world.inbox()[0].state == "parked"
    assert world.exceptions() == []
    patiently(world, frozen)
    assert world.status(payment.id) == "pending"
    assert [one.kind for one in world.exceptions()] == ["contradiction"]
    assert world.postings() == []


def test_a_webhook_ahead_of_its_time_is_applied_when_the_gateway_follows(world, bank, frozen):
    payment = world.start()
    world.tell(payment.tx_id, "SETTLED")
    patiently(world, frozen)
    bank.set_truth(payment.tx_id, "SETTLED")
    frozen.advance(timedelta(minutes=5))
    world.work()
    assert world.status(payment.id) == "settled"
    assert world.exceptions() == []


def test_a_webhook_that_never_becomes_true_dies_with_an_alert(world, bank, frozen):
    payment = world.start()
    world.tell(payment.tx_id, "SUCCESS")
    for _ in range(20):
        world.work()
        frozen.advance(timedelta(hours=1))
    assert world.inbox()[0].state == "dead"
    inbox.replay(world.inbox()[0].id, actor=STAFF)
    commit()
    bank.set_truth(payment.tx_id, "SUCCESS")
    world.work()
    assert world.inbox()[0].state == "done"


def test_a_webhook_that_is_done_is_not_processed_again(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "SUCCESS")
    world.work()
    done = world.inbox()[0]
    with pytest.raises(Conflict, match="processed already"):
        inbox.replay(done.id, actor=STAFF)
    rollback()
    assert world.inbox()[0] == done


def test_the_second_witness_may_be_a_person_but_the_gateway_must_still_agree(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    starting.check_now(payment.id)
    commit()
    world.work()
    bank.set_truth(payment.tx_id, "PENDING")
    decide(world, "accept")
    assert world.status(payment.id) == "pending"
    bank.set_truth(payment.tx_id, "SETTLED")
    starting.check_now(payment.id)
    commit()
    world.work()
    assert world.status(payment.id) == "settled"
    assert world.balance(ESCROW) == 25_000


def test_nobody_decides_about_an_own_payment(world):
    payment = world.start()
    settle(world, payment, amount="1.00")
    with pytest.raises(Conflict):
        decide(world, "credit", actor=world.user_id)
    rollback()


def test_a_decision_is_made_once(world):
    payment = world.start()
    settle(world, payment, amount="1.00")
    (found,) = world.exceptions()
    decide(world, "credit")
    with pytest.raises(Conflict):
        resolving.resolve(found.id, "return", actor=STAFF)
    rollback()
    assert world.balance(f"user:{world.user_id}:wallet") == 100


def test_doing_nothing_needs_a_reason(world):
    payment = world.start()
    settle(world, payment)
    world.tell(payment.tx_id, "FAILED")
    world.work()
    with pytest.raises(Invalid):
        decide(world, "dismiss", " ")
    rollback()
    decide(world, "dismiss", "the bank called and took it back")
    assert world.exceptions() == []


def test_a_reversal_after_success_takes_the_money_out_again(world, bank, news):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "SUCCESS")
    world.work()
    bank.set_truth(payment.tx_id, "FAILED")
    world.tell(payment.tx_id, "FAILED")
    world.work()
    assert world.status(payment.id) == "reversed"
    assert world.balance(f"gateway:{GATEWAY}:clearing") == 0
    assert [event for event, _, _ in news] == ["payment.succeeded", "payment.reversed"]
    assert world.is_clean()
