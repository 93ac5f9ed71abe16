"""`tools/coverage_gate.py`: what is below the goals is named,
and nothing passes by being unmeasured."""

import json

import pytest

from .tools import load

gate = load("coverage_gate")
MONEY, OTHER = "crowdfund/kernel/money.py", "crowdfund/kernel/web.py"


def report(**files):
    """Return a report of coverage; each file: statements, missing lines, missing branches."""
    named = {"money": MONEY, "other": OTHER}
    return {
        "files": {
            named[name]: {
                "summary": {"num_statements": statements},
                "missing_lines": lines,
                "missing_branches": branches,
            }
            for name, (statements, lines, branches) in files.items()
        }
    }


@pytest.fixture
def run(tmp_path, capsys):
    def run(**files):
        path = tmp_path / "report.json"
        path.write_text(json.dumps(report(**files)))
        return gate.main([str(path)]), capsys.readouterr().out

    return run


def test_everything_covered_passes(run):
    assert run(money=(10, [], []), other=(90, [1, 2], [[1, 2]]))[0] == 0


def test_a_branch_of_money_that_no_test_takes_is_named(run):
    code, out = run(money=(10, [], [[3, 5], [7, -1]]), other=(990, [], []))
    assert code == 1
    assert "Branches of crowdfund/kernel/money.py that no test takes: 3->5, 7->exit." in out


def test_too_few_lines_are_named_with_the_file(run):
    code, out = run(money=(10, [], []), other=(90, list(range(1, 21)), []))
    assert code == 1
    assert "Lines of crowdfund: 80.00 % of 95 %." in out
    assert "77.8 %  crowdfund/kernel/web.py  (1, 2, 3" in out
    assert "…" in out


def test_money_that_moved_away_is_not_taken_for_covered(run):
    code, out = run(other=(90, [], []))
    assert code == 1
    assert "No money module was measured" in out


def test_without_a_report_it_says_how_to_make_one(tmp_path, capsys):
    assert gate.main([str(tmp_path / "none.json")]) == 2
    assert "Run `make coverage` first." in capsys.readouterr().err
