"""Who does not answer is refunded, some at once, exactly once, also after a kill."""

from datetime import timedelta

import pytest

from crowdfund.campaigns.service import ending
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.outbox import outbox_table
from crowdfund.payments.service.cancelling import AlreadyPaid
from crowdfund.term_changes.queries import answers
from crowdfund.term_changes.rules.life import Status
from crowdfund.term_changes.service import answering, asking, lapsing
from tests import raising
from tests.investments.conftest import verified
from tests.investments.test_cancelling_paid import is_proved, sums
from tests.investments.test_refunding import returned
from tests.term_changes.conftest import confirm
from tests.together import at_once

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PEOPLE = ("charlie", "dora", "emma", "fikru", "gelila")


def after_the_end(terms_of, frozen, investment_id, after=SECOND):
    frozen.advance(terms_of.asked(investment_id).due_at + after - frozen.now())


@pytest.mark.parametrize("after", [-SECOND, 0 * SECOND, SECOND])
def test_money_goes_back_a_second_after_the_due_moment_and_not_before(
    world, terms_of, frozen, after
):
    investment_id = terms_of.paid()
    terms_of.material()
    after_the_end(terms_of, frozen, investment_id, after)
    terms_of.tick()
    has_lapsed = after > 0 * SECOND
    assert terms_of.answer(investment_id) == ("lapsed" if has_lapsed else "open")
    assert world.wallet() == (1_000_00 if has_lapsed else 0)
    assert is_proved(world)


def test_each_kind_of_investment_ends_in_its_way_and_people_are_told(world, terms_of, frozen):
    for name in PEOPLE[2:4]:
        world.people[name] = verified(name)
    settled, kept = terms_of.paid(), terms_of.paid("dora", "500", key="form-key-2")
    coming = terms_of.paid("emma", "700", key="form-key-3", statuses=("SUCCESS",))
    unpaid = world.place("fikru", "300", key="form-key-4")
    change_id = terms_of.material()
    terms_of.keep(kept, "dora")
    after_the_end(terms_of, frozen, unpaid)
    lapse(world)
    world.work()
    assert [terms_of.answer(one) for one in (settled, kept, coming, unpaid)] == [
        "lapsed", "kept", "lapsed", "lapsed",
    ]  # fmt: skip
    assert (world.status(settled), world.status(kept, "dora")) == ("returned", "settled")
    assert (world.status(coming, "emma"), world.status(unpaid, "fikru")) == ("cancelled",) * 2
    assert (world.wallet(), sums(world)) == (1_000_00, (500_00, 500_00, 1))
    assert "investment.not_reconfirmed" in raising.told(world.people["charlie"])
    assert "investment.lapsed" in raising.told(world.people["emma"])
    assert "investment.reservation_lapsed" in raising.told(world.people["fikru"])
    terms_of.tick()
    assert terms_of.change(change_id).status == Status.FINISHED
    assert "campaign.terms_finished" in raising.told(world.people["alice"])
    assert is_proved(world)


def lapse(world):
    """Let the job run before the worker of payments ends reservations that nobody has paid."""
    rollback()
    lapsing.lapse_next(world.campaign_id)
    commit()


def test_money_on_its_way_of_who_did_not_answer_goes_to_the_wallet_when_it_arrives(
    world, terms_of, frozen
):
    investment_id = terms_of.paid(statuses=("SUCCESS",))
    terms_of.material()
    after_the_end(terms_of, frozen, investment_id)
    terms_of.tick()
    world.bank_says(investment_id, "SETTLED")
    assert (world.status(investment_id), world.wallet()) == ("returned", 1_000_00)
    assert "investment.not_reconfirmed" in raising.told(world.people["charlie"])
    assert "investment.taken_back" not in raising.told(world.people["charlie"])


@pytest.fixture
def five(world, terms_of, frozen, monkeypatch):
    """Five people have not answered in time; two are refunded at once."""
    monkeypatch.setattr(lapsing, "AT_ONCE", 2)
    for name in PEOPLE[2:]:
        world.people[name] = verified(name)
    ids = {
        name: terms_of.paid(name, f"{number + 1}00", key=f"form-key-{number}")
        for number, name in enumerate(PEOPLE)
    }
    terms_of.material()
    after_the_end(terms_of, frozen, ids["charlie"])
    return ids


def test_a_transaction_refunds_no_more_than_some(world, terms_of, five, monkeypatch):
    take_out, sizes = lapsing.cancelling.take_out, []

    def counted(investments, **more):
        sizes.append(len(investments))
        take_out(investments, **more)

    monkeypatch.setattr(lapsing.cancelling, "take_out", counted)
    terms_of.tick()
    assert sizes[:3] == [2, 2, 1]
    assert [world.wallet(name) for name in PEOPLE] == [(n + 1) * 100_00 for n in range(5)]
    assert (world.escrow(), sums(world), returned()) == (0, (0, 0, 0), 5)


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3])
def test_a_worker_that_is_killed_loses_nothing_and_repeats_nothing(
    world, terms_of, five, monkeypatch, killed_after
):
    take_out, done = lapsing.cancelling.take_out, []

    def killed(investments, **more):
        take_out(investments, **more)
        if len(done) == killed_after:
            raise KeyboardInterrupt
        done.append(len(investments))

    monkeypatch.setattr(lapsing.cancelling, "take_out", killed)
    if killed_after < 3:
        with pytest.raises(KeyboardInterrupt):
            terms_of.tick()
    rollback()
    assert returned() == sum(done)
    monkeypatch.setattr(lapsing.cancelling, "take_out", take_out)
    _free_the_leases()
    for _ in range(2):
        terms_of.tick()
    assert [world.wallet(name) for name in PEOPLE] == [(n + 1) * 100_00 for n in range(5)]
    assert (world.escrow(), returned()) == (0, 5)
    assert is_proved(world)


