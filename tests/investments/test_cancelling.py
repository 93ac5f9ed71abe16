"""An unpaid reservation is its owner's to cancel or replace; money that comes later is not lost."""

from html import unescape

import pytest

from crowdfund.investments import queries
from crowdfund.investments.service import placing, reservations
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.payments.service import inbox, resolving
from crowdfund.payments.service.cancelling import AlreadyPaid
from tests import raising
from tests.investments.test_resolutions import STAFF, open_exceptions
from tests.investments.test_rests import bank_says, suspense
from tests.investments.test_reviews import show
from tests.investments.test_selfcheck import found as found_by_the_self_check
from tests.investments.test_views import form, invest_url
from tests.together import at_once


@pytest.fixture
def charlie(app, world):
    return raising.sign_in(app.test_client(), world.people["charlie"])


def cancel(world, investment_id, who="charlie"):
    rollback()
    reservations.cancel(investment_id, user_id=world.people[who])
    commit()
    world.work()


def test_a_cancelled_reservation_gives_its_room_back_at_once(world, charlie):
    investment_id = world.place()
    assert world.campaign().reserved_minor == 1_000_00
    answer = charlie.post(f"/investments/{investment_id}/cancel")
    assert answer.status_code == 303
    assert (world.status(investment_id), world.campaign().reserved_minor) == ("cancelled", 0)
    assert world.payment(investment_id).status == "cancelled"
    page = show(charlie, investment_id)
    assert "Reservation cancelled" in page
    assert "Pay 1,000.00 ETB" not in page
    assert (
        f'data-live="investment:{investment_id}'
        not in charlie.get(f"/investments/{investment_id}").text
    )


def test_cancelling_twice_gives_room_back_once(world):
    investment_id, other_id = world.place(), world.place(key="form-key-2")
    for _ in range(2):
        cancel(world, investment_id)
    assert world.campaign().reserved_minor == 1_000_00
    assert world.status(other_id) == "paying"


def test_what_the_bank_has_taken_cannot_be_cancelled(world, charlie):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS")
    answer = charlie.post(f"/investments/{investment_id}/cancel")
    assert answer.status_code == 409
    assert "cannot be cancelled" in answer.text or "can be cancelled" in answer.text
    assert world.status(investment_id) == "authorised"


def test_what_the_bank_reports_as_paid_cannot_be_cancelled(world, charlie):
    investment_id = world.place()
    payment = world.payment(investment_id)
    world.bank.set_truth(payment.tx_id, "SUCCESS")
    charlie.get(f"/payments/{payment.id}/return")
    world.work()
    rollback()
    with pytest.raises(AlreadyPaid):
        reservations.cancel(investment_id, user_id=world.people["charlie"])


@pytest.mark.parametrize("resolution", ["credit", "return"])
def test_money_that_comes_after_it_was_cancelled_waits_for_staff(world, charlie, resolution):
    investment_id = world.place()
    cancel(world, investment_id)
    bank_says(world, world.payment(investment_id), "SUCCESS", "SETTLED")
    (found,) = open_exceptions()
    assert (found.kind, suspense(), world.escrow()) == ("late", 1_000_00, 0)
    assert "Your payment of 1,000.00 ETB arrived too late" in show(charlie, investment_id)
    resolving.resolve(found.id, resolution, actor=STAFF, reason="as agreed")
    commit()
    world.work()
    assert (world.status(investment_id), suspense()) == ("cancelled", 0)
    assert world.wallet() == (1_000_00 if resolution == "credit" else 0)
    assert found_by_the_self_check() == ""


def test_a_payment_that_is_only_being_opened_is_cancelled_too(world):
    rollback()
    investment_id = placing.place(world.order())
    commit()
    cancel(world, investment_id)
    assert world.status(investment_id) == "cancelled"
    assert world.bank.payments == {}


def test_cancelling_and_paying_at_the_same_moment_end_in_one_of_the_two(app, world):
    investment_id = world.place()
    payment = world.payment(investment_id)
    world.bank.set_truth(payment.tx_id, "SETTLED")
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, "SETTLED"))
    user_id = world.people["charlie"]
    at_once(
        app,
        [
            lambda: reservations.cancel(investment_id, user_id=user_id),
            lambda: outbox.drain("payments"),
        ],
    )
    world.work()
    status = world.status(investment_id)
    held = {"cancelled": 1_000_00, "settled": 0}[status]
    assert (suspense(), world.escrow()) == (held, 1_000_00 - held)
    assert world.campaign().reserved_minor == 1_000_00 - held
    assert world.books_are_clean()


