"""Settings: where each value comes from, and what is said about one that cannot be read."""

import secrets
import traceback
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from crowdfund.kernel import config, weak_keys
from crowdfund.kernel.config import Settings

KEY = "3f9c1b7a5d2e8046af13c9d07b62e5184c0a"
LIVE = {"environment": "production", "secret_key": KEY, "public_url": "https://crowdfund.com"}
SECRET = "hunter2-hunter2"


def live(**more) -> Settings:
    return Settings(_env_file=None, **{**LIVE, **more})


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)


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


def secret_file(folder: Path, content: str = KEY) -> Path:
    file = folder / "secret"
    file.write_text(content)
    return file


def test_a_secret_may_lie_in_a_file_that_dotenv_names(tmp_path):
    own = tmp_path / ".env"
    own.write_text(f"SECRET_KEY=\nSECRET_KEY_FILE={secret_file(tmp_path, KEY + chr(10))}\n")
    assert Settings(_env_file=own).secret_key == KEY


def test_a_list_may_lie_in_a_file_too(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY_FALLBACKS_FILE", str(secret_file(tmp_path, f'["{KEY}"]')))
    assert Settings(_env_file=None).secret_key_fallbacks == [KEY]


@pytest.mark.parametrize("blank", ["", "  ", "\t", "[]"])
def test_a_blank_variable_of_a_container_is_not_set(blank, tmp_path, monkeypatch):
    own = tmp_path / ".env"
    own.write_text(f"MAIL_PORT=26\nTRUSTED_HOSTS=\nSECRET_KEY_FILE={secret_file(tmp_path)}\n")
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), blank)
    settings = Settings(_env_file=own)
    assert (settings.mail_port, settings.secret_key) == (26, KEY)
    assert settings.data_dir == Path("var")
    assert (settings.trusted_hosts, settings.chain_id) == ([], 31337)


@pytest.mark.parametrize("name", ["POLYGON_EDGE_RPC_URL", "GANACHE_URL"])
def test_the_former_names_of_the_chain_address_are_read_in_production_too(name, monkeypatch):
    monkeypatch.setenv(name, "https://node.example")
    assert live().chain_rpc_url == "https://node.example"
    monkeypatch.setenv("CHAIN_RPC_URL", "https://other.example")
    assert live().chain_rpc_url == "https://other.example"


def test_a_file_written_on_windows_is_read(tmp_path):
    own = tmp_path / ".env"
    own.write_bytes("\ufeffMAIL_PORT=26\r\nSMS_SENDER=አዲስ\r\n".encode())
    settings = Settings(_env_file=own)
    assert (settings.mail_port, settings.sms_sender) == (26, "አዲስ")


