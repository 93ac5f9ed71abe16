"""Every list of staff can be exported as a file with what it shows; the export is recorded."""

import csv
import html
import io
import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from crowdfund.kernel import audit, exports
from crowdfund.kernel.db import commit
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting
from crowdfund.people import service as people_service
from tests import raising
from tests.investments.conftest import world  # noqa: F401 - a live campaign and investors

FILES = {
    "/staff/campaigns.csv?status=live": "campaigns.csv",
    "/staff/companies.csv?status=verified": "companies.csv",
    "/staff/people.csv?status=verified": "people.csv",
    "/staff/payments.csv": "payments.csv",
    "/staff/exceptions.csv": "exceptions.csv",
    "/staff/webhooks.csv": "webhooks.csv",
    "/staff/chain/writes.csv": "chain-writes.csv",
    "/staff/journal.csv": "accounts.csv",
}


def test_a_moment_in_a_file_is_in_utc_whatever_the_zone_it_came_in():
    moment = datetime(2026, 6, 15, 12, 0, tzinfo=ZoneInfo("Africa/Addis_Ababa"))
    assert exports.defused(moment) == "2026-06-15T09:00:00+00:00"


@pytest.mark.parametrize("path", FILES)
def test_every_moment_of_a_file_is_in_utc_and_of_the_gregorian_calendar(ada, path):
    ada.set_cookie("language", "am")
    ada.set_cookie("calendar", "ethiopian")
    cells = [cell for row in lines(ada.get(path)) for cell in row.values()]
    moments = [cell for cell in cells if re.match(r"\d{4}-\d\d-\d\dT", cell)]
    assert all(cell.endswith("+00:00") for cell in moments)
    assert not [cell for cell in cells if "EAT" in cell or "ዓ.ም." in cell]
    assert moments or path.startswith(("/staff/journal", "/staff/people"))


@pytest.fixture
def ada(app, world):  # noqa: F811
    """An admin's browser; somebody has invested, and the bank has sent twice as much."""
    payment_of = world.place()
    world.bank.set_truth(world.payment(payment_of).tx_id, "SETTLED", amount="2000.00")
    world.bank_says(payment_of, "SETTLED")
    return raising.browser(app, raising.person("ada", "admin"))


def lines(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("+251911234567", "'+251911234567"),
        ("0012345678", "'0012345678"),
        ("1000123456789012", "'1000123456789012"),
        ("12345678e10", "'12345678e10"),
        ("1/2015", "'1/2015"),
        ("3-4", "'3-4"),
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("-1+1", "'-1+1"),
        ("-", "'-"),
        ("-100.00", "-100.00"),
        ("1250.50", "1250.50"),
        ("0.05", "0.05"),
        ("0", "0"),
        (-5, "-5"),
        (12345678901234567890, "12345678901234567890"),
        ("2026-06-15", "2026-06-15"),
        ("Alice", "Alice"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_spreadsheet_changes_no_text_and_reads_amounts_as_numbers(value, cell):
    assert exports.defused(value) == cell


def test_a_telephone_number_stays_text_in_the_file(app, ada):
    person = people_service.ensure_user("zoe@example.com", "Zoe", phone="+251911234567")
    commit()
    (row,) = lines(ada.get("/staff/users.csv?q=zoe"))
    assert (row["id"].lstrip("'"), row["phone"]) == (person, "'+251911234567")


@pytest.mark.parametrize("address", FILES)
def test_a_list_comes_as_a_file_and_who_took_it_is_recorded(ada, address):
    answer = ada.get(address)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{FILES[address]}"'
    assert len(lines(answer)) >= 1
    (row,) = audit.entries(audit.Filters(search="export")).rows
    assert row.action.endswith("_csv")
    assert row.outcome == "done"


def test_a_file_holds_what_the_filters_ask_for(ada):
    assert lines(ada.get("/staff/campaigns.csv?status=draft")) == []
    assert lines(ada.get("/staff/payments.csv?status=failed")) == []
    assert lines(ada.get("/staff/exceptions.csv?state=resolved")) == []
    assert lines(ada.get("/staff/webhooks.csv?state=dead")) == []
    assert lines(ada.get("/staff/chain/writes.csv?status=failed")) == []
    assert lines(ada.get("/staff/journal.csv?q=nobody")) == []


def test_a_long_list_is_whole_across_its_pages(app, ada, monkeypatch):
    monkeypatch.setattr("crowdfund.kernel.db.paging.MOST", 1)
    monkeypatch.setattr("crowdfund.kernel.exports.CHUNK", 1)
    writes = lines(ada.get("/staff/chain/writes.csv"))
    assert len({row["id"] for row in writes}) == len(writes) >= 2
    assert len(lines(ada.get("/staff/payments.csv"))) == 1


def test_the_accounts_come_in_pages_and_their_file_sums_to_zero(app, ada):
    for number in range(60):
        move = [
            ledger_rules.Posting("gateway:bill_bitts:external", f"user:p{number:03}:wallet", 105)
        ]
        posting.post(f"test:{number}", move, kind="test")
    commit()
    first = ada.get("/staff/journal?q=user:p")
    second = ada.get(html.unescape(re.search(r'rel="next" href="([^"]+)"', first.text)[1]))
    assert ("user:p049" in first.text, "user:p050" in first.text) == (True, False)
    assert ("user:p049" in second.text, "user:p059" in second.text) == (False, True)
    rows = lines(ada.get("/staff/journal.csv"))
    assert len({row["account"] for row in rows}) == len(rows) >= 61
    assert sum(Decimal(row["balance"]) for row in rows) == 0


def test_an_accounts_file_sums_to_its_balance(ada, world, monkeypatch):  # noqa: F811
    account = "gateway:bill_bitts:external"
    rows = lines(ada.get(f"/staff/journal/{account}/postings.csv"))
    assert Decimal(rows[0]["balance"]) == sum(Decimal(row["amount"]) for row in rows) < 0
    assert ada.get("/staff/journal/nothing/postings.csv").status_code == 404
