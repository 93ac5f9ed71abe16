"""What the contract refused: counted, returned once, and nothing is recorded for it afterwards."""

import pytest
import sqlalchemy as sa

from crowdfund.chain import queries as chain
from crowdfund.investments.service import recording, refunding, returning
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.reports import campaign_checks
from tests import raising


@pytest.fixture
def settled(world):
    """Two investments of Charlie are in escrow."""
    made = [
        world.place("charlie", "1,000", key="form-key-1"),
        world.place("charlie", "300", key="form-key-2"),
    ]
    for one in made:
        world.bank_says(one, "SETTLED")
    rollback()
    return made


def counted(world):
    campaign = world.campaign()
    return (
        campaign.settled_minor,
        campaign.reserved_minor,
        campaign.investors_count,
        campaign.refused_count,
    )


def refuse(investment_id, reason="AboveGoal"):
    rollback()
    recording.record_refused(investment_id, reason)
    commit()


def give_back(world, *ids):
    rollback()
    count = returning.give_back_unrecorded(
        world.campaign_id, ids, reason="The contract did not record it."
    )
    commit()
    return count


def test_a_refused_record_is_counted_once_and_no_more_when_it_is_there_after_all(world, settled):
    one, _ = settled
    refuse(one)
    refuse(one, "AboveMaximum")
    assert counted(world)[3] == 1
    assert world.investment(one).chain_problem == "AboveMaximum"
    recording.confirmed({one: "0x" + "ab" * 32})
    commit()
    assert counted(world)[3] == 0
    assert campaign_checks.problems() == []


def test_an_investor_stays_one_until_the_last_of_the_investments_went_back(world, settled):
    one, two = settled
    refuse(two)
    assert give_back(world, two) == 1
    assert counted(world)[:1] + counted(world)[2:] == (1_000_00, 1, 0)
    refuse(one)
    assert give_back(world, one, two) == 1
    assert counted(world)[:1] + counted(world)[2:] == (0, 0, 0)
    assert give_back(world, one, two) == 0
    assert world.wallet() == 1_300_00
    assert world.books_are_clean()


def test_both_investments_of_one_investor_go_back_together(world, settled):
    assert give_back(world, *settled) == 2
    assert counted(world)[:1] + counted(world)[2:] == (0, 0, 0)
    assert world.wallet() == 1_300_00


def test_a_refusal_that_comes_after_the_return_changes_nothing(world, settled):
    one, _ = settled
    give_back(world, one)
    refuse(one)
    assert counted(world)[3] == 0
    assert world.investment(one).chain_problem is None


def test_what_the_contract_refused_is_refunded_in_the_books_alone(world, settled):
    for investment_id in settled:
        refuse(investment_id)
    db.session.execute(sa.text("UPDATE campaign SET status = 'failed'"))
    commit()
    refunding.refund_next(world.campaign_id, reason="Below the threshold.")
    commit()
    assert (world.wallet(), counted(world)[3]) == (1_300_00, 0)
    assert chain.writes_of("refund", world.campaign_id) == []


def test_what_was_recorded_just_before_the_end_is_refunded_on_the_contract_too(world, settled):
    one, _two = settled
    for investment_id in settled:
        refuse(investment_id)
    db.session.execute(sa.text("UPDATE campaign SET status = 'cancelled'"))
    commit()
    refunding.refund_next(world.campaign_id, reason="The campaign was cancelled.")
    commit()
    raising.confirm("investment", one)  # it was on chain before the contract was cancelled
    outbox.drain("chain")
    rollback()
    assert [row.function for row in chain.writes_of("refund", world.campaign_id)] == [
        "recordRefund"
    ]
    assert world.status(one) == "returned"


def test_a_record_that_the_chain_lost_is_forgotten_once(world, settled):
    one, _ = settled
    recording.confirmed({one: "0x" + "ab" * 32})
    commit()
    for _ in range(2):
        returning.forget_records(world.campaign_id, settled)
        commit()
    assert world.investment(one).tx_hash is None
    assert counted(world)[3] == 1  # the other one was never recorded
