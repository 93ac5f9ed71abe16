"""`flask selfcheck` over a platform with settled money: clean, and every tampering is named."""

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.investments.models import Investment, InvestmentDay
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.outbox import outbox_table
from crowdfund.payments.models import Payment
from crowdfund.reports import queries, service


@pytest.fixture
def settled(world):
    """An investment whose money is in escrow."""
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    rollback()
    return investment_id


def change(model, row_id, **values):
    db.session.execute(sa.update(model).where(model.id == row_id).values(**values))
    commit()


def found():
    """Return what the proofs say, less I8: in these tests nobody has really been to the chain."""
    rollback()
    return " | ".join(
        problem for problem in queries.problems() if not problem.startswith("intent ")
    )


def test_a_run_is_kept_and_a_confirmation_that_nobody_saw_on_chain_breaks_i8(settled):
    assert found() == ""
    rollback()  # the self-check reads and saves in transactions of its own
    problems = service.selfcheck()
    assert problems
    assert all("is confirmed without a transaction" in problem for problem in problems)
    assert queries.last_run().problems == problems


def test_money_on_its_way_is_clean_at_every_step(world):
    investment_id = world.place()
    assert found() == ""
    world.bank_says(investment_id, "SUCCESS")
    assert found() == ""
    world.bank_says(investment_id, "SETTLED")
    assert found() == ""


def test_a_payment_that_says_settled_without_its_entry_breaks_i4(world):
    investment_id = world.place()
    change(Payment, world.payment(investment_id).id, status="settled")
    assert "I4 payment" in found()


def test_an_entry_of_a_payment_that_says_failed_breaks_i4(world, settled):
    change(Payment, world.payment(settled).id, status="failed")
    assert "I4 payment" in found()


def test_a_campaign_that_counts_more_than_its_investments_breaks_i5(world, settled):
    change(Campaign, world.campaign_id, reserved_minor=Campaign.reserved_minor + 100_00)
    assert "I5 campaign" in found()


def test_days_that_add_up_to_something_else_break_i5(world, settled):
    db.session.execute(sa.update(InvestmentDay).values(came_minor=InvestmentDay.came_minor + 1))
    commit()
    assert f"I5 campaign {world.campaign_id}: 100001 on its days, investments say 100000" in found()


def test_an_investment_that_lost_its_state_breaks_i5(settled):
    change(Investment, settled, status="failed")
    assert "I5 campaign" in found()


def test_an_ended_campaign_whose_escrow_holds_more_than_is_owed_breaks_i7(world, settled):
    change(Investment, settled, status="returned")  # but its money was never moved
    change(Campaign, world.campaign_id, status="failed")
    assert f"I7 campaign {world.campaign_id}: " in found()


def test_work_that_was_given_up_breaks_i10(settled):
    outbox.add("notifications.send", "given-up", {"message_id": "none"})
    db.session.execute(
        sa.update(outbox_table).where(outbox_table.c.key == "given-up").values(state="dead")
    )
    commit()
    assert "I10 1 × notifications.send" in found()
