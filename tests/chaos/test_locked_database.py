"""SQLite's write lock held by somebody else:
pages answer, payments are not lost, all is done afterwards."""

import sqlite3
import time
from contextlib import closing

import httpx
import pytest

from .town import eventually

PEOPLE, TIMES = 10, 2


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.chaos)])
def test_pages_answer_while_the_database_is_locked_and_the_work_is_done_afterwards(town, seconds):
    campaign = town.raise_money()
    town.pay(town.invest(town.investors(PEOPLE), campaign, times=TIMES))
    path = town.stack.folder.root / "crowdfund.db"
    took, refused = [], []
    with (
        town.browser() as client,
        closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for page in ("/campaigns", f"/campaigns/{campaign.slug}", "/sign-in", "/health"):
                began = time.monotonic()
                assert client.get(page).status_code == httpx.codes.OK, page
                took.append(time.monotonic() - began)
            if not refused:
                began = time.monotonic()
                answer = client.post(
                    f"{town.stack.url('web')}/webhooks/neo-payment/", content=b"{}"
                )
                refused.append((answer.status_code, time.monotonic() - began))
        other.execute("ROLLBACK")
    assert max(took) < 5, f"a page took {max(took):.1f} s"
    ((status, waited),) = refused
    assert status >= httpx.codes.BAD_REQUEST
    assert waited < 15
    town.until_confirmed(campaign, PEOPLE * TIMES, within_s=120)
    town.recorded_once(campaign)
    eventually(lambda: client_is_well(town), "all to be well again")
    print(f"locked for {seconds} s: {len(took)} pages, slowest {max(took) * 1000:.0f} ms")


def client_is_well(town):
    with town.browser() as client:
        return client.get("/health/strict").status_code == httpx.codes.OK
