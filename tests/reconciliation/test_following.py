"""The contract and the books disagree at the close: what two people can do about each case."""

import pytest
import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import ending, releasing, totals
from crowdfund.chain import service as chain_service
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Forbidden, NotYours, WrongState
from crowdfund.reconciliation.rules import following
from crowdfund.reconciliation.service import comparing
from crowdfund.reconciliation.service import following as following_service
from tests import raising

from .conftest import WHY


def events(raised):
    return [event.to_status for event in campaigns.history(raised.campaign_id)]


def test_money_that_settles_while_the_node_is_away_past_both_graces_goes_back_and_the_rest_follows(
    raised,
):
    """SQL has enough and the contract has not: everybody is refunded."""
    first = raised.paid("charlie", "5,000", key="form-key-1")
    raised.chain_works()
    late = raised.paid("dora", "3,000", key="form-key-2")
    raised.pass_days(45)  # nobody could record the second one
    raised.chain_works()
    raised.close_on_chain()
    assert raised.contract_status() == "failed"
    assert raised.close_due() == 0
    assert raised.compare() == ["status", "refused"]
    assert raised.campaign().status == "live"
    assert raised.follow() == "done"
    assert raised.campaign().status == "refunded"
    assert (raised.status(first), raised.status(late, "dora")) == ("returned", "returned")
    assert (raised.wallet("charlie"), raised.wallet("dora"), raised.escrow()) == (
        5_000_00,
        3_000_00,
        0,
    )
    assert raised.problems() == []
    assert [row.status for row in raised.writes(late)] == ["closed"]
    assert {"investment.refunded"} <= set(raising.told(raised.people["dora"]))


def succeed_by_others(raised, *, ours="1,000", theirs=7_500_00):
    """The contract counts payments that we lack; someone with our key closes it as a success.

    Our own close would not count them: two keys have to be in wrong hands.
    """
    if ours:
        raised.paid("charlie", ours, key="form-key-1")
        raised.chain_works()
    raised.record_on_chain("a record elsewhere", theirs)
    raised.pass_days(31)
    raised.close_on_chain(role="operator")  # our own closing would not count what we do not confirm
    raised.chain_works()


def test_a_contract_that_succeeded_by_payments_that_we_do_not_have(raised):
    """The contract succeeded and SQL would fail: it succeeds with the money in the escrow."""
    succeed_by_others(raised)
    campaign = raised.campaign()
    assert (campaign.status, campaign.contract_result) == ("live", "succeeded")
    assert raised.compare() == ["status", "fiat"]
    assert raised.preview().plan.difference_minor == 7_500_00
    assert raised.follow() == "done"
    assert raised.campaign().status == "succeeded"
    assert (raised.escrow(), raised.wallet()) == (1_000_00, 0)
    assert raised.problems() == []
    releasing.release(raised.campaign_id, actor=raised.people["fiona"])
    commit()
    raised.chain_works()
    assert raised.campaign().status == "released"
    assert raised.company_money() == 975_00
    assert raised.problems() == []


def test_a_success_without_any_money_of_ours_is_released_without_a_posting(raised):
    succeed_by_others(raised, ours="", theirs=8_000_00)
    raised.compare()
    assert raised.follow() == "done"
    releasing.release(raised.campaign_id, actor=raised.people["fiona"])
    commit()
    raised.chain_works()
    campaign = raised.campaign()
    assert (campaign.status, campaign.released_minor, campaign.release_entry_id) == (
        "released",
        0,
        None,
    )
    assert raised.problems() == []


def test_a_contract_that_somebody_cancelled_with_our_key_refunds_everybody(raised):
    investment_id = raised.paid("charlie", "1,000", key="form-key-1")
    raised.chain_works()
    raised.on_chain("cancel", b"\x01" * 32, role="operator")
    assert raised.compare() == ["status"]
    with raising.refused(life.CampaignClosed):
        totals.reserve(raised.campaign_id, 100_00)
    assert raised.follow() == "done"
    assert raised.campaign().status == "refunded"
    assert events(raised)[-2:] == ["cancelled", "refunded"]
    assert (raised.status(investment_id), raised.wallet(), raised.escrow()) == (
        "returned",
        1_000_00,
        0,
    )
    assert raised.problems() == []


