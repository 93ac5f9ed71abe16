"""A campaign without success refunds everyone, some at once, and goes on where it was stopped."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.events import CampaignFailed
from crowdfund.investments.service import refunding
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger.models import Entry
from crowdfund.payments import queries as payments
from crowdfund.payments.service import inbox
from tests import raising
from tests.investments.conftest import verified
from tests.investments.test_cancelling_paid import is_proved
from tests.investments.test_notices import end_campaign

PEOPLE = ("charlie", "dora", "emma", "fikru", "gelila")


@pytest.fixture
def failed(world, monkeypatch):
    """Five people have money in a campaign that has failed; two are refunded at once."""
    monkeypatch.setattr(refunding, "AT_ONCE", 2)
    for name in PEOPLE[2:]:
        world.people[name] = verified(name)
    ids = {}
    for number, name in enumerate(PEOPLE):
        ids[name] = world.place(name, f"{number + 1}00", key=f"form-key-{number}")
        payment_id = world.investment(ids[name], name).payment_id
        pay(world, payment_id)
    end_campaign()
    return ids


def pay(world, payment_id):
    rollback()
    tx_id = payments.get(payment_id).tx_id
    world.bank.set_truth(tx_id, "SETTLED")
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(tx_id, "SETTLED"))
    world.work()


def begin(world):
    rollback()
    outbox.emit(CampaignFailed(key=world.campaign_id, campaign_id=world.campaign_id))
    commit()


def returned():
    """Return how many entries have brought money back."""
    rollback()
    query = sa.select(sa.func.count()).where(Entry.kind == "investment.returned")
    return db.session.scalar(query)


def test_everyone_gets_exactly_their_money_and_the_campaign_is_refunded(world, failed):
    begin(world)
    world.work()
    assert [world.wallet(name) for name in PEOPLE] == [(n + 1) * 100_00 for n in range(5)]
    assert (world.escrow(), world.campaign().status, returned()) == (0, "refunded", 5)
    assert all("investment.refunded" in raising.told(world.people[name]) for name in PEOPLE)
    assert is_proved(world)


def test_a_transaction_refunds_no_more_than_some(world, failed, monkeypatch):
    begin(world)
    give_back, sizes = refunding._give_back, []

    def counted(investments, *more):
        sizes.append(len(investments))
        give_back(investments, *more)

    monkeypatch.setattr(refunding, "_give_back", counted)
    world.work()
    assert (sizes, returned()) == ([2, 2, 1], 5)


def test_a_worker_that_dies_on_the_way_loses_and_doubles_nothing(
    world, failed, monkeypatch, frozen
):
    begin(world)
    give_back, calls = refunding._give_back, []

    def die_once(investments, *more):
        give_back(investments, *more)
        calls.append(len(investments))
        if len(calls) == 2:
            raise RuntimeError("killed before the commit")

    monkeypatch.setattr(refunding, "_give_back", die_once)
    world.work()
    assert (returned(), world.campaign().status) == (2, "failed")
    frozen.advance(timedelta(minutes=5))
    world.work()
    assert (returned(), world.campaign().status) == (5, "refunded")
    assert [world.wallet(name) for name in PEOPLE] == [(n + 1) * 100_00 for n in range(5)]


def test_refunds_that_are_asked_for_twice_happen_once(world, failed):
    begin(world)
    world.work()
    rollback()
    refunding.begin(world.campaign_id, reason="Again.")
    refunding.go_on(world.campaign_id, "Again.", 99)
    commit()
    world.work()
    assert (returned(), world.escrow()) == (5, 0)


def test_the_contract_is_told_of_many_refunds_in_one_call(world, failed):
    begin(world)
    world.work()
    rollback()
    writes = raising.chain_queries.writes_of("refund", world.campaign_id)
    assert [(one.function, one.batch) for one in writes] == [("recordRefund", "recordRefunds")] * 5
