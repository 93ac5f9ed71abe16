"""A campaign that failed pays everyone back: journal, investments, contract, refunds, notices.

Measured is the time from the closing until nothing is left: the contract is closed, every
investment is returned, its record on chain marked, tokens are back in their wallets, and each
refund can be sent back to where it came from. Two workers do it, each a process as in production,
one for the chain and one for the books; each is killed once on the way (SIGKILL) and started again.
What they held comes back when their leases end. Afterwards the sums are compared, and the
platform's own checks have to find nothing.
"""

import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import refund_rows
from benchmarks.chain import node_process, open_app
from crowdfund.campaigns.service import ending
from crowdfund.chain import connection
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, db, rollback, snapshot
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.reports import drift, proofs

GOAL_S = 600
PATIENCE_S = 1_800
AHEAD = refund_rows.DAYS + 2  # days; then the campaign has ended


@dataclass(frozen=True)
class Size:
    """Investors with fiat and with tokens, and the queues of each worker.

    A lease in seconds, 0 for the platform's own.
    """

    fiat: int = 99_500
    tokens: int = 500
    workers: tuple[str, ...] = ("chain", "default,payments")
    lease_s: float = 0


# One worker, because most of its time is the start of a process.
SMALL = Size(fiat=190, tokens=10, workers=("chain,default,payments",), lease_s=2)


