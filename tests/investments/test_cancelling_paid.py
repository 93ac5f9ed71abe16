"""A paid investment is its investor's to cancel until 48 hours before the deadline."""

from datetime import timedelta

import pytest

from crowdfund.campaigns.service import ending
from crowdfund.chain import rules as chain_rules
from crowdfund.investments import rules
from crowdfund.investments.service import cancelling
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import NotFound
from crowdfund.reports import proofs
from tests import raising
from tests.investments.test_reviews import show
from tests.investments.test_views import invest_url
from tests.together import at_once

SECOND = timedelta(seconds=1)


@pytest.fixture
def charlie(app, world):
    return raising.sign_in(app.test_client(), world.people["charlie"])


def cancel(world, investment_id, who="charlie"):
    rollback()
    cancelling.cancel_paid(investment_id, user_id=world.people[who])
    commit()
    world.work()


def sums(world):
    campaign = world.campaign()
    return campaign.settled_minor, campaign.reserved_minor, campaign.investors_count


def is_proved(world):
    """Return whether the proofs hold, but for those that need a chain."""
    rollback()
    return not [line for line in proofs.problems() if not line.startswith(("I8", "I10", "intent"))]


def paid(world, *statuses, **how):
    investment_id = world.place(**how)
    world.bank_says(investment_id, *(statuses or ("SUCCESS", "SETTLED")))
    return investment_id


def confirm(world, kind, investment_id):
    raising.confirm(kind, investment_id)
    outbox.drain("chain")
    world.work()


def refuse(world, kind, investment_id, reason):
    raising.refuse(kind, investment_id, reason=reason)
    outbox.drain("chain")
    world.work()


def cancellations(investment_id):
    rollback()
    return raising.chain_queries.writes_of("cancellation", investment_id)


def test_settled_money_is_in_the_wallet_at_once_and_its_room_is_free(world):
    investment_id = paid(world)
    other = paid(world, key="form-key-2", amount="500")
    cancel(world, investment_id)
    assert (world.status(investment_id), world.status(other)) == ("returned", "settled")
    assert (world.wallet(), world.escrow()) == (1_000_00, 500_00)
    assert sums(world) == (500_00, 500_00, 1)
    assert "investment.taken_back" in raising.told(world.people["charlie"])
    assert world.books_are_clean()
    assert is_proved(world)


def test_the_last_investment_of_a_person_takes_the_investor_out_of_the_count(world):
    investment_id = paid(world)
    assert sums(world) == (1_000_00, 1_000_00, 1)
    cancel(world, investment_id)
    assert sums(world) == (0, 0, 0)


def test_cancelling_twice_returns_the_money_once(world):
    investment_id = paid(world)
    for _ in range(2):
        cancel(world, investment_id)
    assert (world.wallet(), world.escrow()) == (1_000_00, 0)


def test_many_clicks_at_once_return_the_money_once(app, world):
    investment_id = paid(world)

    def click():
        cancelling.cancel_paid(investment_id, user_id=world.people["charlie"])

    assert at_once(app, [click] * 4) == [None] * 4
    assert (world.wallet(), world.escrow(), sums(world)) == (1_000_00, 0, (0, 0, 0))


def test_money_on_its_way_goes_to_the_wallet_when_it_arrives(world, charlie):
    investment_id = paid(world, "SUCCESS")
    cancel(world, investment_id)
    assert world.status(investment_id) == "cancelled"
    assert (sums(world), world.wallet()) == ((0, 0, 0), 0)
    page = show(charlie, investment_id)
    assert "on its way from the bank" in page
    assert "before it was paid" not in page
    assert "investment.cancelled" in raising.told(world.people["charlie"])
    world.bank_says(investment_id, "SETTLED")
    assert world.status(investment_id) == "returned"
    assert (sums(world), world.wallet(), world.escrow()) == ((0, 0, 0), 1_000_00, 0)
    assert world.writes(investment_id) == []
    assert "You cancelled this investment" in show(charlie, investment_id)
    assert is_proved(world)


