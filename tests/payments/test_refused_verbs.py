"""What staff and the bank may not do here: each refusal says so and changes nothing."""

import pytest
import sqlalchemy as sa

from crowdfund.adapters.gateways import MAX_WEBHOOK_BYTES, WebhookForged
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.kernel.outbox import outbox_table
from crowdfund.payments import queries
from crowdfund.payments.models import WebhookRefusal
from crowdfund.payments.rules import Kind
from crowdfund.payments.service import exceptions, inbox, purposes, resolving

from .conftest import ESCROW, GATEWAY
from .test_service_exceptions import STAFF, SUSPENSE, expire, settle

NOBODYS = "0" * 32


def queued(world):
    """Return how many pieces of work there are, done or not."""
    query = sa.select(sa.func.count()).select_from(outbox_table)
    return world.read(lambda: db.session.scalar(query))


# --- webhooks -------------------------------------------------------------------------------------


def test_a_signed_body_over_64_kb_is_refused_and_neither_kept_nor_counted(world):
    too_long = world.bank.sign(b" " * (MAX_WEBHOOK_BYTES + 1))
    with pytest.raises(inbox.TooLarge, match="larger than 64 kB"):
        inbox.accept(GATEWAY, *too_long)
    refusals = sa.select(sa.func.count()).select_from(WebhookRefusal.__table__)
    assert (world.inbox(), world.read(lambda: db.session.scalar(refusals))) == ([], 0)


def test_a_webhook_of_just_64_kb_is_taken(world):
    payment = world.start()
    raw, _headers = world.bank.webhook(payment.tx_id, "SUCCESS")
    longest = raw + b" " * (MAX_WEBHOOK_BYTES - len(raw))
    assert inbox.accept(GATEWAY, *world.bank.sign(longest)).tx_id == payment.tx_id
    assert len(world.inbox()) == 1


def test_a_webhook_that_is_not_there_cannot_be_processed_again(world):
    before = queued(world)
    with pytest.raises(NotFound, match="no such webhook"):
        inbox.replay(NOBODYS, actor=STAFF)
    commit()
    assert queued(world) == before


def test_a_refused_webhook_is_never_processed_whatever_it_says(world):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    with pytest.raises(WebhookForged):
        world.tell(payment.tx_id, "SETTLED", key=3)
    (refused,) = world.inbox()
    with pytest.raises(Conflict, match="never processed"):
        inbox.replay(refused.id, actor=STAFF)
    commit()
    assert inbox.replay_all(actor=STAFF) == 0
    commit()
    world.work()
    assert world.inbox() == [refused]
    assert (world.status(payment.id), world.postings()) == ("pending", [])


# --- exceptions -----------------------------------------------------------------------------------


def test_nobody_decides_about_an_exception_that_is_not_there(world):
    payment = world.start()
    settle(world, payment, amount="100.00")
    with pytest.raises(NotFound, match="no such exception"):
        resolving.resolve(NOBODYS, "credit", actor=STAFF)
    rollback()
    assert world.balance(SUSPENSE) == 10_000
    assert [one.state for one in world.exceptions()] == ["open"]


@pytest.mark.parametrize("stage", ["unpaid", "settled", "too little"])
def test_a_payment_without_late_money_has_none_to_accept(world, news, stage):
    payment = world.start()
    if stage != "unpaid":
        settle(world, payment, **({"amount": "100.00"} if stage == "too little" else {}))
    before, heard = world.postings(), list(news)
    assert resolving.accept_late(payment.id, actor=STAFF) is False
    commit()
    world.work()
    assert (world.postings(), news) == (before, heard)


@pytest.fixture
def welcoming(monkeypatch):
    """Let orders take late money."""
    order = purposes.Purpose(lambda _id: "/", lambda _id: True)
    monkeypatch.setitem(purposes._purposes, "order", order)


def test_late_money_that_was_accepted_is_not_held_a_second_time(world, frozen, news, welcoming):
    payment = expire(world, frozen)
    settle(world, payment)
    assert resolving.accept_late(payment.id)
    commit()
    work = queued(world)
    exceptions.open_for_payment(payment, Kind.LATE, "Again.", name=str(Kind.LATE), held=True)
    commit()
    assert queued(world) == work
    assert resolving.accept_late(payment.id) is False
    assert (world.exceptions(), world.balance(ESCROW)) == ([], 25_000)
    assert world.read(queries.problems) == []
