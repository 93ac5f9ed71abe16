"""Every exception of a payment and every decision about it: the books stay right at each step."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import money
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.models import Entry, PostingRow
from crowdfund.payments import desk_queries, rules
from crowdfund.payments import queries as payments
from crowdfund.payments.models import PaymentException
from crowdfund.payments.rules import Kind, Resolution
from crowdfund.payments.service import exceptions, inbox, purposes, resolving, starting
from crowdfund.reports import queries as reports

STAFF = "f" * 32
PLACED = 400_00
CURRENCIES = ("ETB", "USD")
EXTERNAL = "gateway:bill_bitts:external"
CLEARING = "gateway:bill_bitts:clearing"


# --- how each exception comes about ---------------------------------------------------------------


def settle(world, payment, **truth):
    world.bank.set_truth(payment.tx_id, "SETTLED", **truth)
    for status in ("SUCCESS", "SETTLED"):
        rollback()
        inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, status))
        step(world)


def wait(world, frozen, seconds=200):
    for _ in range(8):
        frozen.advance(timedelta(seconds=seconds / 8))
        step(world)


def too_little(world, frozen, payment, chance):
    settle(world, payment, amount=money.decimal_str(chance.randint(1, PLACED - 1)))


def too_much(world, frozen, payment, chance):
    settle(world, payment, amount=money.decimal_str(PLACED + chance.randint(1, PLACED)))


def late(world, frozen, payment, chance):
    frozen.advance(timedelta(hours=25))
    step(world)
    settle(world, payment, amount=money.decimal_str(PLACED + chance.choice((-1, 0, 1))))


def unknown_reference(world, frozen, payment, chance):
    known = world.bank.payments[payment.tx_id]["cprn"]
    so_far = sum(not row["reference"] for row in world.bank.payments.values())
    cprn = "CPRN-AAAAAAAA" if so_far < len(Resolution) else known
    stranger = world.bank.open_payment(cprn, chance.randint(1, PLACED), status="SETTLED")
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(stranger, "SETTLED"))
    wait(world, frozen)


def wrong_currency(world, frozen, payment, chance):
    settle(world, payment, currency="USD", amount=money.decimal_str(chance.randint(1, PLACED)))


def duplicate(world, frozen, payment, chance):
    settle(world, payment)
    cprn, amount = world.bank.payments[payment.tx_id]["cprn"], chance.randint(1, PLACED)
    second = world.bank.open_payment(cprn, amount, status="SETTLED", reference=payment.id)
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(second, "SETTLED"))
    wait(world, frozen)


def contradiction(world, frozen, payment, chance):
    settle(world, payment)
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, "FAILED"))
    step(world)


def webhook_missing(world, frozen, payment, chance):
    world.bank.set_truth(payment.tx_id, chance.choice(("SUCCESS", "SETTLED")))
    starting.check_now(payment.id)
    commit()
    step(world)


def unknown_on_chain(world, frozen, payment, chance):
    origin = exceptions.Origin(None, None, "chain", payment.id)
    exceptions.open_one(
        f"chain:{payment.id}:0",
        Kind.UNKNOWN_ON_CHAIN,
        origin=origin,
        money=(chance.randint(1, PLACED), "ETB"),
        held=False,
        detail="Money that only the contract has.",
    )
    commit()
    step(world)


WAYS = (
    too_little,
    too_much,
    late,
    unknown_reference,
    wrong_currency,
    duplicate,
    contradiction,
    webhook_missing,
    unknown_on_chain,
)


def test_each_kind_has_its_way_here():
    assert {way.__name__ for way in WAYS} == set(Kind)


# --- what must hold at every step -----------------------------------------------------------------


def step(world):
    """Let the workers do one round after the other; the books are right after each of them."""
    world.work()
    check_books(world)


def check_books(world):
    rollback()
    found = [line for line in reports.problems() if not line.startswith(("intent", "I10"))]
    assert found == []
    for currency in CURRENCIES:
        shown = sum(
            int(row.received_minor)
            for row in desk_queries.payment_totals()
            if (row.received_currency or "") == currency
        )
        unexpected = booked("payment.unexpected", currency)
        assert shown == booked("payment.succeeded", currency) - booked(
            "payment.succeeded.reversed", currency
        )
        assert payments.held_totals().get(currency, 0) == ledger.balance(
            "platform:suspense", currency
        )
        went_back = booked("payment.return.paid", currency)
        by_hand = booked("payment.exception.by_hand", currency)
        assert -ledger.balance(EXTERNAL, currency) == shown + unexpected - went_back - by_hand
        not_settled = booked("payment.succeeded", currency)
        not_settled -= booked("payment.settled", currency) + booked(
            "payment.succeeded.reversed", currency
        )
        assert ledger.balance(CLEARING, currency) == on_its_way_back(currency) + not_settled
    rollback()


def on_its_way_back(currency):
    ended = ("payment.return.paid", "payment.return.failed")
    return booked("payment.return.sent", currency) - sum(booked(one, currency) for one in ended)


def booked(kind, currency):
    entry, posting = Entry.__table__, PostingRow.__table__
    query = sa.select(sa.func.coalesce(sa.func.sum(posting.c.amount_minor), 0))
    query = query.join(entry, entry.c.seq == posting.c.seq)
    return int(db.session.scalar(query.where(entry.c.kind == kind, entry.c.currency == currency)))


def open_exceptions():
    rollback()
    table = PaymentException.__table__
    rows = db.session.execute(
        sa.select(table).where(table.c.state == "open").order_by(table.c.id)
    ).all()
    rollback()
    return rows


def decide(world, found, resolution):
    """Carry out a decision; one that is not offered must be refused and change nothing."""
    rollback()
    offered = resolution in resolving.choices(found)
    rollback()
    before = everything()
    try:
        resolving.resolve(
            found.id,
            resolution,
            actor=STAFF,
            reason="as agreed by phone",
            reference="FT26335X" if resolution == Resolution.BY_HAND else "",
        )
        commit()
    except CrowdfundError:
        rollback()
        assert not offered
        assert everything() == before
        return False
    assert offered
    step(world)
    return True


def ends(world, frozen, chance):
    """Let the bank pay some returns, fail others, and leave the rest."""
    for reference, one in world.bank.payouts.items():
        if one["status"] == "PENDING":
            world.bank.set_payout(reference, chance.choice(("PAID", "FAILED", "PENDING")))
    frozen.advance(timedelta(seconds=40))
    step(world)


def end_returns(world, frozen, status):
    for reference, one in world.bank.payouts.items():
        if one["status"] == "PENDING":
            world.bank.set_payout(reference, status)
    frozen.advance(timedelta(minutes=61))
    step(world)


def everything():
    rows = {(row.name, row.currency): row.balance_minor for row in ledger.accounts(size=1_000).rows}
    rollback()
    return rows


@pytest.fixture
def welcomes_late_money():
    before = dict(purposes._purposes)
    purposes.register_purpose("investment", lambda _id: "/", accepts_late=lambda _id: True)
    yield
    purposes._purposes.update(before)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("has_ended", [False, True], ids=["live", "campaign failed"])
def test_no_decision_loses_doubles_or_hides_money(
    world, frozen, welcomes_late_money, way, has_ended
):
    chance = random.Random(f"{way.__name__} {has_ended}")
    placed = [world.place(amount="400", key=f"form-key-{n}") for n in range(2 * len(Resolution))]
    orders = [world.payment(one) for one in placed]
    if has_ended:
        db.session.execute(sa.text("UPDATE campaign SET status = 'failed'"))
        commit()
    tried = set()
    for payment, resolution in zip(orders, [*Resolution, *Resolution], strict=True):
        way(world, frozen, payment, chance)
        for found in open_exceptions():
            if found.kind == way.__name__ and decide(world, found, resolution):
                tried.add(resolution)
    assert tried == set(rules.RESOLUTIONS[Kind(way.__name__)])
    ends(world, frozen, chance)
    for _ in range(3):  # what was not decided yet, or could not be returned
        for found in open_exceptions():
            decide(world, found, chance.choice(resolving.choices(found)))
        ends(world, frozen, chance)
    end_returns(world, frozen, "PAID")
    for found in open_exceptions():
        is_back = Resolution.CREDIT not in resolving.choices(found)
        decide(world, found, "by_hand" if is_back else "credit")
    assert [one.kind for one in open_exceptions() if one.held] == []
    assert all(ledger.balance("platform:suspense", currency) == 0 for currency in CURRENCIES)
    assert all(on_its_way_back(currency) == 0 for currency in CURRENCIES)


def test_money_of_a_wrong_amount_is_no_alarm_before_and_after_it_is_credited(world):
    """The self-check said I5 for ever: it looked for the money in escrow."""
    payment = world.payment(world.place())
    settle(world, payment, amount="999.99")
    (found,) = open_exceptions()
    assert decide(world, found, "credit")
    assert (world.wallet(), world.escrow()) == (999_99, 0)


def test_late_money_that_is_too_little_cannot_be_accepted(world, frozen, welcomes_late_money):
    """The purpose would count the whole amount, and escrow would lack the difference."""
    payment = world.payment(world.place())
    frozen.advance(timedelta(hours=25))
    step(world)
    settle(world, payment, amount="499.99")
    (found,) = open_exceptions()
    assert found.kind == "late"
    assert not decide(world, found, "accept")
    assert decide(world, found, "credit")


def test_the_self_check_names_suspense_that_no_exception_explains(world):
    payment = world.payment(world.place())
    settle(world, payment, amount="999.99")
    table = PaymentException.__table__
    db.session.execute(sa.update(table).values(amount_minor=1_00))
    commit()
    rollback()
    assert "I4 suspense has 99999 ETB, open exceptions 100" in payments.problems()
