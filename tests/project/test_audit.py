"""`tools/audit.sh`: no answer is never taken for a good one."""

import shutil
import subprocess
from pathlib import Path

import pytest

from crowdfund.local.environment import ROOT

TABLE = "Name Version ID Fix Versions\\n---- ------- -- ------------\\njinja2 3.1.2 GHSA-1 3.1.3"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose pip-audit is installed already; `answer` says what it does."""
    (tmp_path / "tools").mkdir()
    for name in ("audit.sh", "requirements-audit.txt"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools")
    programs = tmp_path / "var" / "tools" / "audit"
    (programs / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "requirements-audit.txt", programs / "installed")
    return tmp_path


def audit(checkout: Path, answer: str) -> subprocess.CompletedProcess[str]:
    program = checkout / "var" / "tools" / "audit" / "bin" / "pip-audit"
    program.write_text(f'#!/bin/sh\necho "$*" >>{checkout}/asked\n{answer}\n')
    program.chmod(0o755)
    return subprocess.run(
        [checkout / "tools" / "audit.sh"], capture_output=True, text=True, timeout=30
    )


def test_without_a_weakness_it_ends_well(checkout):
    done = audit(checkout, "echo 'No known vulnerabilities found'")
    assert done.returncode == 0
    assert "requirements.txt:\nNo known" in done.stdout


def test_a_weak_package_of_either_list_is_shown_and_an_error(checkout):
    done = audit(checkout, f'case "$*" in *-dev*) printf "{TABLE}"; exit 1;; esac')
    assert done.returncode == 1
    assert "jinja2 3.1.2" in done.stdout


def test_a_database_that_does_not_answer_is_an_error_of_its_own(checkout):
    done = audit(checkout, "echo 'ERROR: Failed to connect'; exit 1")
    assert done.returncode == 2
    assert "Failed to connect" in done.stderr
    assert "Nothing was checked." in done.stderr


def test_packages_that_could_not_be_asked_about_are_never_passed_over(checkout):
    audit(checkout, "exit 0")
    assert all("--strict" in line.split() for line in (checkout / "asked").read_text().splitlines())
