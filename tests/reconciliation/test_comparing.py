"""Contracts and books compared on a real chain: clean during work, and each kind of difference."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.rules import terms
from crowdfund.campaigns.service import ending, releasing
from crowdfund.chain import comparers, connection
from crowdfund.chain import queries as chain
from crowdfund.chain import rules as chain_rules
from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.reconciliation import queries, reading
from crowdfund.reconciliation.models import Comparison
from crowdfund.reconciliation.service import comparing
from tests import raising
from tests.chain.proxy import in_front_of

from .conftest import STRANGER


def test_books_and_contract_agree_at_every_step_of_a_success(raised):
    found = [raised.compare()]
    raised.paid("charlie", "8,000", key="form-key-1")
    found.append(raised.compare())  # settled, and only then recorded
    raised.pass_days(31)
    raised.close_due()
    found.append(raised.compare())
    releasing.release(raised.campaign_id, actor=raised.people["fiona"])
    commit()
    raised.chain_works()
    found.append(raised.compare())
    assert found == [[], [], [], []]
    last = queries.last_comparison()
    assert (last.campaigns, last.amount_minor, last.failure) == (1, 8_000_00, None)
    assert last.block_number == connection.node().head().number


def test_books_and_contract_agree_after_a_failure_with_refunds(raised):
    raised.paid("charlie", "1,000", key="form-key-1")
    raised.chain_works()
    raised.pass_days(31)
    raised.close_due()
    assert raised.campaign().status == "refunded"
    assert raised.compare() == []


def test_settled_money_that_waits_for_the_chain_is_no_difference(raised):
    raised.paid("charlie", "1,000", key="form-key-1")
    found = reading.compare_all()  # its record is queued
    assert (found.differences, found.failure) == ([], "")


def test_a_node_that_is_behind_is_no_difference(raised):
    """It lacks the block that recorded the payment, which the books have."""
    raised.paid("charlie", "1,000", key="form-key-1")
    raised.chain_works()
    head = connection.node().head().number
    older = connection.node().rpc("eth_getBlockByNumber", hex(head - 1), False)
    with in_front_of(config.settings().chain_rpc_url) as late:
        before = config.settings()
        late.answers["eth_getBlockByNumber"] = lambda params: (
            {"result": older} if params[0] == "latest" else None
        )
        config.use(before.model_copy(update={"chain_rpc_url": late.url}))
        found = reading.compare_all()
        config.use(before)
    assert found.differences == []
    assert "behind" in found.failure
    assert raised.compare() == []


def test_a_payment_on_the_contract_that_our_books_do_not_have_is_a_difference(raised):
    raised.record_on_chain("elsewhere", 500_00)
    assert raised.compare() == ["fiat"]
    [kept] = queries.last_comparison().differences
    assert kept["facts"] == {"books": 0, "contract": chain_rules.to_units(500_00)}
    assert kept["title"] == raised.campaign().title


def look_at_one(raised):
    """Compare the campaign alone, as after an event; return the kinds of the last comparison."""
    raised.chain_works()
    comparing.request_comparison(raised.campaign_id)
    commit()
    outbox.drain("chain")
    rollback()
    return [one["kind"] for one in queries.last_comparison().differences]


def comparisons():
    return db.session.scalar(sa.select(sa.func.count()).select_from(Comparison))


def test_a_difference_that_is_seen_at_one_campaign_is_on_the_desk_and_the_public_page_at_once(
    raised,
):
    """They showed "0 differences" for up to ten minutes after someone else cancelled a contract."""
    assert raised.compare() == []
    raised.record_on_chain("elsewhere", 500_00)
    assert look_at_one(raised) == ["fiat"]


def test_a_look_at_one_campaign_that_finds_nothing_new_compares_no_others(raised):
    raised.record_on_chain("elsewhere", 500_00)
    assert raised.compare() == ["fiat"]
    before = comparisons()
    assert look_at_one(raised) == ["fiat"]
    assert comparisons() == before


def test_tokens_that_only_one_side_counts_are_a_difference(raised):
    raised.count_tokens(300_00)
    assert raised.compare() == ["token"]


def test_tokens_of_an_intent_that_we_do_not_know_are_counted_by_our_books(raised):
    raised.invest_tokens(STRANGER, 300_00)
    assert raised.compare() == []
    assert raised.campaign().token_minor == 300_00


def test_tokens_that_our_books_have_not_heard_of_are_a_difference(raised):
    raised.invest_tokens(STRANGER, 300_00)
    raised.compare_now()  # before the indexer has read the block
    assert [one["kind"] for one in queries.last_comparison().differences] == ["token"]


def test_a_contract_of_our_factory_that_no_campaign_has_is_a_difference(raised):
    address = raised.make_contract_elsewhere()
    assert raised.compare() == ["unknown"]
    assert queries.last_comparison().differences[0]["address"] == address
    assert raised.compare() == ["unknown"]  # also when only newer blocks are searched for events
    assert queries.last_comparison().campaigns == 2


def test_a_contract_of_a_campaign_that_has_not_heard_of_it_yet_is_no_difference(raised):
    raised.set_status("deploying")
    raised.set_address(None)
    assert raised.compare() == []


def test_a_campaign_that_followed_between_look_and_note_is_not_marked(raised):
    """The look saw the books live; meanwhile they have ended as the contract did."""
    raised.on_chain("cancel", b"\x05" * 32, role="operator")
    found = reading.compare_all()
    assert [one.kind for one in found.differences] == ["status"]
    raised.set_status("cancelled")
    comparing.store(found)
    commit()
    assert raised.campaign().contract_result is None


def test_a_mark_goes_when_the_books_have_ended_as_the_contract_did(raised):
    raised.on_chain("cancel", b"\x05" * 32, role="operator")
    assert raised.compare() == ["status"]
    assert raised.campaign().contract_result == "cancelled"
    raised.set_status("cancelled")
    assert raised.compare() == []
    assert raised.campaign().contract_result is None


def test_a_contract_that_our_factory_did_not_make_is_a_difference(raised):
    other = connection.node().call(
        "CampaignFactory", chain.address_of("CampaignFactory"), "implementation"
    )
    raised.set_address(other)
    assert set(raised.compare()) >= {"foreign"}
    raised.set_address(STRANGER)
    assert set(raised.compare()) >= {"unreadable"}


def test_a_node_that_is_away_is_told_with_since_when_and_the_last_result_stays(raised):
    assert queries.state().last is None
    assert raised.compare() == []
    before = queries.last_comparison().id
    raised.chain_node.stop()
    raised.later(600)
    raised.compare_now()
    first = clock.now()
    raised.later(600)
    raised.compare_now()
    state = queries.state()
    assert state.last.id == before
    assert abs(state.away_since - first) < timedelta(minutes=5)


def test_a_result_is_old_when_nobody_compares_any_more(raised):
    assert raised.compare() == []
    assert not queries.state().is_old
    raised.later(31 * 60)
    rollback()
    assert queries.state().is_old


def test_the_commands_compare_in_the_same_way_and_keep_the_result(raised):
    raised.record_on_chain("elsewhere", 500_00)
    [problem] = comparers.problems()
    commit()
    assert problem.startswith(f"I9 campaign {raised.campaign_id}: ")
    assert "the contract counts 500.00 ETB" in problem
    assert [one["kind"] for one in queries.last_comparison().differences] == ["fiat"]


def test_contracts_record_longer_than_any_settings_wait(raised):
    """The relation of the two graces, read from the contract itself and for every dated limit."""
    needed = timedelta(days=queries.most_grace_days()) + terms.RECORDING_MARGIN
    seconds = raised.contract("SETTLEMENT_GRACE")
    assert timedelta(seconds=seconds) == terms.CONTRACT_GRACE
    assert timedelta(seconds=seconds) >= needed
    assert raised.compare() == []


def test_settings_that_outlast_the_contract_are_a_difference(raised):
    raised.set_grace(8)
    assert raised.compare() == ["grace"]


@pytest.mark.parametrize(("days", "status"), [(13, "live"), (14, "failed")])
def test_a_stranger_may_close_only_after_the_long_grace(raised, days, status):
    raised.pass_days(30 + days)
    if status == "live":
        with pytest.raises(AssertionError):
            raised.close_on_chain()
    else:
        raised.pass_days(1)
        raised.close_on_chain()
    assert raised.contract_status() == status


# --- the books alone ------------------------------------------------------------------------------


def test_an_ending_that_the_contract_does_not_confirm_becomes_an_alert_after_an_hour(raised):
    raised.pass_days(31)
    ending.close_due()
    commit()
    assert raised.alerts() == []
    raised.later(3_601)
    assert "close is not done since" in " ".join(raised.alerts())
    assert any("close is not done since" in line for line in raised.problems())


def test_a_campaign_that_nobody_closes_becomes_an_alert(raised):
    raised.pass_days(35)
    assert raised.alerts() == []
    raised.pass_days(2)
    assert "should have been closed on" in " ".join(raised.alerts())


def test_a_reorganisation_that_undoes_a_closing_takes_the_mark_away(raised):
    raised.mark("failed")
    comparing.request_comparison(raised.campaign_id)
    commit()
    raised.chain_works()
    campaign = raised.campaign()
    assert (campaign.contract_result, campaign.chain_error) == (None, None)
    assert raising.campaign(raised.campaign_id).status == "live"
