"""What an operator copies: the example of the settings, systemd units, nginx, the image."""

import re
from importlib.util import find_spec

import pytest

from crowdfund.kernel.config import Settings
from crowdfund.local.environment import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
EXAMPLE = (ROOT / ".env.example").read_text()
MODULE = re.compile(r"(?:-m |\s)((?:crowdfund)(?:\.[a-z_]+)+)(?::(\w+))?")


def test_every_module_that_a_unit_or_the_composition_starts_is_there():
    texts = [path.read_text() for path in (*UNITS, DEPLOY / "compose.yml")]
    found = {name for text in texts for name, _ in MODULE.findall(text)}
    assert found >= {"crowdfund.kernel.events", "crowdfund.kernel.relay"}
    assert [name for name in found if find_spec(name) is None] == []


def test_a_copy_of_the_example_beats_nothing_that_a_unit_sets():
    set_there = re.findall(r"^Environment=(\w+)=", "\n".join(map(_text, UNITS)), re.MULTILINE)
    assert "PROXY_COUNT" in set_there
    # In systemd the EnvironmentFile wins over Environment.
    given = re.findall(r"^(\w+)=(.+)$", EXAMPLE, re.MULTILINE)
    assert given == [], "a copy of the example would choose these"


# By `make run` and by the tools that it starts with.
READ_ELSEWHERE = {"ANVIL", "CHROMIUM", "CROWDFUND_PYTHON", "WEB_SERVER"}


def test_every_setting_is_in_the_example_once():
    shown = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
    assert len(shown) == len(set(shown))
    names = {str(field.validation_alias or name) for name, field in Settings.model_fields.items()}
    missing = {name.upper() for name in names} - set(shown)
    assert {name for name in missing if name.removesuffix("_FILE") not in shown} == set()
    assert set(shown) - {name.upper() for name in names} == READ_ELSEWHERE


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_what_a_unit_writes_is_closed_to_other_users(unit):
    text = _text(unit)
    assert "\nUMask=0077\n" in text
    assert ("StateDirectory=" in text) == ("StateDirectoryMode=0700" in text)


def test_the_image_holds_no_settings_keys_or_data_of_whoever_builds_it():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    taken = {line[1:].partition("/")[0] for line in rules if line.startswith("!")}
    assert taken.isdisjoint({".env", "var", ".git", ".venv", "tests", "node_modules"})
    assert [name for name in taken if not (ROOT / name).exists()] == []
    assert "!deploy" not in rules  # deploy/env holds the keys


def test_nginx_of_debian_12_can_read_the_example():
    assert not re.search(r"^\s*http2 on;", _text(DEPLOY / "nginx.conf"), re.MULTILINE)


def _text(path):
    return path.read_text()
