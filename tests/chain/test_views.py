"""The staff pages of chain writes."""

import pytest

from crowdfund.chain import queries, rules, service
from crowdfund.kernel.db import commit, db
from crowdfund.people import service as people_service
from tests import raising

from .conftest import campaign, look_after, record, register_issuer, settle, status_of


def person(name, *roles):
    made = people_service.ensure_user(f"{name}@example.com", name.capitalize(), roles=roles)
    commit()
    return made


@pytest.fixture
def sign_in(client):
    def as_person(name, *roles):
        return raising.sign_in(client, person(name, *roles))

    return as_person


def failed_write():
    intent = "issuer:acme:off"
    args = [rules.intent_bytes32(intent), rules.intent_bytes32("acme")]
    row = service.write(
        intent, "IssuerRegistry", "deactivateIssuer", args, subject=("company", "acme")
    )
    commit()
    settle()
    return row


def test_the_list_shows_every_write_with_its_state(heard, sign_in):
    failed_write()
    register_issuer()
    page = sign_in("fin", "finance").get("/staff/chain/writes").text
    assert "registerIssuer" in page
    assert "deactivateIssuer" in page
    assert "IssuerUnknown" in page


@pytest.mark.parametrize(
    "query", ["status=failed", "contract=IssuerRegistry&status=failed", "q=issuer:acme:off"]
)
def test_filters_leave_out_what_does_not_fit(heard, sign_in, query):
    failed_write()
    register_issuer()
    settle()
    page = sign_in("fin", "finance").get(f"/staff/chain/writes?{query}").text
    assert "deactivateIssuer</a>" in page
    assert "registerIssuer</a>" not in page


def test_a_transaction_hash_finds_its_write(heard, sign_in):
    register_issuer()
    settle()
    tx_hash = queries.write("issuer:acme:register").tx_hash
    page = sign_in("fin", "finance").get(f"/staff/chain/writes?q={tx_hash}").text
    assert "registerIssuer</a>" in page


def test_a_search_that_fits_nothing_says_what_to_do(heard, sign_in):
    page = sign_in("fin", "finance").get("/staff/chain/writes?q=100%25").text
    assert "No chain writes found" in page


def test_older_writes_are_on_the_next_page(heard, sign_in):
    for number in range(55):
        service.write(
            f"n{number}", "IssuerRegistry", "close", [], subject=("x", f"subject-{number}")
        )
    commit()
    db.session.remove()
    client = sign_in("fin", "finance")
    first = client.get("/staff/chain/writes").text
    older = queries.page().next.before
    db.session.remove()
    assert f"before={older.replace(',', '%2C')}" in first
    second = client.get("/staff/chain/writes", query_string={"before": older}).text
    assert second.count("close</a>") == 5
    assert first.count("close</a>") == 50


def test_the_detail_shows_steps_transaction_and_events(heard, sign_in):
    address = campaign()
    record(address, 1)
    record(address, 2)
    commit()
    settle()
    row = queries.write("investment:1")
    page = sign_in("reg", "regulator").get(f"/staff/chain/writes/{row.id}").text
    for text in ("Queued", "Signed", "Broadcast", "In a block", "Confirmed", row.tx_hash):
        assert text in page
    assert page.count("InvestmentRecorded") == 1
    assert "in one recordInvestments with 1 other)" in page


def test_the_fragment_stops_asking_when_the_write_is_final(heard, sign_in):
    row = register_issuer()
    client = sign_in("fin", "finance")
    waiting = client.get(f"/staff/chain/writes/{row.id}", headers={"HX-Request": "true"}).text
    settle()
    final = client.get(f"/staff/chain/writes/{row.id}", headers={"HX-Request": "true"}).text
    assert "<html" not in waiting
    assert "data-live=" in waiting
    assert "data-live=" not in final


def test_an_admin_replays_a_failed_write(heard, sign_in):
    row = failed_write()
    register_issuer()
    settle()
    client = sign_in("root", "admin")
    assert "/replay" in client.get(f"/staff/chain/writes/{row.id}").text
    answer = client.post(f"/staff/chain/writes/{row.id}/replay")
    assert answer.status_code == 303
    look_after()
    assert status_of("issuer:acme:off") == "confirmed"
    again = client.post(f"/staff/chain/writes/{row.id}/replay")
    assert again.status_code == 409


@pytest.mark.parametrize("role", ["finance", "compliance", "regulator"])
def test_nobody_but_an_admin_replays(heard, sign_in, role):
    row = failed_write()
    client = sign_in("bob", role)
    assert "/replay" not in client.get(f"/staff/chain/writes/{row.id}").text
    assert client.post(f"/staff/chain/writes/{row.id}/replay").status_code == 403
    assert status_of("issuer:acme:off") == "failed"


def test_an_investor_sees_nothing_of_it(heard, sign_in):
    row = register_issuer()
    client = sign_in("charlie")
    assert client.get("/staff/chain/writes").status_code == 403
    assert client.get(f"/staff/chain/writes/{row.id}").status_code == 403


def test_before_the_first_deployment_the_page_says_what_to_do(app, sign_in):
    page = sign_in("fin", "finance").get("/staff/chain/writes").text
    assert "flask chain deploy" in page
    assert sign_in("fin", "finance").get(f"/staff/chain/writes/{'0' * 32}").status_code == 404