def test_money_on_its_way_that_never_arrives_stays_cancelled(world, charlie):
    investment_id = paid(world, "SUCCESS")
    cancel(world, investment_id)
    assert "data-live" in charlie.get(f"/investments/{investment_id}").text
    world.bank_says(investment_id, "FAILED")
    page = show(charlie, investment_id)
    assert "The bank took the payment back" in page
    assert "is on its way from the bank" not in page
    assert (
        f'data-live="investment:{investment_id}'
        not in charlie.get(f"/investments/{investment_id}").text
    )
    assert world.status(investment_id) == "cancelled"
    assert (sums(world), world.wallet(), world.escrow()) == ((0, 0, 0), 0, 0)
    assert is_proved(world)


def test_the_room_of_a_cancelled_investment_can_be_taken_by_another(world):
    goal = world.campaign().goal_minor
    first = paid(world, amount=world.campaign().max_minor)
    raising.put_in(world.campaign_id, goal - world.campaign().reserved_minor)
    assert world.campaign().reserved_minor == goal
    cancel(world, first)
    other = world.place("dora", "1,000", key="form-key-2")
    assert world.status(other, "dora") == "paying"
    assert world.campaign().reserved_minor <= goal


def test_a_recorded_investment_is_taken_off_the_chain(world):
    investment_id = paid(world)
    confirm(world, "investment", investment_id)
    cancel(world, investment_id)
    (write,) = cancellations(investment_id)
    (record,) = world.writes(investment_id)
    assert (write.function, write.role, write.args) == ("cancelRecord", "operator", record.args)
    confirm(world, "cancellation", investment_id)
    assert world.investment(investment_id).cancel_tx == "0x" + "ab" * 32


def test_a_record_that_was_on_its_way_is_taken_off_the_chain_when_it_is_there(world):
    investment_id = paid(world)
    cancel(world, investment_id)
    assert cancellations(investment_id) == []
    confirm(world, "investment", investment_id)
    assert [write.function for write in cancellations(investment_id)] == ["cancelRecord"]
    assert world.status(investment_id) == "returned"


def test_a_cancellation_that_the_contract_refuses_is_noted_and_the_money_is_back(world):
    investment_id = paid(world)
    confirm(world, "investment", investment_id)
    cancel(world, investment_id)
    refuse(world, "cancellation", investment_id, "WrongStatus")
    found = world.investment(investment_id)
    assert (found.chain_problem, found.status) == ("WrongStatus", "returned")
    assert world.campaign().refused_count == 0


def test_a_refused_record_of_a_cancelled_investment_holds_up_no_close(world):
    investment_id = paid(world)
    refuse(world, "investment", investment_id, "AboveMaximum")
    assert world.campaign().refused_count == 1
    cancel(world, investment_id)
    assert world.campaign().refused_count == 0


@pytest.mark.parametrize(
    ("after", "is_possible"), [(-SECOND, True), (0 * SECOND, True), (SECOND, False)]
)
@pytest.mark.parametrize("statuses", [("SUCCESS",), ("SUCCESS", "SETTLED")])
def test_the_last_second_is_48_hours_before_the_end(world, frozen, after, is_possible, statuses):
    investment_id = paid(world, *statuses)
    frozen.advance(world.campaign().ends_at - timedelta(hours=48) + after - frozen.now())
    if is_possible:
        cancel(world, investment_id)
        assert world.investment(investment_id).cancelled_at is not None
    else:
        before = sums(world), world.wallet(), world.status(investment_id)
        with raising.refused(cancelling.TooLate):
            cancelling.cancel_paid(investment_id, user_id=world.people["charlie"])
        assert (sums(world), world.wallet(), world.status(investment_id)) == before


def test_a_campaign_that_is_being_ended_lets_nobody_out(world):
    investment_id = paid(world)
    raising.put_in(world.campaign_id, 8_000_00)
    confirm(world, "investment", investment_id)
    rollback()
    ending.close_early(world.campaign_id, actor=world.people["alice"])
    commit()
    with raising.refused(cancelling.TooLate):
        cancelling.cancel_paid(investment_id, user_id=world.people["charlie"])
    assert world.wallet() == 0


