"""One running stack for the fault tests; each makes its own campaign and proves the books at its
end."""

import os
from pathlib import Path

import pytest

from crowdfund.local import stack
from tests import prepared

from .town import Town

CLEAN = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "ANVIL") if name in os.environ}


# What money needs on its way; the rest of a stack (mail, sign-in, event streams) costs only time.
MONEY = (
    "redis",
    "chain",
    "gateway",
    "web",
    "relay",
    "worker-chain",
    "worker-payments",
    "worker-default",
)


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Data of a stack with its contracts, without a story."""
    return prepared.stopped_stack(tmp_path_factory)


def a_stack(folder: Path, template: Path | None, **choices):
    """Return a context in which a stack of the fault tests runs, from prepared data."""
    environ = {**CLEAN, "LOG_LEVEL": "WARNING"}
    given = {"ports": "free", "environ": environ, "seed": False, "template": template, **choices}
    return stack.running(folder, **given)


@pytest.fixture(scope="session")
def stack_of_the_town(tmp_path_factory, template):
    with a_stack(tmp_path_factory.mktemp("town"), template) as running:
        yield running


@pytest.fixture(scope="session")
def settled_town(stack_of_the_town):
    town = Town(stack_of_the_town)
    town.control("settings", settle_delay_s=0)
    return town


@pytest.fixture
def town(settled_town):
    """The town; at the end of each test everything that was begun is done and the books are
    right."""
    yield settled_town
    settled_town.selfcheck()
