"""How a campaign ends: when closing begins, what a refusal leaves, who hears of the end."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns import queries
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import drafts, ending, redirects, releasing, reviews, totals
from crowdfund.campaigns.service import following as following_service
from crowdfund.campaigns.service import life as life_service
from crowdfund.chain import queries as chain
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain_service
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import WrongState
from crowdfund.notifications.models import Notice
from tests import raising

MICROSECOND = timedelta(microseconds=1)
OTHER = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
WHY = "The company asked us to stop."


@pytest.fixture
def live(live_id):
    return live_id


def another(cast, number):
    """Return the id of a live campaign of one more company, with a contract of its own."""
    company = raising.registered_company(cast.bob, cast.carla, number)
    campaign_id = raising.live_campaign(company, cast.bob, cast.carla)
    change = sa.text("UPDATE campaign SET contract_address = :address WHERE id = :id")
    db.session.execute(change, {"address": f"0x{number:040x}", "id": campaign_id})
    commit()
    return campaign_id


def end(frozen, **more):
    frozen.advance(timedelta(days=30) + timedelta(**more))


def close_due():
    rollback()
    begun = ending.close_due()
    commit()
    return begun


def reasons(campaign_id):
    rollback()
    return [event.reason for event in queries.history(campaign_id)]


def asked(campaign_id):
    """Return what the chain was asked to do with a campaign, in turn."""
    rollback()
    return [write.intent_id.split(":")[2] for write in chain.writes_of("campaign", campaign_id)]


def closed(campaign_id, *, succeeded):
    raising.confirm("campaign", campaign_id, Closed={"succeeded": succeeded, "total": 0})


def cancelling(cast, campaign_id):
    ending.cancel(campaign_id, WHY, actor=cast.adam)
    commit()


# --- when a closing begins ------------------------------------------------------------------------


def test_a_refused_closing_is_repeated_after_ten_minutes_and_not_a_moment_before(live, frozen):
    end(frozen, seconds=1)
    assert close_due() == 1
    raising.refuse("campaign", live, "CloseTooEarly")
    frozen.advance(timedelta(minutes=10) - MICROSECOND)
    assert close_due() == 0
    frozen.advance(MICROSECOND)
    assert close_due() == 1
    assert asked(live) == ["create", "close", "close"]


def test_money_that_has_just_come_in_does_not_delay_the_closing(live, frozen):
    raising.put_in(live, 8_000_00, settle=False)
    end(frozen, days=1)
    totals.count_settled(live, 8_000_00, new_investor=True)
    commit()
    assert close_due() == 1


def test_a_campaign_that_waits_or_was_refused_does_not_hold_up_the_others(cast, live, frozen):
    refused, one, two = another(cast, 7), another(cast, 8), another(cast, 9)
    raising.put_in(live, 1_000_00, settle=False)
    for campaign_id in (one, two):
        raising.put_in(campaign_id, 500_00)
    end(frozen, seconds=1)
    db.session.execute(
        sa.text(
            "UPDATE campaign SET chain_error = 'CloseTooEarly', updated_at = :now WHERE id = :id"
        ),
        {"now": frozen.now().replace(tzinfo=None), "id": refused},
    )
    commit()
    assert close_due() == 2
    endings = [raising.campaign(each).ending for each in (live, refused, one, two)]
    assert endings == [None, None, "close", "close"]


@pytest.mark.parametrize("status", [chain_rules.WriteStatus.QUEUED, *chain_rules.IN_FLIGHT])
def test_closing_waits_for_each_write_that_its_contract_has_not_answered(live, frozen, status):
    raising.put_in(live, 8_000_00)
    write(raising.CONTRACT, status)
    end(frozen, seconds=1)
    assert close_due() == 0


def test_closing_does_not_wait_for_writes_to_other_contracts(live, frozen):
    write(OTHER, "queued")
    end(frozen, seconds=1)
    assert close_due() == 1


def write(address, status):
    """Queue the record of an investment and say how far the sender got with it."""
    args = ["0x01", "0x02", 1]
    about = {"subject": ("investment", "i1"), "address": address}
    chain_service.write("i1", "CampaignImplementation", "recordInvestment", args, **about)
    change = sa.text("UPDATE chain_write SET status = :status WHERE intent_id = 'i1'")
    db.session.execute(change, {"status": str(status)})
    commit()


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda live: write(raising.CONTRACT, "queued"), "being recorded on chain"),
        (lambda live: (ending.close_early(live, actor="x"), commit()), "Only a live campaign"),
    ],
)
def test_a_company_does_not_close_early_while_something_is_under_way(cast, live, prepare, sentence):
    raising.put_in(live, 8_000_00)
    prepare(live)
    before = asked(live)
    with pytest.raises(WrongState, match=sentence):
        ending.close_early(live, actor=cast.alice)
    rollback()
    assert asked(live) == before


def test_a_reservation_that_nobody_has_paid_does_not_hold_up_an_early_closing(cast, live):
    raising.put_in(live, 8_000_00)
    raising.put_in(live, 100_00, settle=False, payer="p2")
    ending.close_early(live, actor=cast.alice)
    commit()
    assert raising.campaign(live).ending == "close"


def test_a_campaign_that_needs_a_decision_says_so_once_in_its_history(live, frozen):
    totals.count_refused(live, 1)
    commit()
    end(frozen, seconds=1)
    for _ in range(2):
        assert close_due() == 0
        frozen.advance(timedelta(minutes=11))
    assert sum("refused to record" in reason for reason in reasons(live)) == 1


# --- what the contract is asked -------------------------------------------------------------------


def test_the_contract_is_asked_to_close_by_an_intent_of_each_attempt(live, frozen, woken):
    raising.put_in(live, 1_000_00)
    end(frozen, seconds=1)
    woken.clear()
    close_due()
    row, write = raising.campaign(live), chain.writes_of("campaign", live)[-1]
    intent = f"campaign:{live}:close:1"
    assert (row.ending, row.ending_at, row.ending_tries, row.chain_error) == (
        "close",
        frozen.now(),
        1,
        None,
    )
    assert write.intent_id == intent
    assert (write.contract, write.function) == ("CampaignImplementation", "closeConfirmed")
    assert write.address == raising.CONTRACT
    # What the journal has settled is the second signature: the contract counts no more than that.
    assert write.args == [chain_rules.intent_bytes32(intent), chain_rules.to_units(1_000_00)]
    assert "close begun" in reasons(live)
    assert f"campaign:{live}" in woken
    raising.refuse("campaign", live, "CloseTooEarly")
    frozen.advance(timedelta(minutes=10))
    close_due()
    assert chain.writes_of("campaign", live)[-1].intent_id == f"campaign:{live}:close:2"


def test_a_campaign_is_cancelled_once_and_its_history_says_why(cast, live):
    cancelling(cast, live)
    with pytest.raises(WrongState, match="already being ended"):
        ending.cancel(live, WHY, actor=cast.adam)
    rollback()
    assert asked(live) == ["create", "cancel"]
    assert f"cancel: {WHY}" in reasons(live)


def test_a_campaign_that_has_ended_cannot_be_cancelled(cast, live, frozen):
    end(frozen, seconds=1)
    close_due()
    closed(live, succeeded=False)
    with raising.refused(WrongState):
        ending.cancel(live, WHY, actor=cast.adam)
    assert (raising.campaign(live).status, asked(live)) == ("refunded", ["create", "close"])


def test_the_team_hears_why_its_draft_was_cancelled(cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    cancelling(cast, campaign_id)
    assert "campaign.cancelled" in raising.told(cast.alice)
    assert WHY in reasons(campaign_id)
    assert WHY in raising.mail_to("alice@example.com")


# --- what the contract answers --------------------------------------------------------------------


@pytest.mark.parametrize(("settled", "status"), [(7_500_00, "succeeded"), (7_499_99, "failed")])
def test_the_end_frees_the_company_and_everybody_hears_of_it_once(
    cast, live, frozen, emitted, settled, status
):
    raising.put_in(live, settled)
    end(frozen, seconds=1)
    close_due()
    frozen.advance(timedelta(minutes=3))
    for _ in range(2):
        ending.closed_on_chain(live, tx_hash="0xclosed", succeeded=status == "succeeded")
        commit()
    row = raising.campaign(live)
    assert (row.status, row.closed_at, row.close_tx) == (status, frozen.now(), "0xclosed")
    assert (row.ending, row.live_lock, row.chain_error, row.contract_result) == (
        None,
        None,
        None,
        None,
    )
    assert [event for event in emitted if event[0] == f"campaign.{status}"] == [
        (f"campaign.{status}", live, {"campaign_id": live})
    ]
    assert f"campaign.{status}" in raising.told(cast.alice)
    assert f"{settled // 100:,}.{settled % 100:02} ETB of 10,000.00 ETB settled" in reasons(live)


@pytest.mark.parametrize(("settled", "contract"), [(8_000_00, "failed"), (1_000_00, "succeeded")])
def test_another_result_of_the_contract_is_kept_in_both_directions(live, frozen, settled, contract):
    raising.put_in(live, settled)
    end(frozen, seconds=1)
    close_due()
    closed(live, succeeded=contract == "succeeded")
    row = raising.campaign(live)
    assert (row.status, row.contract_result) == ("live", contract)
    assert "disagree" in row.chain_error


def test_an_agreement_about_nothing_leaves_the_error_of_a_refused_closing(live, frozen):
    end(frozen, seconds=1)
    close_due()
    raising.refuse("campaign", live, "CloseTooEarly")
    before = reasons(live)
    rollback()
    ending.note_agreement(live)
    commit()
    assert (raising.campaign(live).chain_error, reasons(live)) == ("CloseTooEarly", before)


def test_an_agreement_after_a_disagreement_is_in_the_history(live):
    ending.note_disagreement(live, "failed")
    ending.note_agreement(live)
    commit()
    said = reasons(live)
    assert "The contract and our books agree again." in said
    assert any("disagree" in reason for reason in said)


def test_a_confirmed_cancelling_ends_a_live_campaign_and_no_other(cast, live, frozen, emitted):
    cancelling(cast, live)
    for tx_hash in ("0xfirst", "0xagain"):
        ending.cancelled_on_chain(live, tx_hash=tx_hash)
        commit()
    row = raising.campaign(live)
    assert (row.status, row.close_tx, row.live_lock) == ("cancelled", "0xfirst", None)
    assert [name for name, _, _ in emitted if name.startswith("campaign.")] == [
        "campaign.cancelled"
    ]


def test_refunds_that_are_complete_are_noted_once(live):
    db.session.execute(sa.text("UPDATE campaign SET status = 'failed'"))
    commit()
    for _ in range(2):
        ending.mark_refunded(live)
        commit()
    assert raising.campaign(live).status == "refunded"
    assert [event.to_status for event in queries.history(live)].count("refunded") == 1


# --- refusals -------------------------------------------------------------------------------------


def test_a_refusal_of_an_earlier_deployment_does_not_stop_a_later_one(cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign_id, actor=cast.alice)
    reviews.approve(campaign_id, actor=cast.carla)
    commit()
    first, second = f"campaign:{campaign_id}:create:1", f"campaign:{campaign_id}:create:2"
    raising.refuse("campaign", campaign_id, "ParamInvalid(deadline)")
    assert "campaign.deployment_failed" in raising.told(cast.alice)
    life_service.deploy(campaign_id, actor=cast.adam)
    commit()
    life_service.deploy_failed(campaign_id, "told twice", intent_id=first)
    commit()
    row = raising.campaign(campaign_id)
    assert (row.status, row.chain_error, row.live_lock) == ("deploying", None, cast.company)
    raising.confirm("campaign", campaign_id, CampaignCreated={"campaign": raising.CONTRACT})
    life_service.deploy_failed(campaign_id, "told too late", intent_id=second)
    commit()
    row = raising.campaign(campaign_id)
    assert (row.status, row.chain_error, row.live_lock) == ("live", None, cast.company)


def test_a_refused_cancelling_leaves_the_campaign_live_and_takes_money_again(cast, live):
    cancelling(cast, live)
    raising.refuse("campaign", live, "x" * 600)
    row = raising.campaign(live)
    assert (row.status, row.ending, row.chain_error) == ("live", None, "x" * 500)
    assert any(reason.startswith("cancel refused by the contract: x") for reason in reasons(live))
    totals.reserve(live, 100_00)
    commit()


def test_a_refusal_of_an_earlier_attempt_does_not_stop_a_later_one(live, frozen):
    end(frozen, seconds=1)
    close_due()
    raising.refuse("campaign", live, "CloseTooEarly")
    ending.ending_failed(live, "told after it was noted", intent_id=f"campaign:{live}:close:1")
    commit()
    assert raising.campaign(live).chain_error == "CloseTooEarly"
    frozen.advance(timedelta(minutes=10))
    close_due()
    ending.ending_failed(live, "told twice", intent_id=f"campaign:{live}:close:1")
    commit()
    row = raising.campaign(live)
    assert (row.ending, row.chain_error) == ("close", None)


def test_a_refused_release_stays_begun_and_only_its_write_is_repeated(cast, live, frozen):
    raising.put_in(live, 8_000_00)
    end(frozen, seconds=1)
    close_due()
    closed(live, succeeded=True)
    releasing.release(live, actor=cast.fiona)
    commit()
    released = raising.campaign(live)
    raising.refuse("campaign", live, "Paused")
    row = raising.campaign(live)
    assert (row.status, row.ending, row.chain_error) == ("succeeded", "release", "Paused")
    ending.retry_ending(live, actor=cast.adam)
    commit()
    row, write = raising.campaign(live), chain.writes_of("campaign", live)[-1]
    assert (row.ending, row.chain_error) == ("release", None)
    assert (write.function, write.intent_id) == ("release", f"campaign:{live}:release:3")
    assert (row.released_minor, row.release_entry_id) == (
        released.released_minor,
        released.release_entry_id,
    )
    assert asked(live) == ["create", "close", "release", "release"]


def test_there_is_nothing_to_try_again_without_an_error(cast, live):
    with pytest.raises(WrongState, match="nothing to try again"):
        ending.retry_ending(live, actor=cast.adam)
    rollback()


def test_a_refused_ending_is_repeated_as_a_closing_only_after_the_deadline(cast, live, frozen):
    cancelling(cast, live)
    raising.refuse("campaign", live, "Paused")
    end(frozen)
    with pytest.raises(WrongState, match="cannot be repeated from here"):
        ending.retry_ending(live, actor=cast.adam)
    rollback()
    frozen.advance(MICROSECOND)
    ending.retry_ending(live, actor=cast.adam)
    commit()
    assert asked(live) == ["create", "cancel", "close"]


def test_trying_again_waits_for_what_is_being_recorded(cast, live, frozen):
    cancelling(cast, live)
    raising.refuse("campaign", live, "Paused")
    end(frozen, seconds=1)
    write(raising.CONTRACT, "queued")
    with pytest.raises(WrongState, match="being recorded on chain"):
        ending.retry_ending(live, actor=cast.adam)
    rollback()
    assert raising.campaign(live).chain_error == "Paused"


def test_a_campaign_that_must_follow_its_contract_is_not_ended_again(cast, live, frozen):
    ending.note_disagreement(live, "cancelled")
    commit()
    end(frozen, seconds=1)
    for verb in (
        lambda: ending.retry_ending(live, actor=cast.adam),
        lambda: ending.cancel(live, WHY, actor=cast.adam),
    ):
        with pytest.raises(WrongState, match="follows the contract"):
            verb()
        rollback()
    assert asked(live) == ["create"]


# --- what others may do to it ---------------------------------------------------------------------


@pytest.mark.parametrize("status", ["failed", "refunded", "cancelled"])
def test_a_campaign_that_gave_its_money_back_follows_no_contract_to_success(cast, live, status):
    db.session.execute(sa.text("UPDATE campaign SET status = :status"), {"status": status})
    commit()
    with pytest.raises(WrongState):
        following_service.follow_end(
            live, Status.SUCCEEDED, actor=cast.carla, reason="The contract succeeded."
        )
    rollback()
    assert raising.campaign(live).status == status


def test_a_redirected_wallet_repeats_no_closing_that_was_refused(cast, live, frozen):
    """Only a refused release waited for the wallet."""
    change = "UPDATE campaign SET ending = 'close', chain_error = 'The node refused it.'"
    db.session.execute(sa.text(change))
    commit()
    end(frozen, days=30)
    before = asked(live)
    redirects.redirected(live, OTHER, request_id="r1")
    commit()
    assert asked(live) == before
    assert raising.campaign(live).chain_error == "The node refused it."


def test_the_team_is_notified_that_the_campaign_is_live(cast, live):
    kinds = db.session.scalars(sa.select(Notice.kind).where(Notice.person_id == cast.alice)).all()
    assert "campaign.live" in kinds
