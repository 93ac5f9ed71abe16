"""A browser on the tiny site of server.py."""

from pathlib import Path

import pytest

from .server import Site

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    own = {"executable_path": str(CHROMIUM)} if CHROMIUM.exists() else {}
    return {**browser_type_launch_args, **own, "args": FLAGS}


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
        "console", lambda message: page.complaints.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(site.url)
    return page
