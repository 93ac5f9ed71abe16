"""Compare what slither found with what slither.md explains: `slither_gate.py <report.json>`.

Ends with 1 for a finding of high or medium impact without a row, and for a row without a finding.
"""

import json
import re
import sys
from pathlib import Path

EXPLAINED = Path(__file__).with_name("slither.md")
WEIGHTY = ("High", "Medium")


def found(report: Path) -> set[tuple[str, str]]:
    """Return (detector, function) of each weighty finding. Raises SystemExit without a report."""
    answer = json.loads(report.read_text())
    if not answer["success"]:
        raise SystemExit(f"slither did not finish: {answer['error']}")
    return {
        (one["check"], _place(one["elements"]))
        for one in answer["results"].get("detectors", ())
        if one["impact"] in WEIGHTY
    }


def _place(elements: list[dict]) -> str:
    """Return `Contract.function` of the first function that a finding is about."""
    for one in elements:
        if one["type"] == "function":
            return f"{one['type_specific_fields']['parent']['name']}.{one['name']}"
    return elements[0]["name"] if elements else "?"


def explained() -> set[tuple[str, str]]:
    """Return (detector, function) of each row of the table in slither.md that has a reason."""
    rows = re.findall(r"^\| `([\w-]+)` \| `([\w.]+)` \| \S.* \|$", EXPLAINED.read_text(), re.M)
    return set(rows)


def main() -> int:
    """Write what does not fit and return the exit code."""
    findings, reasons = found(Path(sys.argv[1])), explained()
    lines = [
        f"not explained in slither.md: {check} in {place}"
        for check, place in sorted(findings - reasons)
    ]
    lines += [
        f"explained in slither.md, but not found any more: {check} in {place}"
        for check, place in sorted(reasons - findings)
    ]
    good = f"{len(findings)} findings of high or medium impact, all explained in slither.md"
    sys.stdout.write("\n".join(lines or [good]) + "\n")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
