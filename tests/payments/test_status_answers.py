"""Status answers that are about something else, or lack a field: they never move money."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdfund.adapters.gateways import GatewayForeign, GatewayUnclear
from crowdfund.kernel import money
from crowdfund.kernel.db import commit
from crowdfund.payments import queries
from crowdfund.payments.service import starting

from .conftest import ESCROW

FIELDS = ("tx_id", "reference", "cprn", "amount", "currency", "status")
OTHER = {"tx_id": "NEO-OTHER", "reference": "f" * 32, "cprn": "CPRN-ZZZZZZZZ"}


def right_answer(world, payment):
    return dict(world.bank.payments[payment.tx_id]) | {"status": "SETTLED"}


def claim_settled(world, payment, answer):
    """The bank's webhook says SETTLED, and the status query gives this answer."""
    world.bank.wrong_answer = answer
    world.tell(payment.tx_id, "SETTLED")
    world.work()


def nothing_moved(world, payment):
    return world.status(payment.id) == "pending" and world.postings() == [] and world.is_clean()


# --- the contract of the adapter, for the fake (the simulator: test_bill_bitts_http.py) -----------


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("bad", ["missing", None, 7, "", "<b>"])
def test_an_answer_without_a_field_is_no_answer(world, field, bad):
    payment = world.start()
    answer = right_answer(world, payment)
    if bad == "missing":
        del answer[field]
    else:
        answer[field] = bad
    # any text: not every payment is ours
    if (field, bad) in (("reference", ""), ("reference", "<b>")):
        answer["tx_id"] = "NEO-OTHER"
        expected = GatewayForeign
    else:
        expected = GatewayUnclear
    world.bank.wrong_answer = answer
    with pytest.raises(expected):
        world.bank.query(payment.tx_id)


def test_an_answer_that_names_neither_what_was_asked_nor_its_reference_is_foreign(world):
    payment = world.start()
    other = world.start(key="other")
    world.bank.wrong_answer = right_answer(world, other)
    for name in (payment.tx_id, payment.id):
        with pytest.raises(GatewayForeign, match=other.tx_id):
            world.bank.query(name)
    assert world.bank.query(other.id).tx_id == other.tx_id


# --- webhooks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", OTHER)
def test_a_webhook_is_not_applied_on_an_answer_about_something_else(world, field):
    payment = world.start()
    claim_settled(world, payment, right_answer(world, payment) | {field: OTHER[field]})
    assert nothing_moved(world, payment)
    assert [one.kind for one in world.exceptions()] == ["contradiction"]
    assert [row.state for row in world.inbox()] == ["parked"]


def test_the_settled_answer_about_another_payment_of_the_same_person_credits_neither(world):
    payment, other = world.start(), world.start(key="other")
    claim_settled(world, payment, right_answer(world, other))
    assert nothing_moved(world, payment)
    assert nothing_moved(world, other)


def test_a_foreign_answer_of_some_seconds_needs_nobody(world, frozen):
    payment = world.start()
    claim_settled(world, payment, right_answer(world, payment) | {"cprn": OTHER["cprn"]})
    world.bank.wrong_answer = None
    world.bank.set_truth(payment.tx_id, "SETTLED")
    frozen.advance(timedelta(seconds=5))
    world.work()
    assert world.status(payment.id) == "settled"
    assert world.exceptions() == []
    assert [one.resolved_by for one in world.exceptions("resolved")] == ["system"]


def test_a_right_answer_to_the_next_webhook_closes_a_foreign_answer_at_once(world, frozen):
    payment = world.start()
    claim_settled(world, payment, right_answer(world, payment) | {"cprn": OTHER["cprn"]})
    assert [one.kind for one in world.exceptions()] == ["contradiction"]
    world.bank.wrong_answer = None
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SUCCESS")  # the first one still waits for its next try
    world.work()
    assert (world.status(payment.id), world.exceptions()) == ("succeeded", [])
    assert [row.state for row in world.inbox()] == ["parked", "done"]


def test_a_foreign_answer_that_comes_back_is_shown_again(world, frozen):
    payment = world.start()
    foreign = right_answer(world, payment) | {"cprn": OTHER["cprn"]}
    world.bank.wrong_answer = foreign
    check(world, payment)
    world.bank.wrong_answer = None
    check(world, payment)
    assert world.exceptions() == []
    world.bank.wrong_answer = foreign
    check(world, payment)
    assert [one.kind for one in world.exceptions()] == ["contradiction"]