def test_the_environment_wins_over_dotenv_whether_by_name_or_by_file(tmp_path, monkeypatch):
    own = tmp_path / ".env"
    own.write_text("SECRET_KEY=from dotenv\nMAIL_PASSWORD_FILE=/no/such/file\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(secret_file(tmp_path)))
    monkeypatch.setenv("MAIL_PASSWORD", "from the environment")
    settings = Settings(_env_file=own)
    assert (settings.secret_key, settings.mail_password) == (KEY, "from the environment")


@pytest.mark.parametrize("content", [None, "", " \n", b"\xff\xfe"])
def test_a_secret_file_that_gives_nothing_is_named(content, tmp_path, monkeypatch):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.setenv("CHAIN_ADMIN_KEY_FILE", str(file))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(config.WrongSettings, match=f"CHAIN_ADMIN_KEY_FILE: {file}"):
        config._from_environment.__wrapped__()


@pytest.mark.parametrize(
    "wrong",
    [
        {"MAIL_PORT": "smtp"},
        {"ENVIRONMENT": "production", "PUBLIC_URL": "https://crowdfund.com"},
        {"SECRET_KEY_FALLBACKS": f"not JSON {SECRET}"},
        {"SECRET_KEY_FALLBACKS": f'{{"{SECRET}": 1}}'},
        {"CHAIN_MAX_FEE_GWEI": "-1", "CHAIN_RPC_URL": f"https://node.example/{SECRET}"},
        {"SMS_API_KEY_FILE": SECRET},
    ],
)
def test_no_settings_error_shows_a_secret(wrong, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("SECRET_KEY", "CHAIN_SIGNER_KEY", "MAIL_PASSWORD", "OIDC_CLIENT_SECRET"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://app:{SECRET}@db/x")
    for name, text in wrong.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(config.WrongSettings) as refusal:
        config._from_environment.__wrapped__()
    shown = "".join(traceback.format_exception(refusal.value))
    assert next(iter(wrong)).lower() in shown.lower()
    assert SECRET not in shown


def test_contracts_and_the_place_of_a_key_may_stand_in_dotenv(tmp_path):
    key = secret_file(tmp_path, KEY)
    own = tmp_path / "own.env"
    own.write_text(
        f"CONTRACT_FUND_ESCROW=0xabc\nCHAIN_FEE_RECIPIENT=0xdef\nCHAIN_ADMIN_KEY_FILE={key}\n"
    )
    found = Settings(_env_file=own)
    assert (found.contract_fund_escrow, found.chain_fee_recipient) == ("0xabc", "0xdef")
    assert (found.chain_admin_key, found.chain_admin_key_file) == (KEY, str(key))


def test_the_repr_of_the_settings_shows_no_secret():
    names = ["secret_key", "chain_signer_key", "chain_admin_key", "chain_recorder_key"]
    names += ["mail_password", "sms_api_key", "oidc_client_secret", "billbitts_api_key"]
    names += ["database_url", "redis_url", "chain_rpc_url", "ipfs_api_url"]
    secrets = dict.fromkeys(names, SECRET)
    settings = Settings(_env_file=None, secret_key_fallbacks=[SECRET], **secrets)
    assert SECRET not in repr(settings) + str(settings)


WEAK = ["", " ", " " * 40, "short", "k" * 40, "ab" * 20, "0123456789abcdef" * 4]
WEAK += [config.INSECURE_KEY, "change-me-please-change-me-please", "django-insecure-" + "x9f3" * 9]
WEAK += ["my-very-own-secret-key-for-crowdfund-1"]


@pytest.mark.parametrize("key", WEAK)
def test_production_refuses_a_key_that_can_be_guessed_and_does_not_repeat_it(key):
    for given in ({"secret_key": key}, {"secret_key_fallbacks": [KEY + "1", key]}):
        with pytest.raises(ValidationError, match=next(iter(given)).upper()) as refusal:
            live(**given)
        assert len(key) < 6 or key not in str(refusal.value)


def test_production_takes_random_keys():
    for key in (secrets.token_hex(32), secrets.token_urlsafe(48), secrets.token_hex(16)):
        assert live(secret_key=key, secret_key_fallbacks=[KEY]).secret_key == key


@pytest.mark.parametrize("prefix", ["", "0x", "0X"])
def test_production_refuses_the_keys_of_test_chains(prefix):
    for key in (*weak_keys._KNOWN_CHAIN_KEYS, "0" * 63 + "1"):
        with pytest.raises(ValidationError, match="CHAIN_SIGNER_KEY is a key that everybody knows"):
            live(chain_signer_key=prefix + key)
    assert live(chain_signer_key=prefix + secrets.token_hex(32))


@pytest.mark.parametrize("url", ["http://crowdfund.com", "http://localhost:5000", "HTTP://x.test"])
def test_production_refuses_an_address_without_tls(url):
    with pytest.raises(ValidationError, match="PUBLIC_URL must be an https address"):
        live(public_url=url)


def test_a_public_site_must_say_which_environment_it_is():
    with pytest.raises(ValidationError, match="Set ENVIRONMENT=production"):
        Settings(_env_file=None, public_url="https://crowdfund.com", secret_key=KEY)
    chosen = {"environment": "development", "public_url": "https://crowdfund.com"}
    with pytest.raises(ValidationError, match="SECRET_KEY"):
        Settings(_env_file=None, **chosen)
    assert Settings(_env_file=None, secret_key=KEY, **chosen).environment == "development"
    assert Settings(_env_file=None, public_url="http://localhost:5000").environment == "development"


def test_what_a_local_stack_left_behind_is_not_read_in_production(tmp_path, monkeypatch):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "stack.env").write_text("REDIS_URL=unix:///stack.sock\n")
    monkeypatch.chdir(tmp_path)
    for name, value in LIVE.items():
        monkeypatch.setenv(name.upper(), value)
    assert Settings().redis_url == "redis://127.0.0.1:6379/0"
