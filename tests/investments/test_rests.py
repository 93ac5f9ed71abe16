"""Money that came short: its payer pays the rest, and the parts count once and together."""

from datetime import timedelta

import pytest

from crowdfund.campaigns.service import ending
from crowdfund.investments import queries
from crowdfund.investments.service import reservations
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.rules import SUSPENSE
from crowdfund.payments import queries as payments
from crowdfund.payments.models import Payment
from crowdfund.payments.rules import Resolution
from crowdfund.payments.service import closing, inbox, resolving, rests, short
from tests import raising
from tests.investments.test_resolutions import STAFF, open_exceptions
from tests.investments.test_reviews import notices_of, settle, show
from tests.investments.test_selfcheck import change, found
from tests.together import at_once

PLACED = 500_00


@pytest.fixture
def charlie(app, world):
    return raising.sign_in(app.test_client(), world.people["charlie"])


@pytest.fixture
def short_one(world):
    """An investment of 500 ETB of which 300 ETB came."""
    investment_id = world.place(amount="500")
    settle(world, investment_id, amount="300.00")
    return investment_id


def pay_rest(world, investment_id):
    """Begin the rest as its page does; return the payment, which the worker has opened."""
    rollback()
    reservations.pay_rest(investment_id, user_id=world.people["charlie"])
    commit()
    world.work()
    return rest_of(world, investment_id)


def rest_of(world, investment_id):
    rollback()
    first_id = queries.get(investment_id).payment_id
    return payments.get(short.rest_ids(first_id)[-1])


def bank_says(world, payment, *statuses, **truth):
    for status in statuses:
        world.bank.set_truth(payment.tx_id, status, **truth)
        rollback()
        inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, status))
        world.work()


def suspense():
    rollback()
    return ledger.balance(SUSPENSE)


def decide(resolution, *, kind="too_little"):
    (found,) = (one for one in open_exceptions() if one.kind == kind)
    resolving.resolve(found.id, resolution, actor=STAFF, reason="as agreed")
    commit()


def is_whole(world):
    """The books hold, and the campaign counts what is in escrow and no more."""
    rollback()
    campaign = world.campaign()
    assert [line for line in found().split(" | ") if line and "chain.sign" not in line] == []
    assert world.books_are_clean()
    return (world.escrow(), campaign.settled_minor, campaign.investors_count)


def test_the_page_says_what_came_what_is_missing_and_until_when(world, charlie, short_one):
    page = show(charlie, short_one)
    assert "We received 300.00 ETB of 500.00 ETB" in page
    assert "Pay the remaining 200.00 ETB by 16 Jun 2026, 12:00" in page
    assert "Paid in part" in page
    assert "Settled" not in page
    notice = notices_of(world)["payment.short"]
    assert "We received 300.00 ETB of 500.00 ETB" in notice
    assert "200.00 ETB" in notice


def test_the_rest_completes_the_investment_which_counts_once_and_whole(world, charlie, short_one):
    answer = charlie.post(f"/investments/{short_one}/rest")
    assert answer.status_code == 303
    world.work()
    page = show(charlie, short_one)
    assert "Pay 200.00 ETB at NEO Bank" in page
    rest = rest_of(world, short_one)
    assert (rest.amount_minor, rest.purpose_id) == (200_00, short_one)
    bank_says(world, rest, "SUCCESS", "SETTLED")
    assert world.status(short_one) == "settled"
    assert is_whole(world) == (PLACED, PLACED, 1)
    assert (suspense(), world.wallet(), open_exceptions()) == (0, 0, [])
    page = show(charlie, short_one)
    assert "You have paid the rest. We have used 300.00 ETB as you asked." in page
    assert page.count("Held for review") == 2  # into it and out again
    assert len(world.writes(short_one)) == 1