def test_a_stranger_who_closes_a_live_campaign_is_noticed_at_once(raised):
    """It succeeded there; the payment that the contract refused goes back, the rest goes on."""
    kept = raised.paid("charlie", "8,000", key="form-key-1")
    raised.chain_works()
    refused = raised.paid("dora", "500", key="form-key-2")
    raised.pass_days(45)
    raised.close_on_chain()
    raised.chain_works()  # its event arrives, and the record is refused
    assert raised.campaign().contract_result == "succeeded"
    assert "its contract succeeded: follow the contract" in " ".join(raised.alerts())
    seen = raised.preview().plan
    assert [one.id for one in seen.returned] == [refused]
    assert (seen.to, seen.settled_after_minor) == ("succeeded", 8_000_00)
    assert raised.follow() == "done"
    campaign = raised.campaign()
    assert (campaign.status, campaign.settled_minor, campaign.investors_count) == (
        "succeeded",
        8_000_00,
        1,
    )
    assert (raised.status(kept), raised.status(refused, "dora")) == ("confirmed", "returned")
    assert (raised.wallet("dora"), raised.escrow()) == (500_00, 8_000_00)
    assert "investment.unrecorded" in raising.told(raised.people["dora"])
    assert raised.problems() == []


def test_a_success_on_both_sides_returns_what_the_contract_refused_before_the_release(raised):
    """As closings of older versions left it: the totals differ, the results do not."""
    raised.paid("charlie", "8,000", key="form-key-1")
    raised.chain_works()
    refused = raised.paid("dora", "500", key="form-key-2")
    raised.pass_days(45)
    raised.close_on_chain()
    raised.set_status("succeeded")
    raised.chain_works()
    assert raised.compare() == ["refused"]
    with raising.refused(WrongState):
        releasing.release(raised.campaign_id, actor=raised.people["fiona"])
    assert raised.follow() == "done"
    assert (raised.campaign().status, raised.campaign().settled_minor) == ("succeeded", 8_000_00)
    assert raised.status(refused, "dora") == "returned"
    releasing.release(raised.campaign_id, actor=raised.people["fiona"])
    commit()
    raised.chain_works()
    assert raised.company_money() == 7_800_00
    assert raised.problems() == []


def succeeded(raised):
    raised.paid("charlie", "8,000", key="form-key-1")
    raised.chain_works()
    raised.pass_days(31)
    assert raised.close_due() == 1
    assert raised.campaign().status == "succeeded"


def test_a_contract_that_was_released_behind_our_back_is_paid_out_in_the_books_once(raised):
    succeeded(raised)
    raised.on_chain("release", b"\x02" * 32, 0, role="operator")
    assert raised.compare() == ["status"]
    with raising.refused(WrongState):
        releasing.release(raised.campaign_id, actor=raised.people["fiona"])
    assert len(raised.preview().moves) == 2
    assert raised.follow() == "done"
    assert raised.campaign().status == "released"
    assert (raised.company_money(), raised.escrow()) == (7_800_00, 0)
    assert raised.problems() == []


def test_a_contract_that_was_closed_and_released_while_our_books_are_live(raised):
    raised.paid("charlie", "8,000", key="form-key-1")
    raised.chain_works()
    raised.close_on_chain(role="operator")
    raised.on_chain("release", b"\x03" * 32, 0, role="operator")
    assert raised.compare() == ["status"]
    assert raised.follow() == "done"
    assert events(raised)[-2:] == ["succeeded", "released"]
    assert (raised.company_money(), raised.escrow()) == (7_800_00, 0)
    assert raised.problems() == []


def test_a_payment_that_the_contract_refuses_holds_the_closing_until_it_went_back(raised):
    """Both are live: somebody else's record took the room."""
    raised.paid("charlie", "1,000", key="form-key-1")
    raised.chain_works()
    raised.record_on_chain("elsewhere", 8_500_00)
    refused = raised.paid("dora", "1,000", key="form-key-2")
    raised.chain_works()
    raised.pass_days(31)
    assert raised.close_due() == 0
    assert "refused to record" in raised.campaign().chain_error
    assert "the contract refused 1 payments of 100000" in " ".join(raised.alerts())
    with raising.refused(WrongState):
        ending.retry_ending(raised.campaign_id, actor=raised.people["fiona"])
    raised.compare()
    assert [one.id for one in raised.preview().plan.returned] == [refused]
    assert raised.follow() == "done"
    assert (raised.status(refused, "dora"), raised.wallet("dora")) == ("returned", 1_000_00)
    [write] = raised.writes(refused)
    assert write.status == "closed"
    with raising.refused(Conflict):  # sent again, the contract would count money that went back
        chain_service.replay(write.id, actor=raised.people["adam"])
    assert (raised.campaign().settled_minor, raised.campaign().refused_count) == (1_000_00, 0)
    assert raised.alerts() == []
    assert raised.close_due() == 1  # the contract counted 9,500 of 10,000, and now what we confirm
    assert raised.campaign().status == "refunded"
    assert raised.compare() == []
    assert raised.problems() == []


