"""Campaign list and detail against Django and against bare Flask, for a signed-in person.

Three ways: `cpu`, the CPU time of one call of the WSGI application in this process, which a busy
machine hardly moves; `changed`, the same when money came in for a campaign of the page since the
last look, so that what we keep of it is of no use; `http`, requests a second of one granian worker
over keep-alive connections.
"""

import sqlite3
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder

from benchmarks import load, servers, sites, turns, world

PAGES = {"list": "/campaigns", "detail": f"/campaigns/{world.SLUG}"}
# What was reached before the pages spoke several languages and had a bell; none may be slower.
GOALS = {
    "cpu": {"django": {"list": 5.97, "detail": 5.01}, "flask": {"list": 1.31, "detail": 0.80}},
    "changed": {"django": {"list": 4.00, "detail": 4.00}, "flask": {"list": 0.44, "detail": 0.35}},
    "http": {"django": {"list": 4.55, "detail": 3.85}, "flask": {"list": 1.00, "detail": 0.71}},
}
RIVALS = ("django", "flask")
SITES = ("ours", *RIVALS)
CARDS = 12
_PERSON = b"Ingrid Haile"
# The end of the title, of the story and of the facts, and the document: without one it is another
# page.
_DETAIL = (b"for Yirga number 7", b"Part 5", b"MT/AA/1/0000007/2015", b"/documents/")
Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Size:
    """How much is measured: calls a round, rounds, seconds under load a round."""

    calls: int = 60
    rounds: int = 15
    http_s: float = 0.5


SMALL = Size(calls=2, rounds=2, http_s=0.05)


def run(*, small: bool = False) -> Rows:
    """Return rates, ratios and goals of both pages, both rivals, all ways."""
    size = SMALL if small else Size()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sites.prepare(folder)
        apps = {site: getattr(sites, site)() for site in SITES}
        _show_sizes(apps)
        return _cpu(apps, size) | _changed(apps, folder, size) | _http(folder, size)


def _show_sizes(apps: dict[str, sites.Wsgi]) -> None:
    for page, path in PAGES.items():
        sizes = {site: len(call(apps[site], _environ(site, path))) for site in SITES}
        print(f"bytes of HTML, {page}: {sizes}", file=sys.stderr)


# --- in this process ------------------------------------------------------------------------------


def _cpu(apps: dict[str, sites.Wsgi], size: Size) -> Rows:
    results: Rows = {}
    for page, path in PAGES.items():
        works = {site: _calls(apps[site], _environ(site, path), size.calls) for site in SITES}
        rates = turns.take(works, rounds=size.rounds)
        results |= _rows(page, "cpu", rates)
    return results


def _changed(apps: dict[str, sites.Wsgi], folder: Path, size: Size) -> Rows:
    """Measure our pages right after money came in.

    Who brings the money does not wait for the disk: a wait between any two looks leaves this
    process with cold caches, which would count against us alone, as the rivals' data stays as it
    is.
    """
    results: Rows = {}
    with sqlite3.connect(folder / "crowdfund.db", isolation_level=None) as database:
        database.execute("PRAGMA synchronous=OFF")
        for page, path in PAGES.items():
            works = {site: _calls(apps[site], _environ(site, path), size.calls) for site in RIVALS}
            works["ours"] = _calls(
                apps["ours"], _environ("ours", path), size.calls, before=lambda: _change(database)
            )
            results |= _rows(page, "changed", turns.take(works, rounds=size.rounds))
    return results


def _change(database: sqlite3.Connection) -> None:
    database.execute(
        "UPDATE campaign SET version = version + 1, settled_minor = settled_minor + 1 "
        "WHERE slug = ?",
        (world.SLUG,),
    )


def _calls(
    app: sites.Wsgi,
    environ: dict[str, Any],
    calls: int,
    before: Callable[[], object] = lambda: None,
) -> Callable[[], float]:
    """Return a work that gives calls for each second of CPU time,
    what comes before each not counted."""

    def work() -> float:
        spent = 0.0
        for _ in range(calls):
            before()
            start = time.process_time()
            call(app, environ)
            spent += time.process_time() - start
        return calls / spent

    return work


def call(app: sites.Wsgi, environ: dict[str, Any]) -> bytes:
    """Return the body of one request; raises AssertionError if it was not the whole page for the
    person."""
    seen: list[str] = []
    body = app(dict(environ), lambda status, _headers, _error=None: seen.append(status))
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    if seen != ["200 OK"] or not _is_whole(content, environ["PATH_INFO"]):
        raise AssertionError(seen, content[:500])
    return content


def _is_whole(content: bytes, path: str) -> bool:
    """Return whether a page has its end, its reader and its campaigns."""
    shown = content.count(b'<article class="card cf-campaign">')
    is_right = shown == CARDS if path == PAGES["list"] else all(text in content for text in _DETAIL)
    return is_right and _PERSON in content and content.rstrip().endswith(b"</html>")


def _environ(site: str, path: str) -> dict[str, Any]:
    return EnvironBuilder(path=path, headers={"Cookie": sites.cookie(site)}).get_environ()


# --- over HTTP ------------------------------------------------------------------------------------


def _http(folder: Path, size: Size) -> Rows:
    results: Rows = {}
    with servers.granian(folder, SITES) as ports:
        for page, path in PAGES.items():
            for site in SITES:
                _check_served(ports[site], path, site)
            works = {site: _shots(ports[site], path, site, size.http_s) for site in SITES}
            results |= _rows(page, "http", turns.take(works, rounds=size.rounds))
    return results


def _check_served(port: int, path: str, site: str) -> None:
    """Raise AssertionError if a server does not answer with the whole page;
    under load only 200 is seen."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Cookie": sites.cookie(site)}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        if not _is_whole(content := answer.read(), path):
            raise AssertionError(site, path, content[:500])


def _shots(port: int, path: str, site: str, seconds: float) -> Callable[[], float]:
    return lambda: load.per_second(port, path, sites.cookie(site), seconds=seconds)


def _rows(page: str, how: str, per_s: dict[str, list[float]]) -> Rows:
    return {
        f"{page}, {how}, against {rival}": turns.row(
            per_s["ours"], per_s[rival], GOALS[how][rival][page]
        )
        for rival in RIVALS
    }
