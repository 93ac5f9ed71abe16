"""The chain node is away for a while: pages go on, money goes on, and the writes catch up,
each once."""

import os
import signal
import time

import httpx
import pytest
from eth_utils.crypto import keccak

from crowdfund.local import rpc
from crowdfund.local.node import NodeState

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
    pages = (
        "/campaigns",
        f"/campaigns/{campaign.slug}",
        f"/investments/{investment}",
        "/portfolio",
    )
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
        f"chain away {seconds} s: {len(took)} pages, median {middle * 1000:.0f} ms, "
        f"p95 {late * 1000:.0f} ms;"
    )
    print(f"  {PEOPLE * DURING} investments were on chain {after:.1f} s after its return")
    assert took[-1] < SLOWEST_S
    town.recorded_once(campaign)


def head(town):
    return int(rpc.call(town.stack.url("chain"), "eth_blockNumber"), 16)


def is_recorded_once(town, campaign):
    """Ask the contract: all amounts are there, none twice."""
    total = "0x" + keccak(text="fiatTotal()")[:4].hex()
    address = town.rows("SELECT contract_address FROM campaign WHERE id = ?", campaign.id)[0][0]
    found = rpc.call(town.stack.url("chain"), "eth_call", {"to": address, "data": total}, "latest")
    return int(found, 16) == PEOPLE * (BEFORE + DURING) * 100_00 * 10_000


def test_a_killed_node_that_forgot_campaign_and_investments_gets_every_write_again_once(town):
    people = town.investors(PEOPLE)
    dump = NodeState(town.stack.folder.chain).dump
    saved = dump.stat().st_mtime_ns
    town.raise_money()  # something new to save
    eventually(lambda: dump.stat().st_mtime_ns > saved, "the node to save its state")
    remembered = head(town)
    campaign = town.raise_money()
    town.pay(town.invest(people, campaign, times=BEFORE))
    town.until_confirmed(campaign, PEOPLE * BEFORE)
    lost, starts = head(town) - remembered, town.stack.supervisor.starts("chain")
    town.stack.kill("chain")
    assert lost >= 3  # registering, creating, recording
    town.pay(town.invest(people, campaign, times=DURING))
    eventually(
        lambda: town.stack.supervisor.starts("chain") > starts, "the node to be started again"
    )
    took = town.until_confirmed(campaign, PEOPLE * (BEFORE + DURING), within_s=CATCH_UP_S)
    print(
        f"chain killed, {lost} blocks forgotten; {PEOPLE * DURING} investments confirmed "
        f"{took:.1f} s later"
    )
    eventually(lambda: is_recorded_once(town, campaign), "the forgotten records")