def test_a_rest_that_comes_short_too_is_completed_by_a_third_payment(world, charlie, short_one):
    second = pay_rest(world, short_one)
    bank_says(world, second, "SUCCESS", "SETTLED", amount="150.00")
    assert suspense() == 450_00
    page = show(charlie, short_one)
    assert "We received 150.00 ETB of 200.00 ETB" in page
    assert "Pay the other 50.00 ETB" in page
    third = pay_rest(world, short_one)
    assert third.amount_minor == 50_00
    bank_says(world, third, "SUCCESS", "SETTLED")
    assert is_whole(world) == (PLACED, PLACED, 1)
    assert (suspense(), open_exceptions()) == (0, [])


def test_a_rest_of_too_much_completes_it_when_staff_accept(world, short_one):
    rest = pay_rest(world, short_one)
    bank_says(world, rest, "SUCCESS", "SETTLED", amount="250.00")
    assert world.status(short_one) == "authorised"
    with pytest.raises(Conflict):
        decide("credit")
    assert pay_rest(world, short_one).id == rest.id
    decide("accept", kind="too_much")
    world.work()
    assert is_whole(world) == (PLACED, PLACED, 1)
    assert (suspense(), world.wallet()) == (0, 50_00)


@pytest.mark.parametrize("resolution", ["credit", "return"])
def test_a_rest_of_too_much_that_is_not_accepted_leaves_the_first_part_open(
    world, short_one, resolution
):
    rest = pay_rest(world, short_one)
    bank_says(world, rest, "SUCCESS", "SETTLED", amount="250.00")
    decide(resolution, kind="too_much")
    world.work()
    assert (world.status(short_one), suspense()) == ("authorised", 300_00)
    assert pay_rest(world, short_one).id != rest.id
    assert is_whole(world)[0] == 0


@pytest.mark.parametrize("ending", ["FAILED", "reversed"])
def test_a_rest_that_fails_ends_nothing_and_can_be_tried_again(world, charlie, short_one, ending):
    rest = pay_rest(world, short_one)
    bank_says(world, rest, *(("SUCCESS", "FAILED") if ending == "reversed" else ("FAILED",)))
    assert world.status(short_one) == "authorised"
    assert "Pay the other 200.00 ETB" in show(charlie, short_one)
    again = pay_rest(world, short_one)
    assert again.id != rest.id
    bank_says(world, again, "SUCCESS", "SETTLED")
    assert is_whole(world) == (PLACED, PLACED, 1)


def test_two_clicks_begin_one_payment_of_the_rest(world, charlie, short_one):
    for _ in range(2):
        charlie.post(f"/investments/{short_one}/rest")
    rollback()
    assert len(short.rest_ids(queries.get(short_one).payment_id)) == 1


def test_two_tabs_at_the_same_moment_begin_one_payment_of_the_rest(app, world, short_one):
    user_id = world.people["charlie"]
    at_once(app, [lambda: reservations.pay_rest(short_one, user_id=user_id)] * 6)
    assert len(short.rest_ids(queries.get(short_one).payment_id)) == 1


def test_staff_and_payer_at_the_same_moment_never_use_the_money_twice(app, world, short_one):
    user_id = world.people["charlie"]
    (found,) = open_exceptions()
    found_id = found.id

    def credit():
        resolving.resolve(found_id, "credit", actor=STAFF, reason="as agreed")

    at_once(app, [lambda: reservations.pay_rest(short_one, user_id=user_id), credit])
    world.work()
    rollback()
    begun = short.rest_ids(queries.get(short_one).payment_id)
    assert (len(begun), world.wallet()) in ((1, 0), (0, 300_00))
    if begun:
        bank_says(world, rest_of(world, short_one), "SUCCESS", "SETTLED")
        assert is_whole(world) == (PLACED, PLACED, 1)
    assert suspense() == 0


def test_staff_wait_while_the_rest_is_on_its_way_and_decide_when_it_has_ended(
    world, frozen, short_one
):
    rest = pay_rest(world, short_one)
    with pytest.raises(Conflict, match="paying the rest"):
        decide("credit")
    rollback()
    frozen.advance(timedelta(hours=25))
    world.work()
    rollback()
    assert payments.get(rest.id).status == "expired"
    decide("credit")
    world.work()
    assert (world.status(short_one), world.wallet(), suspense()) == ("failed", 300_00, 0)
    bank_says(world, rest, "SUCCESS", "SETTLED")
    assert [one.kind for one in open_exceptions()] == ["late"]
    decide("return", kind="late")
    assert is_whole(world) == (0, 0, 0)


