"""Compare a coverage report with the goals and print what is below them.

    make coverage                                  measures, then runs this
    python tools/coverage_gate.py [report.json]    only reads the last measurement

Goals: 95 % of the lines of crowdfund; every branch of the money modules. Ends with 1 below them.
"""

import fnmatch
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "var" / "coverage" / "report.json"
LINES_PERCENT = 95.0
MONEY = (
    "crowdfund/kernel/money.py",
    "crowdfund/ledger/*",
    "crowdfund/payments/service/*",
    "crowdfund/payments/rules.py",
)
MOST_LINES = 12  # that are named of one file


@dataclass(frozen=True)
class File:
    """What was measured of one file."""

    name: str
    statements: int
    missing: tuple[int, ...]
    missing_branches: tuple[tuple[int, int], ...]

    @property
    def percent(self) -> float:
        """Return how many percent of the lines were run; 100 for a file without any."""
        return 100 * (1 - len(self.missing) / self.statements) if self.statements else 100.0

    @property
    def is_money(self) -> bool:
        """Return whether every branch of this file has to be run."""
        return any(fnmatch.fnmatch(self.name, pattern) for pattern in MONEY)


def read(report: Mapping[str, Any]) -> list[File]:
    """Return the files of a JSON report of coverage.
    Raises KeyError if branches were not measured."""
    return [
        File(
            name,
            found["summary"]["num_statements"],
            tuple(found["missing_lines"]),
            tuple((start, end) for start, end in found["missing_branches"]),
        )
        for name, found in sorted(report["files"].items())
    ]


def total_percent(files: list[File]) -> float:
    """Return how many percent of all lines were run."""
    statements = sum(file.statements for file in files)
    missing = sum(len(file.missing) for file in files)
    return 100 * (1 - missing / statements) if statements else 0.0


def problems(files: list[File]) -> Iterator[str]:
    """Yield a sentence for each goal that is missed."""
    if not any(file.is_money for file in files):
        yield "No money module was measured: check MONEY in tools/coverage_gate.py."
    percent = total_percent(files)
    if percent < LINES_PERCENT:
        yield f"Lines of crowdfund: {percent:.2f} % of {LINES_PERCENT:.0f} %."
    for file in files:
        if file.is_money and file.missing_branches:
            jumps = ", ".join(
                f"{start}->{'exit' if end < 0 else end}" for start, end in file.missing_branches
            )
            yield f"Branches of {file.name} that no test takes: {jumps}."


def low(files: list[File]) -> Iterator[str]:
    """Yield a line for each file below the goal, the lowest first."""
    below = [file for file in files if file.percent < LINES_PERCENT]
    for file in sorted(below, key=lambda file: file.percent):
        lines = ", ".join(map(str, file.missing[:MOST_LINES]))
        more = " …" if len(file.missing) > MOST_LINES else ""
        yield f"{file.percent:6.1f} %  {file.name}  ({lines}{more})"


def main(argv: list[str]) -> int:
    """Print the figures; return 1 if a goal is missed, 2 without a report."""
    path = Path(argv[0]) if argv else REPORT
    if not path.exists():
        print(f"There is no report at {path}. Run `make coverage` first.", file=sys.stderr)
        return 2
    files = read(json.loads(path.read_text()))
    money = [file for file in files if file.is_money]
    print(f"Lines of crowdfund: {total_percent(files):.2f} % (goal {LINES_PERCENT:.0f} %)")
    missed = sum(len(file.missing_branches) for file in money)
    print(f"Branches of {len(money)} money modules: {missed} not taken (goal 0)")
    for line in low(files):
        print(line)
    found = list(problems(files))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
