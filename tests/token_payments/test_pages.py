"""The wallet's page, what its script asks, and a page for whatever goes wrong."""

import re
from datetime import timedelta

import pytest

from crowdfund.adapters.chain import abi
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, rollback
from crowdfund.token_payments import rules
from crowdfund.token_payments import service as token_payments
from tests import raising

from .conftest import CALLS, WALLET, add_rate, order_of, place

JSON = {"Accept": "application/json"}
OTHER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


@pytest.fixture
def paying(app, charlie):
    """Return charlie's browser and the address of a payment with tokens."""
    _, order = place(charlie)
    client = raising.browser(app, charlie.people["charlie"])
    return client, f"/payments/{order.payment_id}/tokens", order


def form(slug):
    return {
        "amount": "1,000",
        "rail": "token",
        "consent": "y",
        "key": "form-key-9",
    }, f"/campaigns/{slug}/invest"


def test_the_form_leads_to_the_exact_quote(app, charlie):
    client = raising.browser(app, charlie.people["charlie"])
    fields, url = form(charlie.slug)
    answer = client.post(url, data=fields)
    assert answer.status_code == 303
    shown = client.get(answer.headers["Location"]).get_data(as_text=True)
    for words in (
        "1,000.00 cETB",
        "1,000.00 ETB",
        "1 cETB = 1 ETB",
        "31337",
        "You can cancel until 48 hours before the deadline",
    ):
        assert words in shown


def test_the_form_says_why_tokens_cannot_be_used_and_loses_nothing(app, world):
    client = raising.browser(app, world.people["charlie"])
    fields, url = form(world.slug)
    answer = client.post(url, data=fields)
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert "No exchange rate of the token is known" in text
    assert 'value="1,000"' in text
    assert raising.campaign(world.campaign_id).reserved_minor == 0


def test_the_script_learns_step_by_step_what_to_ask_of_the_wallet(paying, charlie):
    client, url, order = paying
    assert client.get(f"{url}/state").get_json() == {"status": "choose"}
    answer = client.post(f"{url}/wallet", data={"address": OTHER}, headers=JSON)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "wallet_not_linked")
    chosen = client.post(f"{url}/wallet", data={"address": WALLET.lower()}, headers=JSON)
    assert chosen.get_json() == {"status": "preparing"}
    rollback()
    token_payments.store_admission(order.payment_id, CALLS, is_contract=False)
    commit()
    ready = client.get(f"{url}/state").get_json()
    assert (ready["status"], ready["wallet"], ready["contract"]) == (
        "ready",
        WALLET,
        order.contract,
    )
    assert int(ready["units"], 16) == int(order.units)
    assert ready["calls"]["invest"] == "0x01"
    assert "admission" not in ready["calls"]


def test_the_chosen_wallet_stays(paying, charlie):
    from crowdfund.people import service as people

    client, url, _ = paying
    people.add_method(charlie.people["charlie"], "wallet", OTHER, label="another")
    commit()
    client.post(f"{url}/wallet", data={"address": WALLET}, headers=JSON)
    answer = client.post(f"{url}/wallet", data={"address": OTHER}, headers=JSON)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "wallet_fixed")


def test_after_its_time_a_quote_chooses_no_wallet(paying, frozen):
    client, url, _ = paying
    frozen.advance(timedelta(minutes=15, seconds=1))
    assert client.get(f"{url}/state").get_json() == {"status": "late"}
    answer = client.post(f"{url}/wallet", data={"address": WALLET}, headers=JSON)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "order_ended")
    assert "The time for this payment is over" in client.get(url).get_data(as_text=True)


@pytest.mark.parametrize("said", ["0x" + "ab" * 32, "a safe's own number", ""])
def test_a_hint_is_stored_and_moves_nothing(paying, charlie, said):
    client, url, order = paying
    answer = client.post(f"{url}/sent", data={"hash": said})
    assert answer.get_json()["url"].startswith("/investments/")
    rollback()
    found = token_payments.queries.order(order.payment_id)
    assert found.hint_tx == (said if said.startswith("0x") else None)
    assert found.tx_hash is None
    assert "has sent a transaction" in client.get(url).get_data(as_text=True)


