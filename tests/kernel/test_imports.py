"""What processes load at their start: a library that few requests need is imported by those."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Seldom needed, and each of 1 to 40 MB or 15 to 900 ms (structlog loads rich where tools have
# brought it).
NEVER = {
    "PIL", "alembic", "flask_migrate", "mako", "pikepdf", "rq", "schwifty", "segno",
    "web3", "webauthn", "eth_account", "eth_utils", "httpx", "joserfc", "granian",
}  # fmt: skip
# Needed by some pages or soon after: not at the start.
LATER = {"redis", "requests", "urllib3", "markdown_it", "phonenumbers", "puremagic", "coincurve"}
PAGES = """
import app, json, os, sys
from crowdfund.kernel.db import db
with app.app.app_context():
    db.create_all()
client = app.app.test_client()
for path in ("/", "/campaigns", "/sign-in", "/health"):
    assert client.get(path, follow_redirects=True).status_code == 200, path
"""
COMMANDS = """
import app
found = app.app.test_cli_runner().invoke(args=["--help"])
assert found.exit_code == 0, found.output
for name in ("selfcheck", "doctor", "seed-demo", "backup", "chain", "db"):
    assert f"  {name} " in found.output, name
"""


@pytest.fixture
def loaded(tmp_path: Path):
    """Return the top-level packages that a fresh interpreter has after some lines."""

    def after(code: str) -> set[str]:
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        env |= {"CROWDFUND_DATA_DIR": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1/0"}
        code += "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}

    return after


def test_the_application_starts_without_what_few_requests_need(loaded):
    found = loaded("import app")
    assert "crowdfund" in found
    assert found & (NEVER | LATER) == set()


def test_the_first_pages_load_none_of_it_either(loaded):
    assert loaded(PAGES) & NEVER == set()


def test_the_supervisor_of_the_local_stack_starts_without_the_platform(loaded):
    found = loaded("import crowdfund.local.__main__")
    assert found & (NEVER | LATER | {"flask", "pydantic", "sqlalchemy", "structlog"}) == set()


def test_every_command_is_there_when_one_is_asked_for(loaded):
    assert "flask_migrate" in loaded(COMMANDS)


def test_rich_is_there_for_whoever_asks_after_the_application(loaded):
    assert "rich" in loaded("import app, rich")


def test_the_countries_are_those_that_have_telephone_numbers():
    import phonenumbers

    from crowdfund.kernel.regions import REGIONS

    assert phonenumbers.SUPPORTED_REGIONS == REGIONS
