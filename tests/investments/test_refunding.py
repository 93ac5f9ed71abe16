"""A campaign without success refunds everyone, some at once, and goes on where it was stopped."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.events import CampaignFailed
from crowdfund.investments.events import InvestmentReturned
from crowdfund.investments.service import own_wallet, recording, refunding
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger.models import Entry
from crowdfund.payments import queries as payments
from crowdfund.payments.models import Payment
from crowdfund.payments.service import inbox
from crowdfund.refunds.models import Refund
from crowdfund.refunds.service import registering
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.models import FxRate, TokenOrder
from crowdfund.token_payments.service import NewRate
from tests import raising
from tests.counting import statements
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


def test_more_people_take_no_more_statements(world, failed, monkeypatch):
    def sent(people):
        monkeypatch.setattr(refunding, "AT_ONCE", people)
        rollback()
        with statements() as found:
            assert refunding.refund_next(world.campaign_id, reason="It failed.") == people
        commit()
        return len(found)

    sent(1)  # opens the day on which money went back
    assert sent(2) == sent(2)  # what a refund of two takes
    world.work()
    assert returned() == 5


def test_the_contract_confirms_many_with_as_many_statements_as_two(world, failed):
    ids = sorted(failed.values())

    def sent(some):
        rollback()
        with statements() as found:
            recording.confirmed(dict.fromkeys(some, "0x" + "ab" * 32))
        commit()
        return len(found)

    assert sent(ids[:2]) == sent(ids[2:])
    assert {world.investment(failed[name], name).status for name in PEOPLE} == {"confirmed"}
    told = [raising.told(world.people[name]).count("investment.recorded") for name in PEOPLE]
    assert told == [1] * 5


def test_the_refunds_of_many_are_registered_with_as_many_statements_as_one(world, failed):
    begin(world)
    world.work()
    rollback()
    kind = outbox.outbox_table.c.kind
    query = sa.select(outbox.outbox_table).where(kind.like("investment.returned>refunds%"))
    rows = [
        outbox.Row(row.id, row.kind, row.key, row.payload, 0, 0)
        for row in db.session.execute(query)
    ]
    events = [InvestmentReturned.of(row) for row in rows]
    assert len(events) == 5

    def sent(some):
        db.session.execute(sa.delete(Refund.__table__))
        db.session.execute(sa.delete(outbox.outbox_table).where(kind == "refunds.remind"))
        with statements() as found:
            registering.investments_returned(some)
        return len(found)

    assert sent(events) == sent(events[:2])
    rollback()
    registering.investments_returned(events)  # heard once more
    commit()
    refunds = db.session.execute(sa.select(Refund.user_id, Refund.amount_minor)).all()
    wanted = [(world.people[name], (n + 1) * 100_00) for n, name in enumerate(PEOPLE)]
    assert sorted(map(tuple, refunds)) == sorted(wanted)


def test_tokens_are_paid_back_some_wallets_at_a_time(world, monkeypatch):
    monkeypatch.setattr(own_wallet, "AT_ONCE", 2)
    contract = world.campaign().contract_address
    wallets = [f"0x{number:040x}" for number in (3, 1, 5, 4, 2)]
    for number, wallet in enumerate(wallets):
        token_order(number, contract, wallet)
    commit()
    own_wallet.pay_back(world.campaign_id)
    assert asked_for(world) == sorted(wallets)[:2]
    commit()
    world.work()
    assert asked_for(world) == sorted(wallets)


def asked_for(world):
    writes = raising.chain_queries.writes_of("token_refund", world.campaign_id)
    return sorted(one.args[0] for one in writes)


def token_order(number, contract, wallet):
    """Write a paid order of a wallet as a row."""
    now = clock.now()
    if number == 0:
        rate = NewRate("cETB", "ETB", 1, 1, now, "Parity by the issuer's terms")
        token_payments.add_rate(rate, actor="test")
    payment_id = f"{number:032x}"
    dates = dict.fromkeys(("created_at", "updated_at", "expires_at", "checked_at"), now)
    payment = {
        "id": payment_id,
        "key": f"k{number}",
        "user_id": "u" * 32,
        "gateway": "token",
        "purpose_kind": "investment",
        "purpose_id": "i" * 32,
        "destination": "campaign",
        "description": "Yirga",
        "amount_minor": 100,
        "currency": "ETB",
        "status": "settled",
        **dates,
    }
    db.session.add(Payment(**payment))
    db.session.flush()
    db.session.add(
        TokenOrder(
            payment_id=payment_id,
            intent=f"0x{number:064x}",
            rate_id=db.session.scalar(sa.select(FxRate.id)),
            token="cETB",
            token_minor=100,
            units="1000000",
            chain_id=31337,
            token_address=contract,
            contract=contract,
            quoted_at=now,
            valid_until=now,
            wallet=wallet,
            tx_hash=f"0x{number:064x}",
        )
    )
