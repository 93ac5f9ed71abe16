"""A campaign that has succeeded, and the people who release its money."""

from datetime import timedelta

import pytest

from crowdfund.campaigns.service import ending
from crowdfund.kernel.db import commit
from tests import raising
from tests.campaigns.conftest import cast as cast

PARTS = {
    "part1": "50",
    "condition1": "The campaign has succeeded.",
    "part2": "50",
    "condition2": "The machine is delivered.",
}


def succeed(cast, frozen, **terms):
    """Return the id of a campaign that has succeeded with 8,000 ETB."""
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla, **terms)
    raising.put_in(campaign_id, 8_000_00)
    frozen.advance(timedelta(days=30, seconds=1))
    ending.close_due()
    commit()
    raising.confirm("campaign", campaign_id, Closed={"succeeded": True, "total": 0})
    assert raising.campaign(campaign_id).status == "succeeded"
    return campaign_id


@pytest.fixture
def campaign_id(cast, frozen):
    return succeed(cast, frozen)


@pytest.fixture
def in_parts(cast, frozen):
    return succeed(cast, frozen, **PARTS)
