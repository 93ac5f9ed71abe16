"""A thousand people have a campaign open while others look around and one invests."""

import asyncio
import html
import re
import resource
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import contextmanager

import httpx

from tests.local.sse_load import AT_ONCE, open_page, rss_kb

from .town import eventually

STREAMS = 1000
ROUNDS = 60
ANSWER_WITHIN_S = 10  # functional: a page comes; how fast is printed, not judged
HEARD_WITHIN_S = 60
TOKEN = re.compile(r'data-live="campaign:[^"]*"[^>]*data-live-token="([^"]+)"')
EVENTS = re.compile(r'data-events-url="([^"]+)"')


class Audience:
    """Open event streams in a thread of their own;
    each refetches its part of the page as browsers do."""

    def __init__(self, address, topic, fragment):
        self.address, self.topic, self.fragment = httpx.URL(address), topic, httpx.URL(fragment)
        self.heard_at, self.refetched, self._again = {}, Counter(), {}
        self._loop, self._tasks = asyncio.new_event_loop(), set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def _run(self, work) -> Future:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _start(self, work):
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def open(self, number):
        began = time.monotonic()
        self._run(self._open(number)).result(timeout=120)
        return time.monotonic() - began

    async def _open(self, number):
        path = self.address.raw_path.decode()
        for start in range(0, number, AT_ONCE):
            size = min(AT_ONCE, number - start)
            host, port = self.address.host, self.address.port
            pages = await asyncio.gather(*(open_page(host, port, path) for _ in range(size)))
            for place, page in enumerate(pages, start):
                self._start(self._listen(place, page))

    async def _listen(self, place, page):
        try:
            while line := await page.readline():
                if line.startswith(f"data: {self.topic}".encode()):
                    self.heard_at.setdefault(place, time.monotonic())
                    # one at a time, and once more if something came meanwhile
                    if place in self._again:
                        self._again[place] = True
                    else:
                        self._start(self._refetch(place))
        finally:
            page.writer.close()

    async def _refetch(self, place):
        wanted = True
        while wanted:
            self._again[place] = False
            self.refetched[await self._get()] += 1
            wanted = self._again.pop(place)

    async def _get(self):
        reader, writer = await asyncio.open_connection(self.fragment.host, self.fragment.port)
        path = self.fragment.raw_path.decode()
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {self.fragment.host}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = await reader.read()
        writer.close()
        return answer[9:12].decode()

    def listen_anew(self):
        """Forget what was heard so far, once it has been digested."""
        self.rest()
        self.heard_at = {}
        self.refetched.clear()
        return time.monotonic()

    def rest(self):
        """Wait until no page is being refetched."""
        eventually(lambda: not self._again, "the pages to come to rest")

    def close(self):
        async def end():
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._run(end()).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def many_files():
    """Let this process have a connection for each stream."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def look(town, campaign, *, until=None):
    """Return how long list and detail took, in ms; every answer must be a page."""
    took, rounds = {"list": [], "detail": []}, 0
    with town.browser() as client:
        while rounds < ROUNDS or (until and not until()):
            rounds += 1
            for name, path in (("list", "/campaigns"), ("detail", f"/campaigns/{campaign.slug}")):
                began = time.monotonic()
                answer = client.get(path, timeout=ANSWER_WITHIN_S)
                took[name].append((time.monotonic() - began) * 1000)
                assert answer.status_code == httpx.codes.OK
    return took


def figures(took):
    """Return the median, the 95th percentile and the worst of some times, in words."""
    parts = []
    for name, times in took.items():
        late = sorted(times)[int(len(times) * 0.95)]
        parts.append(
            f"{name} p50 {statistics.median(times):.1f} p95 {late:.1f} max {max(times):.0f} ms"
        )
    return ", ".join(parts)


def stream_of(town, campaign):
    """Return the address of the stream that the campaign's page opens by itself."""
    with town.browser() as client:
        page = client.get(f"/campaigns/{campaign.slug}").text
    base, token = (html.unescape(found.search(page)[1]) for found in (EVENTS, TOKEN))
    return f"{base}&t={token}"


def invest_and_look(town, campaign, investor, audience):
    """Invest while all pages are open and somebody looks around; returns what each took."""
    ids = town.invest(investor, campaign)  # the room that it takes is heard of as well
    eventually(
        lambda: len(audience.heard_at) == STREAMS,
        "all pages to hear of the room",
        within_s=HEARD_WITHIN_S,
    )
    began = audience.listen_anew()
    town.pay(ids)
    took = look(town, campaign, until=lambda: len(audience.heard_at) == STREAMS)
    town.until_confirmed(campaign, 1)
    confirmed_s = time.monotonic() - began
    heard = sorted(moment - began for moment in audience.heard_at.values())
    audience.rest()
    return took, heard, confirmed_s


def test_a_thousand_open_pages_slow_nobody_down_and_all_hear_of_an_investment(town):
    campaign, investor = town.raise_money(), town.investors(1)
    fragment = f"{town.stack.url('web')}/campaigns/{campaign.slug}/funding"
    before, events = look(town, campaign), town.stack.pid("events")
    empty_kb = rss_kb(events)
    with many_files():
        audience = Audience(stream_of(town, campaign), f"campaign:{campaign.id}", fragment)
        try:
            opened_s = audience.open(STREAMS)
            assert f"streams={STREAMS}" in httpx.get(f"{town.stack.url('events')}/health").text
            meanwhile = look(town, campaign)
            busy, heard, confirmed_s = invest_and_look(town, campaign, investor, audience)
            full_kb = rss_kb(events)
        finally:
            audience.close()
    after = look(town, campaign)
    print(
        f"{STREAMS} streams opened in {opened_s:.1f} s; an investment was confirmed after "
        f"{confirmed_s:.2f} s"
    )
    print(f"  heard of it: first {heard[0]:.3f} s, last {heard[-1]:.3f} s after it was paid")
    print(f"  {audience.refetched.total()} parts of pages were refetched because of it")
    print(f"  events process: {empty_kb / 1024:.0f} MB empty, {full_kb / 1024:.0f} MB with them")
    for name, took in (
        ("without", before),
        ("with", meanwhile),
        ("while all refetch", busy),
        ("after", after),
    ):
        print(f"  {name}: {figures(took)}")
    assert len(heard) == STREAMS
    assert set(audience.refetched) == {"200"}
    assert audience.refetched.total() >= STREAMS
