"""The whole stack, once prepared and then started from a copy."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crowdfund.local import services, stack
from tests import prepared

from .conftest import CLEAN, eventually


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a stack that was migrated and deployed, without the demo story."""
    return prepared.stopped_stack(tmp_path_factory)


@pytest.fixture(scope="module")
def running(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with stack.running(
        folder, ports="free", environ=CLEAN, seed=False, template=template
    ) as started:
        yield started


def test_everything_runs(running: stack.Stack) -> None:
    expected = {"redis", "chain", "gateway", "identity", "mail", "clock", "web", "events", "relay"}
    expected |= {f"worker-{queue}" for queue in services.QUEUES}
    assert set(running.names()) == expected
    assert all(running.pid(name) for name in expected)
    health = httpx.get(running.url("web") + "/health").json()
    assert (health["database"], health["redis"]) == (True, True)
    eventually(lambda: httpx.get(running.url("web") + "/health/strict").status_code == 200)


def test_programs_are_forked_from_a_process_that_has_one_thread_and_no_connection(
    running: stack.Stack,
) -> None:
    forks = running.supervisor._forks
    assert forks is not None
    assert forks.pid is not None
    process = Path(f"/proc/{forks.pid}")
    opened = [os.readlink(path) for path in (process / "fd").iterdir()]
    # the supervisor's
    assert len([target for target in opened if target.startswith("socket:")]) == 1
    assert not [target for target in opened if target.endswith((".db", ".sock"))]
    assert len(list((process / "task").iterdir())) == 1


def test_the_programs_of_the_platform_share_most_of_their_memory(running: stack.Stack) -> None:
    names = [
        "web",
        "events",
        "relay",
        *(f"worker-{queue}" for queue in services.QUEUES if queue != "chain"),
    ]
    for name in names:
        resident, own = _memory_mb(running.pid(name) or 0)
        assert own < resident / 2, name


def test_a_copy_of_a_prepared_stack_deploys_nothing_again(running: stack.Stack) -> None:
    assert not running.log("prepare-chain-deploy").exists()
    assert not running.log("prepare-db-upgrade").exists()


def test_the_doctor_finds_all_well(running: stack.Stack) -> None:
    eventually(lambda: httpx.get(running.url("web") + "/health/strict").status_code == 200)
    running.flask("doctor")


def test_the_contracts_of_the_copy_are_there(running: stack.Stack) -> None:
    running.flask("chain", "status")


def test_a_page_tells_the_stream_where_to_listen(running: stack.Stack) -> None:
    page = httpx.get(running.url("web") + "/", follow_redirects=True).text
    assert f'data-events-url="{running.url("events")}/events?since=' in page


def test_killed_programs_come_back_and_serve(running: stack.Stack) -> None:
    old = {name: running.kill(name) for name in ("web", "worker-payments", "relay", "gateway")}
    for name, pid in old.items():
        eventually(lambda name=name, pid=pid: running.pid(name) not in (None, pid), within_s=60)
    for name in ("web", "gateway"):
        eventually(lambda name=name: _is_up(f"{running.url(name)}/health"), within_s=60)


def test_the_whole_stack_stops_within_seconds(template: Path, tmp_path: Path) -> None:
    with stack.running(
        tmp_path, ports="free", environ=CLEAN, seed=False, template=template, web_processes=1
    ):
        began = time.monotonic()
    assert time.monotonic() - began < 15


def _memory_mb(pid: int) -> tuple[float, float]:
    """Return the resident memory of a process, and what of it is nobody else's."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {
        name: int(rest.split()[0]) / 1024
        for name, _, rest in (line.partition(":") for line in rollup)
    }
    return sizes["Rss"], sizes["Private_Dirty"] + sizes["Private_Clean"]


def _is_up(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False
