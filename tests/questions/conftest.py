"""Alice's live campaign, people who ask about it, and short verbs."""

from types import SimpleNamespace

import pytest

from crowdfund.kernel.db import commit, rollback
from crowdfund.people import service as people_service
from crowdfund.questions import queries, service
from tests import raising
from tests.campaigns.conftest import cast as cast
from tests.scenes import scene

TEXT = "How many roasters do you have today?"
ANSWER = "One, of 15 kg. The second one has 60 kg."
REASON = "The contract with the farms is confidential."


def _people_and_campaign(cast):
    people = {name: getattr(cast, name) for name in ("alice", "bob", "carla", "adam")}
    people |= {name: raising.person(name) for name in ("mia", "vera", "eve")}
    raising.join(cast.company, people["mia"], "manager")
    raising.join(cast.company, people["vera"], "viewer")
    people_service.save_profile(
        people["bob"], first_name="Bob Abebe", last_name="Desta", phone="+251911234567"
    )
    commit()
    return people, raising.live_campaign(cast.company, cast.alice, cast.carla)


@pytest.fixture
def desk(cast):
    """Alice owns the company, mia manages, vera looks on; bob asks and eve is a stranger."""
    people, campaign_id = scene("questions.desk", lambda: _people_and_campaign(cast))
    slug = raising.campaign(campaign_id).slug

    def ask(text=TEXT, who="bob"):
        rollback()
        made = service.ask(campaign_id, text, actor=people[who])
        commit()
        return made

    def answered(text=TEXT, answer=ANSWER):
        made = ask(text)
        service.answer(made, answer, actor=people["alice"])
        commit()
        return made

    def read(question_id):
        rollback()
        return queries.of_campaign(campaign_id, question_id)

    return SimpleNamespace(
        people=people,
        company=cast.company,
        campaign_id=campaign_id,
        slug=slug,
        public=f"/campaigns/{slug}",
        asking=f"/campaigns/{slug}/questions/ask",
        team=f"/my/campaigns/{campaign_id}/questions",
        staff=f"/staff/campaigns/{campaign_id}/questions",
        ask=ask,
        answered=answered,
        read=read,
    )
