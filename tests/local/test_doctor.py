import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db
from crowdfund.local import doctor, doctor_sql, stack
from crowdfund.sign_in.service import codes

from .conftest import CLEAN

SECRET = "hunter2-secret"


def settings(folder: Path, **more: object) -> config.Settings:
    return config.Settings(_env_file=None, CROWDFUND_DATA_DIR=folder, **more)


def only(findings) -> doctor.Finding:
    (found,) = findings
    return found


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://app:{SECRET}@db:5432/x?sslmode=require", "postgresql://app:***@db:5432/x"),
        (f"redis://:{SECRET}@redis/0", "redis://:***@redis/0"),
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
        (f"https://node.example/rpc?key={SECRET}", "https://node.example/rpc"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert doctor.masked(url) == shown


def test_a_redis_that_cannot_be_reached_is_wrong(tmp_path: Path) -> None:
    found = only(
        doctor.check_redis(settings(tmp_path, redis_url=f"redis://:{SECRET}@127.0.0.1:1/0"))
    )
    assert "does not answer" in found.wrong
    assert SECRET not in found.uses + found.wrong


def test_the_key_that_everybody_knows_is_wrong(tmp_path: Path) -> None:
    first = next(iter(doctor.check_settings(settings(tmp_path))))
    assert "SECRET_KEY" in first.wrong


def test_a_chain_with_another_number_is_wrong(tmp_path: Path) -> None:
    choices = {"ports": "free", "environ": CLEAN, "prepare": False, "only": ("chain",)}
    with stack.running(tmp_path, **choices) as running:
        url = running.url("chain")
        right, fees, keys = doctor.check_chain(settings(tmp_path, chain_rpc_url=url))
        wrong, dear, _ = doctor.check_chain(
            settings(tmp_path, chain_rpc_url=url, chain_id=5, chain_max_fee_gwei="0.5")
        )
    assert right.wrong == ""
    assert (
        keys.wrong
        == "Set CHAIN_SIGNER_KEY, CHAIN_ADMIN_KEY, CHAIN_RECORDER_KEY, or the same with _FILE."
    )
    assert wrong.wrong == "It is chain 31337, but CHAIN_ID says 5."
    # The base fee of a node that mines falls with every empty block.
    assert re.fullmatch(r"at most 500 gwei, the network asks [12]\.\d{3}", fees.uses)
    assert fees.wrong == ""
    assert dear.wrong == "Writes wait. Raise CHAIN_MAX_FEE_GWEI, or wait."


def test_a_key_file_that_is_no_key_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("not a key")
    given = settings(
        tmp_path,
        billbitts_api_url="http://127.0.0.1:1",
        billbitts_private_key_path=str(path),
        billbitts_public_key_paths=[str(path)],
    )
    address, keys = doctor.check_gateway(given)
    assert "does not answer" in address.wrong
    assert "is not an RSA private key of 2048 bits" in keys.wrong
    assert "is not an RSA public key of 2048 bits" in keys.wrong


def test_the_command_fails_when_something_is_wrong(app) -> None:
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 1
    assert "need attention" in result.output


def test_an_sms_gateway_is_reached_and_its_key_is_missed(tmp_path: Path) -> None:
    found = only(
        doctor.check_sms(settings(tmp_path, sms_api_url=f"http://key:{SECRET}@127.0.0.1:1/x"))
    )
    assert "does not answer" in found.wrong
    assert "SMS_API_KEY is not set" in found.wrong
    assert SECRET not in found.uses + found.wrong


def test_no_sms_gateway_is_no_fault_and_is_said(tmp_path: Path) -> None:
    live = settings(tmp_path, **PRODUCTION)
    assert only(doctor.check_sms(live)) == doctor.Finding("sms", "none: codes go by e-mail only")
    assert only(doctor.check_sms(settings(tmp_path))).wrong == ""


def test_countries_of_sms_that_are_none_are_found(tmp_path: Path) -> None:
    countries, _gateway = doctor.check_sms(settings(tmp_path, sms_regions=["ET", "XX", "EN"]))
    assert (countries.uses, "no countries" in countries.wrong) == ("EN, XX", True)


PRODUCTION = {
    "environment": "production",
    "secret_key": "3f9c1b7a5d2e8046af13c9d07b62e5184c0a",
    "public_url": "https://x.example",
    "trusted_hosts": ["x.example"],
    "operator_name": "Abay PLC",
    "operator_email": "help@abay.et",
    "proxy_count": 1,
}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, ""),
        ({"trusted_hosts": []}, "TRUSTED_HOSTS"),
        ({"trusted_hosts": ["other.example"]}, "TRUSTED_HOSTS does not name x.example"),
        ({"trusted_hosts": [".example"]}, ""),
        ({"environment": "development", "public_url": "https://crowdfund.com"}, "ENVIRONMENT"),
        ({"proxy_count": 0}, "PROXY_COUNT"),
        ({"operator_name": "crowdfund demo"}, "OPERATOR_NAME"),
        ({"operator_email": "help@crowdfund.example"}, "OPERATOR_EMAIL"),
        ({"proxy_count": 0, "events_url": "https://events.example/events"}, ""),
    ],
)
def test_what_production_needs_is_missed(tmp_path: Path, change, word: str) -> None:
    first = next(iter(doctor.check_settings(settings(tmp_path, **{**PRODUCTION, **change}))))
    assert (word in first.wrong) if word else first.wrong == ""


