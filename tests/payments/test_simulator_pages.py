"""The simulated bank's pages: whatever goes wrong, there is a sentence and a way back."""

import json
import re
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing
from html import unescape

import pytest

from crowdfund.adapters.gateways import Order, Payer
from tests.look import markup

from . import bank_process

SHOP = "http://localhost:5999"
RETURN = f"{SHOP}/payments/p1/return?a=1&b=2"


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    running = bank_process.start(tmp_path_factory.mktemp("bank"), flags=("--shop-url", SHOP))
    yield running
    bank_process.stop(running)


@pytest.fixture
def opened(bank, request):
    return open_payment(bank, request.node.name)


def open_payment(bank, name, return_url=RETURN, amount=25_000):
    gateway = bank.adapter()
    cprn = gateway.register(Payer("a@example.com", "Ana", "B"), key=f"register:{name}"[:120])
    order = Order(cprn, amount, "ETB", "Shares <b>", name, return_url)
    return gateway.initiate(order, key=f"payment-{name}"[:120])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def ask(url, body=None):
    """Return (status, type, text) of a GET, or of a POST with a form or bytes."""
    data = urllib.parse.urlencode(body).encode() if isinstance(body, dict) else body
    try:
        with urllib.request.build_opener(_NoRedirect).open(url, data, timeout=5) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get_content_type(), answer.read().decode()


def page(url, status, body=None):
    """Return the text of a sound HTML page with this status."""
    code, kind, text = ask(url, body)
    assert (code, kind) == (status, "text/html"), text
    assert markup.problems(text) == []
    return text


def links(text):
    return [unescape(href) for href in re.findall(r'<a href="([^"]*)"', text.split("<main>")[1])]


def test_the_start_says_what_this_is_and_lists_payments(bank, opened):
    text = page(f"{bank.url}/", 200)
    assert "simulator" in text
    assert "250.00 ETB" in text
    assert "Shares &lt;b&gt;" in text
    assert links(text)[0] == f"/checkout/{opened.tx_id}"
    assert links(text)[-1] == SHOP


def test_an_unknown_payment_leads_to_the_shop_and_to_the_start(bank):
    for body in (None, {"action": "pay"}):
        text = page(f"{bank.url}/checkout/NEO-NOBODY", 404, body)
        assert "Payment not found" in text
        assert "Nothing was charged" in text
        assert links(text) == [SHOP, "/"]


def test_paying_twice_says_what_was_charged_and_leads_back_to_this_payment(bank, opened):
    assert ask(opened.checkout_url, {"action": "pay"})[0] == 303
    for action in ("pay", "fail"):
        text = page(opened.checkout_url, 409, {"action": action})
        assert "This payment is already paid" in text
        assert (
            "250.00 ETB was charged when you paid the first time. Nothing was charged again."
            in text
        )
        assert links(text) == [RETURN, "/"]
    deliveries = bank.control("deliveries", tx_id=opened.tx_id)["deliveries"]
    assert [one["status"] for one in deliveries].count("SUCCESS") == 1
    assert "FAILED" not in [one["status"] for one in deliveries]


def test_a_paid_payment_shows_what_was_paid(bank, opened):
    assert ask(opened.checkout_url, {"action": "pay", "amount": "50"})[0] == 303
    text = page(opened.checkout_url, 200)
    assert "Amount paid" in text
    assert "50.00 ETB" in text
    assert "250.00 ETB" not in text


def test_a_failed_payment_cannot_be_paid(bank, opened):
    assert ask(opened.checkout_url, {"action": "fail"})[0] == 303
    text = page(opened.checkout_url, 409, {"action": "pay"})
    assert "This payment has failed" in text
    assert links(text) == [RETURN, "/"]


@pytest.mark.parametrize("form", [{"amount": "50,00"}, {"delay_s": "soon"}, {"delay_s": "9999"}])
def test_a_bad_value_is_shown_again_with_what_is_wrong(bank, opened, form):
    text = page(opened.checkout_url, 400, {"action": "pay", "lose": "on", **form})
    assert 'role="alert"' in text
    assert "Nothing was charged." in text
    assert f'value="{next(iter(form.values()))}"' in text
    assert 'name="lose" checked' in text
    assert links(text) == [RETURN, "/"]
    assert ask(opened.checkout_url, {"action": "pay"})[0] == 303


def test_too_much_is_a_page_for_people_and_json_for_programs(bank, opened):
    much = b"x" * 70_000
    assert links(page(opened.checkout_url, 413, much)) == [RETURN, "/"]
    code, kind, text = ask(f"{bank.url}/payment/initiate", much)
    assert (code, kind) == (413, "application/json")
    assert json.loads(text) == {"error": "body is too large"}


def test_an_address_that_is_not_there_is_a_page_or_json(bank):
    assert links(page(f"{bank.url}/nowhere", 404)) == [SHOP, "/"]
    for path in ("payment/x", "register", "balance/x", "_control/settings", "health/x/y"):
        code, kind, text = ask(f"{bank.url}/{path}", b"{}")
        assert 400 <= code < 500, path
        assert kind == "application/json"
        assert json.loads(text)["error"]


def test_a_fault_of_the_simulator_itself_is_a_page_with_the_way_back(bank, opened):
    with closing(sqlite3.connect(bank.folder / "state.db")) as db:
        db.execute("UPDATE payment SET faults = 'broken' WHERE tx_id = ?", [opened.tx_id])
        db.commit()
    text = page(opened.checkout_url, 500, {"action": "pay"})
    assert "The simulator has a fault" in text
    assert "Nothing was charged" in text
    assert links(text) == [RETURN, "/"]
    assert bank.adapter().query(opened.tx_id).status == "PENDING"
    code, kind, _ = ask(f"{bank.url}/payment/x")
    assert (code, kind) == (401, "application/json")


def test_a_fault_in_the_middle_of_paying_is_undone(bank, opened):
    with closing(sqlite3.connect(bank.folder / "state.db")) as db:
        db.execute(
            "CREATE TRIGGER no_delivery BEFORE INSERT ON delivery "
            "BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        db.commit()
        assert "undid what it had begun" in page(opened.checkout_url, 500, {"action": "pay"})
        assert bank.adapter().query(opened.tx_id).status == "PENDING"
        db.execute("DROP TRIGGER no_delivery")
        db.commit()
    assert ask(opened.checkout_url, {"action": "pay"})[0] == 303


def test_the_page_under_the_merchants_reference_pays_the_same_payment(bank):
    opened = open_payment(bank, "reference-1")
    assert ask(f"{bank.url}/checkout/reference-1", {"action": "pay"})[0] == 303
    assert bank.adapter().query(opened.tx_id).status in ("SUCCESS", "SETTLED")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "", "http://[broken"])
def test_a_return_address_that_is_no_link_is_not_made_one(bank, address):
    opened = open_payment(bank, f"odd-{address}"[:20], address)
    assert links(page(opened.checkout_url, 200)) == [SHOP, "/"]
    assert "Paid, waiting for settlement" in page(opened.checkout_url, 200, {"action": "pay"})
