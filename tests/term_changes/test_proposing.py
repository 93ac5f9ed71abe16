"""A company proposes other terms, staff decide, and each version stays as it was."""

import pytest
import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import drafts, ending, reviews
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import Consent
from crowdfund.investments.service import placing
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Invalid, InvalidFields, NotYours, WrongState
from crowdfund.term_changes.models import TermsVersion
from crowdfund.term_changes.queries import changes, versions
from crowdfund.term_changes.rules.life import Status
from crowdfund.term_changes.service import deciding, proposing
from tests import raising
from tests.term_changes.conftest import REASON, STORY
from tests.together import at_once

WHY = "Please say what the used roaster costs."


def carla(world):
    return world.people["carla"]


def test_a_proposal_changes_nothing_before_staff_have_decided(world, terms_of):
    before = campaigns.by_id(world.campaign_id)
    change_id = terms_of.propose()
    assert terms_of.change(change_id).status == Status.SUBMITTED
    assert campaigns.by_id(world.campaign_id).story_md == before.story_md
    assert versions.latest(world.campaign_id) is None
    assert "staff.term_changes" in raising.told(carla(world))


def test_there_is_one_open_change_at_a_time(world, terms_of):
    change_id = terms_of.propose()
    with raising.refused(WrongState):
        proposing.create(world.campaign_id, terms_of.values(), actor=world.people["alice"])
    proposing.withdraw(change_id, actor=world.people["alice"])
    commit()
    assert terms_of.propose() != change_id


def test_of_several_proposals_at_one_moment_one_is_saved(app, world, terms_of):
    values = terms_of.values()

    def write():
        return proposing.create(world.campaign_id, values, actor=world.people["alice"])

    outcomes = at_once(app, [write] * 4)
    assert sum(isinstance(one, str) for one in outcomes) == 1
    assert sum(isinstance(one, WrongState) for one in outcomes) == 3


def test_bad_input_is_refused_field_by_field_and_nothing_is_stored(world, terms_of):
    with raising.refused(InvalidFields):
        proposing.create(
            world.campaign_id, terms_of.values(summary="", reason="no"), actor=world.people["alice"]
        )
    assert changes.open_of(world.campaign_id) is None


def test_a_proposal_that_changes_nothing_is_refused(world, terms_of):
    with raising.refused(Invalid):
        proposing.create(
            world.campaign_id,
            terms_of.values(story_md=raising.STORY.strip()),
            actor=world.people["alice"],
        )


def test_only_a_live_campaign_has_changes(world, terms_of):
    rollback()
    ending.cancel(world.campaign_id, "The company asked for it.", actor=carla(world))
    commit()
    with raising.refused(WrongState):
        proposing.create(world.campaign_id, terms_of.values(), actor=world.people["alice"])


def test_what_was_submitted_cannot_be_edited_until_it_comes_back(world, terms_of):
    change_id = terms_of.propose()
    with raising.refused(WrongState):
        proposing.save(change_id, terms_of.values())
    deciding.reject(change_id, WHY, actor=carla(world))
    commit()
    change = terms_of.change(change_id)
    assert (change.status, change.rejection_reason) == (Status.DRAFT, WHY)
    assert "campaign.terms_rejected" in raising.told(world.people["alice"])
    proposing.save(change_id, terms_of.values(story_md=STORY + " It costs 4,000 ETB."))
    proposing.submit(change_id, actor=world.people["alice"])
    commit()
    assert terms_of.change(change_id).rejection_reason is None


def test_sending_back_needs_a_reason(world, terms_of):
    change_id = terms_of.propose()
    with raising.refused(Invalid):
        deciding.reject(change_id, "no", actor=carla(world))
    assert terms_of.change(change_id).status == Status.SUBMITTED


@pytest.mark.parametrize("verb", ["approve_material", "approve_correction", "reject"])
def test_nobody_decides_about_the_own_companys_change(world, terms_of, verb):
    change_id = terms_of.propose()
    reason = (WHY,) if verb == "reject" else ()
    with raising.refused(NotYours):
        getattr(deciding, verb)(change_id, *reason, actor=world.people["alice"])
    assert terms_of.change(change_id).status == Status.SUBMITTED


