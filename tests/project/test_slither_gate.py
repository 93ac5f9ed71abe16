"""`contracts/slither_gate.py`: a weighty finding without a reason fails, as does an old reason."""

import json
import shutil
import subprocess
import sys

import pytest

from crowdfund.local.environment import ROOT

REASON = "| `reentrancy-eth` | `Campaign.release` | The guard is set before. |\n"


@pytest.fixture
def gate(tmp_path):
    """Run the gate on findings (detector, impact, function) and the text of slither.md."""
    shutil.copy(ROOT / "contracts" / "slither_gate.py", tmp_path)

    def run(findings, text, *, success=True):
        detectors = [
            {
                "check": check,
                "impact": impact,
                "elements": [
                    {
                        "type": "function",
                        "name": function,
                        "type_specific_fields": {"parent": {"name": "Campaign"}},
                    }
                ],
            }
            for check, impact, function in findings
        ]
        report = {"success": success, "error": "no", "results": {"detectors": detectors}}
        (tmp_path / "report.json").write_text(json.dumps(report))
        (tmp_path / "slither.md").write_text(text)
        command = [sys.executable, tmp_path / "slither_gate.py", tmp_path / "report.json"]
        return subprocess.run(command, capture_output=True, text=True, timeout=30).returncode

    return run


WEIGHTY = ("reentrancy-eth", "High", "release")


@pytest.mark.parametrize(
    ("findings", "text", "code"),
    [
        ([WEIGHTY], REASON, 0),
        ([WEIGHTY], "", 1),
        ([WEIGHTY], REASON.replace("The guard is set before.", " "), 1),
        ([("reentrancy-eth", "Medium", "close")], "", 1),
        ([("timestamp", "Low", "close")], "", 0),
        ([], REASON, 1),
        ([], "", 0),
    ],
)
def test_each_weighty_finding_has_a_reason_and_each_reason_a_finding(gate, findings, text, code):
    assert gate(findings, text) == code


def test_an_analysis_that_did_not_finish_is_no_pass(gate):
    assert gate([], "", success=False) == 1