def test_an_investment_that_the_books_hold_as_recorded_and_the_contract_does_not_have(raised):
    """The chain lost it: it goes back, and the others take part."""
    raised.paid("charlie", "8,000", key="form-key-1")
    raised.chain_works()
    lost = raised.paid("dora", "500", key="form-key-2")
    raised.settle_in_sql_only(lost)
    raised.close_on_chain(role="operator")
    assert raised.compare() == ["status", "fiat"]
    seen = raised.preview().plan
    assert [one.id for one in seen.returned] == [one.id for one in seen.forgotten] == [lost]
    assert raised.follow() == "done"
    assert raised.status(lost, "dora") == "returned"
    assert raised.wallet("dora") == 500_00
    assert raised.problems() == []


def test_a_closing_that_the_chain_lost_is_sent_again(raised):
    """The books succeeded and the contract is live."""
    raised.paid("charlie", "8,000", key="form-key-1")
    raised.chain_works()
    raised.pass_days(31)
    raised.set_status("succeeded")
    assert raised.compare() == ["status"]
    assert (raised.preview().plan.action, raised.preview().plan.asks) == ("ask", "close")
    assert raised.follow() == "done"
    assert raised.contract_status() == "succeeded"
    assert raised.problems() == []


def released_and_failed(raised):
    """The books released 8,000; the contract failed, as the chain lost the records and closed."""
    investment_id = raised.paid("charlie", "8,000", key="form-key-1")
    raised.settle_in_sql_only(investment_id)
    raised.set_status("succeeded")
    releasing.release(raised.campaign_id, actor=raised.people["fiona"])
    commit()
    raised.on_chain("cancel", b"\x04" * 32, role="operator")
    raised.chain_works()
    raised.compare()
    return investment_id


def test_released_money_is_taken_back_when_the_contract_was_cancelled(raised):
    investment_id = released_and_failed(raised)
    seen = raised.preview()
    assert seen.plan.takes_back
    assert [move.amount_minor for move in seen.moves] == [7_800_00, 200_00, 8_000_00]
    assert raised.follow() == "done"
    assert (raised.status(investment_id), raised.wallet()) == ("returned", 8_000_00)
    assert (raised.company_money(), raised.escrow()) == (0, 0)
    assert raised.campaign().status == "refunded"
    assert raised.problems() == []


def test_released_money_that_the_company_has_spent_stops_it_before_anything_moves(raised):
    released_and_failed(raised)
    raised.company_spends(100_00)
    assert "no longer has" in raised.preview().obstacle
    with pytest.raises(Conflict, match="no longer has"):
        raised.ask()
    rollback()
    assert raised.wallet() == 0


def test_a_success_on_chain_after_the_money_went_back_is_accepted_as_it_is(raised):
    raised.paid("charlie", "8,000", key="form-key-1")
    raised.chain_works()
    raised.close_on_chain(role="operator")
    raised.set_status("refunded")
    raised.forget_money()
    assert raised.compare() == ["status"]
    assert raised.preview().plan.action == "accept_result"
    assert raised.follow() == "done"
    assert (raised.campaign().status, raised.campaign().accepted_result) == (
        "refunded",
        "succeeded",
    )
    assert raised.compare() == []


# --- two people, the same facts, once -------------------------------------------------------------


@pytest.fixture
def cancelled(raised):
    """The contract was cancelled, SQL is live with 1,000."""
    raised.paid("charlie", "1,000", key="form-key-1")
    raised.chain_works()
    raised.on_chain("cancel", b"\x05" * 32, role="operator")
    raised.compare()
    return raised


