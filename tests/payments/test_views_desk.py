"""Staff pages and the pages of the person who pays."""

import re

import pytest

from crowdfund.kernel import money
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


def test_staff_and_payers_read_one_name_of_the_gateway(world, sign_in):
    payment = world.start()
    world.tell(payment.tx_id, "PENDING")
    client = sign_in("fin", "finance")
    hook = f"/staff/webhooks/{world.inbox()[0].id}"
    for url in ("/staff/payments", f"/staff/payments/{payment.id}", "/staff/webhooks", hook):
        page = client.get(url).text
        assert "NEO Bank" in page, url
        assert "Bill Bitts" not in page, url
    assert "NEO Bank" in sign_in("alice").get(f"/payments/{payment.id}").text


def test_finance_finds_a_payment_by_transaction_and_status(world, sign_in):
    payment = world.start()
    client = sign_in("fin", "finance")
    assert f"/staff/payments/{payment.id}" in client.get(f"/staff/payments?q={payment.tx_id}").text
    for typed in (payment.tx_id.lower(), payment.id.upper(), f" {payment.tx_id.lower()} "):
        page = client.get("/staff/payments", query_string={"q": typed}).text
        assert f"/staff/payments/{payment.id}" in page
    assert payment.id not in client.get("/staff/payments?status=settled").text
    assert "No payments found" in client.get("/staff/payments?q=nothing").text


def test_the_list_has_pages_that_neither_repeat_nor_lose_a_payment(world, sign_in):
    for number in range(27):
        starting.start(
            starting.NewPayment(
                user_id=world.user_id,
                amount_minor=100 + number,
                currency="ETB",
                gateway="bill_bitts",
                purpose=("order", "i"),
                destination=ESCROW,
                description=f"Row {number:02}",
            ),
            key=f"k{number}",
        )
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


