"""The event stream over real HTTP and a real Redis."""

import asyncio
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from crowdfund.kernel import config, events, live, topics
from crowdfund.local import stack

from .conftest import CLEAN, eventually


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Stack]:
    folder = tmp_path_factory.mktemp("events")
    choices = {"ports": "free", "environ": CLEAN, "prepare": False, "only": ("redis", "events")}
    with stack.running(folder, **choices) as started:
        yield started


@contextmanager
def acting_as_web_of(running: stack.Stack) -> Iterator[config.Settings]:
    """Sign and publish in this process as the stack's web processes do."""
    before = config._override
    env = running.env
    config.use(
        config.Settings(
            _env_file=None,
            environment="test",
            CROWDFUND_DATA_DIR=running.folder.root,
            secret_key=Path(env["SECRET_KEY_FILE"]).read_text(),
            redis_url=env["REDIS_URL"],
            public_url=env["PUBLIC_URL"],
            events_url=env["EVENTS_URL"],
        )
    )
    yield config.settings()
    config.use(before)


@pytest.fixture
def settings(running: stack.Stack) -> Iterator[config.Settings]:
    with acting_as_web_of(running) as current:
        yield current


@pytest.fixture
def server(settings: config.Settings) -> redis.Redis:
    return redis.Redis.from_url(settings.redis_url, decode_responses=True)