def test_nobody_cancels_the_reservation_of_another(world):
    investment_id = world.place()
    rollback()
    with pytest.raises(NotFound):
        reservations.cancel(investment_id, user_id=world.people["dora"])


def test_a_reservation_is_replaced_by_another_amount_in_one_step(world, charlie):
    first_id = world.place(amount="5,000")
    page = charlie.get(f"{invest_url(world)}?replaces={first_id}")
    assert "This replaces your reservation of 5,000.00 ETB" in page.text
    assert 'value="5000.00"' in page.text
    answer = charlie.post(
        invest_url(world), data=form(amount="4,500", key="form-key-2", replaces=first_id)
    )
    assert answer.status_code == 303
    world.work()
    assert world.status(first_id) == "cancelled"
    assert world.campaign().reserved_minor == 4_500_00


def test_the_quote_of_a_replacement_counts_the_room_of_what_it_replaces(world, charlie):
    first_id = world.place(amount="5,000")
    asked = f"/campaigns/{world.slug}/quote?amount=5000"
    assert "cf-error" in charlie.get(asked).text
    assert "cf-error" not in charlie.get(f"{asked}&replaces={first_id}").text


def test_a_replacement_that_is_refused_leaves_the_reservation_alone(world, charlie):
    first_id = world.place()
    answer = charlie.post(
        invest_url(world), data=form(amount="9,900", key="form-key-2", replaces=first_id)
    )
    assert answer.status_code == 422
    assert (world.status(first_id), world.campaign().reserved_minor) == ("paying", 1_000_00)


def test_a_replacement_of_what_was_paid_meanwhile_is_refused(world, charlie):
    first_id = world.place()
    world.bank_says(first_id, "SUCCESS")
    answer = charlie.post(
        invest_url(world), data=form(amount="500", key="form-key-2", replaces=first_id)
    )
    assert answer.status_code == 409
    assert world.campaign().reserved_minor == 1_000_00


def test_two_clicks_on_a_replacement_are_one(world, charlie):
    first_id = world.place()
    for _ in range(2):
        answer = charlie.post(
            invest_url(world), data=form(amount="500", key="form-key-2", replaces=first_id)
        )
        assert answer.status_code == 303
    rollback()
    campaign = world.campaign()
    assert campaign.reserved_minor == 500_00
    assert len(queries.unpaid_of(world.people["charlie"], campaign.id)) == 1


def test_one_reservation_is_replaced_once_even_from_two_windows(world, charlie):
    first_id = world.place()
    for key, status in (("form-key-2", 303), ("form-key-3", 409)):
        sent = form(amount="500", key=key, replaces=first_id)
        answer = charlie.post(invest_url(world), data=sent)
        assert answer.status_code == status
    assert "was changed already, perhaps in another window" in unescape(answer.text)
    assert "You have not paid a reservation yet" in answer.text
    rollback()
    campaign = world.campaign()
    assert campaign.reserved_minor == 500_00
    # Whoever still wants it sends the page that was shown: it replaces nothing.
    assert 'name="replaces"' not in answer.text
    answer = charlie.post(invest_url(world), data=form(amount="700", key="form-key-3"))
    assert answer.status_code == 303
    rollback()
    assert world.campaign().reserved_minor == 1_200_00


def test_who_goes_back_finds_the_amount_and_the_reservation(world, charlie):
    world.place(amount="1,300")
    page = charlie.get(invest_url(world)).text
    assert 'value="1300.00"' in page
    assert "You have not paid a reservation yet" in page


def test_cancelling_needs_an_unpaid_reservation(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    rollback()
    with pytest.raises(Conflict):
        reservations.cancel(investment_id, user_id=world.people["charlie"])


def test_a_reservation_of_another_is_never_replaced(world, charlie):
    hers = world.place("dora")
    answer = charlie.post(invest_url(world), data=form(key="form-key-2", replaces=hers))
    assert answer.status_code == 404
    assert world.status(hers, "dora") == "paying"
