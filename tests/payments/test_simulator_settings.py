"""The simulator as it comes: nothing is set first, and nothing unusable can be set."""

import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing

import pytest

from crowdfund.adapters.gateways import Order, Payer
from crowdfund.local.bill_bitts.settings import SETTINGS

from . import bank_process
from .bank_process import wait_for

DEFAULTS = {name: one.default for name, one in SETTINGS.items()}


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """A simulator of which no setting was ever touched."""
    running = bank_process.start(tmp_path_factory.mktemp("bank"))
    yield running
    bank_process.stop(running)


def settings_of(process):
    return {name: value for name, value in process.control("settings").items() if name in SETTINGS}


def open_payment(process, name):
    gateway = process.adapter()
    cprn = gateway.register(Payer("a@example.com", "Ana", "B"), key=f"register:{name}")
    return gateway.initiate(Order(cprn, 25_000, "ETB", "Shares", name, ""), key=f"payment-{name}")


def press_pay(opened):
    form = urllib.parse.urlencode({"action": "pay"}).encode()
    with urllib.request.urlopen(opened.checkout_url, form, timeout=5) as answer:
        return answer.status


def test_a_payment_settles_by_itself_within_seconds_without_any_setting(process):
    opened = open_payment(process, "untouched")
    assert press_pay(opened) == 200
    assert process.adapter().query(opened.tx_id).status in ("SUCCESS", "SETTLED")
    wait_for(lambda: process.adapter().query(opened.tx_id).status == "SETTLED", 10, "settlement")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settle_delay_s", None),
        ("settle_delay_s", True),
        ("settle_delay_s", -1),
        ("settle_delay_s", "2"),
        ("settle_delay_s", 2.5),
        ("settle_delay_s", 31 * 86_400),
        ("offset_s", None),
        ("offset_s", "1"),
        ("fixed_now", -1),
        ("fixed_now", "now"),
        ("faults", None),
        ("faults", []),
        ("faults", {"delay_s": True}),
        ("faults", {"angry": True}),
        ("callback_url", None),
        ("callback_url", 5),
        ("callback_url", "javascript:alert(1)"),
        ("callback_url", "http://[broken"),
        ("colour", "red"),
    ],
)
def test_an_unusable_setting_is_refused_and_changes_nothing(process, name, value):
    with pytest.raises(AssertionError, match="error"):
        process.control("settings", **{"offset_s": 3, "settle_delay_s": 7} | {name: value})
    assert settings_of(process) == DEFAULTS


def test_what_was_read_can_be_put_back_exactly(process):
    before = settings_of(process)
    changed = {
        "faults": {"repeat": True},
        "offset_s": -5,
        "fixed_now": 1_700_000_000,
        "settle_delay_s": 0,
        "callback_url": "http://127.0.0.1:9/",
    }
    process.control("settings", **changed)
    assert settings_of(process)["settle_delay_s"] == 0
    process.control("settings", **before)
    assert settings_of(process) == before == DEFAULTS
    with closing(sqlite3.connect(process.folder / "state.db")) as db:
        assert db.execute("SELECT * FROM setting").fetchall() == []


def test_a_choice_survives_a_restart_and_an_unusable_one_of_an_earlier_version_does_not(tmp_path):
    first = bank_process.start(tmp_path)
    first.control("settings", offset_s=5)
    bank_process.stop(first)
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        db.execute("INSERT INTO setting VALUES ('settle_delay_s', 'null'), ('old', '1')")
        db.commit()
    second = bank_process.start(tmp_path)
    try:
        assert settings_of(second) == {**DEFAULTS, "offset_s": 5}
        assert press_pay(open_payment(second, "after-restart")) == 200
    finally:
        bank_process.stop(second)


def test_a_data_folder_that_called_faults_moods_is_read(tmp_path):
    first = bank_process.start(tmp_path)
    open_payment(first, "before-the-rename")
    first.control("settings", faults={"lose": True})
    bank_process.stop(first)
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        db.execute("ALTER TABLE payment RENAME COLUMN faults TO mood")
        db.execute("UPDATE setting SET name = 'mood' WHERE name = 'faults'")
        db.commit()
    second = bank_process.start(tmp_path)
    try:
        assert settings_of(second)["faults"] == DEFAULTS["faults"] | {"lose": True}
        assert press_pay(open_payment(second, "after-the-rename")) == 200
    finally:
        bank_process.stop(second)


@pytest.mark.parametrize("amount", ["x", "-1", "0", "1.234"])
def test_control_refuses_an_amount_that_no_page_could_show(process, amount):
    opened = open_payment(process, f"amount{amount}")
    with pytest.raises(AssertionError, match="amount"):
        process.control("pay", tx_ids=[opened.tx_id], amount=amount)
    assert process.adapter().query(opened.tx_id).status == "PENDING"
