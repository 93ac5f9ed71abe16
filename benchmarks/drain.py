"""Webhooks drained by two workers while one of the two banks answers slowly.

Only the webhooks of the quick bank are counted, from the start of both workers until the last of
them is applied. The slow bank is the same simulator behind a pause before each answer. Each worker
is a process, as in production; both share one SQLite file. What the slow bank's webhooks come to is
checked afterwards: they may take their time, but none may be lost.
"""

import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import drain_worker
from benchmarks.bank import ESCROW, Bank, open_payments, world
from benchmarks.webhooks import EVENTS
from crowdfund.adapters import bill_bitts
from crowdfund.kernel.db import db, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.payments.models import Inbox
from crowdfund.payments.service import inbox

WORKERS = 2
GOAL = 3_000
PATIENCE_S = 120
_I = Inbox.__table__


@dataclass(frozen=True)
class Size:
    """Payments at the quick and at the slow bank, and the slow one's seconds for an answer."""

    quick: int = 2_000
    slow: int = 20
    answer_s: float = 2.0


SMALL = Size(quick=4, slow=1, answer_s=0.2)


def run(*, small: bool = False) -> dict[str, Any]:
    """Return how many webhooks of the quick bank are applied a second."""
    size = SMALL if small else Size()
    drain_worker.offer_slow_bank(0)
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as (_app, bank):
        count = _fill(bank, size)
        with _workers(Path(folder), bank, size.answer_s) as workers:
            began = _start(workers)
            took_s = _wait_until_done(bill_bitts.NAME) - began
            _wait_until_done(drain_worker.SLOW)
        broken, settled = list(ledger.problems()), ledger.balance(ESCROW)
        rollback()
    if broken or settled != (size.quick + size.slow) * 100:
        print("BROKEN", settled, *broken)
    rate = count / took_s
    return {
        "webhooks drained, two workers and one slow bank": {
            "per_s": round(rate),
            "goal": GOAL,
            "unit": " /s",
            "met": rate >= GOAL,
        }
    }


def _fill(bank: Bank, size: Size) -> int:
    """Accept the webhooks of both banks, shuffled; return how many are the quick one's."""
    todo = []
    for gateway, payments in ((bill_bitts.NAME, size.quick), (drain_worker.SLOW, size.slow)):
        tx_ids, cprn = open_payments(payments, gateway)
        todo += [(gateway, tx_id, cprn, event) for tx_id in tx_ids for event in EVENTS]
    bank.control("truth", status="SETTLED")
    random.Random(7).shuffle(todo)
    for gateway, tx_id, cprn, event in todo:
        inbox.accept(gateway, *bank.webhook(tx_id, cprn, event))
    return size.quick * len(EVENTS)


@contextmanager
def _workers(folder: Path, bank: Bank, answer_s: float) -> Iterator[list[subprocess.Popen[str]]]:
    argv = [sys.executable, "-m", "benchmarks.drain_worker", str(folder), bank.url, str(answer_s)]
    with (folder / "workers.log").open("w") as log:
        started = [
            subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
            for _ in range(WORKERS)
        ]
    try:
        yield started
    finally:
        for worker in started:
            worker.terminate()
            worker.wait()


def _start(workers: list[subprocess.Popen[str]]) -> float:
    """Let all workers begin once each is ready; return the moment."""
    for worker in workers:
        if not worker.stdout or worker.stdout.readline() != "ready\n":
            raise RuntimeError("a worker did not start")
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return time.perf_counter()


def _wait_until_done(gateway: str) -> float:
    """Return the moment at which no webhook of a gateway waits any more.

    It is asked by the plain driver: workers and bank need both cores of a small machine.
    """
    waiting = (
        f"SELECT 1 FROM {_I.name} WHERE state IN ('received', 'queued') AND +provider = ? LIMIT 1"
    )
    until = time.perf_counter() + PATIENCE_S
    with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as asking:
        while time.perf_counter() < until:
            if asking.execute(waiting, [gateway]).fetchone() is None:
                return time.perf_counter()
            time.sleep(0.005)
    raise RuntimeError(f"webhooks of {gateway} are still not applied after {PATIENCE_S} s")
