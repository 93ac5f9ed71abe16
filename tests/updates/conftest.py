"""Alice's live campaign, in which charlie has invested, and short verbs for its updates."""

from types import SimpleNamespace

import pytest

from crowdfund.kernel.db import commit, rollback
from crowdfund.updates import queries, service
from tests import raising
from tests.investments.conftest import world as world

TEXTS = {
    "title": "The second roaster has arrived",
    "text_md": "It came on **Monday**.\n\n<script>alert(1)</script>\n\nWe roast from next week on.",
}


@pytest.fixture
def news(world):
    """Alice owns the company, mia manages, vera looks on; bob is a stranger, charlie invests."""
    people = world.people
    company = raising.campaign(world.campaign_id).company_id
    for name, role in (("mia", "manager"), ("vera", "viewer")):
        people[name] = raising.person(name)
        raising.join(company, people[name], role)
    people["bob"] = raising.person("bob")

    def draft(**texts):
        rollback()
        made = service.create(world.campaign_id, TEXTS | texts, actor=people["alice"])
        commit()
        return made

    def published(**texts):
        made = draft(**texts)
        service.publish(made, actor=people["alice"])
        commit()
        return made

    def read(update_id):
        rollback()
        return queries.by_id(update_id)

    return SimpleNamespace(
        world=world,
        people=people,
        company=company,
        campaign_id=world.campaign_id,
        slug=world.slug,
        public=f"/campaigns/{world.slug}",
        desk=f"/my/campaigns/{world.campaign_id}/updates",
        staff=f"/staff/campaigns/{world.campaign_id}/updates",
        draft=draft,
        published=published,
        read=read,
    )


@pytest.fixture
def invested(news):
    """Charlie's money is in the campaign."""
    placed = news.world.place("charlie")
    news.world.bank_says(placed, "SUCCESS", "SETTLED")
    return placed
