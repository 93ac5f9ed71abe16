"""The same again changes nothing: a key that began a payment, tokens that came, a failed return."""

from datetime import timedelta

import pytest

from crowdfund.adapters import gateways
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.db.history import status_changes
from crowdfund.kernel.errors import Conflict
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.payments.models import payment_exception_event
from crowdfund.payments.rules import TOKEN, WALLET
from crowdfund.payments.service import from_wallet, resolving, returning, starting, with_tokens

from .conftest import ESCROW, GATEWAY

STAFF = "f" * 32
INTENT = "ab" * 32
TOKENS = ledger_rules.tokens("c" * 32)


def wanted(world, rail, destination, amount_minor=25_000):
    return starting.NewPayment(
        user_id=world.user_id,
        amount_minor=amount_minor,
        currency="ETB",
        gateway=rail,
        purpose=("order", "i1"),
        destination=destination,
        description="Shares",
    )


def test_an_entry_that_is_not_there_has_no_id(app):
    with pytest.raises(LookupError, match="payment:none"):
        ledger.id_of("payment:none")


def test_a_key_pays_once_from_the_wallet_and_never_another_amount(world):
    wallet = ledger_rules.user_wallet(world.user_id)
    fund = [Posting(ledger_rules.external(GATEWAY), wallet, 100_000)]
    posting.post("test:fund", fund, kind="test", currency="ETB")
    commit()
    order = wanted(world, WALLET, ESCROW)
    first = from_wallet.pay(order, key="key-1")
    commit()
    assert from_wallet.pay(order, key="key-1") == first
    commit()
    with pytest.raises(Conflict, match="different amount"):
        from_wallet.pay(wanted(world, WALLET, ESCROW, 30_000), key="key-1")
    rollback()
    assert (world.balance(wallet), world.balance(ESCROW)) == (75_000, 25_000)


def test_a_key_begins_one_payment_with_tokens(world):
    order, until = wanted(world, TOKEN, TOKENS), clock.now() + timedelta(minutes=15)
    first, is_new = with_tokens.start(order, key="key-1", until=until)
    commit()
    assert is_new
    assert with_tokens.start(order, key="key-1", until=until) == (first, False)


def test_tokens_are_booked_once_and_what_has_arrived_does_not_expire(world):
    order, until = wanted(world, TOKEN, TOKENS), clock.now() + timedelta(minutes=15)
    payment_id, _is_new = with_tokens.start(order, key="key-1", until=until)
    assert with_tokens.settle(payment_id, reference=INTENT, reason="The contract has them.")
    assert not with_tokens.settle(payment_id, reference=INTENT, reason="The contract has them.")
    with_tokens.expire(payment_id)
    commit()
    assert (world.status(payment_id), world.balance(TOKENS)) == ("settled", 25_000)


def test_an_answer_about_something_else_for_a_transaction_without_a_payment_is_shown(world):
    payment = world.start()
    other = world.start(key="other")
    tx_id = payment.tx_id
    world.bank.payments["NEO-NOBODYS"] = dict(world.bank.payments[tx_id]) | {"tx_id": "NEO-NOBODYS"}
    world.bank.wrong_answer = dict(world.bank.payments[other.tx_id]) | {"status": "SETTLED"}
    world.tell("NEO-NOBODYS", "SETTLED")
    world.work()
    assert [one.kind for one in world.exceptions()] == ["contradiction"]
    assert world.postings() == []


def test_an_unclear_answer_about_a_transaction_without_a_payment_is_asked_for_again(world):
    payment = world.start()
    answer = dict(world.bank.payments[payment.tx_id]) | {"tx_id": "NEO-NOBODYS"}
    world.bank.payments["NEO-NOBODYS"] = dict(answer)
    del answer["status"]
    world.bank.wrong_answer = answer
    world.tell("NEO-NOBODYS", "SETTLED")
    world.work()
    assert (world.exceptions(), world.postings()) == ([], [])
    assert [row.state for row in world.inbox()] == ["parked"]


def test_a_return_that_failed_twice_opens_its_exception_once(world, monkeypatch):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED", amount="100.00")
    world.tell(payment.tx_id, "SETTLED", amount="100.00")
    world.work()
    [found] = world.exceptions()
    assert gateways.can_refund(GATEWAY)
    resolving.resolve(found.id, "return", actor=STAFF)
    commit()
    for _ in range(2):
        returning.reopen(found.id, "r" * 32, reason="The account is closed.")
        commit()
    [again] = world.exceptions()
    assert (again.id, again.resolution) == (found.id, None)
    history = world.read(lambda: status_changes(payment_exception_event, found.id))
    assert [one.to_status for one in history] == ["open", "resolved", "open"]
    assert history[-1].reason.endswith("The account is closed.")
    assert [(one.actor, one.reason) for one in history[1:2]] == [(STAFF, "return")]


def test_a_decision_that_is_not_offered_moves_nothing(world):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED", amount="100.00")
    world.tell(payment.tx_id, "SETTLED", amount="100.00")
    world.work()
    [row] = world.exceptions()
    found = world.read(lambda: resolving.queries.exception(row.id))
    with pytest.raises(ValueError, match="no payment to accept"):
        resolving._postings(found, None, resolving.Resolution.ACCEPT)