class Page:
    """An open page: reads events one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()
        self.last_id = ""

    def event(self) -> tuple[str, str]:
        """Return the next event as (name, data); comments and bare ids are passed over."""
        name = ""
        for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                return name, value
        raise AssertionError("the stream ended")


@contextmanager
def page(
    settings: config.Settings, *names: str, last_id: str = "", since: int | None = None
) -> Iterator[Page]:
    params: dict[str, str] = {"t": topics.sign(names)}
    if since is not None:
        params["since"] = str(since)
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with httpx.stream(
        "GET", settings.events_url, params=params, headers=headers, timeout=30
    ) as response:
        assert response.status_code == 200
        opened = Page(response)
        for line in opened._lines:  # the greeting: retry, id, a comment, an empty line
            field, _, value = line.partition(": ")
            opened.last_id = value if field == "id" else opened.last_id
            if not line:
                break
        yield opened


def refused(settings: config.Settings, **params: str) -> httpx.Response:
    return httpx.get(settings.events_url, params=params)


def test_a_page_hears_of_its_own_topics_only(settings: config.Settings) -> None:
    with page(settings, "campaign:1") as mine:
        live.publish_now(["campaign:2", "campaign:1"])
        assert mine.event() == ("changed", "campaign:1")


def test_a_page_that_reconnects_gets_what_it_missed(settings: config.Settings) -> None:
    with page(settings, "campaign:1") as first:
        live.publish_now(["campaign:1"])
        first.event()
        last_id = first.last_id
    live.publish_now(["campaign:2", "campaign:1"])
    with page(settings, "campaign:1", last_id=last_id) as again:
        assert again.event() == ("changed", "campaign:1")
        assert again.last_id > last_id


def test_a_page_hears_what_happened_while_it_was_on_its_way(settings: config.Settings) -> None:
    made = int(time.time() * 1000)
    live.publish_now(["campaign:5"])
    with page(settings, "campaign:5", since=made) as opened:
        assert opened.event() == ("changed", "campaign:5")


def test_a_page_that_was_away_for_too_long_reads_all_again(settings: config.Settings) -> None:
    live.publish_now(["campaign:1"])
    for last_id in ("1-0", "99999999999999-0", "nonsense"):
        with page(settings, "campaign:1", last_id=last_id) as back:
            assert back.event()[0] == "refresh"


def test_an_emptied_redis_makes_a_returning_page_read_all_again(
    settings: config.Settings, server: redis.Redis
) -> None:
    with page(settings, "campaign:1") as first:
        live.publish_now(["campaign:1"])
        first.event()
        last_id = first.last_id
        server.flushall()
        live.publish_now(["campaign:1"])
        assert first.event() == ("changed", "campaign:1")
    with page(settings, "campaign:1", last_id=last_id) as back:
        assert back.event()[0] == "refresh"


def test_streams_stay_open_while_redis_is_away_and_refresh_when_it_is_back(
    settings: config.Settings, running: stack.Stack
) -> None:
    with page(settings, "campaign:1") as opened:
        running.supervisor.halt("redis")
        assert live.publish_now(["campaign:1"]) is False
        running.supervisor.resume("redis")
        assert opened.event()[0] == "refresh"
        eventually(lambda: live.publish_now(["campaign:1"]))
        assert opened.event() == ("changed", "campaign:1")


def test_a_page_without_a_valid_token_is_refused(settings: config.Settings) -> None:
    good = topics.sign(["campaign:1"])
    for params in (
        {},
        {"t": ""},
        {"t": "x"},
        {"t": good[:-2] + "AA"},
        {"t": good, "topics": "campaign:2"},
    ):
        answer = refused(settings, **params)
        assert answer.status_code == 403
        assert answer.text.endswith(".")


def test_a_token_for_too_many_things_is_refused(settings: config.Settings) -> None:
    many = topics.sign(f"campaign:{n}" for n in range(topics.MAX_TOPICS + 1))
    assert refused(settings, t=many).status_code == 400


def test_several_tokens_are_added_up(settings: config.Settings) -> None:
    tokens = [("t", topics.sign(["campaign:1"])), ("t", topics.sign(["campaign:2"]))]
    with httpx.stream("GET", settings.events_url, params=tokens, timeout=30) as response:
        opened = Page(response)
        next(opened._lines)
        live.publish_now(["campaign:2"])
        assert opened.event() == ("changed", "campaign:2")


def test_only_the_web_origin_may_read_the_stream(settings: config.Settings) -> None:
    def allowed(origin: str) -> str | None:
        params = {"t": topics.sign(["campaign:1"])}
        with httpx.stream(
            "GET", settings.events_url, params=params, headers={"Origin": origin}
        ) as response:
            assert response.headers["x-accel-buffering"] == "no"
            return response.headers.get("access-control-allow-origin")

    assert allowed(settings.public_url) == settings.public_url
    assert allowed("https://elsewhere.example") is None


def test_a_closed_page_frees_its_place(settings: config.Settings) -> None:
    health = settings.events_url.replace("/events", "/health")
    eventually(lambda: "streams=0" in httpx.get(health).text)
    with page(settings, "campaign:1"):
        assert "streams=1" in httpx.get(health).text
    eventually(lambda: "streams=0" in httpx.get(health).text)


def test_open_streams_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    choices = {"ports": "free", "environ": CLEAN, "prepare": False, "only": ("redis", "events")}
    with ExitStack() as pages:
        with stack.running(tmp_path, **choices) as other, acting_as_web_of(other) as settings:
            for number in range(5):
                pages.enter_context(page(settings, f"campaign:{number}"))
            began = time.monotonic()
        assert time.monotonic() - began < 8


def test_a_page_beyond_the_limit_is_told_that_it_will_poll(settings: config.Settings) -> None:
    async def ask() -> list[dict[str, object]]:
        full, sent = events.App(max_streams=0), []
        query = f"t={topics.sign(['campaign:1'])}".encode()
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/events",
            "query_string": query,
            "headers": [],
        }

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        await full(scope, None, send)
        await full.hub().stop()
        return sent

    # In a thread of its own: the browser tests keep an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        start, body = thread.submit(asyncio.run, ask()).result()
    assert start["status"] == 503
    assert b"keeps itself up to date" in body["body"]


def test_a_token_stays_the_same_within_the_hour_so_that_pages_need_not_reconnect(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(hour: float) -> None:
        monkeypatch.setattr(time, "time", lambda: (500_000 + hour) * 3600.0)

    at(0.01)
    first = topics.sign(["b:1", "a:1"])
    at(0.99)
    assert topics.sign(["a:1", "b:1"]) == first
    at(23)
    assert topics.verify(first) == {"a:1", "b:1"}
    at(25)
    with pytest.raises(topics.TokenError):
        topics.verify(first)


def test_the_attributes_of_a_live_element_carry_a_token_for_its_topics(
    settings: config.Settings,
) -> None:
    attributes = live.live_attrs("campaign:1 payment:2", "/c?a=1&b=2", poll_s=3)
    token = re.search('data-live-token="([^"]+)"', attributes)
    assert topics.verify(token[1]) == {"campaign:1", "payment:2"}
    assert 'data-live-url="/c?a=1&amp;b=2"' in attributes
    assert 'data-live-poll="3"' in attributes
