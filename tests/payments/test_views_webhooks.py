"""Webhooks over HTTP: verified, repeated, parked, forged, stale, replayed, malformed."""

import io
import json

import pytest

from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts import canonical
from crowdfund.payments import desk_queries

URL = "/webhooks/neo-payment/"


@pytest.fixture
def post(client, world):
    def send(raw, headers, url=URL):
        answer = client.post(url, data=raw, headers=headers)
        return answer.status_code, answer.json

    return send


def test_a_verified_webhook_is_answered_with_its_transaction(world, post):
    payment = world.start()
    assert post(*world.bank.webhook(payment.tx_id, "SUCCESS")) == (
        200,
        {"status": "verified", "transaction_id": payment.tx_id},
    )
    assert [row.state for row in world.inbox()] == ["received"]


def test_both_bank_keys_are_good_during_a_rotation(world, post):
    payment = world.start()
    for key in (2, 1, 2):
        assert post(*world.bank.webhook(payment.tx_id, "SUCCESS", key=key))[0] == 200


def test_the_typed_address_takes_the_same_webhooks(world, post):
    payment = world.start()
    assert (
        post(*world.bank.webhook(payment.tx_id, "SUCCESS"), url="/webhooks/bill_bitts/")[0] == 200
    )
    assert post(b"{}", {}, url="/webhooks/nobody/")[0] == 404


@pytest.mark.parametrize("url", ["/webhooks/neo-payment", "/webhooks/bill_bitts"])
def test_an_address_without_its_slash_takes_the_same_webhooks(world, post, client, url):
    payment = world.start()
    raw, headers = world.bank.webhook(payment.tx_id, "SUCCESS")
    assert post(raw, headers, url=url)[0] == 200
    # in chunks, which the middleware passes on: no redirect loses the body
    stream = {"input_stream": io.BytesIO(raw), "environ_overrides": {"wsgi.input_terminated": True}}
    answer = client.post(url, headers=headers, **stream)
    assert (answer.status_code, answer.json["status"]) == (200, "verified")
    assert len(world.inbox()) == 1


@pytest.mark.parametrize("length", ["9" * 5_000, "٩", "-1", "x"])
def test_a_length_that_is_no_number_is_refused(client, length):
    answer = client.post(URL, data=b"{}", environ_overrides={"CONTENT_LENGTH": length})
    assert 400 <= answer.status_code < 500


def test_a_repeat_gets_the_same_answer_and_is_stored_once(world, post):
    payment = world.start()
    webhook = world.bank.webhook(payment.tx_id, "SUCCESS")
    assert post(*webhook) == post(*webhook)
    assert len(world.inbox()) == 1


def test_an_unknown_customer_is_parked(world, post):
    tx_id = world.bank.open_payment("CPRN-ZZZZZZZZ", 100)
    assert post(*world.bank.webhook(tx_id, "SUCCESS")) == (
        202,
        {"status": "parked", "transaction_id": tx_id},
    )
    assert [row.state for row in world.inbox()] == ["parked"]


def forged(world, tx_id):
    return world.bank.webhook(tx_id, "SETTLED", key=3)


def stale(world, tx_id):
    return world.bank.webhook(tx_id, "SETTLED", age_s=301)


def from_the_future(world, tx_id):
    return world.bank.webhook(tx_id, "SETTLED", age_s=-301)


def tampered(world, tx_id):
    raw, headers = world.bank.webhook(tx_id, "SUCCESS")
    return raw.replace(b"SUCCESS", b"SETTLED"), headers


def new_nonce(world, tx_id):
    raw, headers = world.bank.webhook(tx_id, "SETTLED")
    return raw, headers | {"X-Nonce": "0" * 32}


def no_signature(world, tx_id):
    raw, headers = world.bank.webhook(tx_id, "SETTLED")
    return raw, {name: value for name, value in headers.items() if name != "X-Signature"}


def not_base64(world, tx_id):
    raw, headers = world.bank.webhook(tx_id, "SETTLED")
    return raw, headers | {"X-Signature": "%%%"}


def no_timestamp(world, tx_id):
    raw, headers = world.bank.webhook(tx_id, "SETTLED")
    return raw, {name: value for name, value in headers.items() if name != "X-Timestamp"}


@pytest.mark.parametrize(
    "make",
    [forged, stale, from_the_future, tampered, new_nonce, no_signature, not_base64, no_timestamp],
    ids=lambda f: f.__name__,
)
def test_what_the_bank_did_not_sign_now_is_refused_kept_and_counted_and_moves_nothing(
    world, post, make
):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    webhook = make(world, payment.tx_id)
    for _ in range(2):
        status, body = post(*webhook)
        assert status == 401
        assert body["error"]
    world.work()
    (kept,) = world.inbox()
    assert (kept.state, kept.attempts) == ("refused", 2)
    assert world.read(desk_queries.counts)["refused"] == 1
    assert world.status(payment.id) == "pending"
    assert world.postings() == []


