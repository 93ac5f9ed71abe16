import stat
from pathlib import Path

import pytest

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
