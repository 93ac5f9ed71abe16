"""A campaign from draft to release, on a real database; the chain is played by its own events."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.adapters.chain import abi
from crowdfund.campaigns import listing, queries
from crowdfund.campaigns.events import CampaignCancelled
from crowdfund.campaigns.models import LimitsVersion
from crowdfund.campaigns.rules import addresses, terms
from crowdfund.campaigns.rules import life as life_rules
from crowdfund.campaigns.rules.limits import FIELDS
from crowdfund.campaigns.service import drafts, ending, releasing, reviews, shared, totals
from crowdfund.campaigns.service import life as life_service
from crowdfund.chain import queries as chain
from crowdfund.chain import service as chain_service
from crowdfund.documents.service import Poster
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import InvalidFields, NotYours, WrongState
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as accounts
from tests import raising
from tests.conftest import NOW

POSTER = Poster(raising.POSTER, 64, 36)


def states(campaign_id):
    return [event.to_status for event in queries.history(campaign_id)]


def end(frozen, **more):
    frozen.advance(timedelta(days=30) + timedelta(**more))


def close(campaign_id, *, succeeded):
    ending.close_due()
    commit()
    raising.confirm("campaign", campaign_id, Closed={"succeeded": succeeded, "total": 0})


# --- to live --------------------------------------------------------------------------------------


def test_an_approved_campaign_goes_live_when_its_contract_is_confirmed(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    row, write = raising.campaign(campaign_id), chain.writes_of("campaign", campaign_id)[0]
    params = write.args[1]
    assert sorted(states(campaign_id)) == ["approved", "deploying", "draft", "live", "submitted"]
    assert (row.status, row.slug, row.contract_address) == (
        "live",
        "a-second-roaster-for-yirga",
        raising.CONTRACT,
    )
    assert row.ends_at == frozen.now() + timedelta(days=30)
    assert params["deadline"] == int(row.ends_at.timestamp())
    assert params["goal"] == 10_000_00 * 10_000
    assert params["termsHash"] == row.terms_hash
    assert params["issuerWallet"] == issuers_queries.get(cast.company).wallet_address


def test_a_repeated_confirmation_changes_nothing(cast):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    life_service.go_live(campaign_id, contract_address="0xother", tx_hash="0xother")
    commit()
    assert raising.campaign(campaign_id).contract_address == raising.CONTRACT


def test_when_the_factory_refuses_the_locks_are_free_and_staff_tries_again(cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign_id, actor=cast.alice)
    reviews.approve(campaign_id, actor=cast.carla)
    commit()
    raising.refuse("campaign", campaign_id, "ParamInvalid(deadline)")
    row = raising.campaign(campaign_id)
    assert (row.status, row.live_lock, row.year_lock, row.ends_at) == ("approved", None, None, None)
    assert row.chain_error == "ParamInvalid(deadline)"
    life_service.deploy(campaign_id, actor=cast.adam)
    commit()
    raising.confirm("campaign", campaign_id, CampaignCreated={"campaign": raising.CONTRACT})
    assert raising.campaign(campaign_id).status == "live"


@pytest.mark.parametrize("who", ["alice", "member"])
def test_neither_author_nor_company_decides_about_its_campaign(cast, who):
    author = cast.bob if who == "member" else cast.alice
    campaign_id = raising.complete_draft(cast.company, author)
    drafts.submit(campaign_id, actor=author)
    commit()
    with raising.refused(NotYours):
        reviews.approve(campaign_id, actor=cast.alice)
    with raising.refused(NotYours):
        reviews.reject(campaign_id, "A reason that is long enough.", actor=author)
    assert raising.campaign(campaign_id).status == "submitted"


def test_a_rejected_campaign_is_a_draft_again_with_the_reason(cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign_id, actor=cast.alice)
    reviews.reject(campaign_id, "Say what happens if beans fail.", actor=cast.carla)
    commit()
    row = raising.campaign(campaign_id)
    assert (row.status, row.rejection_reason) == ("draft", "Say what happens if beans fail.")
    drafts.save_story(campaign_id, raising.STORY + "\n\nIf beans fail, we buy elsewhere.")
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    assert raising.campaign(campaign_id).rejection_reason is None


def test_the_author_is_written_to_once_for_each_decision(cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign_id, actor=cast.alice)
    reviews.reject(campaign_id, "Say what happens if beans fail.", actor=cast.carla)
    commit()
    mail.OUTBOX.clear()
    outbox.drain("messages")
    [letter] = [one for one in mail.OUTBOX if "was sent back" in str(one["Subject"])]
    assert "Say what happens if beans fail." in str(letter)
    assert f"/my/campaigns/{campaign_id}" in str(letter)


def test_a_submitted_campaign_cannot_be_changed(cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    for change in (
        lambda: drafts.save_basics(campaign_id, raising.BASICS),
        lambda: drafts.save_terms(campaign_id, raising.TERMS),
        lambda: drafts.save_story(campaign_id, raising.STORY),
        lambda: drafts.set_picture(campaign_id, POSTER, "Something else entirely"),
    ):
        with raising.refused(WrongState):
            change()


def test_a_company_has_one_live_campaign_and_one_start_a_year(cast, frozen):
    first = raising.live_campaign(cast.company, cast.alice, cast.carla)
    second = raising.complete_draft(cast.company, cast.alice)
    with pytest.raises(shared.NotEligible, match="has ended"):
        drafts.submit(second, actor=cast.alice)
    rollback()
    end(frozen, seconds=1)
    close(first, succeeded=False)
    with pytest.raises(shared.NotEligible, match="calendar year"):
        drafts.submit(second, actor=cast.alice)
    rollback()
    frozen.set(frozen.now().replace(year=2027, month=1, day=1, hour=0))
    drafts.submit(second, actor=cast.alice)
    commit()
    assert raising.campaign(second).status == "submitted"


def test_the_database_itself_refuses_a_second_live_campaign(cast):
    raising.live_campaign(cast.company, cast.alice, cast.carla)
    second = raising.complete_draft(cast.company, cast.alice)
    statement = sa.text("UPDATE campaign SET live_lock = :company WHERE id = :id")
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(statement, {"company": cast.company, "id": second})
    rollback()


def test_a_company_that_is_not_registered_cannot_submit(cast):
    company_id = raising.filled_company(cast.bob, 5)
    campaign_id = raising.complete_draft(company_id, cast.bob)
    with pytest.raises(shared.NotEligible, match="not verified"):
        drafts.submit(campaign_id, actor=cast.bob)
    rollback()


def approved_limits(valid_from, **changes):
    """Return a version of the limits that two people made."""
    values = {name: getattr(terms.DEFAULT_LIMITS, name) for name in FIELDS} | changes
    people = {"asked_by": "fiona", "asked_at": NOW, "decided_by": "adam", "decided_at": NOW}
    days = {"from_on": valid_from.date(), "valid_from": valid_from}
    return LimitsVersion(**values, **people, **days, status="approved", reason="For this test.")


def test_limits_of_a_later_date_replace_the_briefs(cast, frozen):
    later = frozen.now() + timedelta(days=10)
    db.session.add(approved_limits(later, goal_min_minor=20_000_00))
    commit()
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    frozen.set(later)
    with pytest.raises(InvalidFields, match=r"20,000\.00"):
        drafts.submit(campaign_id, actor=cast.alice)
    rollback()


# --- money ----------------------------------------------------------------------------------------


def test_the_first_investment_freezes_the_terms(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    assert raising.campaign(campaign_id).terms_frozen_at is None
    raising.put_in(campaign_id, 100_00, settle=False)
    first = raising.campaign(campaign_id).terms_frozen_at
    frozen.advance(timedelta(hours=1))
    raising.put_in(campaign_id, 100_00, settle=False)
    assert raising.campaign(campaign_id).terms_frozen_at == first


def test_room_is_taken_and_given_back_to_the_unit(cast):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 10_000_00, settle=False)
    with pytest.raises(life_rules.CampaignFull, match="full"):
        totals.reserve(campaign_id, 100_00)
    rollback()
    totals.unreserve(campaign_id, 300_00)
    commit()
    with pytest.raises(life_rules.CampaignFull, match=r"300\.00 ETB"):
        totals.reserve(campaign_id, 400_00)
    rollback()
    totals.reserve(campaign_id, 300_00)
    commit()
    assert raising.campaign(campaign_id).reserved_minor == 10_000_00


def test_totals_never_disagree(cast):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 500_00)
    for verb in (
        lambda: totals.count_settled(campaign_id, 100_00, new_investor=False),
        lambda: totals.unreserve(campaign_id, 100_00),
        lambda: totals.uncount_settled(campaign_id, 600_00, investor_gone=True),
    ):
        with raising.refused(totals.TotalsDisagree):
            verb()
    totals.uncount_settled(campaign_id, 500_00, investor_gone=True)
    commit()
    row = raising.campaign(campaign_id)
    assert (row.reserved_minor, row.settled_minor, row.investors_count) == (0, 0, 0)


@pytest.mark.parametrize("amount", [0, -100, 1.5, "100", True, None])
def test_only_positive_integers_are_amounts(cast, amount):
    with pytest.raises(ValueError, match="positive integer"):
        totals.reserve("any", amount)


def test_a_campaign_takes_money_until_its_last_second(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    end(frozen)
    totals.reserve(campaign_id, 100_00)
    commit()
    frozen.advance(timedelta(microseconds=1))
    with pytest.raises(life_rules.CampaignClosed, match="deadline"):
        totals.reserve(campaign_id, 100_00)
    rollback()


# --- the end --------------------------------------------------------------------------------------


def test_a_success_is_closed_and_released_with_the_fee_floored(cast, frozen):
    campaign_id = raising.live_campaign(
        cast.company, cast.alice, cast.carla, price_minor="0.01", min_minor="100.01"
    )
    raising.put_in(campaign_id, 4_999_99, payer="p1")
    raising.put_in(campaign_id, 3_333_34, payer="p2")
    end(frozen, seconds=1)
    close(campaign_id, succeeded=True)
    assert raising.campaign(campaign_id).status == "succeeded"
    releasing.release(campaign_id, actor=cast.fiona)
    commit()
    fee = 8_333_33 * 250 // 10_000
    assert ledger.balance(accounts.PLATFORM_FEE) == fee
    assert ledger.balance(accounts.company_wallet(cast.company)) == 8_333_33 - fee
    assert ledger.balance(accounts.escrow(campaign_id)) == 0
    assert queries.phase(raising.campaign(campaign_id), frozen.now()) == "releasing"
    with raising.refused(WrongState):
        releasing.release(campaign_id, actor=cast.adam)
    raising.confirm("campaign", campaign_id)
    row = raising.campaign(campaign_id)
    assert (row.status, row.released_minor, row.fee_minor, row.live_lock) == (
        "released",
        8_333_33 - fee,
        fee,
        None,
    )
    assert list(ledger.problems()) == []


def test_nothing_is_released_before_the_end_or_after_a_failure(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 5_000_00)
    with raising.refused(WrongState):
        releasing.release(campaign_id, actor=cast.fiona)
    end(frozen, seconds=1)
    close(campaign_id, succeeded=False)
    with raising.refused(WrongState):
        releasing.release(campaign_id, actor=cast.fiona)
    assert ledger.balance(accounts.escrow(campaign_id)) == 5_000_00


def test_the_company_cannot_release_its_own_money(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 8_000_00)
    end(frozen, seconds=1)
    close(campaign_id, succeeded=True)
    with raising.refused(NotYours):
        releasing.release(campaign_id, actor=cast.alice)


def test_an_escrow_that_does_not_fit_stops_the_release(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    totals.reserve(campaign_id, 8_000_00)
    totals.count_settled(campaign_id, 8_000_00, new_investor=True)
    commit()
    end(frozen, seconds=1)
    close(campaign_id, succeeded=True)
    with raising.refused(releasing.EscrowDisagrees):
        releasing.release(campaign_id, actor=cast.fiona)


def test_money_on_its_way_keeps_a_campaign_waiting_until_the_grace_is_over(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 7_000_00)
    raising.put_in(campaign_id, 1_000_00, settle=False)
    end(frozen, seconds=1)
    assert ending.close_due() == 0
    assert queries.phase(raising.campaign(campaign_id), frozen.now()) == "awaiting settlement"
    frozen.advance(timedelta(days=5))
    close(campaign_id, succeeded=False)
    assert "failed" in states(campaign_id)


def test_money_that_arrives_within_the_grace_makes_a_success(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 7_500_00, settle=False)
    end(frozen, days=4)
    totals.count_settled(campaign_id, 7_500_00, new_investor=True)
    close(campaign_id, succeeded=True)
    assert raising.campaign(campaign_id).status == "succeeded"


@pytest.mark.parametrize(("past_us", "counts"), [(0, True), (1, False)])
def test_money_counts_until_the_last_moment_of_the_grace(cast, frozen, past_us, counts):
    """Also while nothing has closed the campaign: later the contract might not record it."""
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 1_000_00, settle=False)
    end(frozen, days=5, microseconds=past_us)
    assert raising.campaign(campaign_id).status == "live"
    if counts:
        totals.count_settled(campaign_id, 1_000_00, new_investor=True)
        commit()
    else:
        with raising.refused(life_rules.CampaignClosed):
            totals.count_settled(campaign_id, 1_000_00, new_investor=True)
    assert raising.campaign(campaign_id).settled_minor == (1_000_00 if counts else 0)


def test_the_grace_of_the_campaign_counts_and_not_that_of_today(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    db.session.execute(sa.text("UPDATE campaign SET grace_days = 2"))
    raising.put_in(campaign_id, 1_000_00, settle=False)
    end(frozen, days=2, seconds=1)
    with raising.refused(life_rules.CampaignClosed):
        totals.count_settled(campaign_id, 1_000_00, new_investor=True)


def test_no_settings_may_wait_longer_than_contracts_leave_time_to_record(cast):
    for days, fits in (
        (terms.MAX_GRACE_DAYS, True),
        (terms.MAX_GRACE_DAYS + 1, False),
        (-1, False),
    ):
        row = approved_limits(NOW + timedelta(days=days), grace_days=days)
        db.session.add(row)
        if fits:
            commit()
            continue
        with pytest.raises(sa.exc.DBAPIError, match="grace"):  # MariaDB has a class of its own
            db.session.flush()
        rollback()


def test_the_platform_knows_how_long_its_contracts_record():
    """The constant of the contract that is deployed, read from its compiled bytes."""
    seconds = int(terms.CONTRACT_GRACE.total_seconds())
    pushed = f"62{seconds:06x}"  # PUSH3 of the constant
    code = abi.artifact("CampaignImplementation").bytecode
    source = (abi.ARTIFACTS.parent / "src/campaign/CampaignBase.sol").read_text()
    assert pushed in code
    assert f"SETTLEMENT_GRACE = {terms.CONTRACT_GRACE.days} days;" in source
    assert (
        timedelta(days=terms.DEFAULT_LIMITS.grace_days) + terms.RECORDING_MARGIN
        <= terms.CONTRACT_GRACE
    )


def test_money_that_settles_after_the_end_is_refused_to_be_returned(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 1_000_00, settle=False)
    end(frozen, days=6)
    close(campaign_id, succeeded=False)
    with raising.refused(life_rules.CampaignClosed):
        totals.count_settled(campaign_id, 1_000_00, new_investor=True)
    totals.unreserve(campaign_id, 1_000_00)
    commit()
    assert raising.campaign(campaign_id).reserved_minor == 0


def test_closing_waits_for_what_is_not_yet_recorded_on_chain(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 8_000_00)
    about = {
        "subject": ("investment", "i1"),
        "address": raising.CONTRACT,
        "batch": "recordInvestments",
    }
    chain_service.write(
        "i1", "CampaignImplementation", "recordInvestment", ["0x01", "0x02", 1], **about
    )
    commit()
    end(frozen, seconds=1)
    assert ending.close_due() == 0
    db.session.execute(
        sa.text("UPDATE chain_write SET status = 'confirmed' WHERE intent_id = 'i1'")
    )
    commit()
    assert ending.close_due() == 1
    assert ending.close_due() == 0


def test_a_contract_that_disagrees_about_the_result_is_not_followed(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 8_000_00)
    end(frozen, seconds=1)
    close(campaign_id, succeeded=False)
    row = raising.campaign(campaign_id)
    assert row.status == "live"
    assert "disagree" in row.chain_error


def test_a_campaign_that_its_contract_has_left_takes_no_money_and_is_not_closed_again(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 1_000_00, settle=False)
    ending.note_disagreement(campaign_id, "cancelled")
    commit()
    with raising.refused(life_rules.CampaignClosed):
        totals.reserve(campaign_id, 100_00)
    with raising.refused(life_rules.CampaignClosed):
        totals.count_settled(campaign_id, 1_000_00, new_investor=True)
    with raising.refused(WrongState):
        ending.cancel(campaign_id, "The company asked us to stop.", actor=cast.adam)
    end(frozen, days=6)
    assert ending.close_due() == 0


def test_a_disagreement_is_noted_once_and_goes_when_both_agree_again(cast):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    for _ in range(2):
        ending.note_disagreement(campaign_id, "failed")
        commit()
    said = [event.reason for event in queries.history(campaign_id) if "disagree" in event.reason]
    assert len(said) == 1
    ending.note_agreement(campaign_id)
    commit()
    row = raising.campaign(campaign_id)
    assert (row.contract_result, row.chain_error) == (None, None)


def test_trying_again_keeps_the_error_when_nothing_can_begin(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    ending.cancel(campaign_id, "The company asked us to stop.", actor=cast.adam)
    commit()
    raising.refuse("campaign", campaign_id, "WrongStatus(status=2)")
    with raising.refused(WrongState):
        ending.retry_ending(campaign_id, actor=cast.adam)
    assert raising.campaign(campaign_id).chain_error == "WrongStatus(status=2)"
    end(frozen, seconds=1)
    totals.count_refused(campaign_id, 1)
    commit()
    with raising.refused(WrongState):
        ending.retry_ending(campaign_id, actor=cast.adam)
    assert raising.campaign(campaign_id).chain_error == "WrongStatus(status=2)"
    totals.count_refused(campaign_id, -1)
    ending.retry_ending(campaign_id, actor=cast.adam)  # without the pause of ten minutes
    commit()
    row = raising.campaign(campaign_id)
    assert (row.ending, row.chain_error) == ("close", None)


def test_refused_payments_hold_closing_and_release(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 8_000_00)
    totals.count_refused(campaign_id, 1)
    commit()
    end(frozen, seconds=1)
    assert [ending.close_due(), ending.close_due()] == [0, 0]
    commit()
    assert "refused to record" in raising.campaign(campaign_id).chain_error
    with raising.refused(totals.TotalsDisagree):
        totals.count_refused(campaign_id, -2)
    totals.count_refused(campaign_id, -1)
    commit()
    frozen.advance(timedelta(minutes=11))
    close(campaign_id, succeeded=True)
    totals.count_refused(campaign_id, 1)
    commit()
    with pytest.raises(WrongState, match="refused to record"):
        releasing.release(campaign_id, actor=cast.fiona)
    rollback()


def test_a_refused_closing_is_tried_again_later(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    end(frozen, seconds=1)
    assert ending.close_due() == 1
    commit()
    raising.refuse("campaign", campaign_id, "CloseTooEarly")
    assert ending.close_due() == 0
    frozen.advance(timedelta(minutes=11))
    close(campaign_id, succeeded=False)
    assert "failed" in states(campaign_id)


def test_a_company_closes_early_only_from_the_threshold_on(cast, frozen):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 4_000_00, payer="p1")
    with pytest.raises(WrongState, match=r"7,500\.00 ETB"):
        ending.close_early(campaign_id, actor=cast.alice)
    rollback()
    raising.put_in(campaign_id, 3_500_00, payer="p2")
    ending.close_early(campaign_id, actor=cast.alice)
    commit()
    with raising.refused(life_rules.CampaignClosed):
        totals.reserve(campaign_id, 100_00)
    raising.confirm("campaign", campaign_id, Closed={"succeeded": True, "total": 0})
    assert raising.campaign(campaign_id).status == "succeeded"


def test_a_cancelled_live_campaign_tells_higher_features_to_return_money(cast):
    heard = []
    listen = outbox.on(CampaignCancelled)
    listen(lambda events: heard.extend(event.campaign_id for event in events))
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 1_000_00)
    ending.cancel(campaign_id, "The company asked us to stop.", actor=cast.adam)
    commit()
    raising.confirm("campaign", campaign_id, Cancelled={"total": 0})
    outbox.drain("default")
    assert "cancelled" in states(campaign_id)
    assert heard == [campaign_id]


def test_a_draft_can_be_withdrawn_at_once(cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    ending.cancel(campaign_id, "Withdrawn by the company.", actor=cast.alice)
    commit()
    assert raising.campaign(campaign_id).status == "cancelled"
    with pytest.raises(queries.CampaignMissing):
        queries.detail(raising.campaign(campaign_id).slug)


def test_two_campaigns_with_one_title_have_two_addresses(cast):
    first = raising.complete_draft(cast.company, cast.alice)
    second = raising.complete_draft(cast.company, cast.alice)
    assert raising.campaign(first).slug != raising.campaign(second).slug


# --- the list -------------------------------------------------------------------------------------


def test_the_list_finds_filters_and_sorts(cast, frozen):
    first = raising.live_campaign(cast.company, cast.alice, cast.carla)
    frozen.advance(timedelta(days=1))
    company = raising.registered_company(cast.bob, cast.carla, 7)
    second = raising.live_campaign(company, cast.bob, cast.carla, duration_days="40")
    raising.put_in(first, 1_000_00)

    def ids(**args):
        page = listing.page(addresses.asked({"q": args.pop("text", ""), **args}))
        assert page.total == len(page.rows)
        return [row.id for row in page.rows]

    assert ids() == ids(sort="ending") == [first, second]
    assert ids(sort="newest") == [second, first]
    assert ids(sort="funded") == [first, second]
    assert ids(text="SECOND roaster") == [first, second]
    assert ids(text="100%") == ids(text="_") == ids(sector="energy") == ids(status="funded") == []
    assert ids(status="live", sector="agriculture") == [first, second]
    assert ids(sort="nonsense", status="nonsense") == [first, second]


def test_drafts_are_not_public(cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    page = listing.page(addresses.Asked())
    assert (list(page.rows), page.total) == ([], 0)
    with pytest.raises(queries.CampaignMissing):
        queries.funding(raising.campaign(campaign_id).slug)
