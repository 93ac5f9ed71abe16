"""`python -m benchmarks [names]`: run all or some, print one table, write benchmarks/results.json.

    --smoke      run each at its smallest size: shows that it works, measures and writes nothing
    --record     also write the table of benchmarks/README.md; needs a clean checkout
    --readme     only write the table of benchmarks/README.md from results.json
    --postings N for the self-check: one more size of the journal, such as 10000000; for the long
                 lists: how many postings the long wallet has

Each runs in a process of its own. A goal that is missed is shown, never an error: machines are
noisy.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks import record

NAMES = (
    "pages",
    "growth",
    "long_lists",
    "servers",
    "ledger",
    "webhooks",
    "drain",
    "selfcheck",
    "chain",
    "stack",
    "refunds",
    "year",
)
_ONE = (
    "import importlib, json, sys, contextlib\n"
    "with contextlib.redirect_stdout(sys.stderr):\n"
    "    found = importlib.import_module('benchmarks.' + sys.argv[1]).run(small=sys.argv[2] == "
    "'small')\nprint(json.dumps(found))\n"
)


def main(arguments: list[str]) -> int:
    """Run benchmarks; returns 1 if one of them could not be run at all, 2 for a wrong call."""
    asked = _parser().parse_args(arguments)
    if asked.readme:
        record.write_readme()
        return 0
    wanted = asked.names or list(NAMES)
    if asked.record and (asked.smoke or wanted != list(NAMES) or record.is_changed()):
        print("--record runs all benchmarks, on a checkout without changes.", file=sys.stderr)
        return 2
    if asked.postings:
        os.environ["BENCH_POSTINGS"] = str(asked.postings)
    # What measures nothing may share the machine.
    with ThreadPoolExecutor(2 if asked.smoke else 1) as pool:
        runs = zip(
            wanted, pool.map(lambda name: _run(name, small=asked.smoke), wanted), strict=True
        )
        found = {name: rows for name, rows in runs if rows is not None}
    if not asked.smoke:
        record.store(found, NAMES)
    if asked.record and len(found) == len(NAMES):
        record.write_readme()
    print(f"These work: {', '.join(found)}." if asked.smoke else record.table(found))
    failed = [name for name in wanted if name not in found]
    for name in failed:
        print(f"{name} could not be run; its last lines are above.", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "names",
        nargs="*",
        choices=[[], *NAMES],
        metavar="name",
        help=", ".join(NAMES),
    )
    for flag in ("--smoke", "--record", "--readme"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--postings", type=int, default=0)
    return parser


def _run(name: str, *, small: bool) -> dict[str, Any] | None:
    print(f"{name} ...", file=sys.stderr, flush=True)
    argv = [sys.executable, "-c", _ONE, name, "small" if small else "full"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    wrong = [line for line in done.stderr.splitlines() if line.startswith("BROKEN")]
    if done.returncode or wrong:
        print("\n".join(wrong or done.stderr.splitlines()[-15:]), file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
