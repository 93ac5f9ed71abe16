"""The clock of a running stack is moved past deadlines: everything follows it by itself."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from crowdfund.kernel import clock
from crowdfund.local import rpc, stack
from crowdfund.local.services import QUEUES
from tests import prepared
from tests.chaos.town import Town

from .conftest import CLEAN, eventually

MONEY = ("redis", "chain", "gateway", "web", "relay", "clock")
WORKERS = tuple(f"worker-{queue}" for queue in QUEUES)


@pytest.fixture
def town(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with stack.running(
        tmp_path / "town",
        ports="free",
        environ=CLEAN,
        seed=False,
        template=prepared.stopped_stack(tmp_path_factory),
        only=(*MONEY, *WORKERS),
        web_processes=1,
    ) as running:
        town = Town(running)
        town.control("settings", settle_delay_s=0)
        yield town
    clock.use(None)


def status(town: Town, campaign: str) -> str:
    return str(town.rows("SELECT status FROM campaign WHERE id = ?", campaign)[0][0])


def is_well(town: Town) -> None:
    url = town.stack.url("web") + "/health/strict"
    eventually(lambda: httpx.get(url).status_code == 200, within_s=15)


def chain_is_ahead(running: stack.Stack, *, days: int) -> bool:
    try:
        block = rpc.call(running.url("chain"), "eth_getBlockByNumber", "pending", False)
    except rpc.RpcError:
        return False
    ahead_s = int(block["timestamp"], 16) - clock.real().timestamp()
    return bool(days * 86_400 - 60 < ahead_s < (days + 1) * 86_400)


def press(town: Town, path: str, **fields: str) -> httpx.Response:
    return httpx.post(town.stack.url("clock") + path, data=fields, timeout=60)


def test_a_person_moves_the_clock_past_a_deadline_and_a_campaign_succeeds_and_one_fails(
    town: Town,
) -> None:
    people = town.investors(2)
    well = town.raise_money(goal_minor="1,000", min_minor="100", max_minor="1,000")
    badly = town.raise_money(duration_days="31")
    paid = town.invest(people, well, minor=500_00)
    some = town.invest(people, badly, minor=200_00)
    town.pay(paid + some)
    town.until_confirmed(well, 2)
    town.until_confirmed(badly, 2)
    platform = town.stack.url("web")
    assert "is moved" not in httpx.get(platform + "/campaigns").text

    assert press(town, "/advance", by="deadline").status_code == 303
    assert status(town, well.id) == "succeeded"
    assert status(town, badly.id) == "live"
    page = httpx.get(platform + "/campaigns").text
    assert re.search("The clock of this installation is moved: it is [^<]+", page)

    assert press(town, "/advance", by="2d").status_code == 303
    eventually(lambda: status(town, badly.id) == "refunded", within_s=10)
    query = "SELECT status FROM investment WHERE campaign_id = ?"
    assert town.rows(query, badly.id) == [("returned",), ("returned",)]
    assert chain_is_ahead(town.stack, days=32)

    began = town.rows("SELECT closed_at, ends_at FROM campaign WHERE id = ?", badly.id)[0]
    closed, ended = map(datetime.fromisoformat, began)
    assert closed - ended < timedelta(minutes=1)  # the clock stopped there on its way
    is_well(town)

    assert press(town, "/reset").status_code == 303
    eventually(lambda: "is moved" not in httpx.get(platform + "/campaigns").text)
    again = town.raise_money()  # duties go on after a clock that went back
    town.pay(town.invest(people, again))
    town.until_confirmed(again, 2, within_s=15)
    town.selfcheck()
    is_well(town)


def test_a_node_that_starts_again_is_brought_to_the_moved_time(tmp_path: Path) -> None:
    def running() -> AbstractContextManager[stack.Stack]:
        only = ("chain", "clock")
        return stack.running(tmp_path, ports="free", environ=CLEAN, prepare=False, only=only)

    with running() as first:
        assert chain_is_ahead(first, days=0)
    clock.file_in(tmp_path).write_text(str(60 * 86_400))
    with running() as again:
        assert chain_is_ahead(again, days=60)
        before = again.kill("chain")
        eventually(lambda: again.pid("chain") not in (None, before))
        eventually(lambda: chain_is_ahead(again, days=60))
