"""An investor cancels what was paid with tokens: the contract pays them back, its event decides."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters.chain import abi
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import ending
from crowdfund.chain import connection, queries, rules
from crowdfund.investments.service import cancelling
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import NotFound, WrongState
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.tracing.queries import sources
from crowdfund.tracing.rows import Reader
from tests import raising

from .test_own_wallets import (  # noqa: F401
    both_sides_agree,
    cancel_campaign,
    charlie,
    proofs,
    raise_,
)
from .wallet_investor import Investor, tell_again, tokens_of, view, work

CONTRACT = "CampaignImplementation"


def cancel(investor, investment_id):
    rollback()
    cancelling.cancel_paid(investment_id, user_id=investor.person_id)
    commit()


def totals(campaign_id):
    found = raising.campaign(campaign_id)
    return (
        found.reserved_minor,
        found.settled_minor,
        found.paid_token_minor,
        found.investors_count,
    )


def test_tokens_go_back_to_the_wallet_and_leave_totals_and_journal(raise_, charlie):  # noqa: F811
    campaign_id, address = raise_
    investment_id = charlie.invest(1_000_00)
    cancel(charlie, investment_id)
    waiting = charlie.investment(investment_id)
    assert (waiting.status, waiting.cancelled_at is not None) == ("confirmed", True)
    assert totals(campaign_id) == (1_000_00, 1_000_00, 1_000_00, 1), "the contract has them still"
    work()
    found = charlie.investment(investment_id)
    assert (found.status, found.tx_hash != found.cancel_tx) == ("returned", True)
    assert charlie.order(investment_id).refund_tx == found.cancel_tx is not None
    assert charlie.has() == rules.to_units(1_000_00)
    assert totals(campaign_id) == (0, 0, 0, 0)
    assert tokens_of(campaign_id) == ledger.balance(ledger_rules.OUTSIDE_WALLETS) == 0
    assert "investment.cancelled_tokens" in raising.told(charlie.person_id)
    both_sides_agree(campaign_id, address)


def test_the_explanation_names_the_cancellation_and_its_transaction(raise_, charlie):  # noqa: F811
    investment_id = charlie.invest(1_000_00)
    cancel(charlie, investment_id)
    work()
    thing = ("investment", investment_id)
    found = sources.of_things([thing], Reader("", frozenset()))[thing]
    assert [one.words for one in found] == [
        "The investor cancelled the investment",
        "The contract no longer counts it",
    ]


def test_an_investment_is_cancelled_once_however_often_it_is_asked_and_heard(raise_, charlie):  # noqa: F811
    campaign_id, address = raise_
    first, second = charlie.invest(1_000_00), charlie.invest(500_00)
    for _ in range(3):
        cancel(charlie, first)
    work()
    tell_again()
    cancel(charlie, first)
    work()
    assert (charlie.status(first), charlie.status(second)) == ("returned", "confirmed")
    assert len(queries.writes_of("token_cancellation", first)) == 1
    assert totals(campaign_id) == (500_00, 500_00, 500_00, 1)
    both_sides_agree(campaign_id, address)


def test_what_is_left_is_refunded_exactly_when_the_campaign_fails(raise_, charlie):  # noqa: F811
    campaign_id, _address = raise_
    dora = Investor(charlie.node, campaign_id, "dora")
    gone, kept = charlie.invest(1_000_00), charlie.invest(500_00)
    hers = dora.invest(2_000_00)
    cancel(charlie, gone)
    work()
    cancel_campaign(campaign_id)
    assert [charlie.status(one) for one in (gone, kept, hers)] == ["returned"] * 3
    assert charlie.has() == rules.to_units(1_500_00)
    assert dora.has() == rules.to_units(2_000_00)
    assert tokens_of(campaign_id) == ledger.balance(ledger_rules.OUTSIDE_WALLETS) == 0
    assert raising.campaign(campaign_id).status == "refunded"
    assert proofs() == []


def test_a_campaign_that_ends_at_the_same_moment_pays_once(raise_, charlie):  # noqa: F811
    """Both writes wait in the queue together; whichever comes first, the tokens go back once."""
    campaign_id, _address = raise_
    investment_id = charlie.invest(1_000_00)
    cancel(charlie, investment_id)
    cancel_campaign(campaign_id)
    assert charlie.status(investment_id) == "returned"
    assert charlie.has() == rules.to_units(1_000_00)
    assert tokens_of(campaign_id) == 0
    assert raising.campaign(campaign_id).status == "refunded"


def test_after_a_cancellation_the_same_wallet_can_invest_again(raise_, charlie):  # noqa: F811
    campaign_id, address = raise_
    cancel(charlie, charlie.invest(1_000_00))
    work()
    again = charlie.invest(700_00)
    assert charlie.status(again) == "confirmed"
    assert view(address, "positionOf", charlie.wallet) == {
        "amount": rules.to_units(700_00),
        "refunded": False,
        "paidIn": rules.to_units(1_700_00),
    }
    both_sides_agree(campaign_id, address)


def test_the_admission_of_a_cancelled_investment_pays_nothing_any_more(raise_, charlie):  # noqa: F811
    campaign_id, address = raise_
    investment_id = charlie.invest(1_000_00)
    order = charlie.order(investment_id)
    cancel(charlie, investment_id)
    work()
    charlie.send(order.token_address, order.calls["approve"])
    assert not charlie.send(address, order.calls["invest"], must=False).ok
    work()
    both_sides_agree(campaign_id, address)


def test_a_close_waits_for_the_cancellation_and_counts_without_it(raise_, charlie):  # noqa: F811
    campaign_id, _address = raise_
    dora = Investor(charlie.node, campaign_id, "dora")
    charlie.invest(5_000_00)
    hers = dora.invest(3_000_00)
    cancel(dora, hers)
    with pytest.raises(WrongState, match="recorded on chain"):
        ending.close_early(campaign_id, actor="alice")
    rollback()
    work()
    with pytest.raises(WrongState):  # 5,000 of 10,000 are no success
        ending.close_early(campaign_id, actor="alice")
    rollback()
    assert raising.campaign(campaign_id).status == "live"


@pytest.mark.parametrize(("hours", "may"), [(49, True), (47, False)])
def test_the_48_hours_hold_for_tokens_too(raise_, charlie, hours, may):  # noqa: F811
    campaign_id, _address = raise_
    investment_id = charlie.invest(1_000_00)
    ends = clock.now() + timedelta(hours=hours)
    db.session.execute(sa.update(Campaign).where(Campaign.id == campaign_id).values(ends_at=ends))
    commit()
    assert (cancelling.refusal(investment_id) is None) is may
    if not may:
        with raising.refused(cancelling.TooLate):
            cancel(charlie, investment_id)
        assert charlie.investment(investment_id).cancelled_at is None


def test_nobody_cancels_what_is_another_persons(raise_, charlie):  # noqa: F811
    dora = Investor(charlie.node, raise_[0], "dora")
    investment_id = charlie.invest(1_000_00)
    with raising.refused(NotFound):
        cancel(dora, investment_id)


def test_the_pages_say_where_the_tokens_go_and_when_they_are_back(raise_, charlie, app):  # noqa: F811
    investment_id = charlie.invest(1_000_00)
    browser = raising.browser(app, charlie.person_id)
    url = f"/investments/{investment_id}"
    assert "Cancel this investment" in browser.get(url).text
    page = browser.get(f"{url}/cancel-paid").text
    assert "The contract pays all tokens back to the wallet that paid them" in page
    assert "at once" not in page
    browser.post(f"{url}/cancel-paid")
    waiting = browser.get(url).text
    assert "Your investment is being cancelled" in waiting
    assert "Cancel this investment" not in waiting
    work()
    done = browser.get(url).text
    assert "The contract has paid all tokens back to the wallet" in done
    assert "Your investment is being cancelled" not in done


def test_a_refusal_of_the_contract_leaves_the_investment_and_says_so(raise_, charlie):  # noqa: F811
    """Somebody with the operator's key has ended the contract behind our back."""
    _campaign_id, address = raise_
    investment_id = charlie.invest(1_000_00)
    operator = connection.address_of("operator")
    charlie.node.rpc("anvil_impersonateAccount", operator)
    charlie.send(address, abi.encode(CONTRACT, "cancel", (b"\x07" * 32,)), sender=operator)
    cancel(charlie, investment_id)
    work()
    found = charlie.investment(investment_id)
    assert (found.status, found.cancelled_at) == ("confirmed", None)
    assert "investment.not_cancelled" in raising.told(charlie.person_id)
    assert [row.status for row in queries.writes_of("token_cancellation", investment_id)] == [
        "failed"
    ]


def test_a_cancellation_that_others_sent_is_heard_by_its_event(raise_, charlie):  # noqa: F811
    campaign_id, address = raise_
    investment_id = charlie.invest(1_000_00)
    order, operator = charlie.order(investment_id), connection.address_of("operator")
    charlie.node.rpc("anvil_impersonateAccount", operator)
    args = (order.intent, charlie.wallet, rules.to_units(1_000_00))
    charlie.send(address, abi.encode(CONTRACT, "cancelInvestment", args), sender=operator)
    work()
    assert charlie.status(investment_id) == "returned"
    both_sides_agree(campaign_id, address)
