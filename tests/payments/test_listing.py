"""The bank's own list against ours: what it knows and we do not becomes an exception, once."""

from datetime import UTC, datetime, timedelta

import pytest

from crowdfund.adapters import gateways
from crowdfund.kernel.db import commit, rollback
from crowdfund.ledger.rules import SUSPENSE, external
from crowdfund.payments.service import resolving

from .conftest import ESCROW, GATEWAY

SINCE = datetime(2026, 6, 15, tzinfo=UTC)


@pytest.fixture
def flask(world, app):
    """Run `flask reconcile bank`; return exit code and what it said."""

    def run(*more, since="2026-06-15T00:00:00+00:00"):
        rollback()
        ran = app.test_cli_runner().invoke(args=["reconcile", "bank", "--since", since, *more])
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, ran.output

    return run


def customer(world):
    """Return the number under which the bank knows alice."""
    return world.bank.payments[world.start().tx_id]["cprn"]


def test_settled_money_that_we_do_not_know_goes_to_suspense_once(world, flask):
    tx_id = world.bank.open_payment(customer(world), 70_000, status="SETTLED")
    code, said = flask()
    assert code == 0, said
    assert "1 were unknown: 700.00 ETB lies in suspense" in said
    (found,) = world.exceptions()
    assert (found.kind, found.tx_id, found.amount_minor, found.held) == (
        "unknown_reference",
        tx_id,
        70_000,
        True,
    )
    assert found.user_id == world.user_id, "the bank's number says whose it is"
    again = flask()[1]
    assert "nothing that our books do not know" in again
    assert "The bank's list has 2 transactions that our books know." in again
    assert (world.balance(SUSPENSE), len(world.exceptions())) == (70_000, 1)
    assert world.is_clean()


@pytest.mark.parametrize("first", ["list", "webhook"])
def test_the_list_and_a_late_webhook_about_the_same_money_are_one(world, flask, frozen, first):
    tx_id = world.bank.open_payment(customer(world), 70_000, status="SETTLED")

    def webhook():
        world.tell(tx_id, "SETTLED")
        for _ in range(5):
            world.work()
            frozen.advance(timedelta(minutes=10))

    steps = [flask, webhook] if first == "list" else [webhook, flask]
    for step in steps:
        step()
    assert world.balance(SUSPENSE) == 70_000
    assert len([one for one in world.exceptions() if one.tx_id == tx_id]) == 1


def test_money_credited_by_staff_arrives_in_the_wallet(world, flask):
    world.bank.open_payment(customer(world), 70_000, status="SETTLED")
    flask()
    (found,) = world.exceptions()
    resolving.resolve(found.id, "credit", actor="finance", reason="seen at the bank")
    commit()
    assert world.balance(f"user:{world.user_id}:wallet") == 70_000
    assert world.balance(SUSPENSE) == 0
    assert "nothing that our books do not know" in flask()[1]


@pytest.mark.parametrize(
    ("status", "said"),
    [("SUCCESS", "paid but not settled"), ("PENDING", "nothing"), ("FAILED", "nothing")],
)
def test_what_is_not_settled_moves_nothing(world, flask, status, said):
    world.bank.open_payment(customer(world), 70_000, status=status)
    assert said in flask()[1]
    assert (world.exceptions(), world.balance(external(GATEWAY))) == ([], 0)


def test_a_known_payment_that_the_bank_has_settled_waits_for_staff_and_goes_on(world, flask):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    code, said = flask()
    assert (code, "1 open payments were asked about" in said) == (0, True), said
    (found,) = world.exceptions()
    assert (found.kind, found.payment_id) == ("webhook_missing", payment.id)
    resolving.resolve(found.id, "accept", actor="finance", reason="seen at the bank")
    commit()
    world.work()
    assert world.status(payment.id) == "settled"
    assert world.balance(ESCROW) == 25_000


def test_a_payment_that_failed_here_and_was_paid_there_is_found(world, flask):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "FAILED")
    world.tell(payment.tx_id, "FAILED")
    world.work()
    assert world.status(payment.id) == "failed"
    world.bank.set_truth(payment.tx_id, "SETTLED")
    flask()
    assert [one.payment_id for one in world.exceptions()] == [payment.id]


def test_a_second_transaction_for_one_of_our_payments_is_a_duplicate(world, flask):
    payment = world.start()
    cprn = world.bank.payments[payment.tx_id]["cprn"]
    world.bank.open_payment(cprn, 25_000, status="SETTLED", reference=payment.id)
    flask()
    assert [one.kind for one in world.exceptions()] == ["duplicate"]


def test_a_list_of_several_pages_is_read_to_its_end(world, flask):
    cprn = customer(world)
    for _ in range(7):
        world.bank.open_payment(cprn, 1_000, status="SETTLED")
    assert "7 were unknown: 70.00 ETB" in flask()[1]


def test_a_bank_that_cannot_list_says_so_after_open_payments_were_asked_about(world, flask):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.bank.lists = False
    code, said = flask()
    assert code == 1
    assert "cannot list its transactions" in said
    assert [one.kind for one in world.exceptions()] == ["webhook_missing"]


def test_a_gateway_without_the_ability_says_so(world):
    class Plain:
        name = "plain"

    gateways.use("plain", Plain())
    try:
        with pytest.raises(gateways.CannotList, match="Ask the bank for a statement"):
            list(gateways.transactions("plain", SINCE))
    finally:
        gateways.use("plain", None)


def test_a_bank_that_does_not_answer_is_said_and_nothing_is_lost(world, flask):
    world.start()
    world.bank.down = True
    code, said = flask()
    assert (code, "Run it again" in said) == (1, True)
    assert world.exceptions() == []


def test_a_moment_that_is_none_is_refused(flask):
    assert "is not a moment" in flask(since="yesterday")[1]


def test_a_list_that_changes_an_amount_takes_nothing_twice(world, flask):
    tx_id = world.bank.open_payment(customer(world), 70_000, status="SETTLED")
    flask()
    world.bank.set_truth(tx_id, "SETTLED", amount="900.00")
    assert flask()[0] == 0
    assert (world.balance(SUSPENSE), len(world.exceptions())) == (70_000, 1)


def test_a_reference_to_somebody_elses_payment_is_no_duplicate_of_it(world, flask):
    payment = world.start()
    world.bank.open_payment("CPRN-STRANGER", 25_000, status="SETTLED", reference=payment.id)
    flask()
    assert [(one.kind, one.payment_id, one.user_id) for one in world.exceptions()] == [
        ("unknown_reference", None, None)
    ]
