"""Alice's campaign as a draft or live, her team, and short verbs for what its page shows."""

from types import SimpleNamespace

import pytest

from crowdfund.adapters import storage
from crowdfund.campaigns.service import drafts, reviews
from crowdfund.content import queries
from crowdfund.content.service import faq, gallery, people
from crowdfund.kernel.db import commit, rollback
from tests import raising
from tests.campaigns.conftest import cast as cast
from tests.scenes import scene

QUESTION = {"question": "When will you export?", "answer": "From 2027 on.\nFirst to Djibouti."}
PERSON = {
    "name": "Almaz Tadesse",
    "role": "Founder and roaster",
    "text": "Has roasted coffee for twenty years.",
    "agreed": True,
}


def stored(number=0):
    """Return a picture that was examined and stored: an upload would start a process for each."""
    size = (640 + number, 480)
    return gallery.Stored(storage.put_public(raising.picture(size, "WEBP")), *size)


def _people_and_draft(cast):
    people_ids = {name: getattr(cast, name) for name in ("alice", "bob", "carla", "adam", "rita")}
    people_ids |= {name: raising.person(name) for name in ("mia", "vera")}
    raising.join(cast.company, people_ids["mia"], "manager")
    raising.join(cast.company, people_ids["vera"], "viewer")
    return people_ids, raising.complete_draft(cast.company, cast.alice)


@pytest.fixture
def campaign(cast):
    """Alice owns the company, mia manages, vera looks on; bob is a stranger."""
    people_ids, campaign_id = scene("content.campaign", lambda: _people_and_draft(cast))

    def ask(**texts):
        rollback()
        made = faq.add(campaign_id, QUESTION | texts, actor=cast.alice)
        commit()
        return made

    def picture(alt="Coffee cherries on a tree.", number=0):
        rollback()
        made = gallery.add(campaign_id, stored(number), alt, actor=cast.alice)
        commit()
        return made

    def person(picture=None, **words):
        rollback()
        made = people.add(campaign_id, PERSON | words, picture, actor=cast.alice)
        commit()
        return made

    def submit():
        rollback()
        drafts.submit(campaign_id, actor=cast.alice)
        commit()

    def go_live():
        submit()
        reviews.approve(campaign_id, actor=cast.carla)
        commit()
        raising.confirm("campaign", campaign_id, CampaignCreated={"campaign": raising.CONTRACT})

    def questions():
        rollback()
        return [row.question for row in queries.faq(campaign_id)]

    return SimpleNamespace(
        people=people_ids,
        company=cast.company,
        campaign_id=campaign_id,
        slug=raising.campaign(campaign_id).slug,
        public=f"/campaigns/{raising.campaign(campaign_id).slug}",
        desk=f"/my/campaigns/{campaign_id}",
        ask=ask,
        picture=picture,
        person=person,
        submit=submit,
        go_live=go_live,
        questions=questions,
    )
