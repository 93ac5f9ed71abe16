import json
import re
import stat
from pathlib import Path

import pytest

from crowdfund.kernel import config
from crowdfund.local import environment
from crowdfund.local.datadir import SOCKET_PATH_MAX, DataDir
from crowdfund.local.errors import StackError

PORTS = {"web": 1, "events": 2, "chain": 3, "gateway": 4, "mail": 5, "smtp": 6, "identity": 7}


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path / "var")
    first = folder.secret("secret-key", "text").read_text()
    assert folder.secret("secret-key", "text").read_text() == first
    assert len(first) >= 32
    assert stat.S_IMODE(folder.secret("secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.keys.stat().st_mode) == 0o700


def test_each_chain_role_has_a_key_of_its_own(tmp_path: Path) -> None:
    keys = environment.chain_keys(DataDir.at(tmp_path))
    assert len({path.read_text() for path in keys.values()}) == 3


def test_a_second_stack_in_the_same_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path)
    with folder.locked(), pytest.raises(StackError, match="already running"), folder.locked():
        pass


def test_the_folder_is_free_again_after_the_first_stack(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path)
    with folder.locked():
        pass
    with folder.locked():
        pass


def test_reset_removes_data_and_keeps_downloads(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path / "var")
    (folder.root / "tools").mkdir()
    (folder.root / "crowdfund.db").write_text("x")
    folder.reset()
    assert {path.name for path in folder.root.iterdir()} <= {"tools", "run.lock"}


def test_reset_is_refused_while_a_stack_runs(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path)
    with folder.locked(), pytest.raises(StackError, match="already running"):
        folder.reset()


def test_a_long_path_still_gives_a_socket_that_can_be_opened(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path / ("long" * 30))
    assert len(str(folder.redis_socket)) <= SOCKET_PATH_MAX


def test_what_the_operator_set_is_used_instead_of_the_embedded_part(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://r/1", "SECRET_KEY": "mine"}
    env = environment.complete(given, DataDir.at(tmp_path), PORTS)
    assert {name: env[name] for name in given} == given
    assert "SECRET_KEY_FILE" not in env
    assert env["CHAIN_RPC_URL"] == "http://127.0.0.1:3"


def test_the_older_names_of_the_chain_address_are_understood(tmp_path: Path) -> None:
    chosen = environment.given({"GANACHE_URL": "http://chain:1"}, tmp_path / "none.env")
    assert chosen["CHAIN_RPC_URL"] == "http://chain:1"


def test_the_file_dotenv_is_read_below_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("REDIS_URL=redis://file/0\nSMS_URL=x\n")
    chosen = environment.given({"REDIS_URL": "redis://env/0"}, file)
    assert (chosen["REDIS_URL"], chosen["SMS_URL"]) == ("redis://env/0", "x")


def test_a_file_given_for_a_setting_replaces_the_embedded_part(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://mine/0\n")
    file = tmp_path / ".env"
    file.write_text(f"REDIS_URL=\nREDIS_URL_FILE={tmp_path / 'url'}\nSMS_API_URL_FILE=/sms\n")
    chosen = environment.given({"REDIS_URL": "", "CHAIN_ADMIN_KEY_FILE": "/admin.key"}, file)
    env = environment.complete(chosen, DataDir.at(tmp_path), PORTS)
    assert env["REDIS_URL"] == "redis://mine/0"
    assert "SMS_API_URL" not in env
    assert env["CHAIN_ADMIN_KEY_FILE"] == "/admin.key"
    assert "CHAIN_SIGNER_KEY_FILE" not in env  # as with keys that are given by name


def test_a_file_that_is_missing_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="REDIS_URL_FILE: /no/such cannot be read"):
        environment.given({"REDIS_URL_FILE": "/no/such"}, tmp_path / "none.env")


def test_every_program_gets_the_same_form_of_the_address(tmp_path: Path) -> None:
    chosen = environment.given({"PUBLIC_URL": "HTTP://LocalHost:5000/"}, tmp_path / "none.env")
    env = environment.complete(chosen, DataDir.at(tmp_path), PORTS)
    assert env["PUBLIC_URL"] == "http://localhost:5000"


def test_a_command_by_hand_keeps_the_file_that_the_operator_gave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stack.env").write_text('MAIL_PORT="2525"\nMAIL_PASSWORD="from the stack"\n')
    (tmp_path / "password").write_text("mine")
    for name, value in {
        "CROWDFUND_DATA_DIR": str(tmp_path),
        "MAIL_PASSWORD_FILE": str(tmp_path / "password"),
        "MAIL_PASSWORD": "",
        "MAIL_PORT": "",
    }.items():
        monkeypatch.setenv(name, value)
    environment.adopt()
    settings = config.Settings(_env_file=None)
    assert (settings.mail_port, settings.mail_password) == (2525, "mine")


EXAMPLE = environment.ROOT / ".env.example"


def test_a_copy_of_the_example_changes_nothing_for_make_run(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path / "var")
    plain = environment.given({"PATH": "/bin"}, tmp_path / "none.env")
    copied = environment.given({"PATH": "/bin"}, EXAMPLE)
    assert copied == plain
    assert environment.complete(copied, folder, PORTS) == environment.complete(plain, folder, PORTS)


def test_empty_values_of_an_earlier_example_start_the_embedded_parts(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "CHAIN_RPC_URL=\nREDIS_URL=\nSECRET_KEY=\nBILLBITTS_PUBLIC_KEY_PATHS=[]\nSMS_API_URL=\n"
    )
    env = environment.complete(
        environment.given({"DATABASE_URL": ""}, file), DataDir.at(tmp_path), PORTS
    )
    assert env["CHAIN_RPC_URL"] == "http://127.0.0.1:3"
    assert env["REDIS_URL"].startswith("unix://")
    assert env["SECRET_KEY_FILE"]
    assert "bank-1.pub.pem" in env["BILLBITTS_PUBLIC_KEY_PATHS"]
    assert "DATABASE_URL" not in env


def test_an_empty_value_is_none_for_the_settings_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("k" * 40)
    added, own = tmp_path / "stack.env", tmp_path / ".env"
    added.write_text('REDIS_URL="unix:///stack.sock"\n')
    own.write_text("REDIS_URL=\nSECRET_KEY=\nMAIL_PORT=\nSECRET_KEY_FALLBACKS=\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("CHAIN_ID", "")
    settings = config.Settings(_env_file=(added, own))
    assert settings.redis_url == "unix:///stack.sock"
    assert settings.secret_key == "k" * 40
    assert (settings.mail_port, settings.chain_id, settings.secret_key_fallbacks) == (
        1025,
        31337,
        [],
    )


def test_the_example_shows_the_defaults() -> None:
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
    fields = {
        name: one for name, one in config.Settings.model_fields.items() if name.upper() in shown
    }
    assert len(fields) > 15
    for name, one in fields.items():
        text = shown[name.upper()]
        value = json.loads(text) if isinstance(one.default, list) else type(one.default)(text)
        if isinstance(one.default, bool):
            value = text == "true"
        assert value == one.default, name
