"""Make a journal of any size with a right hash chain, and measure the self-check over it.

    python -m benchmarks.big_journal --postings 10000000 --measure selfcheck FILE.db

The rows are written by the bare driver, in bulk: two postings for each entry, from a gateway to a
wallet and from there to a campaign's escrow. With `--measure` the check runs in a process of its
own; it prints seconds, memory when idle, and the most that was in memory. A file that exists is
used as it is. With `--proved` the journal counts as proved up to its head, as it is after some days
of work.
"""

import argparse
import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crowdfund import create_app
from crowdfund.kernel import config
from crowdfund.kernel.db import db, own_transaction, reading
from crowdfund.ledger import rules
from crowdfund.ledger.rules import Draft, Posting

WALLETS, ESCROWS = 100_000, 500
BATCH = 20_000  # entries
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
MB = 1024
_ENTRY = (
    "INSERT INTO journal_entry (id, seq, key, kind, currency, at, ref, input_hash, hash)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)
_POSTING = (
    "INSERT INTO journal_posting (seq, n, source, destination, amount_minor) VALUES (?,?,?,?,?)"
)
_ACCOUNT = (
    "INSERT INTO ledger_account (name, currency, balance_minor, held_minor, has_floor)"
    " VALUES (?,?,?,0,?)"
)
_WORLD = rules.external("bill_bitts")


def fill(path: Path, postings: int) -> None:
    """Write a journal of so many postings (two an entry) into an SQLite file with empty tables."""
    balances: dict[str, int] = {}
    with closing(sqlite3.connect(path, isolation_level=None)) as found:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=OFF",
            "cache_size=-200000",
            "foreign_keys=OFF",
        ):
            found.execute(f"PRAGMA {pragma}")
        link = rules.GENESIS_HASH
        for first in range(1, postings // 2 + 1, BATCH):
            last = min(first + BATCH, postings // 2 + 1)
            entries, rows, link = _batch(range(first, last), link, balances)
            found.execute("BEGIN")
            found.executemany(_ENTRY, entries)
            found.executemany(_POSTING, rows)
            found.execute("COMMIT")
        found.execute("BEGIN")
        accounts = (
            (name, "ETB", sum_, rules.has_floor(name)) for name, sum_ in sorted(balances.items())
        )
        found.executemany(_ACCOUNT, accounts)
        found.execute("INSERT INTO journal_head VALUES (1, ?, ?)", (postings // 2, link))
        found.execute("COMMIT")
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _batch(numbers: range, link: str, balances: dict[str, int]) -> tuple[list[Any], list[Any], str]:
    entries, rows = [], []
    for seq in numbers:
        draft = _draft(seq)
        body = rules.input_hash(draft)
        at = BEGAN + timedelta(seconds=seq)
        entry_id = f"{seq:032x}"
        link = rules.entry_hash(link, seq, entry_id, draft.key, at.isoformat(), body)
        shown = at.strftime("%Y-%m-%d %H:%M:%S.%f")
        entries.append((entry_id, seq, draft.key, draft.kind, "ETB", shown, "[]", body, link))
        for n, move in enumerate(draft.postings):
            rows.append((seq, n, move.source, move.destination, move.amount_minor))
        for name, change in rules.deltas(draft.postings).items():
            balances[name] = balances.get(name, 0) + change
    return entries, rows, link


def _draft(seq: int) -> Draft:
    wallet = rules.user_wallet(f"{seq * 7919 % WALLETS:032x}")
    escrow = rules.escrow(f"{seq * 31 % ESCROWS:032x}")
    amount = seq % 9_000 + 1_000
    moves = (Posting(_WORLD, wallet, amount), Posting(wallet, escrow, amount - seq % 500))
    return Draft(f"bench:{seq}", moves, "bench")


def mark_as_proved() -> None:
    """Let the periodic proof stand at the head, as after `catch_up`, which takes minutes."""
    from crowdfund.kernel import marks
    from crowdfund.ledger.proof import head_link

    with reading():
        mark, head = marks.read("journal"), head_link()
        db.session.remove()
    if mark.seal or head is None:
        return
    with own_transaction() as connection:
        marks.move(connection, mark, seq=head[0], hash=head[1], state={"suspects": []})
        connection.exec_driver_sql(
            "INSERT INTO ledger_proved_balance (name, currency, balance_minor)"
            " SELECT name, currency, balance_minor FROM ledger_account"
        )


# --- measuring ------------------------------------------------------------------------------------


def measure(verb: str) -> Iterator[str]:
    """Run a verb of `reports.service` and yield what it took, as name=value."""
    from crowdfund.reports import service

    with db.engine.connect() as connection:
        connection.exec_driver_sql("SELECT COUNT(*) FROM proof_mark").all()
    idle = _now_mb()
    began, worked = time.perf_counter(), time.process_time()
    found = getattr(service, verb)()
    yield f"seconds={time.perf_counter() - began:.2f}"
    yield f"cpu_seconds={time.process_time() - worked:.2f}"
    yield f"idle_mb={idle:.0f}"
    yield f"most_mb={_most_mb():.0f}"
    yield f"grown_mb={_most_mb() - idle:.0f}"
    yield f"problems={len(found)}"
    for problem in found[:5]:
        print(problem, file=sys.stderr)


def _now_mb() -> float:
    """Return what is in memory now; Linux only."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB / MB


def _most_mb() -> float:
    # getrusage would also count what this process was before it was started anew.
    text = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / MB


def _app(path: Path) -> Any:
    made = config.Settings(
        _env_file=None,
        CROWDFUND_DATA_DIR=path.parent,
        environment="test",
        database_url=f"sqlite:///{path.absolute()}",
        redis_url="",
        chain_rpc_url="",
    )
    return create_app(made)


def main() -> None:
    """Read the arguments; make the file if it is not there, then measure if that is asked for."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("file", type=Path)
    asked.add_argument("--postings", type=int, default=100_000)
    asked.add_argument("--measure", choices=["selfcheck", "prove_all", "catch_up", "prove_slices"])
    asked.add_argument("--proved", action="store_true", help=mark_as_proved.__doc__)
    given = asked.parse_args()
    with _app(given.file).app_context():
        if not given.file.exists():
            began = time.perf_counter()
            db.create_all()
            db.session.remove()
            fill(given.file, given.postings)
            print(f"made_s={time.perf_counter() - began:.0f}")
        if given.proved:
            mark_as_proved()
        if given.measure and os.environ.get("BIG_JOURNAL_CHILD"):
            for figure in measure(given.measure):
                print(figure)
        elif given.measure:
            # A fresh process: what the filling took must not count as memory of the check.
            command = [sys.executable, "-m", "benchmarks.big_journal", *sys.argv[1:]]
            os.execve(sys.executable, command, {**os.environ, "BIG_JOURNAL_CHILD": "1"})


if __name__ == "__main__":
    main()