def test_after_the_deadline_the_rest_cannot_be_begun_and_the_page_says_what_follows(
    world, charlie, frozen, short_one
):
    frozen.advance(timedelta(hours=24, minutes=1))
    world.work()
    page = show(charlie, short_one)
    assert "Pay the other" not in page
    assert "usually within one working day" in page
    answer = charlie.post(f"/investments/{short_one}/rest")
    assert answer.status_code == 409
    assert "The rest can no longer be paid. Nothing was charged." in answer.text


def test_no_rest_is_taken_after_the_campaigns_deadline(world, frozen):
    frozen.set(world.campaign().ends_at - timedelta(hours=3))
    investment_id = world.place(amount="500")
    settle(world, investment_id, amount="300.00")
    rollback()
    offered = short.rest(queries.get(investment_id).payment_id)
    assert offered.until == world.campaign().ends_at
    rest = pay_rest(world, investment_id)
    assert rest.expires_at == world.campaign().ends_at


def test_a_rest_that_is_settled_after_the_campaign_was_cancelled_goes_to_the_wallet(
    world, short_one
):
    rest = pay_rest(world, short_one)
    ending.cancel(world.campaign_id, "The company has changed its plan.", actor=STAFF)
    commit()
    world.work()
    bank_says(world, rest, "SUCCESS", "SETTLED")
    assert (world.status(short_one), world.wallet(), world.escrow()) == ("returned", PLACED, 0)
    assert suspense() == 0
    assert world.books_are_clean()


def test_nobody_pays_the_rest_of_another(world, short_one):
    rollback()
    with pytest.raises(NotFound):
        reservations.pay_rest(short_one, user_id=world.people["dora"])


def test_an_exact_payment_has_no_rest(world, charlie):
    investment_id = world.place(amount="500")
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    rollback()
    with pytest.raises(rests.RestNotPossible):
        rests.begin(queries.get(investment_id).payment_id)


def test_the_self_check_sees_parts_that_do_not_add_up(world, short_one):
    bank_says(world, pay_rest(world, short_one), "SUCCESS", "SETTLED")
    first = world.payment(short_one)
    assert payments.problems() == []
    change(Payment, first.id, amount_minor=400_00)
    assert [line for line in payments.problems() if "was completed to 50000" in line]


def test_staff_read_until_when_the_payer_may_pay_the_rest(app, world, short_one, frozen):
    fin = raising.sign_in(app.test_client(), raising.person("fin", "finance"))
    [found] = open_exceptions()
    page = fin.get(f"/staff/exceptions/{found.id}")
    assert page.status_code == 200
    assert "The payer can pay the rest until" in page.text
    frozen.advance(timedelta(hours=24, seconds=1))
    assert "The payer can pay the rest until" not in fin.get(f"/staff/exceptions/{found.id}").text


def close_first_part():
    """Close the first part without what a decision does: as another key of the database could."""
    (part,) = (one for one in open_exceptions() if one.kind == "too_little")
    closing.close(part.id, Resolution.DISMISS, actor="system", reason="a test")
    commit()


def test_a_rest_whose_first_part_is_gone_is_held_and_completes_nothing(world, short_one):
    rest = pay_rest(world, short_one)
    close_first_part()
    bank_says(world, rest, "SUCCESS", "SETTLED")
    assert [one.kind for one in open_exceptions()] == ["late"]
    assert (world.escrow(), suspense()) == (0, 500_00)


def test_a_rest_of_too_much_cannot_be_accepted_when_its_first_part_is_gone(world, short_one):
    rest = pay_rest(world, short_one)
    bank_says(world, rest, "SUCCESS", "SETTLED", amount="250.00")
    close_first_part()
    with pytest.raises(Conflict, match="does not fit"):
        decide("accept", kind="too_much")
    rollback()
    assert (world.escrow(), suspense()) == (0, 550_00)