def test_a_used_nonce_with_another_body_is_a_replay(world, post):
    payment = world.start()
    assert post(*world.bank.webhook(payment.tx_id, "PENDING", nonce="n" * 32))[0] == 200
    assert post(*world.bank.webhook(payment.tx_id, "SETTLED", nonce="n" * 32))[0] == 401
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.work()
    assert world.status(payment.id) == "pending"


def test_a_replay_of_an_old_delivery_is_stale(world, post, frozen):
    from datetime import timedelta

    payment = world.start()
    webhook = world.bank.webhook(payment.tx_id, "SUCCESS")
    assert post(*webhook)[0] == 200
    frozen.advance(timedelta(seconds=301))
    assert post(*webhook)[0] == 401


BAD_FIELDS = {
    "amount empty": {"amount": ""},
    "amount missing": {"amount": None},
    "amount a number": {"amount": 250.0},
    "amount huge": {"amount": "9" * 40 + ".00"},
    "amount negative": {"amount": "-250.00"},
    "amount zero": {"amount": "0.00"},
    "amount NaN": {"amount": "NaN"},
    "amount in exponents": {"amount": "1e9"},
    "amount in Arabic digits": {"amount": "٢٥٠.٠٠"},
    "amount with three decimals": {"amount": "250.000"},
    "amount as HTML": {"amount": "<b>250.00</b>"},
    "amount with a newline": {"amount": "250.00\n"},
    "currency unknown": {"currency": "XAU"},
    "currency in lower case": {"currency": "etb"},
    "currency a list": {"currency": ["ETB"]},
    "status unknown": {"status": "PAID"},
    "status as HTML": {"status": "<script>alert(1)</script>"},
    "cprn malformed": {"cprn": "CPRN-1"},
    "cprn as HTML": {"cprn": "<img src=x>"},
    "tx_id empty": {"tx_id": ""},
    "tx_id huge": {"tx_id": "A" * 1_000},
    "tx_id with a quote": {"tx_id": "A' OR 1=1"},
    "token symbol as HTML": {"token_symbol": "<i>T</i>"},
}
BAD_BODIES = {
    "nothing": b"",
    "no JSON": b"amount=1",
    "a list": b"[]",
    "a number": b"1",
    "NaN": b'{"amount": NaN}',
    "no UTF-8": b'{"amount": "\xff"}',
    "deep": b"[" * 30_000,
    "null": b"null",
}


@pytest.mark.parametrize("changes", BAD_FIELDS.values(), ids=BAD_FIELDS.keys())
def test_a_signed_webhook_with_a_bad_field_gets_a_sentence_and_moves_nothing(world, post, changes):
    payment = world.start()
    raw, _ = world.bank.webhook(payment.tx_id, "SETTLED")
    bad = canonical(json.loads(raw) | changes)
    check_refused(world, post, payment, world.bank.sign(bad))


@pytest.mark.parametrize("raw", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_signed_webhook_that_is_no_event_gets_a_sentence_and_moves_nothing(world, post, raw):
    payment = world.start()
    check_refused(world, post, payment, world.bank.sign(raw))


def check_refused(world, post, payment, webhook):
    world.bank.set_truth(payment.tx_id, "SETTLED")
    status, body = post(*webhook)
    assert status == 400
    assert body["error"].endswith(".")
    assert "<" not in body["error"]
    world.work()
    assert [row.state for row in world.inbox()] == ["refused"]
    assert world.status(payment.id) == "pending"
    assert world.postings() == []


def test_a_body_over_64_kb_is_refused_unread(world, post):
    status, body = post(b" " * (64 * 1024 + 1), {})
    assert (status, body) == (413, {"error": "The body is larger than 64 kB."})
    assert world.inbox() == []


def test_no_session_is_opened_and_no_form_token_is_asked_for(world, client):
    payment = world.start()
    raw, headers = world.bank.webhook(payment.tx_id, "SUCCESS")
    answer = client.post(URL, data=raw, headers=headers)
    assert "Set-Cookie" not in answer.headers
    assert answer.content_type == "application/json"


def test_only_post_is_possible(client):
    assert client.get(URL).status_code == 405


def test_a_chunked_body_gets_the_same_answer_by_the_long_way(world, client):
    payment = world.start()
    raw, headers = world.bank.webhook(payment.tx_id, "SUCCESS")
    answer = client.post(
        URL,
        input_stream=io.BytesIO(raw),
        headers=headers,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "verified", "transaction_id": payment.tx_id},
    )


def test_a_crash_is_a_try_again_without_internals(world, post, monkeypatch):
    payment = world.start()
    monkeypatch.setitem(gateways._built, "bill_bitts", object())
    status, body = post(*world.bank.webhook(payment.tx_id, "SUCCESS"))
    assert (status, body) == (503, {"error": "We could not store this. Send it again."})
