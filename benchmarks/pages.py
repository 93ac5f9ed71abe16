"""Campaign list and detail against Django and against bare Flask, for a signed-in person.

Twice: `cpu`, the CPU time of one call of the WSGI application in this process, which a busy machine
hardly moves; and `http`, requests a second of one granian worker over keep-alive connections.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder

from benchmarks import load, servers, sites, turns, world

PAGES = {"list": "/campaigns", "detail": f"/campaigns/{world.SLUG}"}
RIVALS = {"django": {"list": 4.0, "detail": 2.5}, "flask": {"list": 0.6, "detail": 0.6}}
SITES = ("ours", *RIVALS)
CALLS, CPU_ROUNDS = 60, 15
HTTP_S, HTTP_ROUNDS = 1.0, 7


def run() -> dict[str, Any]:
    """Return CPU time and throughput of both pages against both rivals."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sites.prepare(folder)
        return {"pages": {"html_bytes": _sizes(), **_cpu(), **_http(folder)}}


# --- in this process --------------------------------------------------------------------------------


def _cpu() -> dict[str, Any]:
    apps = _apps()
    results = {}
    for page, path in PAGES.items():
        ms = turns.medians({site: _batch(apps[site], site, path) for site in SITES}, rounds=CPU_ROUNDS)
        results |= _rows(page, "cpu", {site: 1000 / value for site, value in ms.items()})
    return results


def _apps() -> dict[str, sites.Wsgi]:
    return {site: getattr(sites, site)() for site in SITES}


def _batch(app: sites.Wsgi, site: str, path: str) -> Callable[[], float]:
    environ = _environ(site, path)

    def work() -> float:
        start = time.process_time()
        for _ in range(CALLS):
            call(app, environ)
        return (time.process_time() - start) * 1000 / CALLS

    return work


def call(app: sites.Wsgi, environ: dict[str, Any]) -> bytes:
    """Return the body of one request; raises AssertionError if it was not a page."""
    seen: list[str] = []
    body = app(dict(environ), lambda status, _headers, _error=None: seen.append(status))
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    if seen != ["200 OK"] or (not content.endswith(b"</html>\n") and not content.endswith(b"</html>")):
        raise AssertionError(seen, content[:500])
    return content


def _environ(site: str, path: str) -> dict[str, Any]:
    return EnvironBuilder(path=path, headers={"Cookie": sites.cookie(site)}).get_environ()


def _sizes() -> dict[str, dict[str, int]]:
    apps = _apps()
    return {
        page: {site: len(call(apps[site], _environ(site, path))) for site in SITES}
        for page, path in PAGES.items()
    }


# --- over HTTP --------------------------------------------------------------------------------------


def _http(folder: Path) -> dict[str, Any]:
    with servers.granian(folder, SITES) as ports:
        results = {}
        for page, path in PAGES.items():
            works = {site: _shoot(ports[site], path, site) for site in SITES}
            results |= _rows(page, "http", turns.medians(works, rounds=HTTP_ROUNDS))
    return results


def _shoot(port: int, path: str, site: str) -> Callable[[], float]:
    return lambda: load.per_second(port, path, sites.cookie(site), seconds=HTTP_S)


def _rows(page: str, how: str, per_s: dict[str, float]) -> dict[str, Any]:
    return {
        f"{page}, {how}, against {rival}": row(per_s["ours"], per_s[rival], goals[page])
        for rival, goals in RIVALS.items()
    }


def row(ours: float, baseline: float, goal: float) -> dict[str, Any]:
    """Return one line of the table: both rates, their ratio, the goal."""
    ratio = ours / baseline
    return {
        "per_s": round(ours), "baseline_per_s": round(baseline), "ratio": round(ratio, 3), "goal": goal,
        "met": ratio >= goal,
    }  # fmt: skip


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=1))
