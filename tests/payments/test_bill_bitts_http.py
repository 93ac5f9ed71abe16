"""The adapter against the simulator over real HTTP: two programs that share no signing code."""

import base64
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from werkzeug.test import Client

from crowdfund.adapters import bill_bitts, gateways
from crowdfund.adapters.gateways import (
    CannotList,
    GatewayForeign,
    GatewayNotConfigured,
    GatewayRefused,
    GatewayUnauthorized,
    GatewayUnclear,
    GatewayUnknown,
    Order,
    Payer,
)
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit
from crowdfund.local.bill_bitts import keys
from crowdfund.payments import queries
from crowdfund.payments.service import starting

from . import bank_process
from .bank_process import wait_for
from .conftest import ESCROW, GATEWAY, World


@pytest.fixture(scope="session")
def shared_process(tmp_path_factory):
    running = bank_process.start(tmp_path_factory.mktemp("bank"))
    yield running
    bank_process.stop(running)


@pytest.fixture
def process(shared_process):
    shared_process.reset()
    return shared_process


@pytest.fixture
def gateway(process):
    return process.adapter()


def order(cprn, reference="ref", amount=25_000):
    return Order(cprn, amount, "ETB", 'Shares ☕ in "Yirga"', reference, "http://localhost/back")


@pytest.fixture
def cprn(gateway, request):
    return gateway.register(
        Payer("a@example.com", "Ana", "B"), key=f"register:{request.node.name}"[:120]
    )


def test_registration_gives_one_number_for_one_key(gateway):
    person = Payer("abebe@example.com", "አበበ", "Bikila", "+251911234567")
    first = gateway.register(person, key="register:unicode")
    assert gateway.register(person, key="register:unicode") == first
    assert bill_bitts._CPRN.fullmatch(first)


def test_a_payment_is_opened_once_for_one_key_and_found_by_its_reference(gateway, cprn):
    opened = gateway.initiate(order(cprn, "ref-1"), key="payment-ref-1")
    assert gateway.initiate(order(cprn, "ref-1"), key="payment-ref-1") == opened
    truth = gateway.query("ref-1")
    assert (truth.tx_id, truth.status, truth.amount_minor) == (opened.tx_id, "PENDING", 25_000)
    assert gateway.query("never") is None
    assert gateway.balance(cprn) > 0


def test_the_list_of_transactions_comes_in_pages_and_is_signed_with_its_query(
    process, gateway, cprn
):
    begin = int(clock.now().timestamp()) - 60
    opened = [
        gateway.initiate(order(cprn, f"list-{n}"), key=f"payment-list-{n}").tx_id for n in range(3)
    ]
    many = process.control("bulk", count=250, cprn=cprn)["tx_ids"]
    pages = list(gateway.transactions(datetime.fromtimestamp(begin, UTC)))
    names = [truth.tx_id for page in pages for truth in page]
    assert names[-253:] == opened + many
    assert len(pages) >= 3
    assert next(t for t in pages[-1] if t.tx_id == many[-1]).status == "SETTLED"
    later = datetime.fromtimestamp(begin + 86_400, UTC)
    assert list(gateway.transactions(later)) == []
    signed = gateway._headers("GET", f"/transactions?since={begin}&after=", b"", "")
    assert send_raw(process, signed, path="/transactions?since=0&after=") == 401


def test_a_bank_without_a_list_is_told_apart_from_an_empty_one(process, gateway):
    process.control("settings", lists=False)
    with pytest.raises(CannotList):
        list(gateway.transactions(datetime.fromtimestamp(0, UTC)))


@pytest.mark.parametrize("field", ["tx_id", "reference", "cprn", "amount", "currency", "status"])
def test_an_answer_of_the_simulator_without_a_field_is_no_answer(process, gateway, cprn, field):
    opened = gateway.initiate(order(cprn, f"ref-without-{field}"), key=f"payment-without-{field}")
    process.control("settings", answers={"without": [field]})
    with pytest.raises(GatewayUnclear):
        gateway.query(opened.tx_id)


def test_an_answer_of_the_simulator_about_another_transaction_is_foreign(process, gateway, cprn):
    opened = gateway.initiate(order(cprn, "ref-mine"), key="payment-ref-mine")
    other = gateway.initiate(order(cprn, "ref-other"), key="payment-ref-other")
    process.control(
        "settings", answers={"instead": {"tx_id": other.tx_id, "reference": "ref-other"}}
    )
    for name in (opened.tx_id, "ref-mine"):
        with pytest.raises(GatewayForeign):
            gateway.query(name)


