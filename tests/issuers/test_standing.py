"""A company is deactivated and active again: new campaigns stop, nobody's money does."""

import pytest

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import drafts, ending, releasing, reviews, shared
from crowdfund.chain import queries as chain
from crowdfund.issuers import queries
from crowdfund.issuers.service import onboarding, registry
from crowdfund.issuers.service import reviews as reviews_service
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import WrongState
from tests import raising

WHY = "The business licence was withdrawn."


@pytest.fixture
def cast(app, frozen):
    raising.contracts()
    people = {"alice": raising.person("alice"), "carla": raising.person("carla", "compliance")}
    people["company"] = raising.registered_company(people["alice"], people["carla"])
    return people


def functions(cast):
    return [write.function for write in chain.writes_of("company", cast["company"])]


def deactivate(cast):
    reviews_service.deactivate(cast["company"], WHY, actor=cast["carla"])
    commit()


def test_a_running_campaign_of_a_deactivated_company_goes_on_to_its_end(cast, frozen):
    campaign_id = raising.live_campaign(cast["company"], cast["alice"], cast["carla"])
    deactivate(cast)
    raising.put_in(campaign_id, 8_000_00)
    frozen.set(raising.campaign(campaign_id).ends_at.replace(hour=23))
    ending.close_due()
    commit()
    raising.confirm("campaign", campaign_id, Closed={"succeeded": True, "total": 0})
    releasing.release(campaign_id, actor=cast["carla"])
    commit()
    raising.confirm("campaign", campaign_id)
    assert raising.campaign(campaign_id).status == "released"
    assert campaigns.start_refusal(cast["company"]) == "inactive"


def test_the_chain_is_told_and_the_company_can_come_back(cast):
    deactivate(cast)
    assert functions(cast)[-1] == "deactivateIssuer"
    assert campaigns.start_refusal(cast["company"]) == "inactive"
    assert "company.deactivated" in raising.told(cast["alice"])
    reviews_service.reactivate(cast["company"], "The licence was given back.", actor=cast["carla"])
    commit()
    assert functions(cast)[-1] == "reactivateIssuer"
    assert campaigns.start_refusal(cast["company"]) is None


def test_an_approved_campaign_of_a_deactivated_company_does_not_start(cast):
    campaign_id = raising.complete_draft(cast["company"], cast["alice"])
    drafts.submit(campaign_id, actor=cast["alice"])
    deactivate(cast)
    with raising.refused(shared.NotEligible):
        reviews.approve(campaign_id, actor=cast["carla"])


def test_what_the_registry_refused_is_tried_again_for_where_the_company_stands_now(cast):
    deactivate(cast)
    raising.refuse("company", cast["company"], "NodeDown")
    row = queries.get(cast["company"])
    assert (row.chain_failed, row.chain_error) == ("deactivateIssuer", "NodeDown")
    registry.again(cast["company"], actor=cast["carla"])
    commit()
    assert functions(cast)[-2:] == ["deactivateIssuer", "deactivateIssuer"]
    raising.confirm("company", cast["company"])
    assert queries.get(cast["company"]).chain_error is None
    with raising.refused(WrongState):
        registry.again(cast["company"], actor=cast["carla"])


def test_a_company_whose_registration_is_under_way_is_deactivated_after_it(cast):
    other = raising.filled_company(raising.person("bob"), 9)
    onboarding.submit(other, actor=queries.get(other).owner_id)
    raising.accept_documents(other, cast["carla"])
    reviews_service.approve(other, actor=cast["carla"])
    reviews_service.deactivate(other, WHY, actor=cast["carla"])
    commit()
    writes = [write.function for write in chain.writes_of("company", other)]
    assert writes == ["registerIssuer", "deactivateIssuer"]


def test_a_deactivated_company_reads_its_file_and_changes_nothing(client, cast):
    deactivate(cast)
    alice, here = raising.sign_in(client, cast["alice"]), f"/companies/{cast['company']}"
    assert WHY in alice.get(here).text
    assert alice.post(f"{here}/edit/contacts", data=raising.CONTACTS).status_code == 409
    rollback()
    assert queries.running_changes(cast["company"]) == []


def test_the_desk_deactivates_with_a_reason_and_undoes_it(client, cast):
    carla, desk = raising.sign_in(client, cast["carla"]), f"/staff/companies/{cast['company']}"
    answer = carla.post(f"{desk}/deactivate", data={"reason": "short"})
    assert (answer.status_code, queries.get(cast["company"]).status) == (422, "verified")
    assert carla.post(f"{desk}/deactivate", data={"reason": WHY}).status_code == 303
    assert WHY in carla.get(desk).text
    assert carla.post(f"{desk}/deactivate", data={"reason": WHY}).status_code == 409
    assert "Deactivated (1)" in carla.get("/staff/companies").text
    assert (
        carla.post(f"{desk}/reactivate", data={"reason": "All is well again."}).status_code == 303
    )
    rollback()
    assert queries.get(cast["company"]).status == "verified"


def test_the_year_that_the_registry_used_up_counts(cast):
    campaign_id = raising.complete_draft(cast["company"], cast["alice"])
    drafts.submit(campaign_id, actor=cast["alice"])
    reviews.approve(campaign_id, actor=cast["carla"])
    commit()
    events = {"CampaignCreated": {"campaign": raising.CONTRACT}, "LockAcquired": {"year": 2027}}
    raising.confirm("campaign", campaign_id, **events)
    row = raising.campaign(campaign_id)
    assert (row.started_year, row.year_lock) == (2027, f"{cast['company']}:2027")
