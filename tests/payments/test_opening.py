"""Opening a payment without a number, without a person, with a refusal, without an answer."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.adapters.gateways import GatewayRefused
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.outbox import outbox_table
from crowdfund.payments import queries
from crowdfund.payments.service import starting
from crowdfund.payments.service.starting import NewPayment
from crowdfund.people.models import User

from .conftest import ESCROW, GATEWAY

PHONE_BANK = "phone_bank"
SUSPENSE = "platform:suspense"


class PhoneBank(FakeBillBitts):
    """A bank that registers nobody without a mobile number."""

    needs = ("email", "phone")


@pytest.fixture
def phone_bank(world):
    fake = PhoneBank(PHONE_BANK)
    gateways.use(PHONE_BANK, fake)
    yield fake
    gateways.use(PHONE_BANK, None)


class RefusingBank(FakeBillBitts):
    """A bank that opens no payment."""

    def initiate(self, order, *, key):
        raise GatewayRefused("The bank does not take payments of this customer.")


def begin(user_id, *, key="order-1", gateway=GATEWAY):
    """Begin a payment of 250.00 without the worker."""
    payment_id = starting.start(
        NewPayment(
            user_id=user_id,
            amount_minor=25_000,
            currency="ETB",
            gateway=gateway,
            purpose=("order", "i1"),
            destination=ESCROW,
            description="Shares",
        ),
        key=key,
    )
    commit()
    return payment_id


def due(world, kind):
    """Return the keys of outbox rows of a kind that are still to be done."""
    return [row.key for row in rows(world, kind) if row.state == "due"]


def rows(world, kind):
    """Return the outbox rows of a kind."""
    query = sa.select(outbox_table).where(outbox_table.c.kind == kind)
    return world.read(lambda: db.session.execute(query).all())


# --- the customer ---------------------------------------------------------------------------------


def test_without_a_number_that_the_bank_needs_nothing_is_sent_and_the_person_is_told(
    world, phone_bank, frozen
):
    payment = world.start(gateway=PHONE_BANK)
    for _ in range(5):
        frozen.advance(timedelta(minutes=1))
        world.work()
    assert (world.status(payment.id), phone_bank.calls) == ("created", [])
    said = world.read(lambda: starting.missing_contact(world.user_id, PHONE_BANK))
    assert said == (
        "The bank needs your mobile number. Add it to your account, then continue here."
    )


def test_a_payment_that_waited_for_a_number_is_opened_when_it_is_there(world, phone_bank, frozen):
    payment = world.start(gateway=PHONE_BANK)
    db.session.execute(sa.update(User).values(phone="+251911000001"))
    commit()
    for _ in range(5):
        frozen.advance(timedelta(minutes=1))
        world.work()
    assert world.status(payment.id) == "pending"
    assert world.read(lambda: starting.missing_contact(world.user_id, PHONE_BANK)) is None


def test_a_customer_who_became_known_meanwhile_is_not_registered_a_second_time(world, bank):
    payment_id = begin(world.user_id)
    starting.store_customer(world.user_id, GATEWAY, "CPRN-11111111")
    commit()
    world.work()
    assert [path for _, path in bank.calls] == ["/payment/initiate"]
    assert [row.state for row in rows(world, "payments.register")] == ["done"]
    (opened,) = bank.payments.values()
    assert (opened["cprn"], opened["reference"]) == ("CPRN-11111111", payment_id)
    assert world.read(lambda: queries.cprn_of(world.user_id, GATEWAY)) == "CPRN-11111111"


def test_a_customer_without_payments_is_kept_and_nothing_is_opened(world, bank):
    starting.store_customer(world.user_id, GATEWAY, "CPRN-11111111")
    commit()
    assert due(world, "payments.initiate") == []
    payment = world.start()
    assert bank.payments[payment.tx_id]["cprn"] == "CPRN-11111111"


def test_of_a_persons_payments_only_those_not_yet_opened_are_opened_by_the_registration(
    world, bank
):
    world.start(key="opened")
    waiting = begin(world.user_id, key="waiting")
    before = due(world, "payments.initiate")
    starting.store_customer(world.user_id, GATEWAY, "CPRN-11111111")
    commit()
    added = set(due(world, "payments.initiate")) - set(before)
    assert added == {f"initiate:{waiting}:registered"}
    world.work()
    assert len(bank.payments) == 2


def test_a_payment_of_somebody_who_is_not_there_is_never_sent_and_expires(
    world, bank, frozen, news
):
    payment_id = begin("f" * 32)
    world.work()
    assert (world.status(payment_id), bank.calls) == ("created", [])
    (register,) = rows(world, "payments.register")
    assert (register.last_error, register.failures) == ("There is no such person.", 0)
    frozen.advance(timedelta(hours=25))
    world.work()
    assert world.status(payment_id) == "expired"
    assert news == [("payment.expired", payment_id, 25_000)]
    assert "/register" not in [path for _, path in bank.calls]
    assert world.postings() == []


# --- the bank says no, or nothing -----------------------------------------------------------------


@pytest.fixture
def refused(world):
    """A payment that the bank has refused to open."""
    refusing = RefusingBank()
    gateways.use(GATEWAY, refusing)
    world.bank = refusing
    return world.start()


def test_a_payment_that_the_bank_refuses_fails_and_tells_its_purpose_once(
    world, refused, news, frozen
):
    assert (refused.status, refused.tx_id) == ("failed", None)
    assert refused.last_error == "The bank does not take payments of this customer."
    assert news == [("payment.failed", refused.id, 25_000)]
    frozen.advance(timedelta(hours=25))
    world.work()
    assert world.status(refused.id) == "failed"
    assert len(news) == 1
    assert world.postings() == []


def test_money_of_a_refused_payment_is_late_and_waits_in_suspense(world, refused, news):
    cprn = world.read(lambda: queries.cprn_of(world.user_id, GATEWAY))
    tx_id = world.bank.open_payment(cprn, 25_000, status="SETTLED", reference=refused.id)
    world.tell(tx_id, "SETTLED")
    world.work()
    assert (world.balance(ESCROW), world.balance(SUSPENSE)) == (0, 25_000)
    assert [one.kind for one in world.exceptions()] == ["late"]
    assert [event for event, _, _ in news] == ["payment.failed"]


def test_a_payment_that_gets_no_answer_is_given_up_after_some_tries_and_expires(
    world, bank, frozen, news
):
    world.start(key="known")
    bank.down = True
    payment_id = begin(world.user_id, key="lost")
    for _ in range(30):
        world.work()
        frozen.advance(timedelta(minutes=11))
    assert due(world, "payments.initiate") == []
    bank.down = False
    world.work()
    assert (world.status(payment_id), len(bank.payments)) == ("created", 1), "nothing more is sent"
    frozen.advance(timedelta(hours=25))
    world.work()
    assert world.status(payment_id) == "expired"
    assert ("payment.expired", payment_id, 25_000) in news
