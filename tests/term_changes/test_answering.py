"""After a material change each investor keeps the investment or takes the money back, once."""

from datetime import timedelta

import pytest

from crowdfund.campaigns.service import ending
from crowdfund.chain import queries as chain_queries
from crowdfund.investments.service import cancelling, placing, settling
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import NotFound, WrongState
from crowdfund.payments.service.cancelling import AlreadyPaid
from crowdfund.term_changes.queries import answers
from crowdfund.term_changes.rules import life
from crowdfund.term_changes.service import answering, asking, deciding
from tests import raising
from tests.investments.test_cancelling_paid import is_proved, sums
from tests.term_changes.conftest import bank_says, confirm
from tests.together import at_once

SECOND = timedelta(seconds=1)


def test_everyone_with_money_or_room_is_asked_and_told(world, terms_of):
    settled = terms_of.paid()
    on_its_way = terms_of.paid("dora", "500", key="form-key-2", statuses=("SUCCESS",))
    unpaid = world.place("dora", "300", key="form-key-3")
    terms_of.material()
    assert [terms_of.answer(one) for one in (settled, on_its_way, unpaid)] == ["open"] * 3
    for name in ("charlie", "dora"):
        assert "investment.terms_changed" in raising.told(world.people[name])
    assert "campaign.terms_material" in raising.told(world.people["alice"])


def test_an_investment_that_had_ended_is_not_asked_about(world, terms_of):
    gone = terms_of.paid()
    cancelling.cancel_paid(gone, user_id=world.people["charlie"])
    commit()
    terms_of.material()
    assert terms_of.answer(gone) is None


def test_many_investors_are_told_in_steps(world, terms_of, monkeypatch):
    monkeypatch.setattr(asking, "AT_ONCE", 1)
    terms_of.paid()
    terms_of.paid("dora", "500", key="form-key-2")
    terms_of.material()
    for name in ("charlie", "dora"):
        assert raising.told(world.people[name]).count("investment.terms_changed") == 1


def test_keeping_is_recorded_with_time_and_version_and_moves_no_money(world, terms_of, frozen):
    investment_id = terms_of.paid()
    terms_of.material()
    before = sums(world), world.escrow()
    for _ in range(2):
        terms_of.keep(investment_id)
    asked = terms_of.asked(investment_id)
    assert (asked.status, asked.version, asked.answered_at) == ("kept", 2, frozen.now())
    assert (sums(world), world.escrow(), world.wallet()) == (*before, 0)
    assert len(answers.history(asked.id)) == 2
    assert "investment.kept" in raising.told(world.people["charlie"])


def test_settled_money_that_is_taken_back_is_in_the_wallet_at_once(world, terms_of):
    investment_id = terms_of.paid()
    other = terms_of.paid("dora", "500", key="form-key-2")
    terms_of.material()
    for _ in range(2):
        terms_of.take_back(investment_id)
    assert (world.status(investment_id), world.status(other, "dora")) == ("returned", "settled")
    assert (world.wallet(), world.escrow()) == (1_000_00, 500_00)
    assert sums(world) == (500_00, 500_00, 1)
    assert terms_of.answer(investment_id) == "taken_back"
    assert is_proved(world)


def test_recorded_money_that_is_taken_back_is_taken_off_the_chain(world, terms_of):
    investment_id = terms_of.paid()
    confirm(world, "investment", investment_id)
    terms_of.material()
    terms_of.take_back(investment_id)
    writes = chain_queries.writes_of("cancellation", investment_id)
    assert [write.function for write in writes] == ["cancelRecord"]


def test_money_on_its_way_that_is_taken_back_goes_to_the_wallet_when_it_arrives(world, terms_of):
    investment_id = terms_of.paid(statuses=("SUCCESS",))
    terms_of.material()
    terms_of.take_back(investment_id)
    assert (world.status(investment_id), world.wallet()) == ("cancelled", 0)
    world.bank_says(investment_id, "SETTLED")
    assert (world.status(investment_id), world.wallet()) == ("returned", 1_000_00)
    assert terms_of.answer(investment_id) == "taken_back"
    assert is_proved(world)


def test_an_unpaid_reservation_that_is_taken_back_is_cancelled(world, terms_of):
    investment_id = world.place()
    terms_of.material()
    terms_of.take_back(investment_id)
    assert (world.status(investment_id), world.campaign().reserved_minor) == ("cancelled", 0)
    assert terms_of.answer(investment_id) == "taken_back"


