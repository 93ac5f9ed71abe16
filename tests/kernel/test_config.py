"""Settings: where each value comes from, and what is said about one that cannot be read."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from crowdfund.kernel.config import Settings


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    added, own = tmp_path / "stack.env", tmp_path / ".env"
    added.write_text('REDIS_URL="unix:///stack.sock"\nMAIL_PORT=2525\nCHAIN_ID=1\n')
    own.write_text("MAIL_PORT=26\nCHAIN_ID=2\n")
    return added, own


def test_what_is_given_wins_over_the_environment_and_that_over_the_files(files, monkeypatch):
    monkeypatch.setenv("CHAIN_ID", "3")
    monkeypatch.setenv("SMS_SENDER", "from the environment")
    settings = Settings(_env_file=files, sms_sender="given")
    assert settings.redis_url == "unix:///stack.sock"
    assert (settings.mail_port, settings.chain_id, settings.sms_sender) == (26, 3, "given")


def test_without_files_only_the_environment_counts(files, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert Settings(_env_file=None).redis_url == "redis://127.0.0.1:6379/0"


def test_the_embedded_database_keeps_its_name_from_version_to_version(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings = Settings(_env_file=None, CROWDFUND_DATA_DIR=tmp_path)
    assert settings.sqlalchemy_url == f"sqlite:///{tmp_path}/crowdfund.db"


def test_texts_become_what_a_setting_is(monkeypatch):
    for name, text in {
        "CROWDFUND_DATA_DIR": "/data",
        "mail_use_tls": "true",
        "CHAIN_MAX_FEE_GWEI": "0.05",
        "TRUSTED_HOSTS": '["a.example", "b.example"]',
        "CHAIN_LOW_GAS_ETHER": "0.5",
    }.items():
        monkeypatch.setenv(name, text)
    settings = Settings(_env_file=None)
    assert settings.data_dir == Path("/data")
    assert settings.mail_use_tls is True
    assert settings.chain_max_fee_gwei == Decimal("0.05")
    assert settings.trusted_hosts == ["a.example", "b.example"]
    assert settings.chain_low_gas_ether == 0.5


@pytest.mark.parametrize(
    ("name", "text"), [("MAIL_PORT", "smtp"), ("ENVIRONMENT", "staging"), ("MAIL_USE_TLS", "maybe")]
)
def test_a_value_that_cannot_be_read_names_its_setting(name, text, monkeypatch):
    monkeypatch.setenv(name, text)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings(_env_file=None)


def test_a_variable_of_another_program_is_left_alone(monkeypatch):
    monkeypatch.setenv("NO_SUCH_SETTING", "1")
    assert not hasattr(Settings(_env_file=None), "no_such_setting")
