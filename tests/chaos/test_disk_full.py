"""The disk of all data is full for a while: pages are read, nothing is lost,
and work goes on with room.

Database, files, Redis, chain and logs lie on one small file system, as on a small server.
"""

import os
import sqlite3
import time
from contextlib import closing, suppress

import httpx
import pytest

from tests.disks import small_disk

from .conftest import a_stack
from .test_last_share import filled_form
from .town import Town, eventually

PEOPLE, TIMES = 10, 2
SIZE = "96m"
PIECE = b"x" * 65_536


@pytest.fixture
def small_town(tmp_path, template):
    with small_disk(tmp_path / "town", size=SIZE) as is_mounted:
        if not is_mounted:
            give_up = pytest.fail if os.environ.get("CI") else pytest.skip
            give_up("a small disk cannot be mounted here: run as root")
        with a_stack(tmp_path / "town", template) as running:
            town = Town(running)
            town.control("settings", settle_delay_s=0)
            yield town
            eventually(lambda: is_well(town), "all to be well again", within_s=180)
            town.selfcheck()


def is_well(town):
    with town.browser() as client:
        try:
            return client.get("/health/strict").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def fill(town, path):
    """Write until nothing fits any more, down to the last byte.

    The database's log is emptied first: it would have room for some megabytes more.
    """
    database = sqlite3.connect(town.stack.folder.root / "crowdfund.db", timeout=30)
    with closing(database), suppress(sqlite3.OperationalError):  # full already
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("ab", buffering=0) as file:
        for piece in (PIECE, b"x"):
            try:
                while True:
                    file.write(piece)
            except OSError:
                continue


def look_around(town, campaign, filler, seconds):
    """Read pages all the time and take whatever room appears;
    returns the slowest page's seconds."""
    slowest, end = 0.0, time.monotonic() + seconds
    with town.browser() as client:
        while time.monotonic() < end:
            fill(town, filler)
            for path in ("/campaigns", f"/campaigns/{campaign.slug}"):
                began = time.monotonic()
                answer = client.get(path)
                slowest = max(slowest, time.monotonic() - began)
                assert answer.status_code == httpx.codes.OK, answer.text[:500]
            time.sleep(0.2)  # a person looks at a page before opening the next
    return slowest


@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.chaos)])
def test_a_full_disk_loses_and_doubles_nothing_and_work_goes_on_once_there_is_room(
    small_town, seconds
):
    town = small_town
    campaign, people = town.raise_money(), town.investors(PEOPLE + 1)
    late = people.pop()
    town.pay(town.invest(people, campaign, times=TIMES))
    eventually(lambda: town.statuses(campaign)["paying"] < PEOPLE * TIMES, "the first payments")
    client, path, fields = filled_form(town, late, campaign)
    filler = town.stack.folder.root / "filler"
    try:
        fill(town, filler)
        refused = client.post(path, data=fields)
        slowest = look_around(town, campaign, filler, seconds)
    finally:
        filler.unlink()
    assert refused.status_code >= httpx.codes.INTERNAL_SERVER_ERROR

    eventually(
        lambda: client.post(path, data=fields).status_code == httpx.codes.SEE_OTHER, "the same form"
    )
    query = "SELECT id FROM investment WHERE user_id = ?"
    ((placed,),) = town.rows(query, late)
    town.pay([placed], within_s=120)
    took = town.until_confirmed(campaign, PEOPLE * TIMES + 1, within_s=180)
    print(
        f"disk full for {seconds} s: slowest page {slowest * 1000:.0f} ms, "
        f"all done {took:.1f} s later"
    )
    town.recorded_once(campaign)
