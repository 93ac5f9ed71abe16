"""What a page costs, counted in function calls and queries: a count is the same on every machine.

`make bench` measures time, but nobody runs it at each change: three features once took a third of
the pages' speed unnoticed. A test here that fails says: this change makes every page dearer. Spare
the calls, or raise the number deliberately, after `make bench`.
"""

import sqlite3
import sys

import pytest
from sqlalchemy import event

from benchmarks import pages, world
from crowdfund.kernel import config
from crowdfund.kernel.db import db

CALLS = {
    ("list", "kept"): 846,
    ("list", "changed"): 1_105,
    ("detail", "kept"): 722,
    ("detail", "changed"): 746,  # two amounts lead to their explanations
}
QUERIES = 4  # session, person with roles, campaigns or campaign, unread notices


@pytest.fixture
def site(tmp_path):
    before = config.settings()
    world.make(tmp_path)
    yield world.open_app(tmp_path)
    config.use(before)


@pytest.fixture
def money(tmp_path):
    with sqlite3.connect(tmp_path / "crowdfund.db", isolation_level=None) as database:
        yield lambda: pages._change(database)


def calls(site, path):
    """Return how many Python functions one request calls."""
    counted = 0

    def count(_frame, what, _arg):
        nonlocal counted
        counted += what == "call"

    environ = pages._environ("ours", path)
    sys.setprofile(count)
    try:
        pages.call(site, environ)
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize(("page", "state"), list(CALLS))
def test_a_page_takes_no_more_calls_than_it_did(site, money, page, state):
    path, found = pages.PAGES[page], []
    for _ in range(4):  # the first ones fill what is cached
        if state == "changed":
            money()
        found.append(calls(site, path))
    assert 100 < min(found) <= CALLS[page, state]


@pytest.mark.parametrize("page", ["list", "detail"])
def test_a_page_for_a_signed_in_person_takes_four_queries(site, page):
    statements, environ = [], pages._environ("ours", pages.PAGES[page])
    pages.call(site, environ)  # what can be cached is cached now
    with site.app_context():
        event.listen(
            db.engine,
            "checkout",
            lambda connection, *_: connection.set_trace_callback(statements.append),
        )
    pages.call(site, environ)
    assert len([text for text in statements if text.startswith("SELECT")]) == QUERIES, statements
