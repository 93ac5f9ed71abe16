"""The audit log's pages: find, follow a thing through its entries, take the file away."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest

from crowdfund.kernel import access, audit, exports, statuses
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.web.subjects import PAGES
from tests import raising
from tests.test_guards import plain_app


@pytest.fixture
def log(app, frozen):
    """Two admins; three entries about two people over three days, one of them a refusal."""
    ada, ben, alice = (
        raising.person(*who) for who in (("ada", "admin"), ("ben", "admin"), ("alice",))
    )
    audit.record(ada, "admin.disable", ("person", alice), {"reason": "=1+1"}, roles=("admin",))
    commit()
    frozen.advance(timedelta(days=1))
    audit.record(
        ben,
        "admin.enable",
        ("person", alice),
        {"reason": "It was ስህተት of Élodie"},
        roles=("admin",),
    )
    commit()
    frozen.advance(timedelta(days=1))
    rollback()
    audit.denied(alice, "reports.desk", ("", ""))
    return {"ada": ada, "ben": ben, "alice": alice}


@pytest.fixture
def ada(app, log):
    return raising.browser(app, log["ada"])


def shown(page):
    """Return the numbers of the entries that a page lists."""
    return [int(part.split('"')[0]) for part in page.text.split('href="/staff/audit/')[1:]]


def test_the_newest_comes_first_with_names_of_people_and_things(ada, log):
    page = ada.get("/staff/audit")
    assert shown(page) == [3, 2, 1]
    assert all(
        words in page.text
        for words in ("Ada", "Ben", "Alice", "admin.disable", "Refused", "Number")
    )
    assert f"/staff/users/{log['alice']}" in page.text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("who=ada", [1]),
        ("who=alice@example.com", [3]),
        ("who=system", []),
        ("action=admin.enable", [2]),
        ("outcome=denied", [3]),
        ("q=ስህተት", [2]),
        ("q=élodie", [2]),
        ("q=ÉLODIE", [2]),
        ("q=2", [2]),
        ("q=%25", []),
        ("from=2026-06-16", [3, 2]),
        ("to=2026-06-15", [1]),
        ("from=2026-06-16&to=2026-06-16", [2]),
        ("from=1900-01-01&to=9998-12-31", [3, 2, 1]),
        ("before=3", [2, 1]),
        ("after=1", [3, 2]),
        ("from=&to=&before=", [3, 2, 1]),
    ],
)
def test_entries_are_found_by_who_what_when_and_words(ada, query, numbers):
    assert shown(ada.get(f"/staff/audit?{query}")) == numbers


def test_long_logs_come_in_pages_there_and_back(ada, log):
    for number in range(60):
        audit.record(log["ada"], f"probe.n{number}", ("", ""))
        commit()
    first = ada.get("/staff/audit")
    assert (shown(first)[0], len(shown(first))) == (63, 25)
    assert 'rel="prev"' not in first.text
    second = ada.get("/staff/audit?before=39")
    assert shown(second) == list(range(38, 13, -1))
    back = ada.get("/staff/audit?after=38")
    assert shown(back) == shown(first)
    last = ada.get("/staff/audit?before=14")
    assert shown(last) == list(range(13, 0, -1))
    assert 'rel="next"' not in last.text


def test_an_entry_leads_to_its_thing_and_to_what_came_before_and_after(ada, log):
    page = ada.get("/staff/audit/1")
    assert 'href="/staff/audit/2"' in page.text
    assert f'href="/staff/users/{log["alice"]}"' in page.text
    assert "=1+1" in page.text
    assert 'href="/staff/audit/1"' in ada.get("/staff/audit/2").text
    assert ada.get("/staff/audit/99").status_code == 404


def test_the_file_holds_what_proves_the_chain_and_no_formula(ada, log):
    answer = ada.get("/staff/audit.csv?action=admin.disable")
    (line,) = csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
    assert (line["number"], line["actor"], line["action"]) == ("1", log["ada"], "admin.disable")
    assert json.loads(line["detail"]) == {"reason": "=1+1"}
    assert line["hash"] == audit.get(1).hash
    (row,) = audit.entries(audit.Filters(action="admin.audit_csv")).rows
    assert row.detail == {"export": {"action": "admin.disable"}}
    assert audit.problems() == []


def test_a_long_file_is_sent_in_pieces_and_is_whole(ada, log, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 500)
    for _ in range(30):
        audit.record(log["ada"], "probe", ("", ""))
    commit()
    answer = ada.get("/staff/audit.csv")
    assert answer.is_streamed
    numbers = [line.split(",")[0] for line in answer.get_data(as_text=True).splitlines()[1:]]
    assert numbers == [str(number) for number in range(1, 34)]
    assert shown(ada.get("/staff/audit"))[0] == 34, "the export's own entry, made after the file"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("=SUM(A1)", "'=SUM(A1)"),
        ("@x", "'@x"),
        ("+251911234567", "'+251911234567"),
        ("+cmd", "'+cmd"),
        ("-12.50", "-12.50"),
        ("-1-1", "'-1-1"),
        ("\tx", "'\tx"),
        (None, ""),
        (12, "12"),
        ("a=b", "a=b"),
    ],
)
def test_a_cell_that_a_spreadsheet_would_compute_is_defused(cell, text):
    assert exports.defused(cell) == text


def test_the_regulator_reads_and_exports(app, log):
    rita = raising.browser(app, raising.person("rita", "regulator"))
    assert shown(rita.get("/staff/audit")) == [3, 2, 1]
    assert rita.get("/staff/audit.csv").status_code == 200
    assert rita.get("/staff/audit/1").status_code == 200


@pytest.mark.parametrize("role", ["compliance", "finance"])
def test_others_of_staff_do_not_read_it(app, log, role):
    assert raising.browser(app, raising.person("fay", role)).get("/staff/audit").status_code == 403


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_every_kind_of_thing_leads_to_a_page_that_exists(kind):
    endpoint, argument = PAGES[kind]
    rules = [rule for rule in plain_app().url_map.iter_rules() if rule.endpoint == endpoint]
    assert [rule.arguments for rule in rules] == [{argument}]
    assert "GET" in rules[0].methods


def test_every_kind_of_thing_and_every_role_in_the_log_has_words():
    """The shell names a thing after the first parameter of the address (kernel/audit/shell)."""
    rules = plain_app().url_map.iter_rules()
    staff_only = [rule for rule in rules if access.is_staff_only(rule.endpoint) and rule.arguments]
    first = {re.search(r"<(?:[^:>]+:)?(\w+)>", rule.rule)[1] for rule in staff_only}
    kinds = {name.removesuffix("_id") for name in first} | {"signer", "contract", *PAGES}
    assert {*kinds, *access.STAFF} - set(statuses.TEXTS) == set()


def test_roles_in_the_log_are_shown_in_the_language_of_the_reader(ada, log):
    audit.record(
        log["ada"], "payments.decide", ("exception", "x1"), {}, roles=("finance", "regulator")
    )
    commit()
    ada.set_cookie("language", "am")
    for path in ("/staff/audit", "/staff/audit/4"):
        page = ada.get(path).text
        assert "ፋይናንስ, ተቆጣጣሪ" in page
