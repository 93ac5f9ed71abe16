"""The running totals at their limits: the last moment, the last unit, and who is told."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import totals as totals_service
from crowdfund.kernel.db import commit, db, rollback
from tests import raising

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def live(live_id):
    return live_id


def put(campaign_id, **values):
    """Set columns of a campaign that no verb sets alone."""
    names = ", ".join(f"{name} = :{name}" for name in values)
    db.session.execute(
        sa.text(f"UPDATE campaign SET {names} WHERE id = :id"), values | {"id": campaign_id}
    )
    commit()


def totals(campaign_id):
    row = raising.campaign(campaign_id)
    return row.reserved_minor, row.settled_minor, row.investors_count


def test_a_full_campaign_is_full_until_its_deadline_and_closed_afterwards(live, frozen):
    raising.put_in(live, 10_000_00, settle=False)
    frozen.advance(timedelta(days=30))
    with pytest.raises(life.CampaignFull, match="full"):
        totals_service.reserve(live, 100_00)
    rollback()
    frozen.advance(MICROSECOND)
    with pytest.raises(life.CampaignClosed, match="deadline of this campaign has passed"):
        totals_service.reserve(live, 100_00)
    rollback()


@pytest.mark.parametrize(
    "change", [{"status": "failed"}, {"ending": "close"}, {"contract_result": "failed"}]
)
def test_a_campaign_that_ends_takes_neither_new_nor_reserved_money(live, change):
    raising.put_in(live, 1_000_00, settle=False)
    put(live, **change)
    with pytest.raises(life.CampaignClosed, match="is not open for investment"):
        totals_service.reserve(live, 100_00)
    rollback()
    with pytest.raises(life.CampaignClosed, match="will be returned"):
        totals_service.count_settled(live, 1_000_00, new_investor=True)
    rollback()
    assert totals(live) == (1_000_00, 0, 0)


@pytest.mark.parametrize("grace_days", [0, 5])
def test_at_the_last_moment_of_the_grace_only_what_was_reserved_counts(live, frozen, grace_days):
    put(live, grace_days=grace_days)
    raising.put_in(live, 1_000_00, settle=False)
    frozen.advance(timedelta(days=30 + grace_days))
    with raising.refused(totals_service.TotalsDisagree):
        totals_service.count_settled(live, 1_000_01, new_investor=True)
    totals_service.count_settled(live, 1_000_00, new_investor=True)
    rollback()
    frozen.advance(MICROSECOND)
    with raising.refused(life.CampaignClosed):
        totals_service.count_settled(live, 1_000_00, new_investor=True)


def test_one_minor_unit_is_an_amount(live):
    raising.put_in(live, 1)
    assert totals(live) == (1, 1, 1)
    totals_service.uncount_settled(live, 1, investor_gone=True)
    commit()
    assert totals(live) == (0, 0, 0)


@pytest.mark.parametrize("amount", [0, -1, -500_00])
@pytest.mark.parametrize("verb", ["unreserve", "count_settled", "uncount_settled"])
def test_no_verb_moves_a_negative_amount_or_none(live, verb, amount):
    raising.put_in(live, 1_000_00)
    more = {"count_settled": {"new_investor": False}, "uncount_settled": {"investor_gone": False}}
    with pytest.raises(ValueError, match="positive integer"):
        getattr(totals_service, verb)(live, amount, **more.get(verb, {}))
    rollback()
    assert totals(live) == (1_000_00, 1_000_00, 1)


def test_an_investor_counts_once_and_until_the_last_of_the_money_is_out(live):
    raising.put_in(live, 500_00)
    totals_service.reserve(live, 300_00)
    totals_service.count_settled(live, 300_00, new_investor=False)
    commit()
    assert totals(live) == (800_00, 800_00, 1)
    totals_service.uncount_settled(live, 300_00, investor_gone=False)
    commit()
    assert totals(live) == (500_00, 500_00, 1)


def test_more_investors_than_there_are_cannot_leave(live):
    raising.put_in(live, 500_00)
    totals_service.uncount_settled(live, 100_00, investor_gone=True)
    commit()
    with raising.refused(totals_service.TotalsDisagree):
        totals_service.uncount_settled(live, 100_00, investor_gone=True)
    assert totals(live) == (400_00, 400_00, 0)


def test_room_is_given_back_down_to_what_is_settled(live):
    raising.put_in(live, 500_00)
    raising.put_in(live, 300_00, settle=False)
    with raising.refused(totals_service.TotalsDisagree):
        totals_service.unreserve(live, 300_01)
    totals_service.unreserve(live, 300_00)
    commit()
    assert totals(live) == (500_00, 500_00, 1)


def test_each_move_of_a_total_makes_a_new_version_and_wakes_the_campaigns_pages(
    live, frozen, woken
):
    raising.put_in(live, 500_00)
    moves = (
        lambda: totals_service.reserve(live, 300_00),
        lambda: totals_service.unreserve(live, 100_00),
        lambda: totals_service.count_settled(live, 200_00, new_investor=False),
        lambda: totals_service.uncount_settled(live, 200_00, investor_gone=False),
        lambda: totals_service.count_refused(live, 1),
        lambda: totals_service.count_refused(live, -1),
    )
    for move in moves:
        before = raising.campaign(live)
        rollback()
        woken.clear()
        frozen.advance(timedelta(minutes=1))
        move()
        assert woken == []
        commit()
        after = raising.campaign(live)
        assert woken == [f"campaign:{live}"]
        assert (after.version - before.version, after.updated_at) == (1, frozen.now())


def test_a_refused_move_changes_nothing_and_says_that_nothing_was_changed(live):
    with pytest.raises(totals_service.TotalsDisagree, match="Nothing was changed") as refusal:
        totals_service.count_refused(live, -1)
    rollback()
    assert (refusal.value.status, refusal.value.code) == (409, "totals_disagree")
    assert raising.campaign(live).refused_count == 0


def test_tokens_without_a_reservation_take_what_is_free_and_no_more(live):
    assert totals_service.count_tokens(live, 9_000_00, has_room=False, new_investor=True)
    commit()
    assert totals(live) == (9_000_00, 9_000_00, 1)
    assert not totals_service.count_tokens(live, 1_000_01, has_room=False, new_investor=True)
    commit()
    assert totals(live) == (9_000_00, 9_000_00, 1)


def test_reserved_tokens_take_no_room_a_second_time(live):
    totals_service.reserve(live, 1_000_00)
    assert totals_service.count_tokens(live, 1_000_00, has_room=True, new_investor=True)
    commit()
    assert totals(live) == (1_000_00, 1_000_00, 1)
