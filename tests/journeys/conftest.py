"""One seeded stack and one browser for all journeys;
a failing test leaves pictures and log tails."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import chromium, prepared

from .world import EXPECT_MS, World, open_world

expect.set_options(timeout=EXPECT_MS)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, **chromium.launch_args()}


@pytest.fixture(scope="session")
def session_world(browser, tmp_path_factory):
    # One worker makes the story in its own stack; several start from a copy of one that was made
    # once.
    has_others = "PYTEST_XDIST_WORKER" in os.environ
    template = prepared.stopped_stack(tmp_path_factory, story=True) if has_others else None
    with open_world(tmp_path_factory.mktemp("stack"), browser, template) as world:
        yield world


@pytest.fixture
def world(session_world: World, request, tmp_path):
    """The stack, with browsers that are closed after the test."""
    session_world.complaints.clear()
    yield session_world
    report = getattr(request.node, "report", None)
    if report is not None and report.failed:
        _leave_traces(session_world, tmp_path)
    session_world.close(*list(session_world.pages))
    if report is None or report.passed:
        assert session_world.complaints == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.report = report
    return report


def _leave_traces(world: World, folder: Path) -> None:
    for number, page in enumerate(world.pages):
        file = folder / f"page-{number}.png"
        page.screenshot(path=file, full_page=True)
        print(f"\n{page.url}: {file}")
    for name in world.stack.names():
        log = world.stack.log(name)
        tail = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
        told = [re.sub(r"\x1b\[[0-9;]*m", "", line)[:300] for line in tail]
        print(f"\n--- {name}\n" + "\n".join(told))
