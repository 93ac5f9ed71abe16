"""What becomes of an investment when the bank, the chain and the campaign move."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.chain import queries as chain
from crowdfund.chain import rules as chain_rules
from crowdfund.investments import queries, rules
from crowdfund.investments.models import InvestorKey
from crowdfund.investments.service import refunding, settling
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.reports import queries as reports
from tests import raising


def letters(world):
    world.work()
    return [
        (letter["To"], letter["Subject"]) for letter in mail.OUTBOX if "charlie" in letter["To"]
    ]


def test_money_that_is_taken_is_not_in_until_it_is_settled(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS")
    assert world.status(investment_id) == "authorised"
    assert (world.campaign().settled_minor, world.escrow(), world.writes(investment_id)) == (
        0,
        0,
        [],
    )


def test_settled_money_counts_lies_in_escrow_goes_on_chain_and_is_announced_once(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "SETTLED", "SETTLED", "SUCCESS")
    campaign, writes = world.campaign(), world.writes(investment_id)
    assert world.status(investment_id) == "settled"
    assert (campaign.settled_minor, campaign.reserved_minor, campaign.investors_count) == (
        1_000_00,
        1_000_00,
        1,
    )
    assert world.escrow() == 1_000_00
    assert [(write.function, write.batch, write.status) for write in writes] == [
        ("recordInvestment", "recordInvestments", "queued")
    ]
    intent, person, units = writes[0].args
    assert intent == chain_rules.intent_bytes32(f"investment:{investment_id}")
    assert int(units) == chain_rules.to_units(1_000_00)
    assert world.people["charlie"] not in person
    assert len(letters(world)) == 1
    assert world.books_are_clean()


def test_the_chain_knows_a_person_by_one_random_name_per_campaign(world):
    first = world.place(key="form-key-1")
    second = world.place(key="form-key-2")
    for investment_id in (first, second):
        world.bank_says(investment_id, "SETTLED")
    names = {world.writes(one)[0].args[1] for one in (first, second)}
    assert names == {queries.investor_key(world.campaign_id, world.people["charlie"])}
    assert all(len(name) == 66 and name.startswith("0x") for name in names)
    assert world.campaign().investors_count == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(InvestorKey)) == 1


def test_a_confirmed_record_ends_the_journey(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SETTLED")
    raising.confirm("investment", investment_id)
    outbox.drain("chain")
    assert world.status(investment_id) == "confirmed"
    assert world.investment(investment_id).tx_hash == "0x" + "ab" * 32


def test_a_record_that_the_contract_refuses_leaves_the_money_safe_and_is_shown(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SETTLED")
    raising.refuse("investment", investment_id, "CampaignNotActive")
    outbox.drain("chain")
    assert world.status(investment_id) == "settled"
    assert world.investment(investment_id).chain_problem == "CampaignNotActive"
    assert world.escrow() == 1_000_00


def test_a_failed_payment_gives_its_room_back_once(world):
    investment_id = world.place()
    world.bank_says(investment_id, "FAILED", "FAILED")
    assert (world.status(investment_id), world.campaign().reserved_minor) == ("failed", 0)
    assert letters(world) == [
        ("charlie@example.com", "Your payment for A second roaster for Yirga did not go through")
    ]
    assert world.books_are_clean()


def test_a_payment_that_is_taken_and_then_fails_gives_its_room_back(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "FAILED")
    assert (world.status(investment_id), world.campaign().reserved_minor) == ("failed", 0)
    assert world.books_are_clean()


def test_a_payment_that_nobody_makes_expires_after_a_day_and_gives_its_room_back(world, frozen):
    investment_id = world.place()
    frozen.advance(timedelta(hours=23, minutes=59))
    world.work()
    assert world.status(investment_id) == "paying"
    frozen.advance(timedelta(minutes=2))
    world.work()
    assert (world.status(investment_id), world.campaign().reserved_minor) == ("expired", 0)


def test_a_bank_that_does_not_answer_only_delays_the_payment(world, frozen):
    world.bank.down = True
    investment_id = world.place()
    assert world.payment(investment_id).status == "created"
    world.bank.down = False
    frozen.advance(timedelta(minutes=10))
    world.work()
    assert world.payment(investment_id).status == "pending"


def end_campaign(world, status):
    """Let the campaign end as its clock or its staff would, with the contract's word for it."""
    db.session.execute(sa.text("UPDATE campaign SET status = :status"), {"status": status})
    commit()


