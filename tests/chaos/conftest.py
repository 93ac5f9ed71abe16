"""One running stack for the fault tests; each makes its own campaign and proves the books at its end."""

import os

import pytest

from crowdfund.local import stack

from .town import Town

CLEAN = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "ANVIL") if name in os.environ}


@pytest.fixture(scope="session")
def stack_of_the_town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    with stack.running(
        folder, ports="free", environ={**CLEAN, "LOG_LEVEL": "WARNING"}, seed=False
    ) as running:
        yield running


@pytest.fixture(scope="session")
def settled_town(stack_of_the_town):
    town = Town(stack_of_the_town)
    town.control("settings", settle_delay_s=0)
    return town


@pytest.fixture
def town(settled_town):
    """The town; at the end of each test everything that was begun is done and the books are right."""
    yield settled_town
    settled_town.selfcheck()
