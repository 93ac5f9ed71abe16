"""Pages of refunds: one click sends the money back; the desk shows returns among withdrawals."""

import re

import pytest

from crowdfund.ledger import queries as ledger
from crowdfund.payouts.service import requests
from tests import raising
from tests.payouts.conftest import verified_account
from tests.payouts.test_views import hidden


@pytest.fixture
def browsers(app, world):
    return {name: raising.browser(app, person) for name, person in world.people.items()}


def press(client, page, path):
    """Press the button that posts to a path on a page."""
    assert f'action="{path}"' in page
    return client.post(path, data={"csrf_token": hidden(page).get("csrf_token", "")})


def test_a_refund_goes_back_with_one_click_from_the_wallet(browsers, world):
    refund = world.refunded()
    charlie = browsers["charlie"]
    wallet = charlie.get("/wallet").text
    assert "Your refund from" in wallet
    assert "1,000.00 ETB" in wallet
    answer = press(charlie, wallet, f"/wallet/refunds/{refund.id}/back")
    shown = charlie.get(answer.headers["Location"], follow_redirects=True).text
    assert "The account that paid" in shown
    payout_id = answer.headers["Location"].rsplit("/", 1)[1]
    world.work()
    world.bank_ends(payout_id)
    shown = charlie.get(answer.headers["Location"]).text
    assert "The bank has sent the money back to the account that paid." in shown
    page = charlie.get(f"/wallet/refunds/{refund.id}").text
    assert "Sent back" in page
    assert "Where should the money go?" not in page
    assert "Your refund from" not in charlie.get("/wallet").text
    assert "Sent back" in charlie.get("/wallet/refunds").text


@pytest.mark.parametrize("path", ["/wallet", "/portfolio"])
def test_a_refund_without_a_choice_is_offered_where_the_money_is(browsers, world, path):
    refund = world.refunded()
    page = browsers["charlie"].get(path).text
    assert f"/wallet/refunds/{refund.id}/back" in page
    assert "/back" not in browsers["dora"].get(path).text


def test_the_notice_of_a_refund_leads_to_the_choice(browsers, world):
    world.refunded()
    assert "/wallet/refunds" in raising.mail_to("charlie@example.com")
    assert "Refunds" in browsers["charlie"].get("/wallet/refunds").text


def test_four_clicks_end_at_the_same_page(browsers, world):
    refund = world.refunded()
    charlie = browsers["charlie"]
    page = charlie.get(f"/wallet/refunds/{refund.id}").text
    path = f"/wallet/refunds/{refund.id}/back"
    ends = {press(charlie, page, path).headers["Location"] for _ in range(4)}
    world.work()
    assert (len(ends), world.orders()) == (1, 1)


def test_what_is_kept_is_no_longer_offered_and_still_goes_back(browsers, world):
    refund = world.refunded()
    charlie = browsers["charlie"]
    page = charlie.get(f"/wallet/refunds/{refund.id}").text
    press(charlie, page, f"/wallet/refunds/{refund.id}/keep")
    assert "Your refund from" not in charlie.get("/wallet").text
    page = charlie.get(f"/wallet/refunds/{refund.id}").text
    assert "You left it in your wallet" in page
    assert press(charlie, page, f"/wallet/refunds/{refund.id}/back").status_code == 303


def test_the_verified_account_is_offered_with_the_amount_filled_in(browsers, world):
    refund = world.refunded()
    charlie = browsers["charlie"]
    assert "Withdraw it to an account of mine" in charlie.get(f"/wallet/refunds/{refund.id}").text
    verified_account(world.people["charlie"], "1000123456789")
    page = charlie.get(f"/wallet/refunds/{refund.id}").text
    assert "Withdraw it to ET •••• 6789" in page
    link = re.search(r'href="(/wallet/withdraw/confirm[^"]*)"', page)[1]
    check = charlie.get(link).text
    assert "1,000.00 ETB" in check
    charlie.post("/wallet/withdraw/confirm", data=hidden(check))
    assert world.left(refund) == 0


def test_money_that_is_gone_is_answered_with_a_sentence(browsers, world):
    refund = world.refunded()
    verified_account(world.people["charlie"], "1000123456789")
    charlie = browsers["charlie"]
    page = charlie.get(f"/wallet/refunds/{refund.id}").text
    wanted = requests.Wanted(world.people["charlie"], 1_000_00, "another-window")
    world.do(requests.request, wanted)
    answer = press(charlie, page, f"/wallet/refunds/{refund.id}/back")
    assert answer.status_code == 409
    assert "no longer in your wallet" in answer.text
    assert world.orders() == 0


def test_a_return_that_failed_says_so_and_offers_the_choices_again(browsers, world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    world.bank_ends(payout_id, "FAILED")
    charlie = browsers["charlie"]
    shown = charlie.get(f"/wallet/withdrawals/{payout_id}").text
    assert "could not send the money back to the account that paid" in shown
    assert f"/wallet/refunds/{refund.id}" in shown
    assert "The bank could not send it back" in charlie.get(f"/wallet/refunds/{refund.id}").text


def test_a_person_can_have_every_refund_sent_back(browsers, world):
    charlie = browsers["charlie"]
    page = charlie.get("/wallet/refunds").text
    charlie.post("/wallet/refunds/always", data=hidden(page))
    page = charlie.get("/wallet/refunds").text
    assert "We send every refund back" in page
    charlie.post("/wallet/refunds/always", data=hidden(page))
    assert "until you choose" in charlie.get("/wallet/refunds").text


def test_finance_sees_returns_among_withdrawals_with_their_kind(browsers, world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    fin = browsers["fin"]
    for state in ("all", "return", "submitted"):
        shown = fin.get(f"/staff/payouts?state={state}").text
        assert "The account that paid" in shown
        assert re.search(r'data-label="Kind">Refund<', shown)
    page = fin.get(f"/staff/payouts/{payout_id}").text
    assert "Refund sent back" in page
    assert refund.tx_id in page
    csv = fin.get("/staff/payouts.csv?state=return").text
    assert f",return,{refund.tx_id}," in csv


def test_an_amount_that_went_back_leads_to_refund_payment_and_webhook(browsers, world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    world.bank_ends(payout_id)
    page = browsers["charlie"].get(f"/explain/withdrawal.amount/{payout_id}").text
    assert f"/wallet/refunds/{refund.id}" in page
    assert f"/payments/{refund.payment_id}" in page
    assert "Signed message of the bank" in page
    page = browsers["charlie"].get(f"/explain/refund.amount/{refund.id}").text
    assert f"/payments/{refund.payment_id}" in page
    assert "Signed message of the bank" in page
    page = browsers["charlie"].get(f"/explain/refund.in_wallet/{refund.id}").text
    assert "Sent back" in page
    (sent, _paid) = ledger.entries_with_key_prefix("payout", payout_id)
    page = browsers["charlie"].get(f"/explain/posting.amount/{sent.id}.0").text
    assert "Refund to the wallet" in page
    assert browsers["dora"].get(f"/explain/refund.amount/{refund.id}").status_code == 404
