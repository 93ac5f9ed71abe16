"""Returns when the bank or a worker gets in the way: no double order, and nobody delays others."""

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from crowdfund.adapters.gateways import GatewayRefused, GatewayUnknown
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, new_id, reading, rollback
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.payouts import jobs, queries
from crowdfund.payouts.models import Payout
from crowdfund.payouts.service import asking, requests
from crowdfund.refunds.models import Refund
from crowdfund.refunds.service import choosing
from tests import raising
from tests.together import at_once


def test_an_order_whose_answer_was_lost_is_found_by_the_status_question(world):
    refund = world.refunded()
    payout_id = world.back(refund)
    world.do(requests.submit, payout_id)
    order = world.bank.refund

    def lose(*args, **how):
        order(*args, **how)
        raise GatewayUnknown("The bank does not answer at the moment.")

    world.bank.refund = lose
    world.work()
    world.bank.refund = order
    world.later(seconds=2)
    assert world.orders() == 1
    world.bank_ends(payout_id)
    assert world.purse() == (0, 0)


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_worker_killed_around_the_order_makes_no_second_one(world, is_sent):
    refund = world.refunded()
    payout_id = world.back(refund)
    world.do(requests.submit, payout_id)
    rollback()
    with reading():
        wanted = asking.orders([payout_id])
    rollback()
    if is_sent:
        asking.ask(wanted)  # ordered, and then it died before anything was booked
    else:
        assert asking.count_send(payout_id)  # it died just before it was sent
    world.later(minutes=1)
    assert list(world.bank.payouts) == [payout_id]
    assert len([key for key in world.bank.answers if key == payout_id]) == 1
    world.bank_ends(payout_id)
    assert (world.get(payout_id).status, world.purse()) == ("paid", (0, 0))
    assert world.problems() == []


def test_four_clicks_at_once_are_one_order(app, world):
    refund = world.refunded()
    click = partial(choosing.send_back, refund.id, user_id=refund.user_id)
    outcomes = at_once(app, [click] * 4)
    ids = {one for one in outcomes if isinstance(one, str)}
    assert len(ids) == 1, outcomes
    world.work()
    assert (world.orders(), world.purse()) == (1, (1_000_00, 0))
    assert list(world.bank.payouts) == list(ids)


def test_a_bank_that_lies_about_a_return_moves_nothing(world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    world.bank_ends(payout_id, tx_id="NEO-ANOTHER")
    assert "another transaction" in world.get(payout_id).problem
    world.bank_ends(payout_id, tx_id=refund.tx_id, amount="999.00")
    assert "another amount" in world.get(payout_id).problem
    assert world.purse() == (1_000_00, 0)
    world.later(hours=1)
    world.bank_ends(payout_id, amount="1000.00")
    world.later(hours=1)
    assert world.get(payout_id).status == "paid"


def test_a_bank_that_answers_with_an_account_in_place_of_the_transaction_is_not_believed(world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    world.bank.payouts[payout_id].pop("tx_id")
    world.bank_ends(payout_id, account_number="1000123456789")
    assert world.get(payout_id).status == "submitted"
    assert "another transaction" in world.get(payout_id).problem


def many(world, count):
    """Give many people a refund each, which they want to have back; return the payouts."""
    made = []
    for number in range(count):
        person = raising.person(f"p{number}")
        tx_id = world.bank.open_payment("CPRN-ABCDEFGH", 100, status="SETTLED", amount="10.00")
        wallet = ledger_rules.user_wallet(person)
        move = Posting(ledger_rules.external("bill_bitts"), wallet, 10_00)
        posting.post(f"test:{new_id()}", [move], kind="test")
        refund = Refund(
            id=new_id(),
            key=f"exception:{number}:0",
            user_id=person,
            source_kind="exception",
            source_id=new_id(),
            gateway="bill_bitts",
            tx_id=tx_id,
            amount_minor=10_00,
            currency="ETB",
            credited_at=world.clock.now(),
            reminded_days=0,
        )
        db.session.add(refund)
        db.session.flush()
        made.append(choosing.send_back(refund.id, user_id=person))
    commit()
    return made


def test_many_returns_go_in_bounded_batches(world, monkeypatch):
    made, sizes = many(world, 30), []
    lock_many = jobs.shared.lock_many
    monkeypatch.setattr(
        jobs.shared, "lock_many", lambda ids: (sizes.append(len(ids := list(ids))), lock_many(ids))
    )
    monkeypatch.setitem(
        outbox.HANDLERS,
        "payouts.follow",
        outbox.Handler(jobs.follow, "payments", 8, jobs._ask),
    )
    world.work()
    assert max(sizes) <= 8
    for payout_id in made:
        world.bank.set_payout(payout_id, "PAID")
    world.later(seconds=2)
    rollback()
    assert {one.status for one in queries.many(made)} == {"paid"}
    assert world.orders() == 30


def test_a_receiver_that_is_refused_or_hangs_delays_nobody(world):
    made = many(world, 6)
    refused, hanging = made[1], made[3]
    order = world.bank.refund

    def refund(one, *, key):
        if one.reference == refused:
            raise GatewayRefused("The account is closed.")
        if one.reference == hanging:
            raise GatewayUnknown("The bank does not answer at the moment.")
        return order(one, key=key)

    world.bank.refund = refund
    world.work()
    others = [one for one in made if one not in (refused, hanging)]
    assert sorted(world.bank.payouts) == sorted(others)
    for payout_id in others:
        world.bank.set_payout(payout_id, "PAID")
    world.later(seconds=2)
    statuses = {one.id: one.status for one in queries.many(made)}
    assert {statuses[one] for one in others} == {"paid"}
    assert (statuses[refused], statuses[hanging]) == ("failed", "submitted")
    world.bank.refund = order
    world.clock.advance(timedelta(minutes=2))
    world.work()
    world.bank_ends(hanging)
    world.later(minutes=1)
    assert world.get(hanging).status == "paid"


def test_the_books_show_a_return_that_is_more_than_came(world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    world.bank_ends(payout_id)
    assert world.problems() == []
    db.session.execute(sa.update(Refund).values(amount_minor=999_99))
    commit()
    assert any("I7 return" in line and "of a refund" in line for line in world.problems())
    db.session.execute(sa.update(Refund).values(amount_minor=1_000_00))
    db.session.execute(sa.update(Payout).values(source_tx="NEO-UNKNOWN"))
    commit()
    assert any("it brought 0" in line for line in world.problems())