def test_finance_chooses_checks_and_confirms_and_the_history_says_who(world, sign_in, too_much):
    client = sign_in("fin", "finance")
    (found,) = world.exceptions()
    url = f"/staff/exceptions/{found.id}"
    page = client.get(url).text
    assert "checked" not in page.split('<form method="get"')[1].split("</form>")[0]
    assert page.count("Suggested") == 1
    check = client.get(f"{url}/resolve?resolution=accept").text
    assert "Accept this payment?" in check
    assert len(world.exceptions()) == 1  # to look at it decides nothing
    answer = client.post(
        f"{url}/resolve", data={"resolution": "accept", "reason": "Agreed by phone"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    page = client.get(url).text
    assert "Agreed by phone" in page
    assert "by Fin" in page
    assert world.balance(ESCROW) == 25_000


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize(
    ("choice", "moves"),
    [
        ("accept", [("250.00", ESCROW), ("50.00", "user:{user}:wallet")]),
        ("credit", [("300.00", "user:{user}:wallet")]),
        ("return", [("300.00", "gateway:bill_bitts:clearing")]),
        ("by_hand", [("300.00", "gateway:bill_bitts:external")]),
    ],
)
def test_each_choice_says_which_amount_goes_where_and_does_just_that(
    world, sign_in, too_much, choice, moves
):
    client = sign_in("fin", "finance")
    (found,) = world.exceptions()
    check = words(client.get(f"/staff/exceptions/{found.id}/resolve?resolution={choice}").text)
    before = world.postings()
    data = {"resolution": choice, "reference": "FT26335X"}
    client.post(f"/staff/exceptions/{found.id}/resolve", data=data)
    made = [row for row in world.postings() if row not in before]
    expected = [(amount, account.format(user=world.user_id)) for amount, account in moves]
    assert sorted((money.decimal_str(row[3]), row[2]) for row in made) == sorted(expected)
    for amount, account in expected:
        assert amount in check
        assert account in check
    assert check.count(" ETB ") == len(moves)


def test_only_doing_nothing_asks_for_a_reason(world, sign_in, too_much):
    client = sign_in("fin", "finance")
    (found,) = world.exceptions()
    check = words(client.get(f"/staff/exceptions/{found.id}/resolve?resolution=credit").text)
    assert "Reason (optional)" in check
    assert "no action is needed" not in check


def test_no_action_without_a_reason_is_asked_for_one_and_stays_open(world, sign_in):
    payment = world.start(25_000)
    world.bank.set_truth(payment.tx_id, "SUCCESS")
    starting.check_now(payment.id)
    commit()
    world.work()
    client = sign_in("fin", "finance")
    (found,) = world.exceptions()
    url = f"/staff/exceptions/{found.id}/resolve"
    assert "Why is no action needed?" in client.get(f"{url}?resolution=dismiss").text
    answer = client.post(url, data={"resolution": "dismiss", "reason": " "})
    assert answer.status_code == 422
    assert "Enter a short reason" in answer.text
    assert "Why is no action needed?" in answer.text
    assert len(world.exceptions()) == 1


def test_no_choice_is_asked_for_one(world, sign_in, too_much):
    (found,) = world.exceptions()
    client = sign_in("fin", "finance")
    for answer in (
        client.get(f"/staff/exceptions/{found.id}/resolve"),
        client.post(f"/staff/exceptions/{found.id}/resolve", data={"resolution": ""}),
    ):
        assert answer.status_code == 422
        assert "Choose what should happen" in answer.text
    assert len(world.exceptions()) == 1


@pytest.mark.parametrize("choice", ["dismiss", "return<script>", "x" * 5_000])
def test_a_resolution_that_does_not_fit_is_refused_with_a_sentence(
    world, sign_in, too_much, choice
):
    (found,) = world.exceptions()
    client = sign_in("fin", "finance")
    url = f"/staff/exceptions/{found.id}/resolve"
    for answer in (
        client.get(url, query_string={"resolution": choice}),
        client.post(url, data={"resolution": choice}),
    ):
        assert answer.status_code == 409
        assert "does not fit this payment" in answer.text
    assert len(world.exceptions()) == 1


def test_somebody_who_is_late_reads_that_it_was_decided_already(world, sign_in, too_much):
    (found,) = world.exceptions()
    client = sign_in("fin", "finance")
    url = f"/staff/exceptions/{found.id}/resolve"
    client.post(url, data={"resolution": "credit"})
    for answer in (
        client.get(f"{url}?resolution=return"),
        client.post(url, data={"resolution": "return"}),
    ):
        assert answer.status_code == 409
        assert "has already been reviewed" in answer.text
    assert world.balance(f"user:{world.user_id}:wallet") == 30_000


def test_a_payment_that_was_taken_back_is_not_shown_as_received(world, sign_in):
    payment = world.start(25_000)
    for status in ("SUCCESS", "FAILED"):
        world.bank.set_truth(payment.tx_id, status)
        world.tell(payment.tx_id, status)
        world.work()
    assert world.status(payment.id) == "reversed"
    page = words(sign_in("fin", "finance").get(f"/staff/payments/{payment.id}").text)
    assert "Received taken back" in page


def test_a_regulator_reads_everything_and_changes_nothing(world, sign_in, too_much):
    client = sign_in("reg", "regulator")
    (found,) = world.exceptions()
    row = world.inbox()[0]
    for url in (
        "/staff/payments",
        f"/staff/payments/{too_much.id}",
        "/staff/exceptions",
        f"/staff/exceptions/{found.id}",
        "/staff/webhooks",
        f"/staff/webhooks/{row.id}",
    ):
        page = client.get(url)
        assert page.status_code == 200, url
        assert "/resolve" not in page.text
        assert "/replay" not in page.text
    assert (
        client.post(
            f"/staff/exceptions/{found.id}/resolve", data={"resolution": "accept"}
        ).status_code
        == 403
    )
    assert client.post(f"/staff/webhooks/{row.id}/replay").status_code == 403
    assert len(world.exceptions()) == 1


@pytest.mark.parametrize("url", ["/staff/payments", "/staff/exceptions", "/staff/webhooks"])
def test_an_investor_may_not_open_the_desk(sign_in, url):
    assert sign_in("bob").get(url).status_code == 403


def test_a_webhook_is_shown_as_text_and_without_cookies(world, client, sign_in):
    raw, headers = world.bank.sign(b'{"note": "<script>alert(1)</script>"}')
    client.post(
        "/webhooks/neo-payment/", data=raw, headers=headers | {"Cookie": "crowdfund=secret"}
    )
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
