"""What was measured: results.json, and the table of README.md that is written from it."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
README = FOLDER / "README.md"
BEGIN, END = "<!-- table: python -m benchmarks --readme -->", "<!-- end of table -->"
Rows = dict[str, dict[str, Any]]
_HEAD = ("| | ours | baseline | ratio | goal |", "|---|---:|---:|---:|---:|")


def store(found: Mapping[str, Rows], order: Sequence[str]) -> None:
    """Put rows into results.json, each benchmark with the commit, moment and machine of its run."""
    known = load()["benchmarks"] if RESULTS.exists() else {}
    known |= {name: {**_circumstances(), "rows": rows} for name, rows in found.items()}
    known = {name: known[name] for name in order if name in known}
    RESULTS.write_text(json.dumps({"benchmarks": known}, indent=1, ensure_ascii=False) + "\n")


def load() -> dict[str, Any]:
    """Return what results.json holds."""
    found: dict[str, Any] = json.loads(RESULTS.read_text())
    return found


def _circumstances() -> dict[str, Any]:
    return {
        "commit": _git("rev-parse", "HEAD") + ("+changes" if is_changed() else ""),
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": {
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        },
    }


def is_changed() -> bool:
    """Return whether the checkout differs from its commit, apart from what this module writes."""
    changed = _git("status", "--porcelain", "--untracked-files=no").splitlines()
    own = ("benchmarks/results.json", "benchmarks/README.md")
    return any(not line.endswith(own) for line in changed)


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    return done.stdout.rstrip() if done.returncode == 0 else ""


# --- tables ---------------------------------------------------------------------------------------


def table(found: Mapping[str, Rows]) -> str:
    """Return rows as a table for a terminal."""
    cells = [_cells(name, row) for rows in found.values() for name, row in rows.items()]
    return "\n".join(f"{a:58}{b:>14}{c:>14}{d:>10}{e:>14}" for a, b, c, d, e in cells)


def write_readme() -> None:
    """Write the table of README.md from results.json."""
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{readme_table(load())}{after}")


def readme_table(results: Mapping[str, Any]) -> str:
    """Return the part of README.md between and with its two marks."""
    runs = results["benchmarks"]
    lines = [
        f"| {' | '.join(_cells(name, row))} |" for run in runs.values() for name, row in _rows(run)
    ]
    return "\n".join([BEGIN, *_when(runs), "", *_HEAD, *lines, END])


def _rows(run: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    rows: dict[str, dict[str, Any]] = run["rows"]
    return rows.items()


def _when(runs: Mapping[str, Any]) -> list[str]:
    """Return a line for each commit, moment and machine on which some of the benchmarks were
    run."""
    told: dict[str, list[str]] = {}
    for name, run in runs.items():
        machine = run["machine"]
        where = f"{machine['cores']} cores, Python {machine['python']}, {machine['system']}"
        told.setdefault(f"commit {run['commit'][:12]}, {run['at'][:10]}, {where}", []).append(name)
    return [f"{', '.join(names)}: {circumstances}  " for circumstances, names in told.items()]


def _cells(name: str, row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """Return name, ours, baseline, ratio and goal of a row as text."""
    note = f" ({row['note']})" if "note" in row else ""
    if "seconds" in row:
        ours, baseline = f"{row['seconds']:,.2f} s", f"{row['peak_mb']:,} MB"
    elif "measured" in row:
        ours = f"{row['measured']:,}{row['unit']}"
        baseline = f"{row['baseline']:,}{row['unit']}" if "baseline" in row else ""
    else:
        ours = f"{row['per_s']:,} /s"
        baseline = f"{row['baseline_per_s']:,} /s" if "baseline_per_s" in row else ""
    ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
    unit = "" if "ratio" in row else row.get("unit", "")  # a goal beside a ratio is for the ratio
    goal = "" if "goal" not in row else f"{row['goal']:,}{unit}"
    return name + note, ours, baseline, ratio, goal + (" missed" if row.get("met") is False else "")
