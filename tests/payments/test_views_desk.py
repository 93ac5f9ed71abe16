"""Staff pages and the pages of the person who pays."""

import pytest

from crowdfund.kernel.db import commit
from crowdfund.payments.service import starting

from .conftest import ESCROW


@pytest.fixture
def too_much(world):
    payment = world.start(25_000)
    world.bank.set_truth(payment.tx_id, "SETTLED", amount="300.00")
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    return payment


def test_finance_finds_a_payment_by_transaction_and_status(world, sign_in):
    payment = world.start()
    client = sign_in("fin", "finance")
    assert f"/staff/payments/{payment.id}" in client.get(f"/staff/payments?q={payment.tx_id}").text
    assert payment.id not in client.get("/staff/payments?status=settled").text
    assert "No payments found" in client.get("/staff/payments?q=nothing").text


def test_the_list_has_pages_that_neither_repeat_nor_lose_a_payment(world, sign_in):
    for number in range(27):
        starting.start(
            user_id=world.user_id, amount_minor=100 + number, currency="ETB", gateway="bill_bitts",
            purpose=("order", "i"), destination=ESCROW, description=f"Row {number:02}", key=f"k{number}",
        )  # fmt: skip
    commit()
    client = sign_in("fin", "finance")
    first = client.get("/staff/payments").text
    older = first.split("before=")[1].split('"')[0]
    second = client.get(f"/staff/payments?before={older}").text
    seen = [(f"Row {n:02}" in first, f"Row {n:02}" in second) for n in range(27)]
    assert all(one != other for one, other in seen)


def test_a_payment_shows_webhooks_postings_and_exceptions(world, sign_in, too_much):
    page = sign_in("fin", "finance").get(f"/staff/payments/{too_much.id}").text
    for text in ("Too much received", "platform:suspense", "Payment settled", too_much.tx_id):
        assert text in page


def test_finance_resolves_an_exception_and_the_history_says_who(world, sign_in, too_much):
    client = sign_in("fin", "finance")
    (found,) = world.exceptions()
    url = f"/staff/exceptions/{found.id}"
    assert "Accept" in client.get(url).text
    answer = client.post(f"{url}/resolve", data={"resolution": "accept", "reason": "Agreed by phone"})
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    page = client.get(url).text
    assert "Agreed by phone" in page
    assert "by Fin" in page
    assert world.balance(ESCROW) == 25_000


@pytest.mark.parametrize("choice", ["", "dismiss", "return<script>", "x" * 5_000])
def test_a_resolution_that_does_not_fit_is_refused_with_a_sentence(world, sign_in, too_much, choice):
    (found,) = world.exceptions()
    client = sign_in("fin", "finance")
    answer = client.post(f"/staff/exceptions/{found.id}/resolve", data={"resolution": choice})
    assert answer.status_code in (409, 422)
    assert "does not fit" in answer.text
    assert len(world.exceptions()) == 1


def test_a_regulator_reads_everything_and_changes_nothing(world, sign_in, too_much):
    client = sign_in("reg", "regulator")
    (found,) = world.exceptions()
    row = world.inbox()[0]
    for url in (
        "/staff/payments", f"/staff/payments/{too_much.id}", "/staff/exceptions",
        f"/staff/exceptions/{found.id}", "/staff/webhooks", f"/staff/webhooks/{row.id}",
    ):  # fmt: skip
        page = client.get(url)
        assert page.status_code == 200, url
        assert "/resolve" not in page.text
        assert "/replay" not in page.text
    assert (
        client.post(f"/staff/exceptions/{found.id}/resolve", data={"resolution": "accept"}).status_code == 403
    )
    assert client.post(f"/staff/webhooks/{row.id}/replay").status_code == 403
    assert len(world.exceptions()) == 1


@pytest.mark.parametrize("url", ["/staff/payments", "/staff/exceptions", "/staff/webhooks"])
def test_an_investor_may_not_open_the_desk(sign_in, url):
    assert sign_in("bob").get(url).status_code == 403


def test_a_webhook_is_shown_as_text_and_without_cookies(world, client, sign_in):
    raw, headers = world.bank.sign(b'{"note": "<script>alert(1)</script>"}')
    client.post("/webhooks/neo-payment/", data=raw, headers=headers | {"Cookie": "crowdfund=secret"})
    page = sign_in("fin", "finance").get(f"/staff/webhooks/{world.inbox()[0].id}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "secret" not in page


def test_a_parked_webhook_can_be_processed_again(world, sign_in):
    payment = world.start()
    world.tell(payment.tx_id, "SUCCESS")
    world.work()
    world.bank.set_truth(payment.tx_id, "SUCCESS")
    client = sign_in("fin", "finance")
    row = world.inbox()[0]
    assert "Process again" in client.get(f"/staff/webhooks/{row.id}").text
    assert client.post(f"/staff/webhooks/{row.id}/replay").status_code == 303
    world.work()
    assert world.status(payment.id) == "succeeded"


def test_staff_can_ask_the_gateway_at_once(world, sign_in):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    assert sign_in("fin", "finance").post(f"/staff/payments/{payment.id}/check").status_code == 303
    world.work()
    assert [one.kind for one in world.exceptions()] == ["webhook_missing"]


def test_the_payer_comes_back_to_the_page_of_what_was_paid(world, sign_in):
    payment = world.start()
    answer = sign_in("alice").get(f"/payments/{payment.id}/return?status=SETTLED")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/orders/i1")
    assert world.status(payment.id) == "pending"


def test_the_payer_sees_the_way_to_the_bank(world, sign_in):
    payment = world.start()
    assert payment.checkout_url in sign_in("alice").get(f"/payments/{payment.id}").text


@pytest.mark.parametrize("page", ["", "/return"])
def test_a_stranger_sees_nothing_of_a_payment(world, sign_in, page):
    payment = world.start()
    answer = sign_in("bob").get(f"/payments/{payment.id}{page}")
    assert answer.status_code == 404
    assert payment.tx_id not in answer.text
