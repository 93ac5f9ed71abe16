"""A browser on the tiny site of server.py."""

import pytest

from tests import chromium

from .server import Site


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, **chromium.launch_args()}


@pytest.fixture
def site():
    site = Site()
    yield site
    site.stream_open = False
    site.server.shutdown()


@pytest.fixture
def shown(site, page):
    """The page, open, without one complaint in the console that the test did not cause."""
    page.complaints = []
    page.on(
        "console",
        lambda message: page.complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(site.url)
    return page
