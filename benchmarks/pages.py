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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder

from benchmarks import load, servers, sites, turns, world

PAGES = {"list": "/campaigns", "detail": f"/campaigns/{world.SLUG}"}
GOALS = {"django": {"list": 4.0, "detail": 2.5}, "flask": {"list": 0.6, "detail": 0.6}}
SITES = ("ours", *GOALS)
CALLS, CPU_ROUNDS = 60, 15
HTTP_S, HTTP_ROUNDS = 0.5, 15
_NAME = b"Ingrid Haile"
Rows = dict[str, dict[str, Any]]


def run() -> Rows:
    """Return rates, ratios and goals of both pages, both rivals, all ways."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sites.prepare(folder)
        apps = {site: getattr(sites, site)() for site in SITES}
        _show_sizes(apps)
        return _cpu(apps) | _changed(apps, folder) | _http(folder)


def _show_sizes(apps: dict[str, sites.Wsgi]) -> None:
    for page, path in PAGES.items():
        sizes = {site: len(call(apps[site], _environ(site, path))) for site in SITES}
        print(f"bytes of HTML, {page}: {sizes}", file=sys.stderr)


# --- in this process --------------------------------------------------------------------------------


def _cpu(apps: dict[str, sites.Wsgi]) -> Rows:
    results: Rows = {}
    for page, path in PAGES.items():
        works = {site: _calls(apps[site], _environ(site, path)) for site in SITES}
        rates = turns.take(works, rounds=CPU_ROUNDS)
        results |= _rows(page, "cpu", rates)
    return results


def _changed(apps: dict[str, sites.Wsgi], folder: Path) -> Rows:
    """Measure our pages right after money came in.

    Who brings the money does not wait for the disk: a wait between any two looks leaves this process
    with cold caches, which would count against us alone, as the rivals' data stays as it is.
    """
    results: Rows = {}
    with sqlite3.connect(folder / "crowdfund.db", isolation_level=None) as database:
        database.execute("PRAGMA synchronous=OFF")
        for page, path in PAGES.items():
            works = {site: _calls(apps[site], _environ(site, path)) for site in GOALS}
            works["ours"] = _calls(apps["ours"], _environ("ours", path), before=lambda: _change(database))
            results |= _rows(page, "changed", turns.take(works, rounds=CPU_ROUNDS // 2), goal=False)
    return results


def _change(database: sqlite3.Connection) -> None:
    database.execute(
        "UPDATE campaign SET version = version + 1, settled_minor = settled_minor + 1 WHERE slug = ?",
        (world.SLUG,),
    )


def _calls(
    app: sites.Wsgi, environ: dict[str, Any], before: Callable[[], object] = lambda: None
) -> Callable[[], float]:
    """Return a work that gives calls for each second of CPU time, what comes before each not counted."""

    def work() -> float:
        spent = 0.0
        for _ in range(CALLS):
            before()
            start = time.process_time()
            call(app, environ)
            spent += time.process_time() - start
        return CALLS / spent

    return work


def call(app: sites.Wsgi, environ: dict[str, Any]) -> bytes:
    """Return the body of one request; raises AssertionError if it was not a whole page for the person."""
    seen: list[str] = []
    body = app(dict(environ), lambda status, _headers, _error=None: seen.append(status))
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    if seen != ["200 OK"] or not content.rstrip().endswith(b"</html>") or _NAME not in content:
        raise AssertionError(seen, content[:500])
    return content


def _environ(site: str, path: str) -> dict[str, Any]:
    return EnvironBuilder(path=path, headers={"Cookie": sites.cookie(site)}).get_environ()


# --- over HTTP --------------------------------------------------------------------------------------


def _http(folder: Path) -> Rows:
    results: Rows = {}
    with servers.granian(folder, SITES) as ports:
        for page, path in PAGES.items():
            works = {site: _shots(ports[site], path, site) for site in SITES}
            results |= _rows(page, "http", turns.take(works, rounds=HTTP_ROUNDS))
    return results


def _shots(port: int, path: str, site: str) -> Callable[[], float]:
    return lambda: load.per_second(port, path, sites.cookie(site), seconds=HTTP_S)


def _rows(page: str, how: str, per_s: dict[str, list[float]], *, goal: bool = True) -> Rows:
    return {
        f"{page}, {how}, against {rival}": turns.row(
            per_s["ours"], per_s[rival], goals[page] if goal else None
        )
        for rival, goals in GOALS.items()
    }
