"""The clock of the platform's machine jumps an hour ahead and back while payments flow.

The clocks of the bank and of the chain stay right, as they are other machines'. Ours is made wrong
by wrong_clock/sitecustomize.py; the operating system's stays, as another run on this machine needs
it.
"""

import re
import time
from pathlib import Path

import httpx
import pytest

from crowdfund.local.environment import ROOT
from crowdfund.local.services import QUEUES

from .conftest import a_stack
from .test_last_share import filled_form
from .town import Town, eventually

OURS = ("web", "events", "relay", *(f"worker-{queue}" for queue in QUEUES))
HOUR_S = 3600
SINCE = re.compile(r"/events\?since=(\d+)")
PEOPLE, TIMES = 10, 2
RECOVERS_WITHIN_S = 120


class WrongClock:
    """How far our programs' clock is ahead, in a file that they read each time."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.jump(0)

    def jump(self, seconds):
        part = self.file.with_suffix(".part")
        part.write_text(str(seconds))
        part.replace(self.file)

    def env(self):
        path = f"{Path(__file__).parent / 'wrong_clock'}:{ROOT}"
        return {"PYTHONPATH": path, "WRONG_CLOCK_FILE": str(self.file)}


@pytest.fixture
def jumping(tmp_path, template):
    """A town and the clock of its platform; at the end the clock is right and the books are."""
    wrong = WrongClock(tmp_path)
    with a_stack(
        tmp_path / "town", template, extra_env=dict.fromkeys(OURS, wrong.env())
    ) as running:
        town = Town(running)
        town.control("settings", settle_delay_s=0)
        yield town, wrong
        eventually(lambda: is_well(town), "all to be well again", within_s=180)
        town.selfcheck()


def is_well(town):
    with town.browser() as client:
        return client.get("/health/strict").status_code == httpx.codes.OK


def ahead_s(town):
    """Return how far the web process's clock is ahead of this process's, in seconds."""
    with town.browser() as client:
        # from when on the page wants events
        made_at = SINCE.search(client.get("/campaigns").text)[1]
    return int(made_at) / 1000 - time.time()


def relay_is_ahead(town):
    """Tell whether the relay last worked in the future."""
    ((is_ahead,),) = town.rows(
        "SELECT at > datetime('now', '+30 minutes') FROM heartbeat WHERE name = 'relay'"
    )
    return bool(is_ahead)


def jump(town, wrong, seconds):
    """Move the clock of our programs, and wait until the first and the last of them work by it."""
    wrong.jump(seconds)
    eventually(lambda: abs(ahead_s(town) - seconds) < 60, "the web process to have the other time")
    eventually(lambda: relay_is_ahead(town) == (seconds > 0), "the relay to work at the other time")


def press(town, people, campaign):
    """Let people invest by the web process, so that all is written at its time; returns the ids."""
    for person in people:
        client, path, fields = filled_form(town, person, campaign)
        assert client.post(path, data=fields).status_code == httpx.codes.SEE_OTHER
    query = "SELECT id FROM investment WHERE user_id = ? ORDER BY id DESC LIMIT 1"
    return [town.rows(query, person)[0][0] for person in people]


@pytest.mark.parametrize("jumps", [1, pytest.param(10, marks=pytest.mark.chaos)])
def test_a_clock_that_is_an_hour_ahead_for_a_while_loses_and_doubles_nothing(jumping, jumps):
    town, wrong = jumping
    campaign, people = town.raise_money(), town.investors(PEOPLE)
    made = 0
    for _ in range(jumps):
        first = town.invest(people, campaign, times=TIMES)
        town.pay(first)
        made += len(first)
        jump(town, wrong, HOUR_S)  # while they are being settled and recorded
        ahead = press(town, people, campaign)
        made += len(ahead)
        jump(town, wrong, 0)
        began = time.monotonic()
        town.pay(ahead, within_s=RECOVERS_WITHIN_S)
        town.until_confirmed(campaign, made, within_s=RECOVERS_WITHIN_S)
        print(
            f"clock an hour ahead and back: {made} records on chain {time.monotonic() - began:.1f} "
            "s later"
        )
    town.recorded_once(campaign)