def test_a_reservation_whose_money_the_bank_has_reported_stays_open(world, terms_of, monkeypatch):
    investment_id = world.place()
    terms_of.material()

    def paid(_payment_id, *, actor):
        raise AlreadyPaid("The bank has already taken this payment.")

    monkeypatch.setattr("crowdfund.investments.service.reservations.cancelling.cancel", paid)
    with raising.refused(AlreadyPaid):
        answering.take_back(investment_id, user_id=world.people["charlie"])
    assert (terms_of.answer(investment_id), world.status(investment_id)) == ("open", "paying")


def test_the_48_hours_before_the_deadline_do_not_count_while_the_question_is_open(
    world, terms_of, frozen
):
    investment_id = terms_of.paid()
    frozen.advance(world.campaign().ends_at - timedelta(hours=2) - frozen.now())
    terms_of.material()
    with raising.refused(cancelling.TooLate):
        cancelling.cancel_paid(investment_id, user_id=world.people["charlie"])
    frozen.advance(timedelta(days=3))  # the deadline has passed, too
    terms_of.take_back(investment_id)
    assert (world.wallet(), world.status(investment_id)) == (1_000_00, "returned")


@pytest.mark.parametrize("after", [-SECOND, 0 * SECOND, SECOND])
@pytest.mark.parametrize("verb", ["keep", "take_back"])
def test_the_last_second_to_answer_is_the_due_moment(world, terms_of, frozen, verb, after):
    investment_id = terms_of.paid()
    terms_of.material()
    frozen.advance(terms_of.asked(investment_id).due_at + after - frozen.now())
    if after > 0 * SECOND:
        with raising.refused(life.AnswerTooLate):
            getattr(answering, verb)(investment_id, user_id=world.people["charlie"])
        assert (terms_of.answer(investment_id), world.wallet()) == ("open", 0)
    else:
        getattr(terms_of, verb)(investment_id)
        assert terms_of.answer(investment_id) == {"keep": "kept", "take_back": "taken_back"}[verb]


def test_an_answer_cannot_be_changed(world, terms_of):
    kept, back = terms_of.paid(), terms_of.paid("dora", "500", key="form-key-2")
    terms_of.material()
    terms_of.keep(kept)
    terms_of.take_back(back, "dora")
    with raising.refused(life.AnswerTooLate):
        answering.take_back(kept, user_id=world.people["charlie"])
    with raising.refused(life.AnswerTooLate):
        answering.keep(back, user_id=world.people["dora"])
    assert (world.wallet(), world.wallet("dora")) == (0, 500_00)


def test_nobody_answers_for_another_or_where_nothing_is_asked(world, terms_of):
    investment_id = terms_of.paid()
    for verb in (answering.keep, answering.take_back):
        with raising.refused(NotFound):
            verb(investment_id, user_id=world.people["charlie"])
    terms_of.material()
    for verb in (answering.keep, answering.take_back):
        with raising.refused(NotFound):
            verb(investment_id, user_id=world.people["dora"])
    assert terms_of.answer(investment_id) == "open"


@pytest.mark.parametrize("verb", ["keep", "take_back"])
def test_an_investment_that_has_ended_meanwhile_is_neither_kept_nor_given_back(
    world, terms_of, verb
):
    other = terms_of.paid("dora", "500", key="form-key-2")
    investment_id = world.place()
    terms_of.material()
    world.bank_says(investment_id, "FAILED")
    with raising.refused(life.AnswerTooLate):
        getattr(answering, verb)(investment_id, user_id=world.people["charlie"])
    assert (world.status(investment_id), world.status(other, "dora")) == ("failed", "settled")
    assert (sums(world), world.wallet(), world.escrow()) == ((500_00, 500_00, 1), 0, 500_00)
    assert is_proved(world)


def test_four_clicks_at_once_return_the_money_once(app, world, terms_of):
    investment_id = terms_of.paid()
    terms_of.material()

    def click():
        answering.take_back(investment_id, user_id=world.people["charlie"])

    assert at_once(app, [click] * 4) == [None] * 4
    assert (world.wallet(), world.escrow(), sums(world)) == (1_000_00, 0, (0, 0, 0))


def test_of_both_buttons_at_once_exactly_one_counts(app, world, terms_of):
    investment_id = terms_of.paid()
    terms_of.material()

    def keep():
        answering.keep(investment_id, user_id=world.people["charlie"])

    def take_back():
        answering.take_back(investment_id, user_id=world.people["charlie"])

    outcomes = at_once(app, [keep, take_back] * 2)
    is_kept = terms_of.answer(investment_id) == "kept"
    assert [one is None for one in outcomes] == [is_kept, not is_kept] * 2
    assert world.wallet() == (0 if is_kept else 1_000_00)
    assert world.escrow() + world.wallet() == 1_000_00
    assert is_proved(world)