@pytest.mark.parametrize("verb", ["approve_material", "approve_correction"])
def test_a_draft_and_what_was_decided_cannot_be_decided(world, terms_of, verb):
    change_id = proposing.create(world.campaign_id, terms_of.values(), actor=world.people["alice"])
    commit()
    with raising.refused(WrongState):
        getattr(deciding, verb)(change_id, actor=carla(world))
    proposing.submit(change_id, actor=world.people["alice"])
    getattr(deciding, verb)(change_id, actor=carla(world))
    commit()
    for other in (deciding.approve_material, deciding.approve_correction):
        with pytest.raises((WrongState, Invalid)):
            other(change_id, actor=carla(world))
        rollback()
    with raising.refused(WrongState):
        proposing.withdraw(change_id, actor=world.people["alice"])


def test_a_correction_is_a_version_in_force_at_once_and_asks_nobody(world, terms_of, frozen):
    investment_id = terms_of.paid()
    first_hash = world.campaign().terms_hash
    change_id = terms_of.propose()
    deciding.approve_correction(change_id, actor=carla(world))
    commit()
    world.work()
    campaign = world.campaign()
    assert (campaign.story_md, campaign.terms_version) == (STORY.strip(), 2)
    assert (campaign.terms_hash, terms_of.answer(investment_id)) == (first_hash, None)
    assert campaign.current_terms_hash != first_hash
    old, new = (versions.find(world.campaign_id, number) for number in (1, 2))
    assert (old.hash, new.hash) == (first_hash, campaign.current_terms_hash)
    assert old.terms["story_md"] == raising.STORY.strip()
    assert new.terms["story_md"] == STORY.strip()
    assert (new.is_material, new.reason, new.effective_at) == (False, REASON, frozen.now())
    assert terms_of.change(change_id).status == Status.CORRECTED
    assert changes.open_of(world.campaign_id) is None


def test_versions_are_only_added(world, terms_of):
    terms_of.material()
    for statement in (
        sa.update(TermsVersion.__table__).values(reason="another"),
        sa.delete(TermsVersion.__table__),
    ):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"):
            db.session.execute(statement)
        rollback()


def test_each_version_has_the_next_number(world, terms_of):
    for number in (2, 3):
        change_id = terms_of.propose(story_md=f"{STORY} Version {number} of this text.")
        deciding.approve_correction(change_id, actor=carla(world))
        commit()
    assert [row.number for row in versions.of_campaign(world.campaign_id).rows] == [3, 2, 1]


def test_who_invests_agrees_to_the_version_in_force(world, terms_of):
    before = terms_of.paid()
    terms_of.material()
    after = world.place("dora", "500", key="form-key-2")
    assert agreed(before) == (1, world.campaign().terms_hash)
    assert agreed(after) == (2, world.campaign().current_terms_hash)
    assert (terms_of.answer(before), terms_of.answer(after)) == ("open", None)


def agreed(investment_id):
    rollback()
    query = sa.select(Consent.terms_version, Consent.terms_hash)
    return tuple(db.session.execute(query.where(Consent.investment_id == investment_id)).one())


def test_a_form_that_showed_older_terms_is_refused_and_reserves_nothing(world, terms_of):
    terms_of.material()
    order = world.order("dora", "500")
    stale = placing.Order(**{**vars_of(order), "terms_version": 1})
    with raising.refused(investment_rules.TermsChanged):
        placing.place(stale)
    assert world.campaign().reserved_minor == 0
    fresh = placing.Order(**{**vars_of(order), "terms_version": 2})
    assert placing.place(fresh)
    rollback()


def vars_of(order):
    return {name: getattr(order, name) for name in order.__dataclass_fields__}


def test_the_terms_of_a_loan_can_change(app, world, terms_of):
    company = raising.registered_company(raising.person("lea"), carla(world), number=3)
    author = raising.person("lea")
    draft = raising.complete_draft(company, author)
    drafts.save_basics(draft, raising.BASICS | {"security_type": "debt"})
    loan = {"interest_bps": "12", "term_months": "24", "repayment": "monthly"}
    drafts.save_terms(draft, raising.TERMS | loan)
    drafts.submit(draft, actor=author)
    reviews.approve(draft, actor=carla(world))
    commit()
    raising.confirm("campaign", draft, CampaignCreated={"campaign": "0x" + "12" * 20})
    rollback()
    values = {
        "summary": raising.BASICS["summary"], "story_md": raising.STORY, "reason": REASON,
        "interest_bps": "10.5", "term_months": "24", "repayment": "end",
    }  # fmt: skip
    change_id = proposing.create(draft, values, actor=author)
    proposing.submit(change_id, actor=author)
    deciding.approve_material(change_id, actor=carla(world))
    commit()
    found = raising.campaign(draft)
    assert (found.interest_bps, found.repayment, found.goal_minor) == (1_050, "end", 10_000_00)
