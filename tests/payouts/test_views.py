"""Pages of withdrawals: from the wallet to the account, and the desk of finance."""

import re

import pytest
import sqlalchemy as sa

from crowdfund.kernel.db import commit, db, rollback
from crowdfund.payout_accounts.models import PayoutAccount
from crowdfund.payouts import rules
from crowdfund.payouts.service import requests
from crowdfund.security.service import second_factor
from tests import raising
from tests.payouts.conftest import open_holds
from tests.payouts.test_at_the_bank import put

CONFIRM = "/wallet/withdraw/confirm"


@pytest.fixture
def browsers(app, world):
    return {name: raising.browser(app, person) for name, person in world.people.items()}


def hidden(page):
    """Return the hidden fields of a page's forms."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    fields = {}
    for one in found:
        name, value = re.search(r'name="(\w+)"', one), re.search(r'value="([^"]*)"', one)
        fields[name[1]] = value[1] if value else ""
    return fields


def test_a_person_withdraws_from_the_wallet_to_the_account(browsers, world):
    world.fund()
    alice = browsers["alice"]
    assert "/wallet/withdraw" in alice.get("/wallet").text
    form = alice.get("/wallet/withdraw").text
    assert "ET •••• 6789" in form
    assert "Withdraw all: 1,000.00 ETB" in form
    check = alice.get(f"{CONFIRM}?amount=४००.५०").text
    assert "400.50 ETB" in check
    assert "599.50 ETB" in check
    fields = hidden(check)
    pages = [alice.post(CONFIRM, data=fields).headers["Location"] for _ in range(2)]
    assert pages[0] == pages[1]
    assert open_holds() == 1
    shown = alice.get(pages[0]).text
    assert "Requested" in shown
    assert "Cancel this withdrawal" in shown
    world.work()
    payout_id = pages[0].rsplit("/", 1)[1]
    world.bank.set_payout(payout_id, "PAID")
    world.later()
    shown = alice.get(pages[0]).text
    assert "Paid to your account" in shown
    assert "Your wallet" in shown
    assert "live" not in re.search(r"<section id=\"withdrawal-[^>]*>", shown)[0]
    assert pages[0] in alice.get("/wallet").text, "the posting leads to its withdrawal"
    assert pages[0] in alice.get("/wallet/withdrawals").text


def test_everything_can_be_withdrawn_without_typing_it(browsers, world):
    world.fund(amount="1,234.56")
    check = browsers["alice"].get(f"{CONFIRM}?amount=&all=1").text
    assert hidden(check)["amount"] == "1234.56"


@pytest.mark.parametrize("amount", ["", "0", "-1", "abc", "1000.01", "1e9", "9" * 100])
def test_a_wrong_amount_is_refused_with_a_sentence_and_stays_in_the_form(browsers, world, amount):
    world.fund()
    answer = browsers["alice"].get(CONFIRM, query_string={"amount": amount})
    assert answer.status_code == 422
    assert "data-error-summary" in answer.text
    answer = browsers["alice"].post(CONFIRM, data={"amount": amount, "key": "form-key-1"})
    assert answer.status_code in (409, 422)
    assert open_holds() == 0


def test_who_has_no_verified_account_or_no_money_is_told_what_to_do(browsers, world):
    assert "nothing to withdraw" in browsers["alice"].get("/wallet/withdraw").text
    rollback()
    db.session.execute(sa.update(PayoutAccount).values(status="pending"))
    commit()
    world.fund()
    assert "We are checking your payout account" in browsers["alice"].get("/wallet/withdraw").text
    rita = browsers["rita"].get("/wallet/withdraw").text
    assert "/account/payout-account" in rita
    answer = browsers["alice"].post(CONFIRM, data={"amount": "1", "key": "form-key-1"})
    assert answer.status_code == 409
    assert "We are checking your payout account" in answer.text


def test_who_has_a_second_factor_is_asked_for_it(app, world):
    world.fund()
    alice = world.people["alice"]
    second_factor.keep_app(alice, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    commit()
    tired = raising.sign_in(app.test_client(), alice)
    for answer in (
        tired.get("/wallet/withdraw"),
        tired.get(f"{CONFIRM}?amount=1"),
        tired.post(CONFIRM, data={"amount": "1", "key": "form-key-1"}),
    ):
        assert answer.headers["Location"].startswith("/sign-in/second-factor")
    assert open_holds() == 0


def test_a_person_cancels_on_the_page(browsers, world):
    world.fund()
    payout_id = world.request()
    page = f"/wallet/withdrawals/{payout_id}"
    assert browsers["bob"].get(page).status_code == 404
    assert browsers["bob"].post(f"{page}/cancel").status_code == 404
    assert browsers["alice"].post(f"{page}/cancel").status_code == 303
    assert "Cancelled" in browsers["alice"].get(page).text
    other = world.sent(key="form-key-2")
    answer = browsers["alice"].post(f"/wallet/withdrawals/{other}/cancel")
    assert (answer.status_code, "on its way already" in answer.text) == (409, True)


def test_finance_approves_and_rejects_in_its_queue(browsers, world):
    world.fund(amount="9,000")
    first, second = (world.request(amount="2,000", key=f"form-key-{n}") for n in (1, 2))
    desk = browsers["fin"].get("/staff").text
    assert "Withdrawals to approve" in desk
    queue = browsers["fin"].get("/staff/payouts").text
    assert first in queue
    assert second in queue
    page = f"/staff/payouts/{first}"
    assert "Approve" in browsers["fin"].get(page).text
    assert browsers["fin"].post(f"{page}/approve").status_code == 303
    world.work()
    assert world.get(first).status == "submitted"
    short = browsers["fin"].post(f"/staff/payouts/{second}/reject", data={"reason": "no"})
    assert (short.status_code, "data-error-summary" in short.text) == (422, True)
    reason = "Confirm the account by telephone."
    browsers["fin"].post(f"/staff/payouts/{second}/reject", data={"reason": reason})
    assert reason in browsers["alice"].get(f"/wallet/withdrawals/{second}").text
    assert "Nothing is waiting" in browsers["fin"].get("/staff/payouts").text
    assert first in browsers["fin"].get("/staff/payouts.csv?state=all").text


def test_staff_see_the_banks_answers_and_end_what_does_not_fit(browsers, world):
    world.fund()
    payout_id = world.sent()
    world.bank.set_payout(payout_id, "PAID", amount="399.00")
    world.later()
    page = f"/staff/payouts/{payout_id}"
    shown = browsers["fin"].get(page).text
    assert "another amount: 399.00 ETB" in shown
    assert "End it by hand" in shown
    assert payout_id in browsers["fin"].get("/staff/payouts?state=problem").text
    assert "looking into it" in browsers["alice"].get(f"/wallet/withdrawals/{payout_id}").text
    answer = browsers["fin"].post(f"{page}/settle", data={"reason": "x"})
    assert answer.status_code == 422
    assert browsers["fin"].post(f"{page}/ask").status_code == 303
    world.work()
    reason = "The bank confirmed by telephone that it was paid."
    browsers["fin"].post(f"{page}/settle", data={"outcome": "paid", "reason": reason})
    assert world.get(payout_id).status == "paid"
    assert reason in browsers["fin"].get(page).text
    world.later(days=1)
    assert "has ended as" not in (world.get(payout_id).problem or "")
    assert "another amount" in world.get(payout_id).problem
    raising.sign_in(browsers["fin"], world.people["fin"])  # a role sleeps after half a day
    assert browsers["fin"].post(f"{page}/dismiss", data={"reason": reason}).status_code == 303
    assert world.get(payout_id).problem is None


def test_finance_lets_an_order_be_sent_again_that_left_no_trace(browsers, world):
    world.fund()
    payout_id = world.request()
    world.do(requests.submit, payout_id)
    page = f"/staff/payouts/{payout_id}"
    assert "Send it again" not in browsers["fin"].get(page).text
    put(payout_id, sends=rules.MOST_SENDS)
    world.work()
    assert "Send it again" in browsers["fin"].get(page).text
    short = browsers["fin"].post(f"{page}/send-again", data={"reason": "no"})
    assert (short.status_code, "data-error-summary" in short.text) == (422, True)
    reason = "The bank has no such order, it says by telephone."
    assert browsers["fin"].post(f"{page}/send-again", data={"reason": reason}).status_code == 303
    world.work()
    assert world.orders() == 1
    shown = browsers["fin"].get(page).text
    assert reason in shown
    assert "Send it again" not in shown
    assert browsers["fin"].post(f"{page}/send-again", data={"reason": reason}).status_code == 409


def test_a_regulator_reads_and_changes_nothing(browsers, world):
    world.fund(amount="9,000")
    payout_id = world.request(amount="2,000")
    page = f"/staff/payouts/{payout_id}"
    shown = browsers["rita"].get(page)
    assert shown.status_code == 200
    assert "<button" not in re.search(r"<main.*</main>", shown.text, re.DOTALL)[0]
    assert browsers["rita"].post(f"{page}/approve").status_code == 403


def test_finance_cannot_decide_about_its_own(browsers, world):
    world.fund("fin", "9,000")
    payout_id = world.request("fin", "2,000")
    page = f"/staff/payouts/{payout_id}"
    assert "This is your own withdrawal" in browsers["fin"].get(page).text
    assert browsers["fin"].post(f"{page}/approve").status_code == 403


def test_the_same_amount_from_a_second_window_is_asked_about_once_more(browsers, world):
    world.fund()
    alice = browsers["alice"]
    windows = [hidden(alice.get(f"{CONFIRM}?amount=200").text) for _ in range(2)]
    assert alice.post(CONFIRM, data=windows[0]).status_code == 303
    again = alice.post(CONFIRM, data=windows[1])
    assert again.status_code == 409
    assert "a few minutes ago" in again.text
    assert open_holds() == 1
    assert alice.post(CONFIRM, data=hidden(again.text)).status_code == 303
    assert open_holds() == 2


def test_another_amount_or_a_later_one_needs_no_second_confirmation(browsers, world):
    world.fund()
    alice = browsers["alice"]
    for amount, later in (("200", 0), ("100", 0), ("200", 601)):
        world.later(seconds=later)
        fields = hidden(alice.get(f"{CONFIRM}?amount={amount}").text)
        assert alice.post(CONFIRM, data=fields).status_code == 303
    assert open_holds() == 3
