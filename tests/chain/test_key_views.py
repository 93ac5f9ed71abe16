"""The staff pages of keys: what they show, ask, refuse and record."""

import pytest

from crowdfund.chain import request_queries, requests
from crowdfund.chain.requests import Wanted
from crowdfund.kernel import audit
from crowdfund.kernel.db import commit, rollback
from tests import raising

LEAKED = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


@pytest.fixture
def desk(app):
    """Two admins at their browsers."""
    ann, ben = raising.person("ann", "admin"), raising.person("ben", "admin")
    return raising.browser(app, ann), raising.browser(app, ben)


def newest():
    rollback()
    return request_queries.newest()[0]


def ask(browser, kind, **form):
    return browser.post(f"/staff/chain/keys/ask/{kind}", data={"reason": "Found in a log.", **form})


def test_one_admin_asks_on_the_page_and_another_confirms(desk):
    ann, ben = desk
    answer = ask(ann, "revoke", role="recorder", address=LEAKED)
    found = newest()
    assert answer.status_code == 303
    assert answer.location.endswith(found.id)
    page = ann.get(f"/staff/chain/keys/{found.id}").text
    assert "You requested this" in page
    assert LEAKED in page
    assert ann.post(f"/staff/chain/keys/{found.id}/confirm").status_code == 403
    assert newest().status == "asked"
    assert ben.post(f"/staff/chain/keys/{found.id}/confirm").status_code == 303
    assert newest().status == "running"
    rollback()
    actions = {row.action for row in audit.about("chain_request", found.id)}
    assert {"chain.ask_key", "chain.confirm_key"} <= actions


def test_a_request_can_be_refused_with_a_reason_or_taken_back(desk):
    ann, ben = desk
    ask(ann, "pause")
    first = newest()
    empty = ben.post(f"/staff/chain/keys/{first.id}/refuse", data={"reason": ""})
    assert empty.status_code == 422
    assert "Say why" in empty.text
    ben.post(f"/staff/chain/keys/{first.id}/refuse", data={"reason": "There is no need."})
    assert newest().status == "refused"
    ask(ann, "rotate", role="operator")
    second = newest()
    assert ben.post(f"/staff/chain/keys/{second.id}/withdraw").status_code == 403
    ann.post(f"/staff/chain/keys/{second.id}/withdraw")
    assert newest().status == "withdrawn"


@pytest.mark.parametrize(
    ("kind", "form", "sentence"),
    [
        ("pause", {"reason": "x"}, "Say why"),
        ("revoke", {"role": "recorder", "address": "0x12"}, "Enter an address"),
        ("revoke", {"role": "recorder", "address": LEAKED.replace("F", "f")}, "capital letters"),
        ("rotate", {"role": ""}, "Choose a role"),
        ("raise_cap", {"amount": "0"}, "zero"),
        ("raise_cap", {"amount": "many"}, "amount"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(desk, kind, form, sentence):
    answer = ask(desk[0], kind, **form)
    assert answer.status_code == 422
    assert sentence in answer.text
    rollback()
    assert request_queries.newest() == []


@pytest.mark.parametrize(("kind", "optional"), [("revoke", 0), ("rotate", 1), ("raise_cap", 0)])
def test_only_a_field_that_may_stay_empty_is_called_optional(desk, kind, optional):
    assert desk[0].get(f"/staff/chain/keys/ask/{kind}").text.count("(optional)") == optional


def test_a_request_says_what_will_happen_before_it_is_approved(desk):
    ann, ben = desk
    ask(ann, "pause")
    assert "No campaign accepts investments." in ben.get(f"/staff/chain/keys/{newest().id}").text


def test_an_unknown_kind_is_not_found(desk):
    assert desk[0].get("/staff/chain/keys/ask/redirect").status_code == 404


def test_the_page_lists_requests_and_links_every_kind(desk):
    ann, _ben = desk
    ask(ann, "raise_cap", amount="1,000")
    page = ann.get("/staff/chain/keys").text
    assert "New investments are accepted" in page
    for kind in ("pause", "unpause", "revoke", "rotate", "raise_cap"):
        assert f"/staff/chain/keys/ask/{kind}" in page
        assert ann.get(f"/staff/chain/keys/ask/{kind}").status_code == 200
    assert newest().amount_minor == 1_000_00
    assert f"/staff/chain/keys/{newest().id}" in page


def test_a_regulator_reads_and_decides_nothing(app, desk):
    ask(desk[0], "pause")
    reader = raising.browser(app, raising.person("reg", "regulator"))
    page = reader.get(f"/staff/chain/keys/{newest().id}").text
    assert "Found in a log." in page
    assert "Approve and carry out" not in page
    assert reader.post(f"/staff/chain/keys/{newest().id}/confirm").status_code == 403


def test_what_somebody_did_at_the_server_is_shown(desk):
    requests.begin(Wanted("pause", "A leaked key."), actor="cli")
    commit()
    page = desk[0].get(f"/staff/chain/keys/{newest().id}").text
    assert "Command line" in page