def test_a_data_folder_that_others_can_open_is_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert "chmod -R go=" in tuple(doctor.check_settings(settings(tmp_path)))[1].wrong
    tmp_path.chmod(0o700)
    assert tuple(doctor.check_settings(settings(tmp_path)))[1].wrong == ""


def test_an_event_process_behind_a_proxy_is_asked_too(tmp_path: Path) -> None:
    found = only(doctor.check_events(settings(tmp_path, public_url="http://127.0.0.1:1")))
    assert "nothing" in found.wrong
    assert "crowdfund.kernel.events:app" in found.wrong


def test_work_that_stands_still_is_wrong(app) -> None:
    found = only(doctor.check_work(config.settings()))
    assert "The relay has never worked" in found.wrong
    assert "queue payments" in found.wrong


@pytest.fixture
def mariadb(app) -> Iterator[sa.Connection]:
    """A connection to MariaDB, with the encoding that the migrations give a database."""
    if db.engine.dialect.name != "mysql":
        pytest.skip("PostgreSQL and SQLite have one encoding for a database")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        assert doctor_sql._encoding_problem(connection) == ""
        yield connection


@pytest.mark.parametrize(
    ("wrong", "right", "sentence"),
    [
        (
            "ALTER TABLE schedule CONVERT TO CHARACTER SET latin1",
            "ALTER TABLE schedule CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            "1 tables and 1 columns are not in utf8mb4_bin",
        ),
        (
            "ALTER TABLE schedule MODIFY name VARCHAR(64) CHARACTER SET latin1 NOT NULL",
            "ALTER TABLE schedule MODIFY name VARCHAR(64) CHARACTER SET utf8mb4 "
            "COLLATE utf8mb4_bin NOT NULL",
            "0 tables and 1 columns are not in utf8mb4_bin",
        ),
        (
            "ALTER DATABASE CHARACTER SET latin1",
            "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            "New tables would be in latin1",
        ),
    ],
)
def test_an_encoding_that_loses_letters_is_wrong(mariadb, wrong, right, sentence) -> None:
    mariadb.exec_driver_sql(wrong)
    assert sentence in doctor_sql._encoding_problem(mariadb)
    mariadb.exec_driver_sql(right)
    assert doctor_sql._encoding_problem(mariadb) == ""


def requests_from(*networks: str) -> None:
    for number, network in enumerate(networks):
        codes.request_code(f"p{number}@x.org", ip=network, device=f"d{number}")
        commit()


@pytest.mark.parametrize(
    ("networks", "is_wrong"),
    [
        (["", "", "", "", ""], True),  # over a socket, without PROXY_COUNT
        (["127.0.0.1"] * 5, True),
        (["10.0.0.7"] * 5, True),
        (["127.0.0.1"] * 4, False),  # too few to say
        (["127.0.0.1"] * 4 + ["197.156.1.1"], False),
        (["197.156.1.1"] * 5, False),  # one family, one office
        (["2001:4860::1"] * 5, False),
    ],
)
def test_visitors_who_all_have_the_proxys_address_are_found(app, networks, is_wrong) -> None:
    requests_from(*networks)
    live = config.settings().model_copy(update={"environment": "production"})
    found = only(doctor.check_visitors(live))
    assert ("Set PROXY_COUNT" in found.wrong) is is_wrong
    assert only(doctor.check_visitors(config.settings())).wrong == ""


def test_contracts_that_were_never_deployed_are_missed(app) -> None:
    assert "flask chain deploy" in only(doctor.check_contracts(config.settings())).wrong
