"""`python -m benchmarks [names]`: run all or some, print one table, write benchmarks/results.json.

Each runs in a process of its own. A goal that is missed is shown, never an error: machines are noisy.
"""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAMES = ("pages", "servers", "ledger", "webhooks", "chain")
RESULTS = Path(__file__).with_name("results.json")
_ONE = (
    "import importlib, json, sys, contextlib\n"
    "with contextlib.redirect_stdout(sys.stderr):\n"
    "    found = importlib.import_module('benchmarks.' + sys.argv[1]).run()\n"
    "print(json.dumps(found))\n"
)


def main(wanted: list[str]) -> int:
    """Run benchmarks; returns 1 if one of them could not be run at all."""
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    results, failed = _earlier(), []
    for name in wanted or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows = _run(name)
        if rows is None:
            failed.append(name)
        else:
            results["benchmarks"][name] = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "rows": rows}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    _show({name: results["benchmarks"][name]["rows"] for name in wanted or NAMES if name not in failed})
    for name in failed:
        print(f"{name} could not be run; its last lines are above.", file=sys.stderr)
    return 1 if failed else 0


def _earlier() -> dict[str, Any]:
    known = json.loads(RESULTS.read_text())["benchmarks"] if RESULTS.exists() else {}
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    return {"machine": machine, "benchmarks": known}


def _run(name: str) -> dict[str, Any] | None:
    done = subprocess.run([sys.executable, "-c", _ONE, name], capture_output=True, text=True, check=False)
    wrong = [line for line in done.stderr.splitlines() if line.startswith("BROKEN")]
    if done.returncode or wrong:
        print("\n".join(wrong or done.stderr.splitlines()[-15:]), file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _show(benchmarks: dict[str, dict[str, Any]]) -> None:
    print(f"{'':44}{'ours /s':>12}{'baseline /s':>14}{'ratio':>9}{'goal':>8}")
    for rows in benchmarks.values():
        for name, row in rows.items():
            print(_line(name, row) if isinstance(row, dict) else f"{name:44}{row:>12,}")


def _line(name: str, row: dict[str, Any]) -> str:
    baseline = f"{row['baseline_per_s']:>14,}" if "baseline_per_s" in row else f"{'':14}"
    ratio = f"{row['ratio']:>8.2f}x" if "ratio" in row else f"{'':9}"
    goal = f"{row['goal']:>8,}  {'ok' if row['met'] else 'MISSED'}" if "goal" in row else ""
    return f"{name:44}{row['per_s']:>12,}{baseline}{ratio}{goal}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
