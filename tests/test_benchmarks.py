"""The figures that are checked in: complete, all of one commit, and the same in the README."""

import re

import pytest

from benchmarks import pages, record
from benchmarks.__main__ import NAMES, main

RESULTS = record.load()["benchmarks"]


def test_every_benchmark_has_figures():
    assert list(RESULTS) == list(NAMES)
    assert all(run["rows"] for run in RESULTS.values())


@pytest.mark.parametrize("name", NAMES)
def test_figures_tell_the_commit_the_day_and_the_machine(name):
    run = RESULTS[name]
    assert re.fullmatch(r"[0-9a-f]{40}", run["commit"])  # "+changes" behind it would be no commit
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", run["at"])
    assert run["machine"]["cores"] >= 1
    assert re.fullmatch(r"\d+\.\d+\.\d+", run["machine"]["python"])


def test_all_figures_are_of_one_commit():
    assert len({run["commit"] for run in RESULTS.values()}) == 1


def test_the_table_of_the_readme_is_the_one_that_the_results_give():
    assert record.readme_table(record.load()) in record.README.read_text()


def test_no_goal_of_a_page_is_under_what_was_once_reached():
    rows = RESULTS["pages"]["rows"]
    for how, rivals in pages.GOALS.items():
        for rival, goals in rivals.items():
            for page, goal in goals.items():
                assert rows[f"{page}, {how}, against {rival}"]["goal"] >= goal


def test_a_row_is_shown_with_its_unit_and_a_missed_goal_as_missed():
    rows = {
        "fast": {"per_s": 1_200, "baseline_per_s": 600, "ratio": 2.0, "goal": 1.5, "met": True},
        "big": {
            "seconds": 1.5,
            "peak_mb": 200,
            "note": "so",
            "goal": 150,
            "unit": " MB",
            "met": False,
        },
    }
    fast, big = record.table({"one": rows}).splitlines()
    assert fast.split() == ["fast", "1,200", "/s", "600", "/s", "2.00", "1.5"]
    assert big.split() == ["big", "(so)", "1.50", "s", "200", "MB", "150", "MB", "missed"]


def test_some_benchmarks_alone_are_no_record(capsys):
    assert main(["pages", "--record"]) == 2
    assert "runs all benchmarks" in capsys.readouterr().err
