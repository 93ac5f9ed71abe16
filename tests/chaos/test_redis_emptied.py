"""Redis is only a doorbell: emptied or killed in the middle of a run,
it costs seconds and no money."""

import time

import httpx
import pytest
import redis

from .town import eventually

PEOPLE, TIMES = 20, 5
FINISHED_WITHIN_S = 60


def begin(town):
    """Return a campaign of which a hundred investments are being paid, and the first are."""
    campaign = town.raise_money()
    town.pay(town.invest(town.investors(PEOPLE), campaign, times=TIMES))
    eventually(lambda: town.statuses(campaign)["paying"] < PEOPLE * TIMES, "the first payments")
    return campaign


def finish(town, campaign, what):
    took = town.until_confirmed(campaign, PEOPLE * TIMES, within_s=FINISHED_WITHIN_S)
    print(f"{what}: {PEOPLE * TIMES} investments finished {took:.1f} s later")
    town.recorded_once(campaign)


def is_finished(town, campaign):
    return town.statuses(campaign) == {"confirmed": PEOPLE * TIMES}


def test_everything_is_finished_within_a_minute_of_redis_being_emptied(town):
    campaign = begin(town)
    server = redis.Redis.from_url(town.stack.env["REDIS_URL"])
    for _ in range(5):
        seen = town.statuses(campaign)
        eventually(
            lambda seen=seen: town.statuses(campaign) != seen or is_finished(town, campaign),
            "a step",
        )
        server.flushall()
    assert not is_finished(town, campaign), "the run was over before Redis was emptied"
    finish(town, campaign, "emptied five times")


def test_everything_is_finished_within_a_minute_of_redis_being_killed(town):
    campaign = begin(town)
    starts = town.stack.supervisor.starts("redis")
    town.stack.kill("redis")
    assert not is_finished(town, campaign), "the run was over before Redis was killed"
    eventually(lambda: town.stack.supervisor.starts("redis") > starts, "redis to be started again")
    finish(town, campaign, "killed")


@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.chaos)])
def test_pages_and_webhooks_go_on_without_redis_and_the_work_is_done_when_it_is_back(town, seconds):
    campaign, supervisor = begin(town), town.stack.supervisor
    supervisor.halt("redis")
    try:
        end = time.monotonic() + seconds
        with town.browser() as client:
            while time.monotonic() < end:
                assert client.get(f"/campaigns/{campaign.slug}").status_code == httpx.codes.OK
                time.sleep(0.2)  # a person looks at a page before opening it again
        taken = town.control("deliveries")["counts"]
        assert not {"gave_up", "lost"} & taken.keys(), taken
    finally:
        supervisor.resume("redis")
    finish(town, campaign, f"away for {seconds} s")