def test_who_asked_cannot_approve_and_the_company_can_do_neither(cancelled):
    seen = cancelled.preview()
    with raising.refused(NotYours):
        following_service.ask(
            cancelled.campaign_id,
            reason=WHY,
            fingerprint=seen.fingerprint,
            actor=cancelled.people["alice"],
        )
    request_id = cancelled.ask()
    with raising.refused(Forbidden):
        following_service.approve(request_id, actor=cancelled.people["fiona"])
    with raising.refused(NotYours):
        following_service.approve(request_id, actor=cancelled.people["alice"])
    assert cancelled.request(request_id).status == "pending"
    with pytest.raises(Conflict, match="already requested this"):
        cancelled.ask()
    rollback()


def test_a_second_approval_or_a_second_run_moves_nothing(cancelled):
    from crowdfund.reconciliation import reading

    request_id = cancelled.ask()
    assert cancelled.approve(request_id) == "done"
    with raising.refused(Conflict):
        following_service.approve(request_id, actor=cancelled.people["adam"])
    found = reading.compare_campaign(cancelled.campaign_id)
    following_service.carry_out(request_id, found)
    commit()
    assert (cancelled.wallet(), cancelled.escrow()) == (1_000_00, 0)
    assert cancelled.problems() == []


def test_a_request_is_refused_with_a_reason_or_withdrawn_and_can_be_made_anew(cancelled):
    first = cancelled.ask()
    following_service.refuse(first, reason="We look into it first.", actor=cancelled.people["adam"])
    commit()
    second = cancelled.ask()
    with raising.refused(Forbidden):
        following_service.withdraw(second, actor=cancelled.people["adam"])
    following_service.withdraw(second, actor=cancelled.people["fiona"])
    commit()
    assert [cancelled.request(one).status for one in (first, second)] == ["refused", "cancelled"]
    assert cancelled.campaign().status == "live"
    assert cancelled.follow() == "done"


def test_facts_that_changed_before_the_approval_are_refused_and_nothing_moves(cancelled):
    request_id = cancelled.ask()
    cancelled.change_money(100_00)
    with pytest.raises(following.Outdated, match="Nothing was moved"):
        following_service.approve(request_id, actor=cancelled.people["adam"])
    rollback()
    assert cancelled.campaign().status == "live"
    assert cancelled.wallet() == 0


def comparisons():
    """Return how often a comparison of one campaign was asked for."""
    rollback()
    kind = outbox.outbox_table.c.kind
    query = sa.select(sa.func.count()).where(kind == "reconciliation.one")
    return db.session.scalar(query)


def test_facts_that_changed_after_the_approval_stop_it_and_nothing_moves(cancelled):
    request_id = cancelled.ask()
    following_service.approve(request_id, actor=cancelled.people["adam"])
    commit()
    cancelled.change_money(100_00)
    before = comparisons()
    cancelled.chain_works()
    assert comparisons() == before + 1, "the pages show what differs now"
    request = cancelled.request(request_id)
    assert request.status == "stopped"
    assert "Nothing was moved" in request.problem
    assert (cancelled.campaign().status, cancelled.wallet()) == ("live", 0)


def test_a_contract_that_changed_after_the_approval_stops_it_and_nothing_moves(raised):
    succeed_by_others(raised)
    raised.compare()
    request_id = raised.ask()
    following_service.approve(request_id, actor=raised.people["adam"])
    commit()
    raised.on_chain("release", b"\x06" * 32, 0, role="operator")
    raised.chain_works()
    assert raised.request(request_id).status == "stopped"
    assert raised.campaign().status == "live"
    assert raised.follow() == "done"  # asked anew, with what is now
    assert raised.campaign().status == "released"
    assert raised.problems() == []


def test_nothing_is_decided_while_writes_to_the_contract_are_on_their_way(cancelled):
    cancelled.queue_a_write()
    with pytest.raises(following.TooEarly):
        cancelled.preview()
    rollback()


def test_a_campaign_that_agrees_has_nothing_to_follow(raised):
    raised.paid("charlie", "1,000", key="form-key-1")
    raised.chain_works()
    assert raised.compare() == []
    with pytest.raises(following_service.NotCompared):
        raised.preview()
    comparing.request_comparison(raised.campaign_id)
    commit()
    raised.chain_works()
    with pytest.raises(following.NothingToFollow):
        raised.preview()
    rollback()


def test_a_disagreement_cannot_be_tried_away(raised):
    succeed_by_others(raised)
    error = raised.campaign().chain_error
    with pytest.raises(WrongState, match="second person"):
        ending.retry_ending(raised.campaign_id, actor=raised.people["fiona"])
    rollback()
    assert raised.campaign().chain_error == error
    assert "disagree" in error
