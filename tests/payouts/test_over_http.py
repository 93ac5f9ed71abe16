"""Withdrawals against the simulated bank over real HTTP, and its pages of payouts."""

import urllib.error
import urllib.parse
import urllib.request

import pytest

from crowdfund.adapters import gateways
from crowdfund.adapters.gateways import (
    GatewayRefused,
    GatewayUnknown,
    Order,
    Payer,
    PayoutOrder,
    ReturnOrder,
)
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit
from tests.look import markup
from tests.payments import bank_process
from tests.payments.bank_process import wait_for

ORDER = PayoutOrder("ref-1", 250_50, "ETB", "ET", "cbe", "1000123456789", "Abebe <b> Tadesse")


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    running = bank_process.start(tmp_path_factory.mktemp("bank"))
    yield running
    bank_process.stop(running)


@pytest.fixture
def bank(process):
    process.reset()
    return process


def named(reference, **changes):
    return PayoutOrder(**{**vars(ORDER), "reference": reference, **changes})


def page(url, body=None):
    data = urllib.parse.urlencode(body).encode() if body else None
    with urllib.request.urlopen(url, data, timeout=5) as answer:
        text = answer.read().decode()
    assert markup.problems(text) == []
    return text


def test_the_simulator_pays_out_after_its_settle_delay(bank):
    gateway = bank.adapter()
    bank.reset(settle_delay_s=600)
    first = gateway.pay_out(ORDER, key="ref-1-key")
    assert gateway.pay_out(ORDER, key="ref-1-key") == first
    truth = gateway.payout("ref-1")
    assert (truth.payout_id, truth.status) == (first, "PENDING")
    assert (truth.amount_minor, truth.number) == (250_50, ORDER.number)
    assert gateway.payout("nobody-knows") is None


def test_one_reference_is_one_payout_whatever_the_key(bank):
    gateway = bank.adapter()
    gateway.pay_out(named("ref-2"), key="ref-2-key")
    with pytest.raises(GatewayRefused):
        gateway.pay_out(named("ref-2"), key="ref-2-other-key")


@pytest.mark.parametrize(("mode", "status"), [("pay", "PAID"), ("fail", "FAILED")])
def test_the_simulator_pays_or_fails_as_it_is_told(bank, mode, status):
    bank.reset(payouts=mode)
    gateway = bank.adapter()
    gateway.pay_out(named(f"ref-{mode}"), key=f"ref-{mode}-key")
    wait_for(lambda: gateway.payout(f"ref-{mode}").status == status)
    assert bool(gateway.payout(f"ref-{mode}").reason) == (mode == "fail")


def test_a_payout_that_is_left_waiting_is_paid_by_hand_on_its_page(bank):
    bank.reset(payouts="wait")
    gateway = bank.adapter()
    payout_id = gateway.pay_out(named("ref-wait"), key="ref-wait-key")
    assert gateway.payout("ref-wait").status == "PENDING"
    assert payout_id in page(f"{bank.url}/")
    shown = page(f"{bank.url}/payouts/{payout_id}")
    assert "250.50 ETB" in shown
    assert "<b>" not in shown
    assert "Pay it out now" in shown
    shown = page(f"{bank.url}/payouts/{payout_id}", {"action": "pay"})
    assert "Paid to the account" in shown
    assert "Pay it out now" not in shown
    page(f"{bank.url}/payouts/{payout_id}", {"action": "fail"})
    assert gateway.payout("ref-wait").status == "PAID"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        page(f"{bank.url}/payouts/nobody-knows")


def test_a_withdrawal_arrives_over_real_http(world, bank):
    clock.use(None)
    gateways.use("bill_bitts", bank.adapter())
    world.fund()
    payout_id = world.request()
    commit()

    def is_paid():
        world.work()
        return world.get(payout_id).status == "paid"

    wait_for(is_paid)
    assert world.wallet() == ("600.00", "600.00")
    assert world.books_are_clean()


# --- back to the account that paid ----------------------------------------------------------------


def paid(bank, amount_minor=100_00):
    """Return a transaction of the bank that was paid."""
    gateway = bank.adapter()
    cprn = gateway.register(Payer("p@example.com", "P", "T"), key=f"register-{amount_minor}")
    order = Order(cprn, amount_minor, "ETB", "Investment", f"payment-{amount_minor}", "")
    tx_id = gateway.initiate(order, key=f"initiate-{amount_minor}").tx_id
    bank.control("pay", tx_ids=[tx_id])
    wait_for(lambda: gateway.query(tx_id).status in ("SUCCESS", "SETTLED"))
    return gateway, tx_id


def back(reference, tx_id, amount_minor=60_00):
    return ReturnOrder(reference, amount_minor, "ETB", tx_id)


def test_the_simulator_sends_money_back_to_what_paid_and_never_more_than_came(bank):
    gateway, tx_id = paid(bank, 100_00)
    first = gateway.refund(back("back-1", tx_id), key="back-1-key")
    assert gateway.refund(back("back-1", tx_id), key="back-1-key") == first
    truth = gateway.payout("back-1")
    assert (truth.tx_id, truth.number, truth.amount_minor) == (tx_id, "", 60_00)
    with pytest.raises(GatewayRefused):
        gateway.refund(back("back-2", tx_id, 40_01), key="back-2-key")
    gateway.refund(back("back-3", tx_id, 40_00), key="back-3-key")
    wait_for(lambda: gateway.payout("back-3").status == "PAID")
    assert "The account that paid" in page(f"{bank.url}/payouts/{first}")
    assert "the account that paid" in page(f"{bank.url}/")


def test_the_simulator_sends_nothing_back_of_what_was_not_paid(bank):
    gateway, _tx_id = paid(bank, 110_00)
    with pytest.raises(GatewayRefused):
        gateway.refund(back("back-4", "NEO-NOBODY"), key="back-4-key")


def test_a_return_that_failed_can_be_sent_again(bank):
    gateway, tx_id = paid(bank, 120_00)
    bank.reset(payouts="fail")
    gateway.refund(back("back-5", tx_id, 120_00), key="back-5-key")
    wait_for(lambda: gateway.payout("back-5").status == "FAILED")
    bank.reset(payouts="pay")
    gateway.refund(back("back-6", tx_id, 120_00), key="back-6-key")


def test_the_simulator_refuses_an_order_or_loses_its_answer_on_request(bank):
    gateway, tx_id = paid(bank, 130_00)
    bank.reset(payouts="refuse")
    with pytest.raises(GatewayRefused):
        gateway.refund(back("back-7", tx_id), key="back-7-key")
    assert gateway.payout("back-7") is None
    bank.reset(payouts="lose")
    with pytest.raises(GatewayUnknown):
        gateway.refund(back("back-8", tx_id), key="back-8-key")
    wait_for(lambda: gateway.payout("back-8").status == "PAID")
