"""A cast with one registered company, on a clock that stands still."""

from types import SimpleNamespace

import pytest

from tests import raising


@pytest.fixture
def cast(app, frozen):
    """Alice owns the company; bob is a stranger; the others are staff."""
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