def test_an_early_closing_waits_for_a_cancellation_on_its_way_to_the_chain(world):
    investment_id = paid(world)
    raising.put_in(world.campaign_id, 8_000_00)
    confirm(world, "investment", investment_id)
    cancel(world, investment_id)
    with pytest.raises(ending.WrongState, match="being recorded on chain"):
        ending.close_early(world.campaign_id, actor=world.people["alice"])
    rollback()


def test_an_unpaid_reservation_and_another_persons_investment_are_refused(world):
    unpaid = world.place()
    with raising.refused(cancelling.TooLate):
        cancelling.cancel_paid(unpaid, user_id=world.people["charlie"])
    investment_id = paid(world, key="form-key-2")
    with raising.refused(NotFound):
        cancelling.cancel_paid(investment_id, user_id=world.people["dora"])
    assert (world.status(unpaid), world.status(investment_id)) == ("paying", "settled")


@pytest.mark.parametrize("cancel_after", range(4))
def test_in_whatever_order_things_happen_the_money_ends_in_the_wallet(world, cancel_after):
    investment_id = world.place()
    steps = [
        lambda: world.bank_says(investment_id, "SUCCESS"),
        lambda: world.bank_says(investment_id, "SETTLED"),
        lambda: confirm(world, "investment", investment_id),
    ]
    for number, step in enumerate(steps):
        if number == max(cancel_after, 1):
            cancel(world, investment_id)
        if number < 2 or world.writes(investment_id):
            step()
    if cancel_after == 3:
        cancel(world, investment_id)
    assert (world.status(investment_id), world.wallet()) == ("returned", 1_000_00)
    assert (sums(world), world.escrow()) == ((0, 0, 0), 0)
    recorded = len(world.writes(investment_id))
    assert len(cancellations(investment_id)) == recorded
    assert is_proved(world)


# --- pages ----------------------------------------------------------------------------------------


def test_the_pages_ask_first_and_then_cancel(world, charlie):
    investment_id = paid(world)
    page = show(charlie, investment_id)
    assert "You can cancel this investment until" in page
    url = f"/investments/{investment_id}/cancel-paid"
    question = charlie.get(url)
    assert question.status_code == 200
    assert "You give up" in question.text
    assert world.status(investment_id) == "settled"
    answer = charlie.post(url)
    assert answer.status_code == 303
    assert world.status(investment_id) == "returned"
    page = show(charlie, investment_id)
    assert "You cancelled this investment" in page
    assert "You can cancel this investment until" not in page
    assert charlie.get(url).status_code == 303


@pytest.fixture
def too_late(app, world, frozen):
    """Move the clock a second too far; return a browser in which charlie is signed in then."""

    def move():
        last = world.campaign().ends_at - rules.CANCEL_BEFORE
        frozen.advance(last + SECOND - frozen.now())
        return raising.browser(app, world.people["charlie"])

    return move


def test_after_the_last_moment_the_button_is_gone_and_a_late_click_says_why(world, too_late):
    investment_id = paid(world)
    charlie = too_late()
    assert "You can cancel this investment until" not in show(charlie, investment_id)
    answer = charlie.post(f"/investments/{investment_id}/cancel-paid")
    assert answer.status_code == 409
    assert "48 hours before the deadline" in answer.text
    assert world.status(investment_id) == "settled"


def test_who_invests_reads_until_when_it_can_be_cancelled(world, charlie, too_late):
    assert "After you pay you can cancel until" in charlie.get(invest_url(world)).text
    assert "you cannot cancel after you have paid" in too_late().get(invest_url(world)).text


def test_the_units_of_a_cancelled_record_are_those_of_its_record(world):
    investment_id = paid(world)
    confirm(world, "investment", investment_id)
    cancel(world, investment_id)
    assert int(cancellations(investment_id)[0].args[2]) == chain_rules.to_units(1_000_00)
