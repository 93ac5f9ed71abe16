"""The periodic self-check over journals of several sizes:
seconds, and the most memory of its process.

A process of its own runs it twice, a hundred new entries in between: the second run is what happens
every ten minutes, the first is what happens once. `--postings 10000000` adds a size; the journal
for it takes some minutes to be written.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import big_journal, world
from crowdfund.kernel.db import commit, db, new_id
from crowdfund.ledger import rules
from crowdfund.ledger.rules import Draft, Posting
from crowdfund.ledger.service import posting
from crowdfund.reports import service

SIZES = (10_000, 100_000, 1_000_000)
SMALL = (200,)
MOST_MB = 150
NEW_ENTRIES = 100


def run(*, small: bool = False) -> dict[str, Any]:
    """Return seconds and peak memory for each size of the journal."""
    more = {int(asked) for asked in [os.environ.get("BENCH_POSTINGS")] if asked}
    sizes = SMALL if small else sorted({*SIZES, *more})
    return {f"self-check of {postings:,} postings": _measure(postings) for postings in sizes}


def _measure(postings: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        with world.open_app(Path(folder)).app_context():
            db.create_all()
            db.session.remove()
            db.engine.dispose()
        big_journal.fill(Path(folder) / "crowdfund.db", postings)
        argv = [sys.executable, "-m", "benchmarks.selfcheck", folder]
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    for problem in found["problems"]:
        print("BROKEN", problem)
    return {
        "seconds": round(found["seconds"][1], 2),
        "peak_mb": found["peak_mb"],
        "note": f"the first time {found['seconds'][0]:,.2f} s; {found['idle_mb']} MB before",
        "goal": MOST_MB,
        "unit": " MB",
        "met": found["peak_mb"] <= MOST_MB,
    }


# --- the measured process -------------------------------------------------------------------------


def _check_twice(folder: Path) -> dict[str, Any]:
    with world.open_app(folder).app_context():
        idle_mb = _peak_mb()
        first = _check()
        _post_more()
        second = _check()
    return {
        "seconds": [first[0], second[0]],
        "problems": [*first[1], *second[1]],
        "idle_mb": idle_mb,
        "peak_mb": _peak_mb(),
    }


def _check() -> tuple[float, list[str]]:
    began = time.perf_counter()
    problems = service.selfcheck()
    commit()
    took_s = time.perf_counter() - began
    db.session.remove()
    return took_s, problems


def _post_more() -> None:
    move = Posting(rules.external("bill_bitts"), rules.user_wallet("0" * 32), 5)
    posting.post_many([Draft(new_id(), (move,), "bench") for _ in range(NEW_ENTRIES)])
    commit()
    db.session.remove()


def _peak_mb() -> int:
    # getrusage would also count what this process was before it was started anew; Linux only.
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    print(json.dumps(_check_twice(Path(sys.argv[1]))))
