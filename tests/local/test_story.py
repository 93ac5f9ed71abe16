"""The demo story does not contradict itself:
who is verified was checked, what is cited is there."""

import io
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pytest

from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.compliance.queries import files
from crowdfund.compliance.rules import requirements
from crowdfund.kernel.db import commit, rollback
from crowdfund.local.story import cast, making, news, news_cast
from crowdfund.people import queries as people
from crowdfund.questions import queries as questions
from crowdfund.updates import queries as updates
from tests import raising


class Hand:
    """Carries out each verb of the story at once, without bank and chain."""

    def do(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        rollback()
        result = verb(*args, **kwargs)
        commit()
        return result


@pytest.fixture
def story(app, frozen):
    return making.Story(Hand(), datetime.now(UTC))


def test_every_verified_investor_has_passed_the_checks_of_the_level(app, story):
    making._people(story)
    assert len(story.investors) == len(cast.INVESTORS)
    for person_id in story.investors:
        rollback()
        person, file = people.get(person_id), files.snapshot(person_id)
        assert (person.kyc_status, person.kyc_level) == ("verified", "basic")
        assert requirements.missing(file, "basic") == []
        assert requirements.unproven(file, "basic") == []
        assert files.same_number(person_id) == []
        assert [document.expires_on for document in files.documents_of(person_id)] == [
            story.passports_expire_on
        ]
    page = raising.browser(app, story.investors[0]).get("/account/verification").text
    basic, _, _ = page.partition('id="enhanced-1"')
    assert basic.count("Completed") == len(requirements.asked(file, "basic"))
    assert "Not started" not in basic.split('id="basic-1"')[1].split("</ul>")[0]


@pytest.mark.parametrize("one", cast.RAISES, ids=lambda one: one.slug)
def test_a_campaign_that_cites_its_memorandum_has_it_as_a_real_pdf(app, one):
    owner, reviewer = raising.person("alice"), raising.person("carla", "compliance", "admin")
    raising.contracts()
    company_id = raising.registered_company(owner, reviewer)
    campaign_id = making._write_campaign(company_id, owner, one)
    commit()
    assert "memorandum" in campaigns.by_id(campaign_id).story_md
    (document,) = campaigns.documents(campaign_id)
    assert document.title == cast.MEMORANDUM_TITLE
    with pikepdf.open(io.BytesIO(storage.read_cid(document.cid))) as pdf:
        text = pdf.pages[0].Contents.read_bytes().decode()
    assert one.title in text


def test_the_live_campaign_has_two_updates_and_three_answers_and_one_question_waits(app, story):
    owner, reviewer = raising.person("abel"), raising.person("carla", "compliance", "admin")
    raising.contracts()
    company_id = raising.registered_company(owner, reviewer)
    story.campaigns["solar"] = raising.live_campaign(company_id, owner, reviewer)
    story.investors += [raising.person(f"investor{number}") for number in range(12)]
    people_of = news_cast.People(lambda: owner, story.investors)
    steps = news.steps(story.stage, lambda: story.campaigns["solar"], people_of)
    for _, act in sorted(steps, key=lambda step: -step[0]):
        act()
    rollback()
    found = updates.published(story.campaigns["solar"]).rows
    assert {row.title for row in found} == {one.title for one in news_cast.UPDATES}
    assert all(updates.pictures([row.id])[row.id] for row in found)
    assert len(questions.answered(story.campaigns["solar"]).rows) == 3
    assert questions.count_open(story.campaigns["solar"]) == 1
