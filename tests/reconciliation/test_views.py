"""The pages: two people have a campaign follow its contract; everyone sees whether both agree."""

import html
import re

import pytest

from crowdfund.reconciliation import queries
from tests import raising

from .conftest import WHY

HIDDEN = re.compile(r'name="fingerprint" value="([0-9a-f]{64})"')


@pytest.fixture
def cancelled(raised):
    """The contract was cancelled, SQL is live with 1,000 of Charlie's."""
    raised.paid("charlie", "1,000", key="form-key-1")
    raised.chain_works()
    raised.on_chain("cancel", b"\x05" * 32, role="operator")
    raised.compare()
    return raised


def browser(app, raised, who):
    return raising.browser(app, raised.people[who])


def page(raised):
    return f"/staff/campaigns/{raised.campaign_id}/contract"


def text(answer):
    """Return what a person reads of a page, on one line."""
    bare = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(html.unescape(bare).split())


def ask(client, raised, reason=WHY, fingerprint=None):
    shown = client.get(page(raised)).get_data(as_text=True)
    given = fingerprint or HIDDEN.search(shown)[1]
    return client.post(f"{page(raised)}/follow", data={"reason": reason, "fingerprint": given})


def test_one_person_asks_with_a_preview_another_approves_and_the_money_is_back(app, cancelled):
    fiona, adam = browser(app, cancelled, "fiona"), browser(app, cancelled, "adam")
    shown = text(fiona.get(page(cancelled)))
    assert "Our books say Live, the contract says Cancelled." in shown
    assert "Everyone is refunded: 1,000.00 ETB goes to the investors' wallets" in shown
    assert "The campaign becomes: Cancelled." in shown
    assert "Charlie Tadesse" in shown
    assert f"campaign:{cancelled.campaign_id}:escrow" in shown
    address = ask(fiona, cancelled).headers["Location"]
    own = fiona.get(address)
    assert "A second person has to approve it" in text(own)
    assert "/approve" not in own.get_data(as_text=True)
    assert fiona.post(f"{address}/approve").status_code == 403
    assert "A request is open" in text(fiona.get(page(cancelled)))
    assert cancelled.campaign().status == "live"
    offered = adam.get(address)
    assert "Approve and carry out" in text(offered)
    assert WHY in text(offered)
    assert adam.post(f"{address}/approve").status_code == 303
    cancelled.chain_works()
    assert (cancelled.wallet(), cancelled.escrow()) == (1_000_00, 0)
    done = text(adam.get(address))
    assert "Done" in done
    assert "The contract and our books agree" in text(fiona.get(page(cancelled)))


def test_a_preview_that_is_out_of_date_cannot_be_asked_for_or_approved(app, cancelled):
    fiona, adam = browser(app, cancelled, "fiona"), browser(app, cancelled, "adam")
    refused = ask(fiona, cancelled, fingerprint="0" * 64)
    assert refused.status_code == 409
    assert "Nothing was moved" in text(refused)
    address = ask(fiona, cancelled).headers["Location"]
    cancelled.change_money(100_00)
    shown = adam.get(address)
    assert "This preview is out of date" in text(shown)
    assert "/approve" not in shown.get_data(as_text=True)
    refused = adam.post(f"{address}/approve")
    assert refused.status_code == 409
    assert "Nothing was moved" in text(refused)
    assert cancelled.wallet() == 0


def test_a_reason_is_needed_and_what_was_typed_stays(app, cancelled):
    fiona = browser(app, cancelled, "fiona")
    answer = ask(fiona, cancelled, reason="short")
    assert answer.status_code == 422
    assert "short" in answer.get_data(as_text=True)
    assert HIDDEN.search(answer.get_data(as_text=True))
    assert queries.requests().rows == []


def test_a_colleague_refuses_with_a_reason_and_the_asker_withdraws(app, cancelled):
    fiona, adam = browser(app, cancelled, "fiona"), browser(app, cancelled, "adam")
    address = ask(fiona, cancelled).headers["Location"]
    assert adam.post(f"{address}/refuse", data={"reason": ""}).status_code == 422
    adam.post(f"{address}/refuse", data={"reason": "We look into it first."})
    assert "We look into it first." in text(fiona.get(address))
    address = ask(fiona, cancelled).headers["Location"]
    assert adam.post(f"{address}/withdraw").status_code == 403
    assert fiona.post(f"{address}/withdraw").status_code == 303
    listed = text(fiona.get("/staff/follow?status=all"))
    assert "Refused" in listed
    assert "Cancelled" in listed
    assert "Nothing is waiting" in text(fiona.get("/staff/follow"))


def test_the_page_of_the_campaign_leads_to_the_comparison_instead_of_trying_again(app, cancelled):
    shown = browser(app, cancelled, "fiona").get(f"/staff/campaigns/{cancelled.campaign_id}")
    assert "Compare and follow the contract" in text(shown)
    assert "/retry" not in shown.get_data(as_text=True)
    carla = browser(app, cancelled, "carla")
    assert carla.get(page(cancelled)).status_code == 403


def test_comparing_now_reads_the_contract_again(app, raised):
    fiona = browser(app, raised, "fiona")
    assert "Not compared yet" in text(fiona.get(page(raised)))
    fiona.post(f"{page(raised)}/compare")
    raised.chain_works()
    shown = text(fiona.get(page(raised)))
    assert "The contract and our books agree" in shown
    assert "what will happen" not in shown


# --- for everybody --------------------------------------------------------------------------------


def test_everybody_sees_whether_books_and_contracts_agree(app, raised):
    visitor = raising.browser(app)
    assert "Not compared yet" in text(visitor.get("/transparency/drift"))
    raised.paid("charlie", "1,000", key="form-key-1")
    raised.compare()
    shown = text(visitor.get("/transparency/drift"))
    assert "0 differences" in shown
    assert "1,000.00 ETB" in shown
    assert f"{queries.last_comparison().block_number}" in shown
    assert "/transparency/drift" in visitor.get("/campaigns").get_data(as_text=True)


def test_a_difference_is_told_to_everybody_and_to_the_desk_without_names(app, raised):
    raised.record_on_chain("elsewhere", 500_00)
    raised.compare()
    shown = text(raising.browser(app).get("/transparency/drift"))
    assert "1 difference" in shown
    assert "Our books have 0.00 ETB recorded on chain, the contract counts 500.00 ETB." in shown
    assert not any(name in shown for name in ("Charlie", "Alice", "@example.com"))
    desk = browser(app, raised, "fiona").get("/staff")
    assert "Our books and the contracts differ" in text(desk)
    assert page(raised) in desk.get_data(as_text=True)


def test_a_node_that_is_away_is_told_with_the_last_result(app, raised):
    raised.compare()
    raised.chain_node.stop()
    raised.compare_now()
    shown = text(raising.browser(app).get("/transparency/drift"))
    assert "The blockchain node does not answer" in shown
    assert "0 differences" in shown
    assert "The blockchain node does not answer" in text(
        browser(app, raised, "fiona").get("/staff")
    )


def test_a_result_that_is_old_says_so(app, raised):
    raised.compare()
    raised.later(31 * 60)
    assert "This result is old" in text(raising.browser(app).get("/transparency/drift"))
    assert "Contracts are not being compared" in text(browser(app, raised, "fiona").get("/staff"))
