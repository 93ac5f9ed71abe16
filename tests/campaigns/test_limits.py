"""The dated limits of all campaigns: one person proposes, another approves, never for the past."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdfund.campaigns import limits_queries
from crowdfund.campaigns.models import LimitsVersion
from crowdfund.campaigns.rules import limits as rules
from crowdfund.campaigns.rules import terms
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import drafts, limits, reviews, shared
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, InvalidFields
from tests import raising
from tests.conftest import NOW
from tests.emptying import empty_tables
from tests.together import at_once

TODAY = date(2026, 6, 15)
ZONE = "Africa/Addis_Ababa"
TYPED = {
    "from_on": "2026-06-20",
    "goal_min_minor": "2,000",
    "goal_max_minor": "6,000,000",
    "days_min": "20",
    "days_max": "200",
    "investment_min_minor": "200",
    "threshold_bps": "80",
    "grace_days": "6",
    "reason": "The board has decided so.",
}


@pytest.fixture
def fiona(app, cast):
    return raising.browser(app, cast.fiona)


@pytest.fixture
def adam(app, cast):
    return raising.browser(app, cast.adam)


@pytest.fixture
def rita(app, cast):
    return raising.browser(app, cast.rita)


def propose(actor, **typed):
    rollback()
    made = limits.propose(TYPED | typed, actor=actor)
    commit()
    return made


def approved(cast, **typed):
    made = propose(cast.fiona, **typed)
    limits.approve(made, actor=cast.adam)
    commit()
    return made


def state(limits_id):
    rollback()
    return limits_queries.version(limits_id).status


# --- what may be proposed -------------------------------------------------------------------------


def test_a_proposal_has_every_number_a_day_and_a_reason():
    good, errors = rules.clean(TYPED, TODAY)
    assert errors == {}
    assert good == {
        "from_on": date(2026, 6, 20),
        "goal_min_minor": 2_000_00,
        "goal_max_minor": 6_000_000_00,
        "days_min": 20,
        "days_max": 200,
        "investment_min_minor": 200_00,
        "threshold_bps": 8_000,
        "grace_days": 6,
        "reason": "The board has decided so.",
    }
    assert set(rules.clean({}, TODAY)[1]) == set(TYPED)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"goal_min_minor": "7,000,000"}, "goal_max_minor"),
        ({"days_min": "201"}, "days_max"),
        ({"investment_min_minor": "2,000.01"}, "investment_min_minor"),
        ({"goal_min_minor": "0"}, "goal_min_minor"),
        ({"days_min": "0"}, "days_min"),
        ({"days_max": "366"}, "days_max"),
        ({"threshold_bps": "0"}, "threshold_bps"),
        ({"threshold_bps": "101"}, "threshold_bps"),
        ({"threshold_bps": "75.5"}, "threshold_bps"),
        ({"grace_days": "8"}, "grace_days"),
        ({"grace_days": "-1"}, "grace_days"),
        ({"from_on": "2026-06-14"}, "from_on"),
        ({"from_on": "2032-01-01"}, "from_on"),
        ({"from_on": "20 June"}, "from_on"),
        ({"reason": "So."}, "reason"),
    ],
)
def test_a_number_that_breaks_a_rule_gets_a_sentence_at_its_field(typed, field):
    assert list(rules.clean(TYPED | typed, TODAY)[1]) == [field]


@pytest.mark.parametrize(
    "typed",
    [
        {"goal_min_minor": "6,000,000"},
        {"days_min": "200"},
        {"investment_min_minor": "2,000"},
        {"from_on": "2026-06-15"},
        {"threshold_bps": "100"},
        {"grace_days": "0"},
        {"grace_days": "7"},
    ],
)
def test_numbers_at_their_bounds_are_taken(typed):
    assert rules.clean(TYPED | typed, TODAY)[1] == {}


def test_a_proposal_that_changes_nothing_is_refused(cast):
    same = {
        "goal_min_minor": "1000",
        "goal_max_minor": "5000000",
        "days_min": "30",
        "days_max": "180",
        "investment_min_minor": "100",
        "threshold_bps": "75",
        "grace_days": "5",
    }
    with raising.refused(Invalid):
        propose(cast.fiona, **same)
    approved(cast)
    propose(cast.fiona, **same, from_on="2026-06-21")  # there it changes something again


def test_today_is_the_day_of_the_platform_and_not_of_greenwich(cast, frozen):
    frozen.set(datetime(2026, 6, 15, 22, 30, tzinfo=UTC))  # in Addis Ababa it is the 16th
    with raising.refused(InvalidFields):
        propose(cast.fiona, from_on="2026-06-15")
    propose(cast.fiona, from_on="2026-06-16")


def test_there_is_one_proposal_for_a_day_at_a_time(cast):
    first = propose(cast.fiona)
    with raising.refused(Conflict):
        propose(cast.adam)
    propose(cast.adam, from_on="2026-06-21")
    limits.withdraw(first, actor=cast.fiona)
    commit()
    propose(cast.adam)


# --- who decides ----------------------------------------------------------------------------------


def test_a_second_person_approves_and_the_day_comes(cast, frozen):
    made = propose(cast.fiona)
    assert limits_queries.in_force() == terms.DEFAULT_LIMITS
    limits.approve(made, actor=cast.adam)
    commit()
    assert limits_queries.in_force() == terms.DEFAULT_LIMITS
    starts = datetime(2026, 6, 19, 21, tzinfo=UTC)  # midnight in Addis Ababa
    assert limits_queries.in_force(starts - timedelta(microseconds=1)) == terms.DEFAULT_LIMITS
    frozen.set(starts)
    current = limits_queries.in_force()
    assert (current.goal_min_minor, current.days_max, current.threshold_bps) == (
        2_000_00,
        200,
        8_000,
    )
    assert current.fee_bps == 250  # the contracts fix it


def test_who_proposed_never_decides(cast):
    made = propose(cast.fiona)
    for verb in (
        lambda: limits.approve(made, actor=cast.fiona),
        lambda: limits.refuse(made, "I have changed my mind.", actor=cast.fiona),
    ):
        with raising.refused(Forbidden):
            verb()
    assert state(made) == "pending"


def test_the_database_refuses_an_approval_by_the_one_who_proposed(cast):
    made = propose(cast.fiona)
    change = sa.update(LimitsVersion).where(LimitsVersion.id == made)
    with pytest.raises(sa.exc.DBAPIError, match="four_eyes"):
        db.session.execute(change.values(status="approved", decided_by=cast.fiona))
    rollback()
    with pytest.raises(sa.exc.DBAPIError, match="four_eyes"):
        db.session.execute(change.values(status="approved"))
    rollback()


def test_only_who_proposed_withdraws(cast):
    made = propose(cast.fiona)
    with raising.refused(Forbidden):
        limits.withdraw(made, actor=cast.adam)
    limits.withdraw(made, actor=cast.fiona)
    commit()
    assert state(made) == "cancelled"


def test_a_refusal_needs_a_reason_that_stays_in_the_history(cast):
    made = propose(cast.fiona)
    with raising.refused(Invalid):
        limits.refuse(made, "No.", actor=cast.adam)
    limits.refuse(made, "The board has not met yet.", actor=cast.adam)
    commit()
    assert state(made) == "refused"
    asked, refused = limits_queries.history(made)
    assert (asked.actor, asked.reason) == (cast.fiona, "The board has decided so.")
    assert (refused.actor, refused.reason) == (cast.adam, "The board has not met yet.")


@pytest.mark.parametrize("end", ["approved", "refused", "cancelled"])
def test_what_is_decided_stays_decided(cast, end):
    made = propose(cast.fiona)
    verbs = {
        "approved": lambda: limits.approve(made, actor=cast.adam),
        "refused": lambda: limits.refuse(made, "The board says no.", actor=cast.adam),
        "cancelled": lambda: limits.withdraw(made, actor=cast.fiona),
    }
    verbs[end]()
    commit()
    for verb in verbs.values():
        with raising.refused(Conflict):
            verb()
    assert state(made) == end


def test_a_proposal_whose_day_has_passed_is_not_approved(cast, frozen):
    made = propose(cast.fiona)
    frozen.advance(timedelta(days=6))
    with raising.refused(Conflict):
        limits.approve(made, actor=cast.adam)
    assert state(made) == "pending"
    limits.refuse(made, "It came too late.", actor=cast.adam)
    commit()


def test_limits_of_today_apply_from_their_approval_and_not_before(cast, frozen):
    made = propose(cast.fiona, from_on="2026-06-15")
    frozen.advance(timedelta(hours=2))
    limits.approve(made, actor=cast.adam)
    commit()
    assert limits_queries.in_force(frozen.now() - timedelta(seconds=1)) == terms.DEFAULT_LIMITS
    assert limits_queries.in_force().goal_min_minor == 2_000_00


def test_of_two_versions_for_one_day_the_one_approved_later_counts(cast, frozen):
    approved(cast, goal_min_minor="3000")
    frozen.advance(timedelta(minutes=1))
    approved(cast, goal_min_minor="4000")
    frozen.advance(timedelta(days=10))
    assert limits_queries.in_force().goal_min_minor == 4_000_00


def test_staff_who_decide_are_notified(cast):
    propose(cast.fiona)
    assert "staff.limits" in raising.told(cast.adam)
    assert "staff.limits" not in raising.told(cast.carla)


# --- which version counts -------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),  # days from today to the first day
        st.sampled_from(("approve", "refuse", "withdraw", "wait")),
        st.integers(0, 2),  # days until the next step
    ),
    max_size=8,
)


@given(steps=STEPS, look=st.integers(-1, 20))
@settings(max_examples=25)
def test_the_newest_approved_version_whose_day_has_come_counts_for_any_order(
    app, frozen, steps, look
):
    """Compared with a model that knows only what was approved when, and from which day."""
    empty_tables()
    frozen.set(NOW)
    known = []
    for number, (days, end, pause) in enumerate(steps):
        from_on = frozen.now().date() + timedelta(days=days)
        goal = 10_000 + number
        try:
            made = propose("fiona", from_on=from_on.isoformat(), goal_min_minor=str(goal))
        except Conflict:  # one waits for that day already
            rollback()
            continue
        if end == "approve":
            limits.approve(made, actor="adam")
            starts = max(rules.begins_at(from_on, ZONE), frozen.now())
            known.append((starts, frozen.now(), goal * 100))
        elif end == "refuse":
            limits.refuse(made, "The board says no.", actor="adam")
        elif end == "withdraw":
            limits.withdraw(made, actor="fiona")
        commit()
        frozen.advance(timedelta(days=pause, seconds=1))
    at = NOW + timedelta(days=look)
    come = [one for one in known if one[0] <= at]
    expected = max(come)[2] if come else terms.DEFAULT_LIMITS.goal_min_minor
    assert limits_queries.in_force(at).goal_min_minor == expected
    rows = limits_queries.versions(size=100).rows
    chosen = rules.in_force([row for row in rows if row.status == "approved"], at)
    assert (chosen.goal_min_minor if chosen else expected) == expected


def test_of_two_approvals_at_once_one_wins_and_the_other_learns_of_it(app, cast):
    made = propose(cast.fiona)
    second = raising.person("abe", "admin")
    works = [partial(limits.approve, made, actor=one) for one in (cast.adam, second)]
    outcomes = at_once(app, works)
    assert outcomes.count(None) == 1
    assert all(
        one is None or isinstance(one, Conflict | sa.exc.OperationalError) for one in outcomes
    ), outcomes
    rollback()
    ends = [one.to_status for one in limits_queries.history(made)]
    assert ends == ["pending", "approved"]


# --- campaigns ------------------------------------------------------------------------------------


def test_a_draft_is_checked_against_the_limits_of_the_day_it_is_submitted(cast, frozen):
    draft = raising.complete_draft(cast.company, cast.alice)
    approved(cast, goal_min_minor="20,000", threshold_bps="75", grace_days="5", days_min="40")
    frozen.advance(timedelta(days=5))
    with pytest.raises(InvalidFields) as refusal:
        drafts.submit(draft, actor=cast.alice)
    rollback()
    said = refusal.value.errors
    assert set(said) == {"goal_minor", "min_minor", "duration_days", "limits"}
    assert "from 20,000.00 ETB" in said["goal_minor"]
    assert "have changed since you saved" in said["limits"]
    terms_now = raising.TERMS | {
        "goal_minor": "20000",
        "min_minor": "200",
        "duration_days": "40",
    }
    drafts.save_terms(draft, terms_now)
    drafts.submit(draft, actor=cast.alice)
    commit()
    assert raising.campaign(draft).status == Status.SUBMITTED


def test_a_new_threshold_is_shown_before_it_counts(cast, frozen):
    draft = raising.complete_draft(cast.company, cast.alice)
    approved(cast, goal_min_minor="1000", investment_min_minor="100")
    frozen.advance(timedelta(days=5))
    with pytest.raises(InvalidFields, match="80 % of the goal"):
        drafts.submit(draft, actor=cast.alice)
    rollback()
    drafts.save_terms(draft, raising.TERMS)
    drafts.submit(draft, actor=cast.alice)
    commit()
    assert raising.campaign(draft).threshold_bps == 8_000
    assert raising.campaign(draft).grace_days == 6


def test_a_submitted_campaign_is_checked_again_when_it_is_approved(app, cast, frozen):
    campaign = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign, actor=cast.alice)
    commit()
    approved(cast, goal_min_minor="20,000", threshold_bps="75", grace_days="5")
    frozen.advance(timedelta(days=5))
    with raising.refused(shared.LimitsChanged):
        reviews.approve(campaign, actor=cast.carla)
    carla = raising.browser(app, cast.carla)
    answer = carla.post(f"/staff/campaigns/{campaign}/approve")
    assert answer.status_code == 409
    assert "have changed since this campaign was submitted" in answer.text
    assert "from 20,000.00 ETB" in answer.text
    assert raising.campaign(campaign).status == Status.SUBMITTED
    reviews.reject(campaign, "Please raise your goal.", actor=cast.carla)
    commit()
    assert raising.campaign(campaign).status == Status.DRAFT


def test_a_live_campaign_keeps_its_own_limits(cast, frozen):
    campaign = raising.live_campaign(cast.company, cast.alice, cast.carla)
    before = raising.campaign(campaign)
    approved(cast, from_on="2026-06-15", investment_min_minor="1,000", goal_min_minor="1,000,000")
    raising.put_in(campaign, 100_00)
    after = raising.campaign(campaign)
    assert after.settled_minor == 100_00
    for name in ("goal_minor", "min_minor", "duration_days", "threshold_bps", "grace_days"):
        assert getattr(after, name) == getattr(before, name)


def test_the_page_of_the_terms_names_the_limits_in_force(app, cast):
    draft = raising.complete_draft(cast.company, cast.alice)
    approved(cast, from_on="2026-06-15")
    alice = raising.browser(app, cast.alice)
    text = alice.get(f"/my/campaigns/{draft}/edit/terms").text
    assert "2,000.00 ETB" in text
    assert "When 80 % of the goal" in text
    assert "6,000,000.00 ETB" in raising.browser(app).get("/fees").text


# --- pages ----------------------------------------------------------------------------------------


def test_two_members_of_staff_change_the_limits_without_javascript(cast, fiona, adam):
    assert "From the start of the platform" in fiona.get("/staff/limits").text
    form = fiona.get("/staff/limits/new").text
    assert 'value="1000.00"' in form
    assert "The fee stays 2.5 %" in form
    here = fiona.post("/staff/limits/new", data=TYPED).headers["Location"]
    own = fiona.get(here).text
    assert "Withdraw the request" in own
    assert "Approve and carry out" not in own
    other = adam.get(here).text
    assert "1,000.00 ETB" in other
    assert "<strong>2,000.00 ETB</strong>" in other
    assert "Approve and carry out" in other
    assert adam.post(f"{here}/approve").headers["Location"] == here
    assert "Approved, not in force yet" in adam.get("/staff/limits").text


def test_a_bad_proposal_comes_back_with_its_sentences_and_nothing_is_lost(cast, fiona):
    answer = fiona.post("/staff/limits/new", data=TYPED | {"days_min": "300", "from_on": "x"})
    assert answer.status_code == 422
    assert "The longest duration must not be less than the shortest." in answer.text
    assert "Enter a date that exists" in answer.text
    assert "The board has decided so." in answer.text
    assert limits_queries.versions().rows == []


def test_a_refusal_without_a_reason_comes_back(cast, fiona, adam):
    here = fiona.post("/staff/limits/new", data=TYPED).headers["Location"]
    answer = adam.post(f"{here}/refuse", data={"reason": ""})
    assert answer.status_code == 422
    assert "Give a reason" in answer.text
    assert adam.post(f"{here}/refuse", data={"reason": "Not this year."}).status_code == 303
    assert "Not this year." in fiona.get(here).text


def test_the_regulator_reads_and_presses_nothing(cast, fiona, rita):
    here = fiona.post("/staff/limits/new", data=TYPED).headers["Location"]
    assert "Propose new limits" not in rita.get("/staff/limits").text
    text = rita.get(here).text
    assert "2,000.00 ETB" in text
    assert "<button" not in text.split("<main", 1)[1].split("</main>", 1)[0]
    assert rita.post(f"{here}/approve").status_code == 403


def test_compliance_has_nothing_to_do_with_limits(app, cast):
    carla = raising.browser(app, cast.carla)
    assert carla.get("/staff/limits").status_code == 403
    assert carla.post("/staff/limits/new", data=TYPED).status_code == 403


def test_a_proposal_waits_on_the_desk_of_who_decides(cast, fiona, adam):
    fiona.post("/staff/limits/new", data=TYPED)
    assert "Limits of campaigns to approve" in adam.get("/staff").text


def test_a_proposal_of_the_past_says_so_and_has_no_button_to_approve(app, cast, fiona, frozen):
    here = fiona.post("/staff/limits/new", data=TYPED).headers["Location"]
    frozen.advance(timedelta(days=7))
    adam = raising.browser(app, cast.adam)
    text = adam.get(here).text
    assert "The first day has passed" in text
    assert "Approve and carry out" not in text
    assert adam.post(f"{here}/approve").status_code == 409


def test_the_page_names_other_limits_that_come_first(cast, fiona, adam):
    first = approved(cast, from_on="2026-06-18", goal_min_minor="3000")
    here = fiona.post("/staff/limits/new", data=TYPED).headers["Location"]
    text = adam.get(here).text
    assert "Other limits come into force before" in text
    assert f"/staff/limits/{first}" in text


def test_the_list_says_which_version_is_in_force_and_which_was_replaced(app, cast, frozen):
    approved(cast, from_on="2026-06-16", goal_min_minor="3000")
    frozen.advance(timedelta(minutes=1))
    approved(cast, from_on="2026-06-17", goal_min_minor="4000")
    frozen.advance(timedelta(days=3))
    text = raising.browser(app, cast.fiona).get("/staff/limits").text
    assert 'data-status="in_force"' in text
    assert 'data-status="replaced"' in text
    assert "4,000.00 ETB" in text