def test_one_key_for_two_requests_is_refused(gateway, cprn):
    gateway.initiate(order(cprn, "ref-2"), key="payment-ref-2")
    with pytest.raises(GatewayRefused):
        gateway.initiate(order(cprn, "ref-2", 1), key="payment-ref-2")


def test_a_wrong_platform_key_or_api_key_is_no_answer_about_a_payment(process, cprn):
    wrong = process.adapter(private_key=keys.load_private(process.files.bank_private(1)))
    with pytest.raises(GatewayUnauthorized):
        wrong.query("x")
    stranger = bill_bitts.BillBitts(
        process.url,
        "nobody",
        private_key=keys.load_private(process.files.platform_private),
        bank_keys=[],
    )
    with pytest.raises(GatewayUnauthorized):
        stranger.query("x")


def test_a_wrong_clock_fails_no_payment_and_the_same_request_passes_once_it_is_right(
    process, gateway, cprn
):
    process.control("settings", offset_s=3600)
    with pytest.raises(GatewayUnauthorized):
        gateway.initiate(order(cprn, "ref-clock"), key="payment-ref-clock")
    process.control("settings", offset_s=0)
    assert gateway.initiate(order(cprn, "ref-clock"), key="payment-ref-clock").tx_id


def test_nothing_is_sent_without_a_key(process):
    with pytest.raises(GatewayNotConfigured):
        process.adapter(private_key=None).query("x")