@pytest.mark.parametrize("verb", ["keep", "take_back"])
def test_a_payment_that_settles_while_somebody_answers_ends_in_one_way(app, world, terms_of, verb):
    investment_id = terms_of.paid(statuses=("SUCCESS",))
    terms_of.material()

    def answer():
        getattr(answering, verb)(investment_id, user_id=world.people["charlie"])

    at_once(app, [answer, lambda: bank_says(world, "charlie", investment_id, "SETTLED")])
    world.work()
    if terms_of.answer(investment_id) == "kept":
        assert (world.status(investment_id), world.escrow()) == ("settled", 1_000_00)
    else:
        assert (world.status(investment_id), world.wallet()) == ("returned", 1_000_00)
    assert terms_of.answer(investment_id) == {"keep": "kept", "take_back": "taken_back"}[verb]
    assert is_proved(world)


def test_an_investment_placed_while_the_change_is_approved_is_asked_about_or_has_the_new_terms(
    app, world, terms_of
):
    change_id = terms_of.propose()

    def approve():
        deciding.approve_material(change_id, actor=world.people["carla"])

    order = world.order("dora", "500")
    _done, investment_id = at_once(app, [approve, lambda: placing.place(order)])
    version = answers.agreed_version(investment_id)
    assert (terms_of.answer(investment_id) == "open") == (version == 1)
    rollback()


# --- the close waits ------------------------------------------------------------------------------


def test_an_early_closing_waits_until_everyone_has_answered(world, terms_of):
    investment_id = terms_of.paid()
    raising.put_in(world.campaign_id, 8_000_00)
    confirm(world, "investment", investment_id)
    terms_of.material()
    rollback()
    with raising.refused(WrongState):
        ending.close_early(world.campaign_id, actor=world.people["alice"])
    terms_of.keep(investment_id)
    rollback()
    ending.close_early(world.campaign_id, actor=world.people["alice"])
    commit()
    assert world.campaign().ending == "close"


def test_the_deadline_waits_until_everyone_has_answered(world, terms_of, frozen):
    investment_id = terms_of.paid()
    confirm(world, "investment", investment_id)
    frozen.advance(world.campaign().ends_at - frozen.now())
    terms_of.material()
    frozen.advance(timedelta(days=1))
    rollback()
    assert ending.close_due() == 0
    commit()
    terms_of.keep(investment_id)
    rollback()
    assert ending.close_due() == 1
    commit()


def test_new_investments_are_possible_while_others_answer(world, terms_of):
    terms_of.paid()
    terms_of.material()
    investment_id = terms_of.paid("dora", "500", key="form-key-2")
    assert (world.status(investment_id, "dora"), terms_of.answer(investment_id)) == (
        "settled",
        None,
    )


def test_after_the_deadline_a_change_can_only_be_a_correction(world, terms_of, frozen):
    change_id = terms_of.propose()
    frozen.advance(world.campaign().ends_at + SECOND - frozen.now())
    with raising.refused(WrongState):
        deciding.approve_material(change_id, actor=world.people["carla"])
    assert world.campaign().terms_version == 1
    rollback()
    deciding.approve_correction(change_id, actor=world.people["carla"])
    commit()
    assert world.campaign().terms_version == 2


# --- money that comes later -----------------------------------------------------------------------


def expire(world, investment_id):
    world.bank_says(investment_id, "FAILED")
    assert world.status(investment_id) == "failed"


def test_money_of_an_ended_reservation_that_is_counted_after_all_is_asked_about(
    world, terms_of, frozen
):
    investment_id = world.place()
    expire(world, investment_id)
    terms_of.paid("dora", "500", key="form-key-2")
    terms_of.material()
    assert terms_of.answer(investment_id) is None
    frozen.advance(timedelta(days=2))
    rollback()
    settling.settled(investment_id)
    commit()
    asked = terms_of.asked(investment_id)
    assert (asked.status, asked.due_at) == ("open", frozen.now() + timedelta(days=5))
    assert "investment.terms_changed" in raising.told(world.people["charlie"])


def test_later_terms_replace_a_question_that_is_still_open(world, terms_of, frozen):
    investment_id = world.place()
    expire(world, investment_id)
    terms_of.material()
    terms_of.tick()  # nobody was asked: the change is finished
    rollback()
    settling.settled(investment_id)
    commit()
    first = terms_of.asked(investment_id)
    terms_of.material(story_md=raising.STORY.replace("second", "third"))
    second = terms_of.asked(investment_id)
    assert (first.version, second.version, second.status) == (2, 3, "open")
    assert answers.history(first.id)[-1].to_status == "not_needed"