def _free_the_leases():
    """Do what the end of a lease does, which the frozen clock never reaches."""
    rollback()
    db.session.execute(
        outbox_table.update()
        .where(outbox_table.c.kind == "term_changes.lapse")
        .values(leased_until=None)
    )
    commit()


def test_the_job_may_run_any_number_of_times(world, terms_of, five):
    for _ in range(3):
        terms_of.tick()
    assert returned() == 5
    assert all(
        raising.told(world.people[name]).count("investment.not_reconfirmed") == 1 for name in PEOPLE
    )


def test_of_a_last_click_and_the_job_exactly_one_counts(app, world, terms_of, frozen):
    investment_id = terms_of.paid()
    terms_of.material()
    after_the_end(terms_of, frozen, investment_id, 0 * SECOND)

    def keep():
        answering.keep(investment_id, user_id=world.people["charlie"])

    def job():
        frozen.advance(SECOND)
        lapsing.lapse_next(world.campaign_id)

    at_once(app, [keep, job])
    terms_of.tick()
    is_kept = terms_of.answer(investment_id) == "kept"
    assert terms_of.answer(investment_id) in ("kept", "lapsed")
    assert (world.status(investment_id), world.wallet()) == (
        ("settled", 0) if is_kept else ("returned", 1_000_00)
    )
    assert is_proved(world)


def test_two_jobs_at_once_refund_once(app, world, terms_of, five):
    at_once(app, [lambda: lapsing.lapse_next(world.campaign_id)] * 3)
    terms_of.tick()
    assert returned() == 5
    assert world.escrow() == 0


def test_a_reservation_whose_money_the_bank_has_waits_until_it_is_booked(
    world, terms_of, frozen, monkeypatch
):
    investment_id = world.place()
    terms_of.material()
    after_the_end(terms_of, frozen, investment_id)

    def paid(_payment_id, *, actor):
        raise AlreadyPaid("The bank has already taken this payment.")

    with monkeypatch.context() as patched:
        patched.setattr("crowdfund.investments.service.reservations.cancelling.cancel", paid)
        lapse(world)
        assert terms_of.answer(investment_id) == "open"
    lapse(world)
    assert terms_of.answer(investment_id) == "lapsed"


def test_a_reservation_that_ended_otherwise_needs_no_answer(world, terms_of):
    investment_id = world.place()
    change_id = terms_of.material()
    world.bank_says(investment_id, "FAILED")
    terms_of.tick()
    assert terms_of.answer(investment_id) == "not_needed"
    assert terms_of.change(change_id).status == Status.FINISHED


def test_a_cancelled_campaign_refunds_everyone_and_asks_nobody_any_more(world, terms_of):
    investment_id = terms_of.paid()
    confirm(world, "investment", investment_id)
    terms_of.material()
    rollback()
    ending.cancel(world.campaign_id, "The company asked for it.", actor=world.people["carla"])
    commit()
    with raising.refused(WrongState):
        answering.take_back(investment_id, user_id=world.people["charlie"])
    raising.confirm("campaign", world.campaign_id)
    world.work()
    terms_of.tick()
    assert (terms_of.answer(investment_id), world.wallet()) == ("not_needed", 1_000_00)
    assert returned() == 1


def test_people_are_reminded_once_a_day_before_the_end(world, terms_of, frozen):
    investment_id = terms_of.paid()
    kept = terms_of.paid("dora", "500", key="form-key-2")
    terms_of.material()
    terms_of.keep(kept, "dora")
    due_at = terms_of.asked(investment_id).due_at
    for before, number in ((DAY + SECOND, 0), (DAY, 1), (DAY - SECOND, 1), (SECOND, 1)):
        frozen.advance(due_at - before - frozen.now())
        rollback()
        asking.remind_due()
        commit()
        told = raising.told(world.people["charlie"])
        assert told.count("investment.terms_reminder") == number
    assert "investment.terms_reminder" not in raising.told(world.people["dora"])


def test_success_counts_what_stays(world, terms_of, frozen):
    kept = terms_of.paid("charlie", "5,000", key="form-key-1")
    gone = terms_of.paid("dora", "2,500", key="form-key-2")
    for one in (kept, gone):
        confirm(world, "investment", one)
    frozen.advance(world.campaign().ends_at - frozen.now())
    terms_of.material()
    terms_of.keep(kept)
    after_the_end(terms_of, frozen, gone)
    terms_of.tick()
    confirm(world, "cancellation", gone)
    rollback()
    assert ending.close_due() == 1
    commit()
    raising.confirm("campaign", world.campaign_id, Closed={"succeeded": False})
    world.work()
    assert world.campaign().status == "refunded"
    assert (world.wallet(), world.wallet("dora")) == (5_000_00, 2_500_00)


def test_nothing_of_it_is_left_in_the_outbox(world, terms_of, five):
    terms_of.tick()
    terms_of.tick()
    rollback()
    assert outbox.drain("default") == 0
    assert not answers.is_open(world.campaign_id)
