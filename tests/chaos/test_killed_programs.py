"""Programs are killed in the middle of their work:
the supervisor starts them, the work is done once."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from .town import eventually

PEOPLE, TIMES = 15, 4
HEALED_WITHIN_S = 120  # the lease of a killed worker, and a second try
PROGRAMS = (
    "web",
    "relay",
    "worker-payments",
    "worker-default",
    "worker-chain",
    "worker-messages",
    "events",
)


def children(pid):
    return [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if (status := read(folder / "status")) and f"PPid:\t{pid}\n" in status
    ]


def read(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def paid_halfway(town):
    """Return a campaign whose investments are being paid just now."""
    campaign = town.raise_money()
    town.pay(town.invest(town.investors(PEOPLE), campaign, times=TIMES))
    eventually(lambda: town.statuses(campaign)["paying"] < PEOPLE * TIMES, "the first payments")
    return campaign


def is_healed(town, name, pid):
    return town.stack.pid(name) not in (None, pid)


def answers(town):
    try:
        return httpx.get(f"{town.stack.url('web')}/campaigns").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def test_every_program_in_turn_is_killed_and_nothing_is_lost_or_doubled(town):
    campaign = paid_halfway(town)
    for name in PROGRAMS:
        old = town.stack.kill(name)
        eventually(
            lambda name=name, old=old: is_healed(town, name, old), f"{name} to be started again"
        )
    eventually(lambda: answers(town), "the pages")
    took = town.until_confirmed(campaign, PEOPLE * TIMES, within_s=HEALED_WITHIN_S)
    print(f"all programs killed: {PEOPLE * TIMES} investments finished {took:.1f} s later")
    town.recorded_once(campaign)


@pytest.mark.parametrize("name", ["worker-payments", "worker-chain", "worker-default"])
def test_a_worker_that_is_killed_again_and_again_finishes_its_work(town, name):
    campaign = paid_halfway(town)
    for _ in range(3):
        old = town.stack.kill(name)
        eventually(lambda old=old: is_healed(town, name, old), f"{name} to be started again")
    took = town.until_confirmed(campaign, PEOPLE * TIMES, within_s=HEALED_WITHIN_S)
    print(f"{name} killed three times: finished {took:.1f} s later")
    town.recorded_once(campaign)


def test_a_web_process_that_is_killed_is_replaced_while_the_other_one_answers(town):
    main = town.stack.pid("web")
    old = children(main)
    os.kill(old[0], signal.SIGKILL)
    assert eventually(lambda: answers(town), "the pages", within_s=10)
    eventually(lambda: len(set(children(main)) - set(old)) >= 1, "a new web process")
    assert town.stack.pid("web") == main
    eventually(lambda: all(answers(town) for _ in range(10)), "the pages")
