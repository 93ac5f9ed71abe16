"""How a process begins whose settings are wrong, and what its files allow."""

import subprocess
import sys
from pathlib import Path

import pytest

from crowdfund.local.environment import ROOT

from .conftest import CLEAN

SECRET = "hunter2-hunter2"
FLASK = (sys.executable, "-m", "flask", "--app", "app", "doctor")
IMPORT = (sys.executable, "-c", "import app")


def run(folder: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    env = {**CLEAN, "CROWDFUND_DATA_DIR": str(folder / "data"), **env}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (
            {"ENVIRONMENT": "production", "PUBLIC_URL": "http://crowdfund.com"},
            "PUBLIC_URL must be an https address in production.",
        ),
        ({"PUBLIC_URL": "https://crowdfund.com"}, "Set ENVIRONMENT=production."),
        ({"MAIL_PORT": "smtp"}, "MAIL_PORT: Input should be a valid integer"),
        ({"CHAIN_ADMIN_KEY_FILE": "/no/such"}, "CHAIN_ADMIN_KEY_FILE: /no/such cannot be read"),
        ({"DATABASE_URL_FILE": "/no/such"}, "DATABASE_URL_FILE: /no/such cannot be read"),
    ],
)
def test_a_command_with_wrong_settings_ends_with_a_sentence(tmp_path, env, sentence) -> None:
    done = run(tmp_path, *FLASK, SECRET_KEY=SECRET, MAIL_PASSWORD=SECRET, **env)
    assert done.returncode == 1
    assert done.stderr.startswith("Some settings are wrong. ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_server_with_wrong_settings_ends_with_an_error_that_shows_no_secret(tmp_path) -> None:
    done = run(tmp_path, *IMPORT, SECRET_KEY=SECRET, ENVIRONMENT="production")
    assert done.returncode == 1
    assert "WrongSettings: PUBLIC_URL must be an https address" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_the_data_folder_and_what_a_command_writes_are_closed_to_others(tmp_path) -> None:
    made = str(tmp_path / "data" / "made")
    code = f"import app; from pathlib import Path; Path({made!r}).touch()"
    assert run(tmp_path, sys.executable, "-c", code).returncode == 0
    for path in (tmp_path / "data", tmp_path / "data" / "made"):
        assert path.stat().st_mode & 0o077 == 0
