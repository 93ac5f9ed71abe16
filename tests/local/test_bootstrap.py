"""`tools/bootstrap.sh` on machines where something is missing."""

import shutil
import subprocess
from pathlib import Path

import pytest

from crowdfund.local.environment import ROOT

TOOLS = ("sh", "cat", "cksum", "dirname", "rm")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout on a machine that has a shell, and no Python."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "tools" / "bootstrap.sh", tmp_path / "tools")
    (tmp_path / "requirements.txt").write_text("")
    for name in TOOLS:
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def bootstrap(checkout: Path) -> subprocess.CompletedProcess[str]:
    script = checkout / "tools" / "bootstrap.sh"
    env = {"PATH": str(checkout / "bin")}
    return subprocess.run(
        [script, "requirements.txt"], env=env, capture_output=True, text=True, timeout=30
    )


def install_python(checkout: Path, script: str) -> None:
    path = checkout / "bin" / "python3.11"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_no_python_is_a_sentence(checkout: Path) -> None:
    done = bootstrap(checkout)
    assert done.returncode == 1
    assert "Python 3.11 was not found. Install it" in done.stderr


def test_a_shim_that_does_not_run_is_not_taken_for_python(checkout: Path) -> None:
    install_python(checkout, "echo 'version manager: no such version' >&2; exit 127")
    done = bootstrap(checkout)
    assert done.returncode == 1
    assert "Python 3.11 was not found" in done.stderr


def test_a_python_without_venv_is_a_sentence(checkout: Path) -> None:
    install_python(checkout, 'case "$2" in *ensurepip*) exit 1;; esac; exit 0')
    done = bootstrap(checkout)
    assert done.returncode == 1
    assert "apt-get install python3.11-venv" in done.stderr


def test_packages_that_cannot_be_installed_are_a_sentence(checkout: Path) -> None:
    venv = checkout / ".venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").write_text('#!/bin/sh\n[ "$1" = -m ] && exit 1 || exit 0\n')
    (venv / "python").chmod(0o755)
    done = bootstrap(checkout)
    assert done.returncode == 1
    assert "Check the network and run this again." in done.stderr
