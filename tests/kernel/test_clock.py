"""Time is asked of one place and can be moved there."""

from datetime import UTC, date, datetime, timedelta

import pytest

from crowdfund.kernel import clock, config


def test_time_stands_still_until_it_is_moved(frozen):
    start = clock.now()
    assert clock.now() == start
    frozen.advance(timedelta(days=1, microseconds=1))
    assert clock.now() - start == timedelta(days=1, microseconds=1)
    frozen.set(datetime(2030, 1, 1, tzinfo=UTC))
    assert clock.now().year == 2030


def test_the_day_is_that_of_the_platform_and_not_of_utc(frozen):
    frozen.set(datetime(2026, 12, 31, 21, 30, tzinfo=UTC))
    assert clock.today() == date(2026, 12, 31)
    assert clock.today("Africa/Addis_Ababa") == date(2027, 1, 1)


def test_real_time_is_aware_and_an_offset_keeps_running():
    clock.use(None)
    assert clock.now().tzinfo is UTC
    clock.use(clock.OffsetClock(timedelta(days=400)))
    try:
        first = clock.now()
        assert first - datetime.now(UTC) > timedelta(days=399)
        assert clock.now() >= first
    finally:
        clock.use(None)


def test_a_secret_is_read_from_the_file_that_its_variable_names(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("k" * 40 + "\n")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert config.Settings(_env_file=None).secret_key == "k" * 40


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("mysql://u@h/d", "mysql+pymysql://u@h/d"),
        ("mariadb://u@h/d", "mysql+pymysql://u@h/d"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_a_database_url_gets_the_driver_that_this_project_uses(given, used):
    assert config.Settings(_env_file=None, database_url=given).sqlalchemy_url == used
