"""One checkout and one `make run` for all; a failing test leaves pictures and the ends of the
logs."""

import pytest
from playwright.sync_api import expect

from tests import chromium

from . import checkout
from .newcomer import PATIENCE_MS, Newcomer

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, **chromium.launch_args()}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The checkout in which `make run` runs."""
    with checkout.running(tmp_path_factory.mktemp("newcomer") / "crowdfund") as started:
        yield started


@pytest.fixture(scope="session")
def session_newcomer(made, browser):
    return Newcomer(made, browser)


@pytest.fixture
def newcomer(session_newcomer, request, tmp_path):
    """The newcomer; no page may break or answer with a fault meanwhile."""
    session_newcomer.complaints.clear()
    yield session_newcomer
    report = getattr(request.node, "report", None)
    if report is not None and report.failed:
        _leave_traces(session_newcomer, tmp_path)
    elif report is not None:
        assert session_newcomer.complaints == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.report = report
    return report


def _leave_traces(newcomer, folder):
    for number, page in enumerate(newcomer.pages):
        file = folder / f"page-{number}.png"
        page.screenshot(path=file, full_page=True)
        print(f"\n{page.url}: {file}")
    print("\n".join(newcomer.complaints))
    print(newcomer.made.logs())