def test_an_answer_that_lacks_a_field_is_asked_for_again_and_then_shown(world, frozen):
    payment = world.start()
    answer = right_answer(world, payment)
    del answer["reference"]
    claim_settled(world, payment, answer)
    assert world.exceptions() == []
    for _ in range(8):
        frozen.advance(timedelta(seconds=20))
        world.work()
    assert nothing_moved(world, payment)
    (found,) = world.exceptions()
    assert (found.kind, "reference" in found.detail) == ("contradiction", True)
    world.bank.wrong_answer = None
    world.bank.set_truth(payment.tx_id, "SETTLED")
    frozen.advance(timedelta(minutes=10))
    world.work()
    assert (world.status(payment.id), world.exceptions()) == ("settled", [])


def test_the_webhook_of_a_settled_payment_with_another_customer_is_a_contradiction(world):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    world.tell(payment.tx_id, "SETTLED", cprn="CPRN-ZZZZZZZZ")
    world.work()
    assert [one.kind for one in world.exceptions()] == ["contradiction"]


# --- checks and lost answers ----------------------------------------------------------------------


def check(world, payment):
    starting.check_now(payment.id)
    commit()
    world.work()


@pytest.mark.parametrize("field", OTHER)
def test_a_check_believes_no_answer_about_something_else(world, frozen, field):
    payment = world.start()
    world.bank.wrong_answer = right_answer(world, payment) | {field: OTHER[field]}
    frozen.advance(timedelta(hours=25))  # it does not expire on such an answer either
    check(world, payment)
    assert nothing_moved(world, payment)
    assert [one.kind for one in world.exceptions()] == ["contradiction"]


def start_with_lost_answer(world, frozen, answer):
    world.start(key="known")  # the customer has a number
    payment_id = starting.start(
        starting.NewPayment(
            user_id=world.user_id,
            amount_minor=25_000,
            currency="ETB",
            gateway="bill_bitts",
            purpose=("order", "i2"),
            destination=ESCROW,
            description="Shares",
        ),
        key="lost",
    )
    commit()
    world.bank.lose_answers = 1
    world.work()
    world.bank.wrong_answer = answer(world.bank.payments)
    for _ in range(4):
        frozen.advance(timedelta(seconds=5))
        world.work()
    return world.read(lambda: queries.get(payment_id))


def test_a_lost_answer_is_not_replaced_by_a_transaction_of_somebody_else(world, frozen):
    payment = start_with_lost_answer(
        world, frozen, lambda payments: list(payments.values())[1] | {"cprn": OTHER["cprn"]}
    )
    assert (payment.status, payment.tx_id) == ("created", None)
    assert {one.kind for one in world.exceptions()} == {"contradiction"}
    world.bank.wrong_answer = None
    frozen.advance(timedelta(minutes=10))
    world.work()
    assert world.status(payment.id) == "pending"


def test_a_transaction_of_another_payment_is_never_taken_a_second_time(world, frozen):
    taken = start_with_lost_answer(
        world,
        frozen,
        lambda payments: list(payments.values())[1] | {"tx_id": next(iter(payments))},
    )
    assert (taken.status, taken.tx_id) == ("created", None)
    assert "booked elsewhere" in world.exceptions()[0].detail


# --- any answer at all ----------------------------------------------------------------------------

TEXTS = st.one_of(st.none(), st.integers(), st.text(max_size=8))
FOREIGN = st.fixed_dictionaries(
    {},
    optional={
        "tx_id": st.one_of(st.just(OTHER["tx_id"]), TEXTS),
        "reference": st.one_of(st.just(OTHER["reference"]), TEXTS),
        "cprn": st.one_of(st.just(OTHER["cprn"]), TEXTS),
        "currency": TEXTS,
        "amount": TEXTS,
    },
).filter(bool)


@settings(max_examples=60)
@given(changes=FOREIGN, status=st.sampled_from(("SUCCESS", "SETTLED")), later=st.booleans())
def test_no_wrong_answer_of_any_form_ever_credits_a_purpose(world, frozen, changes, status, later):
    payment = world.start(key=f"order-{len(world.bank.payments)}")
    before = world.postings()
    answer = right_answer(world, payment) | {"status": status}
    if all(answer[name] == value for name, value in changes.items()):
        return
    world.bank.wrong_answer = answer | changes
    try:
        world.tell(payment.tx_id, "SETTLED")
        world.work()
        if later:
            frozen.advance(timedelta(minutes=2))
            world.work()
        check(world, payment)
    finally:
        world.bank.wrong_answer = None
    assert world.postings() == before
    assert world.status(payment.id) == "pending"


@settings(max_examples=25)
@given(amount=st.integers(1, 10**9).filter(lambda n: n != 25_000))
def test_another_amount_on_which_webhook_and_answer_agree_goes_to_suspense_only(world, amount):
    payment = world.start(key=f"order-{len(world.bank.payments)}")
    escrow, suspense = world.balance(ESCROW), world.balance("platform:suspense")
    world.bank.set_truth(payment.tx_id, "SETTLED", amount=money.decimal_str(amount))
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    assert world.balance(ESCROW) == escrow
    assert world.balance("platform:suspense") == suspense + amount
