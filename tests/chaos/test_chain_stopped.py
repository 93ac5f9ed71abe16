"""The chain node is away for a while: pages go on, money goes on, and the writes catch up, each once."""

import os
import signal
import time

import httpx
import pytest

from .town import eventually

PEOPLE, BEFORE, DURING = 10, 1, 3
CATCH_UP_S = 60
SLOWEST_S = 5  # far beyond any page here; a page that waited for the node would take longer


def freeze(supervisor):
    pid = supervisor.kill("chain", signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def halt(supervisor):
    supervisor.halt("chain")
    return lambda: supervisor.resume("chain")


def look_around(town, campaign, person, investment, seconds):
    """Open pages all the time; returns how long each took."""
    took, end = [], time.monotonic() + seconds
    pages = ("/campaigns", f"/campaigns/{campaign.slug}", f"/investments/{investment}", "/portfolio")
    with town.browser(person) as client:
        while time.monotonic() < end:
            for path in pages:
                began = time.monotonic()
                answer = client.get(path)
                took.append(time.monotonic() - began)
                assert answer.status_code == httpx.codes.OK, f"{path}: {answer.text[:500]}"
            time.sleep(0.2)  # a person looks at a page before opening the next
    return sorted(took)


@pytest.mark.parametrize(
    ("stop", "seconds"),
    [
        pytest.param(freeze, 15, id="frozen"),
        pytest.param(halt, 8, id="down"),
        pytest.param(freeze, 60, id="frozen-60", marks=pytest.mark.chaos),
        pytest.param(halt, 60, id="down-60", marks=pytest.mark.chaos),
    ],
)
def test_pages_go_on_without_the_chain_and_its_writes_catch_up(town, stop, seconds):
    campaign, people = town.raise_money(), town.investors(PEOPLE)
    town.pay(town.invest(people, campaign, times=BEFORE))
    eventually(lambda: town.statuses(campaign)["paying"] < PEOPLE, "the first payments")
    go_on = stop(town.stack.supervisor)
    try:
        ids = town.invest(people, campaign, times=DURING)
        town.pay(ids)
        took = look_around(town, campaign, people[0], ids[0], seconds)
        settled = eventually(lambda: town.statuses(campaign)["paying"] == 0, "the payments")
        assert settled
        assert town.statuses(campaign)["confirmed"] <= PEOPLE * BEFORE
    finally:
        go_on()
    after = town.until_confirmed(campaign, PEOPLE * (BEFORE + DURING), within_s=CATCH_UP_S)
    middle, late = took[len(took) // 2], took[int(len(took) * 0.95)]
    print(
        f"chain away {seconds} s: {len(took)} pages, median {middle * 1000:.0f} ms, p95 {late * 1000:.0f} ms;"
    )
    print(f"  {PEOPLE * DURING} investments were on chain {after:.1f} s after its return")
    assert took[-1] < SLOWEST_S
    town.recorded_once(campaign)


def test_a_killed_node_that_forgot_its_newest_blocks_gets_every_write_again_once(town):
    campaign, people = town.raise_money(), town.investors(PEOPLE)
    town.pay(town.invest(people, campaign, times=BEFORE))
    town.until_confirmed(campaign, PEOPLE * BEFORE)
    starts = town.stack.supervisor.starts("chain")
    town.stack.kill("chain")
    town.pay(town.invest(people, campaign, times=DURING))
    eventually(lambda: town.stack.supervisor.starts("chain") > starts, "the node to be started again")
    town.until_confirmed(campaign, PEOPLE * (BEFORE + DURING), within_s=CATCH_UP_S)
    town.recorded_once(campaign)