@dataclass
class Workers:
    """The processes that work, by the queues that they drain."""

    folder: Path
    url: str
    lease_s: float
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    peak_mb: int = 0

    def start(self, queues: str) -> None:
        """Start a worker."""
        facts = (str(self.folder), self.url, queues, str(AHEAD), str(self.lease_s))
        with (self.folder / "workers.log").open("a") as log:
            self.running[queues] = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.refund_worker", *facts], stdout=log, stderr=log
            )

    def kill(self, queues: str) -> None:
        """Kill a worker at once, whatever it does, and start another."""
        self._note_peak(self.running[queues].pid)
        self.running[queues].kill()
        self.running[queues].wait()
        self.start(queues)

    def stop(self) -> None:
        """End all of them, and note how much memory the largest one had."""
        for worker in self.running.values():
            self._note_peak(worker.pid)
            worker.kill()
            worker.wait()

    def _note_peak(self, pid: int) -> None:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        self.peak_mb = max(self.peak_mb, int(found[1]) // 1024 if found else 0)


def run(*, small: bool = False) -> dict[str, Any]:
    """Return how long a campaign takes until everyone has the money back."""
    size = SMALL if small else Size()
    with (
        tempfile.TemporaryDirectory() as folder,
        node_process(Path(folder)) as url,
        open_app(Path(folder), url),
    ):
        total = refund_rows.fill(size.fiat, size.tokens)
        _let_time_pass()
        workers = Workers(Path(folder), url, size.lease_s)
        took_s = _refund(workers, size)
        problems = list(_wrong(size, total))
        clock.use(None)
    for problem in problems:
        print("BROKEN", problem)
    return {
        f"refund of a campaign of {size.fiat + size.tokens:,} investors": {
            "measured": round(took_s, 1),
            "unit": " s",
            "goal": GOAL_S,
            "met": took_s <= GOAL_S,
            "note": f"workers killed twice; at most {workers.peak_mb:,} MB each",
        }
    }


def _let_time_pass() -> None:
    """Move the clocks of the platform and of the node behind the end of the campaign."""
    clock.use(clock.OffsetClock(timedelta(days=AHEAD)))
    node = connection.node()
    node.rpc("evm_increaseTime", hex(AHEAD * 86_400))
    node.rpc("evm_mine")


def _refund(workers: Workers, size: Size) -> float:
    """Close the campaign and let the workers do the rest; return the seconds that it took."""
    with _asking() as count:
        began = time.perf_counter()
        ending.close_due()
        commit()
        db.session.remove()
        try:
            for queues in size.workers:
                workers.start(queues)
            _wait(lambda: count(_RETURNED) > size.fiat // 3)
            workers.kill(size.workers[-1])
            _wait(lambda: count(_ON_CHAIN) > size.fiat // 3)
            workers.kill(size.workers[0])
            _wait(lambda: _is_done(count, size))
        finally:
            workers.stop()
        return time.perf_counter() - began


_RETURNED = "SELECT count(*) FROM investment WHERE status = 'returned'"
_ON_CHAIN = "SELECT count(*) FROM chain_event WHERE event = 'RefundRecorded' AND status = 'applied'"
_TOKENS_BACK = "SELECT count(*) FROM chain_event WHERE event = 'Refunded' AND status = 'applied'"
_REFUNDED = "SELECT count(*) FROM campaign WHERE status = 'refunded'"
_REFUNDS = "SELECT count(*) FROM refund"
_OPEN_WRITES = "SELECT count(*) FROM chain_write WHERE status <> 'confirmed'"
_NOTICES = "SELECT count(*) FROM notice WHERE kind IN {kinds}".format(
    kinds=("investment.refunded", "investment.refunded_tokens")
)
Count = Callable[[str], int]


def _is_done(count: Count, size: Size) -> bool:
    return (
        count(_REFUNDED) == 1
        and count(_REFUNDS) >= size.fiat
        and count(_ON_CHAIN) >= size.fiat
        and count(_OPEN_WRITES) == 0
    )


@contextmanager
def _asking() -> Iterator[Count]:
    """Yield what asks by the plain driver: the workers need both cores of a small machine."""
    with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as asking:
        yield lambda query: int(asking.execute(query).fetchone()[0])


def _wait(is_so: Callable[[], bool]) -> None:
    until = time.perf_counter() + PATIENCE_S
    while not is_so():
        if time.perf_counter() > until:
            raise RuntimeError(f"not everyone has the money back after {PATIENCE_S} s")
        time.sleep(0.2)


def _wrong(size: Size, total: int) -> Iterator[str]:
    """Yield what is not as it must be when everyone has the money back."""
    people = size.fiat + size.tokens
    in_fiat = sum(map(refund_rows.amount, range(size.fiat)))
    with _asking() as count:
        for what, query, wanted in (
            ("investments returned", _RETURNED, people),
            ("returns in the history", _MOVES, people),
            ("entries of returns", _ENTRIES, people),
            ("minor units returned in the journal", _BOOKED, total),
            ("minor units of refunds", _SUM_OF_REFUNDS, in_fiat),
            ("refunds", _REFUNDS, size.fiat),
            ("records marked on chain", _ON_CHAIN, size.fiat),
            ("wallets with their tokens back", _TOKENS_BACK, size.tokens),
            ("notices", _NOTICES, people),
        ):
            if (found := count(query)) != wanted:
                yield f"{what}: {found}, {wanted} wanted"
    rollback()
    for account in (ledger_rules.escrow, ledger_rules.tokens):
        if left := ledger.balance(account(refund_rows.CAMPAIGN)):
            yield f"{left} left in {account(refund_rows.CAMPAIGN)}"
    rollback()
    yield from drift.problems()
    rollback()
    with snapshot():
        # What people are told waits for a worker of messages, which this benchmark has not.
        yield from (one for one in proofs.problems() if "notifications.spread" not in one)


_MOVES = "SELECT count(*) FROM investment_event WHERE to_status = 'returned'"
_ENTRIES = "SELECT count(*) FROM journal_entry WHERE kind = 'investment.returned'"
_BOOKED = (
    "SELECT coalesce(sum(p.amount_minor), 0) FROM journal_posting p "
    "JOIN journal_entry e ON e.seq = p.seq WHERE e.kind = 'investment.returned'"
)
_SUM_OF_REFUNDS = "SELECT coalesce(sum(amount_minor), 0) FROM refund"