def send_raw(process, headers, body=b"", path="/payment/x"):
    request = urllib.request.Request(process.url + path, data=body or None, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_simulator_takes_a_nonce_once_and_only_fresh_times(process, gateway, frozen_real):
    headers = gateway._headers("GET", "/payment/x", b"", "")
    assert send_raw(process, headers) == 404
    assert send_raw(process, headers) == 401
    process.control("settings", offset_s=301)
    assert send_raw(process, gateway._headers("GET", "/payment/x", b"", "")) == 401


@pytest.fixture
def frozen_real():
    clock.use(None)


@pytest.mark.parametrize(
    "missing", ["X-Signature", "X-Signature-V2", "X-Api-Key", "X-Timestamp", "X-Nonce"]
)
def test_the_simulator_refuses_a_request_without_each_header(process, gateway, missing):
    headers = gateway._headers("GET", "/payment/x", b"", "")
    del headers[missing]
    assert send_raw(process, headers) == 401


def test_the_simulator_refuses_other_bytes_than_were_signed(process, gateway, cprn):
    body = bill_bitts.canonical(
        {"cprn": cprn, "amount": "1.00", "currency": "ETB", "description": ""}
    )
    headers = gateway._headers("POST", "/payment/initiate", body, "k" * 10)
    assert send_raw(process, headers, body.replace(b"1.00", b"2.00"), "/payment/initiate") == 401
    spaced = json.dumps(json.loads(body)).encode()
    headers = gateway._headers("POST", "/payment/initiate", spaced, "k" * 11)
    assert send_raw(process, headers, spaced, "/payment/initiate") == 401


def test_a_bank_that_is_gone_is_unknown_not_refused():
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    gone = bill_bitts.BillBitts(
        f"http://127.0.0.1:{bank_process.free_port()}", "k", private_key=key, bank_keys=[]
    )
    with pytest.raises(GatewayUnknown):
        gone.query("x")


# --- the whole way, webhooks over HTTP ------------------------------------------------------------


class _Door(BaseHTTPRequestHandler):
    """Hands webhooks to the service through the app, as the web process would."""

    app = None
    answers: list[int] = []  # noqa: RUF012 - shared by the handler's instances

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = Client(self.app).post(self.path, data=body, headers=dict(self.headers))
        self.answers.append(answer.status_code)
        self.send_response(answer.status_code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def world(app, process):
    """The world of conftest, with the real gateway behind it and a door for its webhooks."""
    from crowdfund.people import service

    clock.use(None)
    gateways.use(GATEWAY, process.adapter())
    user_id = service.ensure_user("alice@example.com", "Alice Investor")
    commit()
    _Door.app, _Door.answers = app, []
    door = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    process.control(
        "settings", callback_url=f"http://127.0.0.1:{door.server_port}/webhooks/neo-payment/"
    )
    yield World(None, user_id, None)
    process.control("settings", callback_url="")
    door.shutdown()
    gateways.use(GATEWAY, None)


def pay(payment, **form):
    """Press Pay on the checkout page, as a browser without scripts does."""
    data = urllib.parse.urlencode({"action": "pay", **form}).encode()
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        return opener.open(
            urllib.request.Request(payment.checkout_url, data=data), timeout=5
        ).status
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def settled(world, payment):
    world.work()
    return world.status(payment.id) == "settled"


FAULTS = [
    {},
    {"repeat": "on"},
    {"reorder": "on"},
    {"forge": "on"},
    {"repeat": "on", "reorder": "on", "forge": "on"},
]


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: "+".join(faults) or "good")
def test_a_payment_settles_exactly_once_with_every_fault(world, process, faults):
    payment = world.start()
    with urllib.request.urlopen(payment.checkout_url, timeout=5) as page:
        text = page.read().decode()
    assert "simulator" in text
    assert "250.00 ETB" in text
    assert pay(payment, **faults) == (303, f"http://localhost/payments/{payment.id}/return")
    wait_for(lambda: settled(world, payment), 20, "settlement")
    wait_for(
        lambda: not process.control("deliveries")["counts"].get("queued"), 20, "the last delivery"
    )
    world.work()
    assert world.balance(ESCROW) == 25_000
    assert len(world.postings()) == 2
    assert world.is_clean()
    assert (401 in _Door.answers) == ("forge" in faults)


def test_a_double_click_pays_once(world, process):
    payment = world.start()
    assert pay(payment)[0] == 303
    assert pay(payment)[0] == 409  # the page says that nothing was charged again
    wait_for(lambda: settled(world, payment), 20, "settlement")
    assert world.balance(ESCROW) == 25_000


def test_a_failed_payment_fails(world):
    payment = world.start()
    pay(payment, action="fail")
    wait_for(lambda: (world.work(), world.status(payment.id) == "failed")[1], 10, "the failure")
    assert world.postings() == []


def test_a_lie_settles_nothing(world):
    payment = world.start()
    pay(payment, lie="on")
    wait_for(
        lambda: (world.work(), [row for row in world.inbox() if row.state == "parked"])[1],
        10,
        "the lie",
    )
    assert world.status(payment.id) == "pending"
    assert world.postings() == []


def test_an_answer_about_another_customer_credits_nothing_until_it_is_right(world, process):
    payment = world.start()
    process.control("settings", answers={"instead": {"cprn": "CPRN-ZZZZZZZZ"}})
    pay(payment)
    wait_for(lambda: (world.work(), world.exceptions())[1], 10, "the contradiction")
    assert (world.status(payment.id), world.postings()) == ("pending", [])
    process.control("settings", answers={})
    wait_for(lambda: settled(world, payment), 20, "settlement")
    assert world.exceptions() == []


def test_lost_events_are_found_by_the_reconcile_and_can_be_sent_again(world, process):
    payment = world.start()
    pay(payment, lose="on")
    wait_for(lambda: process.adapter().query(payment.tx_id).status == "SETTLED", 10, "the bank")
    starting.check_now(payment.id)
    commit()
    world.work()
    assert [one.kind for one in world.exceptions()] == ["webhook_missing"]
    process.control("resend", tx_id=payment.tx_id)
    wait_for(lambda: settled(world, payment), 10, "settlement")
    assert world.exceptions() == []


def test_another_amount_is_an_exception(world):
    payment = world.start()
    pay(payment, amount="100")
    wait_for(lambda: (world.work(), world.exceptions())[1], 10, "the exception")
    assert [(one.kind, one.amount_minor) for one in world.exceptions()] == [("too_little", 10_000)]


@pytest.mark.parametrize(
    "form", [{"amount": "-1"}, {"amount": "NaN"}, {"delay_s": "x"}, {"delay_s": "9999"}]
)
def test_the_checkout_page_refuses_nonsense_with_a_sentence(world, form):
    payment = world.start()
    assert pay(payment, **form)[0] == 400
    assert world.read(lambda: queries.get(payment.id)).status == "pending"


def test_the_gateway_tries_again_until_we_answer(world, process):
    payment = world.start()
    good = process.control("settings")["callback_url"]
    process.control("settings", callback_url=f"http://127.0.0.1:{bank_process.free_port()}/")
    pay(payment)
    wait_for(lambda: process.control("deliveries", tx_id=payment.tx_id)["deliveries"], 5, "a try")
    process.control("settings", callback_url=good)
    wait_for(lambda: settled(world, payment), 20, "settlement")


def test_a_webhook_is_signed_over_time_nonce_and_raw_body(process, gateway):
    raw = b'{"any":"bytes"}'
    headers = _signed(process, raw)
    assert gateway.verify_webhook(raw, headers, clock.now()) == headers["X-Nonce"]
    base64.b64decode(headers["X-Signature"], validate=True)


def _signed(process, raw):
    from crowdfund.local.bill_bitts.signing import WebhookSigner

    return WebhookSigner(process.files).headers(raw, "n" * 32, int(clock.now().timestamp()), 2)
