"""`python -m benchmarks.year`: live one year in this process and print what came of it.

--short          a month instead of twelve
--seed TEXT      another seed gives another journal
--journal FILE   write the journal there
"""

import argparse
import hashlib
import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.year import journal, story
from benchmarks.year.stage import stage
from crowdfund.kernel import clock


def main(arguments: list[str]) -> int:
    """Live a year; returns 1 if something does not add up at its end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seed", default="a year")
    parser.add_argument("--journal", type=Path)
    asked = parser.parse_args(arguments)
    data, found = live(asked.seed, short=asked.short)
    if asked.journal:
        asked.journal.write_bytes(data)
    print(json.dumps(found))
    return 1 if found["problems"] else 0


def live(seed: str, *, short: bool) -> tuple[bytes, dict[str, Any]]:
    """Live through the year of a seed; return its journal, and what it took (seconds)."""
    began, cpu = time.perf_counter(), time.process_time()
    with TemporaryDirectory() as folder, stage(Path(folder), seed) as place:
        (story.month if short else story.year)(place)
        found = {
            "problems": journal.problems(),
            "until": clock.now().isoformat(),
            "stops": place.stops,
            "transactions": journal.chain_digest(),
            "last_block": place.last_block(),
            **journal.figures(),
        }
        data = journal.exported()
    found["journal"] = hashlib.sha256(data).hexdigest()
    found["cpu_s"] = round(time.process_time() - cpu, 2)
    node = resource.getrusage(resource.RUSAGE_CHILDREN)
    found["node_cpu_s"] = round(node.ru_utime + node.ru_stime, 2)
    found["seconds"] = round(time.perf_counter() - began, 2)
    return data, found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
