"""The files that editors, git and pre-commit read."""

import re
import subprocess

from crowdfund.local.environment import ROOT

from .test_requirements import asked, normal

PACKAGE_OF = {"lint-imports": "import-linter"}


def test_hooks_run_only_what_the_project_installs():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert set(re.findall(r"repo: (\S+)", text)) == {"local"}
    assert "://" not in text
    programs = set(re.findall(r"entry: \.venv/bin/([\w-]+)", text))
    assert len(programs) == len(set(re.findall(r"name: (.+)", text))) - 1, "ruff has two hooks"
    assert {normal(PACKAGE_OF.get(program, program)) for program in programs} <= asked(
        "-dev"
    ).keys()


def test_hooks_check_what_make_lint_checks():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    lint = re.search(
        r"^lint:.*?\n\n", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL
    ).group()
    in_make = set(re.findall(r"\$\(VENV\)/bin/([\w-]+)", lint))
    assert set(re.findall(r"entry: \.venv/bin/([\w-]+)", text)) == in_make


def test_commits_that_blame_looks_past_are_whole_hashes_of_this_history():
    lines = (ROOT / ".git-blame-ignore-revs").read_text().splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[0-9a-f]{40}", line)
            found = subprocess.run(
                ["git", "cat-file", "-t", line], cwd=ROOT, capture_output=True, text=True
            )
            assert found.stdout.strip() == "commit"