@pytest.mark.parametrize("name", sorted(rules.PROBLEMS))
def test_each_problem_has_a_page_with_a_heading_and_a_way_on(paying, name):
    client, url, _ = paying
    answer = client.get(f"{url}/problem/{name}")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    [heading] = re.findall(r"<h1>(.*?)</h1>", text)
    assert heading == rules.PROBLEMS[name].title.replace("'", "&#39;")
    assert f'href="{url}"' in text


def test_an_unknown_problem_is_no_page(paying):
    client, url, _ = paying
    assert client.get(f"{url}/problem/anything").status_code == 404


def revert(name, *args):
    [item] = [one for one in abi.artifact("CampaignImplementation").abi if one.get("name") == name]
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    types = [one["type"] for one in item["inputs"]]
    return "0x" + (keccak(text=f"{name}({','.join(types)})")[:4] + encode(types, args)).hex()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (revert("AdmissionExpired", 7), "The time for this payment is over."),
        (revert("AboveGoal"), "The whole goal is taken."),
        (revert("DeadlinePassed", 7), "The deadline of the campaign has passed."),
        ("0x12345678", "Revert"),
        ("0xzz", ""),
        ("<script>", ""),
    ],
)
def test_the_contracts_reason_is_told_in_words(paying, data, words):
    client, url, _ = paying
    text = client.get(f"{url}/problem/reverted", query_string={"reason": data})
    found = re.findall(r"Reason: (.*?)</p>", text.get_data(as_text=True))
    assert found == ([words] if words else [])


@pytest.mark.parametrize(
    ("data", "page"),
    [
        (revert("AdmissionExpired", 7), "too-late"),
        (revert("WrongStatus", 3), "too-late"),
        (revert("AmountNotReceived", 1, 2), "wrong-token"),
        (revert("AboveGoal"), "reverted"),
    ],
)
def test_a_refusal_that_has_a_page_of_its_own_is_shown_there(paying, data, page):
    client, url, _ = paying
    text = client.get(f"{url}/problem/reverted", query_string={"reason": data})
    assert f"<h1>{rules.PROBLEMS[page].title}</h1>" in text.get_data(as_text=True)


def test_every_error_of_contract_and_token_that_an_investor_can_meet_has_words():
    met = {"AdmissionExpired", "DeadlinePassed", "WrongStatus", "NotAdmitted", "NotGranular"}
    met |= {"AboveGoal", "AboveMaximum", "BelowMinimum", "AmountNotReceived"}
    met |= {"ERC20InsufficientBalance", "ERC20InsufficientAllowance"}
    met |= {"ERC2612ExpiredSignature", "ERC2612InvalidSigner"}
    known = {one.get("name") for name in abi.names() for one in abi.artifact(name).abi}
    assert met <= set(rules.REASONS)
    assert set(rules.REASONS) <= known | {"EnforcedPause"}


def test_a_paid_order_leads_to_its_status_page(paying, charlie):
    client, url, order = paying
    rollback()
    token_payments.settle(order, "0x" + "ab" * 32)
    commit()
    assert client.get(url).status_code == 303
    assert client.get(f"{url}/state").get_json()["status"] == "over"


def test_a_stranger_meets_nothing(app, paying, charlie):
    _, url, _ = paying
    dora = raising.browser(app, charlie.people["dora"])
    for path in ("", "/state", "/problem/refused"):
        assert dora.get(f"{url}{path}").status_code == 404
    for path in ("/wallet", "/permit", "/sent"):
        assert dora.post(f"{url}{path}").status_code == 404


def test_one_to_one_means_the_same_number_on_both_sides(charlie):
    add_rate(1, 1, at=clock.now())
    investment_id, order = place(charlie, 1_200_00)
    assert order_of(charlie, investment_id).token_minor == order.amount_minor == 1_200_00
