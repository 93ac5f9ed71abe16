"""Alice's live campaign, in which charlie and dora invest; staff and strangers look at it."""

import pytest

from tests import raising
from tests.investments.conftest import world as world
from tests.investments.test_notices import settled


@pytest.fixture
def team(app, world):
    """The people who ask, and what they get: alice owns, vera looks on, bob owns nothing."""
    company = raising.campaign(world.campaign_id).company_id
    world.people["vera"] = raising.person("vera")
    raising.join(company, world.people["vera"], "viewer")
    for name, roles in {"bob": (), "fiona": ("finance",), "rita": ("regulator",)}.items():
        world.people[name] = raising.person(name, *roles)

    def ask(who, what="investors", desk="my"):
        browser = raising.browser(app, world.people[who])
        return browser.get(f"/{desk}/campaigns/{world.campaign_id}/{what}".rstrip("/"))

    world.ask = ask
    return world


@pytest.fixture
def invested(team):
    """Charlie has invested twice, dora once; dora also has a reservation that is not paid."""
    team.ids = [
        settled(team, "1,000"),
        settled(team, "500", key="b", who="dora"),
        settled(team, "300", key="c"),
    ]
    team.place("dora", "200", key="d")
    return team
