"""A cast with one registered company, on a clock that stands still."""

from types import SimpleNamespace

import pytest

from tests import raising
from tests.scenes import scene


@pytest.fixture
def cast(app, frozen):
    """Alice owns the company; bob is a stranger; the others are staff."""
    return scene("campaigns.cast", _cast)


def _cast():
    raising.contracts()
    staff = {
        "carla": ("compliance",),
        "adam": ("admin",),
        "fiona": ("finance",),
        "rita": ("regulator",),
    }
    people = {name: raising.person(name, *staff.get(name, ())) for name in ("alice", "bob", *staff)}
    company = raising.registered_company(people["alice"], people["carla"])
    return SimpleNamespace(company=company, **people)


@pytest.fixture
def live_id(cast):
    """The id of a live campaign with a goal of 10,000.00 ETB that ends in 30 days."""
    return scene(
        "campaigns.live", lambda: raising.live_campaign(cast.company, cast.alice, cast.carla)
    )
