"""A refund goes back to the account that paid: once, whole, and whoever asks for it how often."""

import pytest

from crowdfund.adapters import gateways
from crowdfund.admin import service as admin
from crowdfund.investments.service import cancelling, placing, refunding
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import NotFound
from crowdfund.ledger import queries as ledger
from crowdfund.payments import queries as payments
from crowdfund.payments.service import resolving, rests
from crowdfund.payouts.service import requests
from crowdfund.people import service as people
from crowdfund.refunds import rules
from crowdfund.refunds.service import choosing
from tests import raising
from tests.investments.test_notices import end_campaign
from tests.refunds.conftest import count_refunds

REASON = "For this test."


def test_a_refund_names_the_transaction_that_brought_it(world):
    refund = world.refunded()
    payment = world.payment(refund.source_id)
    assert (refund.gateway, refund.tx_id) == ("bill_bitts", payment.tx_id)
    assert (refund.amount_minor, refund.payment_id) == (1_000_00, payment.id)
    assert world.left(refund) == 1_000_00


def test_a_refund_is_held_sent_once_and_paid_back_to_the_transaction(world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    assert world.purse() == (1_000_00, 0)
    order = world.bank.payouts[payout_id]
    assert (order["tx_id"], order["amount"]) == (refund.tx_id, "1000.00")
    assert "account_number" not in order
    world.bank_ends(payout_id)
    assert world.get(payout_id).status == "paid"
    assert (world.purse(), world.left(refund), world.orders()) == ((0, 0), 0, 1)
    assert "refund.paid" in raising.told(world.people["charlie"])
    assert world.problems() == []


def test_the_entries_of_a_return_name_the_refund(world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    world.bank_ends(payout_id)
    rollback()
    entries = ledger.entries_with_key_prefix("payout", payout_id)
    assert [one.kind for one in entries] == ["refund.sent", "refund.paid"]
    assert all(one.ref["refund"] == refund.id for one in entries)


def test_a_payment_that_failed_campaigns_return_goes_back_too(world):
    investment_id = world.paid()
    end_campaign()
    world.do(refunding.refund_next, world.campaign_id, reason="Below the threshold.")
    world.work()
    (refund,) = world.refunds()
    assert refund.source_id == investment_id
    world.bank_ends(world.sent(refund))
    assert world.purse() == (0, 0)
    assert world.problems() == []


def test_a_refund_that_was_sent_back_cannot_be_sent_back_again(world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    assert [world.back(refund) for _ in range(4)] == [payout_id] * 4
    world.bank_ends(payout_id)
    assert world.back(refund) == payout_id
    world.work()
    assert (world.orders(), world.purse()) == (1, (0, 0))


@pytest.mark.parametrize("place", [0, 1])
def test_other_money_in_the_wallet_never_goes_back_for_a_refund_that_went(world, place):
    world.refunded(amount="700", key="form-key-1")
    world.refunded(amount="700", key="form-key-2")
    refund = world.refunds()[place]  # the newer or the older one
    world.bank_ends(world.sent(refund))
    world.back(refund)
    world.work()
    assert (world.orders(), world.purse()) == (1, (700_00, 700_00))


def test_a_return_that_failed_gives_the_money_back_once_and_can_be_tried_again(world):
    refund = world.refunded()
    first = world.sent(refund)
    world.bank_ends(first, "FAILED", reason="The account is closed")
    assert (world.get(first).status, world.get(first).reason) == ("failed", "return_failed")
    assert world.purse() == (1_000_00, 1_000_00)
    assert "refund.failed" in raising.told(world.people["charlie"])
    second = world.sent(refund)
    assert second != first
    world.bank_ends(second)
    assert world.purse() == (0, 0)
    assert world.problems() == []


def test_a_bank_that_sends_nothing_back_leaves_the_money_in_the_wallet(world):
    world.bank.refuse_payouts = True
    refund = world.refunded()
    payout_id = world.sent(refund)
    assert (world.get(payout_id).status, world.purse()) == ("failed", (1_000_00, 1_000_00))


def test_a_return_that_only_waits_can_be_taken_back(world):
    refund = world.refunded()
    payout_id = world.back(refund)
    world.do(requests.cancel, payout_id, user_id=world.people["charlie"])
    world.work()
    assert (world.orders(), world.left(refund)) == (0, 1_000_00)


def test_what_was_spent_does_not_go_back(world):
    refund = world.refunded()
    world.do(place_from_wallet, world, 400_00)
    world.work()
    assert world.left(refund) == 600_00
    world.bank_ends(world.sent(refund))
    assert world.purse() == (0, 0)
    assert [row.id for row in world.refunds()] == [refund.id]
    assert world.problems() == []


def place_from_wallet(world, amount_minor):
    from dataclasses import replace

    order = replace(world.order(amount=amount_minor, key="from-wallet"), rail="wallet")
    return placing.place(order)


def test_money_that_came_from_the_wallet_goes_back_there_and_makes_no_refund(world):
    refund = world.refunded()
    investment_id = world.do(place_from_wallet, world, 1_000_00)
    world.work()
    assert world.left(refund) == 0
    with raising.refused(rules.NothingLeft):
        world.back(refund)
    world.do(cancelling.cancel_paid, investment_id, user_id=world.people["charlie"])
    world.work()
    assert count_refunds() == 1
    assert world.left(refund) == 1_000_00  # the refund is claimable for ever


def test_nobody_sends_back_the_refund_of_another_person(world):
    refund = world.refunded()
    rollback()
    for verb in (choosing.send_back, choosing.keep):
        with raising.refused(NotFound):
            verb(refund.id, user_id=world.people["dora"])


def test_too_much_goes_back_in_two_refunds_of_one_transaction(world):
    investment_id = world.paid(amount="1,000", received="1300.00")
    payment = world.payment(investment_id)
    (found,) = payments.exceptions_of(payment.id)
    world.do(resolving.resolve, found.id, "accept", actor=world.people["fin"], reason=REASON)
    world.work()
    (surplus,) = world.refunds()
    assert (surplus.amount_minor, surplus.tx_id) == (300_00, payment.tx_id)
    world.do(cancelling.cancel_paid, investment_id, user_id=world.people["charlie"])
    world.work()
    for one in world.refunds():
        world.bank_ends(world.sent(one))
    assert world.bank.left_of(payment.tx_id) == 0
    assert world.purse() == (0, 0)
    assert world.problems() == []


def test_an_investment_that_was_paid_in_two_parts_goes_back_in_both(world):
    investment_id = world.paid(amount="1,000", received="400.00")
    rest_id = world.do(rests.begin, world.investment(investment_id).payment_id)
    world.work()
    world.pay(rest_id)
    assert world.status(investment_id) == "settled"
    world.do(cancelling.cancel_paid, investment_id, user_id=world.people["charlie"])
    world.work()
    assert sorted(one.amount_minor for one in world.refunds()) == [400_00, 600_00]
    for one in world.refunds():
        world.bank_ends(world.sent(one))
    assert world.purse() == (0, 0)
    assert world.problems() == []


def test_late_money_that_was_credited_goes_back(world):
    investment_id = world.place()
    payment_id = world.investment(investment_id).payment_id
    world.later(hours=25)
    world.pay(payment_id)
    (found,) = payments.exceptions_of(payment_id)
    world.do(resolving.resolve, found.id, "credit", actor=world.people["fin"], reason=REASON)
    world.work()
    (refund,) = world.refunds()
    assert (refund.source_kind, refund.source_id) == ("exception", found.id)
    world.bank_ends(world.sent(refund))
    assert world.purse() == (0, 0)


@pytest.mark.parametrize("status", ["pending", "rejected", "expired", "none"])
def test_it_needs_no_verification_and_no_payout_account(world, status):
    refund = world.refunded()
    people.set_verification(
        world.people["charlie"], status, level="none", actor="system", reason="Too old."
    )
    commit()
    assert requests.refusal(world.people["charlie"])  # a withdrawal would need an account
    world.bank_ends(world.sent(refund))
    assert world.purse() == (0, 0)


def test_a_return_goes_on_when_the_account_of_its_person_is_closed(world):
    refund = world.refunded()
    payout_id = world.back(refund)
    root = raising.person("root", "admin")
    world.do(admin.disable, world.people["charlie"], actor=root, reason=REASON)
    world.work()
    world.bank_ends(payout_id)
    assert world.get(payout_id).status == "paid"


def test_a_large_return_needs_no_approval_and_uses_up_no_limit(world):
    refund = world.refunded(amount="100,000")
    payout_id = world.sent(refund)
    assert (world.get(payout_id).needs_approval, world.get(payout_id).status) == (
        False,
        "submitted",
    )
    rollback()
    assert requests.queries.withdrawn_since(refund.user_id, requests.queries.day_ago()) == 0


def test_a_gateway_that_cannot_send_money_back_is_not_asked_to(world, monkeypatch):
    refund = world.refunded()
    monkeypatch.setattr(gateways, "can_refund", lambda _name: False)
    rollback()
    with raising.refused(rules.NoWayBack):
        choosing.send_back(refund.id, user_id=refund.user_id)
    assert world.purse() == (1_000_00, 1_000_00)


def test_who_wants_that_always_gets_every_refund_sent_back_at_once(world):
    charlie = world.people["charlie"]
    world.do(choosing.always_send_back, charlie, is_on=True)
    world.do(choosing.always_send_back, charlie, is_on=True)
    world.refunded()
    assert (world.orders(), world.purse()) == (1, (1_000_00, 0))
    world.do(choosing.always_send_back, charlie, is_on=False)
    world.refunded(amount="500", key="form-key-2")
    assert (world.orders(), world.purse()) == (1, (1_500_00, 500_00))