@pytest.mark.parametrize("before", ["paying", "authorised"])
def test_money_that_settles_after_the_end_goes_to_the_wallet(world, before):
    investment_id = world.place()
    if before == "authorised":
        world.bank_says(investment_id, "SUCCESS")
    end_campaign(world, "failed")
    world.bank_says(investment_id, "SETTLED", "SETTLED")
    assert world.status(investment_id) == "returned"
    assert (world.wallet(), world.escrow(), world.campaign().reserved_minor) == (1_000_00, 0, 0)
    assert world.writes(investment_id) == []
    assert len(letters(world)) == 1
    assert world.books_are_clean()


def expire(world, frozen, investment_id):
    frozen.advance(timedelta(hours=25))
    world.work()
    assert world.status(investment_id) == "expired"


def settle_late(world, investment_id):
    """The bank reports money for a payment that we had given up; staff or rules accept it."""
    rollback()
    settling.settled(investment_id)
    commit()
    world.work()


def test_money_that_comes_after_expiry_takes_its_room_again_if_there_is_some(world, frozen):
    investment_id = world.place()
    expire(world, frozen, investment_id)
    settle_late(world, investment_id)
    assert world.status(investment_id) == "settled"
    assert (world.campaign().reserved_minor, world.campaign().settled_minor) == (1_000_00, 1_000_00)


def test_failed_campaigns_give_everybody_back_exactly_what_they_paid_once(world):
    one = world.place("charlie", "1,000", key="form-key-1")
    two = world.place("charlie", "300", key="form-key-2")
    for investment_id in (one, two):
        world.bank_says(investment_id, "SETTLED")
    unpaid = world.place("dora", "500")
    end_campaign(world, "failed")
    for _ in range(2):
        assert refunding.refund_next(world.campaign_id, reason="Below the threshold.") in (2, 0)
        commit()
    assert (world.wallet("charlie"), world.wallet("dora"), world.escrow()) == (1_300_00, 0, 0)
    assert (world.status(one), world.status(two), world.status(unpaid, "dora")) == (
        "returned",
        "returned",
        "paying",
    )
    rollback()
    marks = [row.function for row in chain.writes_of("refund", world.campaign_id)]
    assert marks == ["recordRefund"] * 2  # one for each record
    assert world.books_are_clean()


def test_a_record_confirmed_after_the_return_changes_nothing(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SETTLED")
    end_campaign(world, "failed")
    refunding.refund_next(world.campaign_id, reason="Below the threshold.")
    commit()
    raising.confirm("investment", investment_id)
    outbox.drain("chain")
    assert world.status(investment_id) == "returned"
    assert world.wallet() == 1_000_00


def test_the_proofs_hold_at_every_station(world):
    stations = []
    investment_id = world.place()
    for status in ("SUCCESS", "SETTLED"):
        world.bank_says(investment_id, status)
        rollback()
        # "I10" and "intent": the chain of this test only says what it would have done
        found = [line for line in reports.problems() if not line.startswith(("I10", "intent"))]
        stations.append(found)
    assert stations == [[], []]


def test_a_status_never_goes_back():
    for status in rules.Status:
        assert not rules.can_move(status, rules.Status.PAYING)
    assert [s for s in rules.Status if rules.can_move("returned", s)] == []
    assert not rules.can_move("settled", rules.Status.FAILED)
    assert not rules.can_move("confirmed", rules.Status.SETTLED)


def test_sums_of_the_portfolio_tell_settled_money_from_money_on_its_way(world):
    first = world.place(key="form-key-1")
    world.bank_says(first, "SETTLED")
    world.place(amount="300", key="form-key-2")
    rollback()
    assert queries.totals(world.people["charlie"]) == {
        "invested_minor": 1_000_00,
        "pending_minor": 300_00,
        "campaigns": 1,
    }
    assert queries.totals(world.people["dora"]) == {
        "invested_minor": 0,
        "pending_minor": 0,
        "campaigns": 0,
    }
