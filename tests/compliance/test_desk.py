"""The desk for people: queue, search, filters, decisions, who may and who may not."""

import pytest

from crowdfund.compliance.queries import desk as desk_queries
from crowdfund.compliance.queries import files, nominees, reviews
from crowdfund.compliance.service import files as files_service
from crowdfund.compliance.service import nominees as nominees_service
from crowdfund.documents import service as documents
from crowdfund.kernel.db import commit, rollback
from crowdfund.people import queries, service
from tests import raising

REASON = "The photo is too dark to read."


@pytest.fixture
def waiting(desk, alice):
    desk.complete(alice)
    desk.submit(alice)
    return alice


@pytest.fixture
def carla(app, desk):
    return raising.browser(app, desk.carla)


def here(person_id, *parts):
    return "/".join(["/staff/people", person_id, *parts])


def test_each_document_and_then_the_level_is_decided_on_one_page(carla, desk, waiting):
    document = desk.document(waiting, "passport")
    page = carla.get(here(waiting)).text
    assert "EP 123-4567" in page
    assert "Verify at the basic level" not in page
    accept = {"decision": "accept", "until": "2030-01-01"}
    assert carla.post(here(waiting, "documents", document.id), data=accept).status_code == 303
    assert "Verify at the basic level" in carla.get(here(waiting)).text
    seen = files.revision(waiting)
    assert carla.post(here(waiting, "approve"), data={"revision": seen}).status_code == 303
    assert desk.standing(waiting) == ("verified", "basic")
    assert carla.post(here(waiting, "approve"), data={"revision": seen}).status_code == 409


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Choose accept or reject"),
        ({"decision": "maybe"}, "Choose accept or reject"),
        ({"decision": "accept"}, "Enter the date"),
        ({"decision": "accept", "until": "2020-01-01"}, "has passed"),
        ({"decision": "accept", "until": "soon"}, "exists"),
        ({"decision": "reject"}, "at least 10"),
        ({"decision": "reject", "reason": "<script>alert(1)"}, "plain text"),
    ],
)
def test_a_decision_that_lacks_something_says_what_and_changes_nothing(
    carla, desk, waiting, data, words
):
    document = desk.document(waiting, "passport")
    answer = carla.post(here(waiting, "documents", document.id), data=data)
    assert answer.status_code == 422
    assert answer.text.count(words) >= 2
    assert desk.document(waiting, "passport").status == "pending"


def test_a_request_goes_back_with_a_reason_only(carla, desk, waiting):
    for reason in ("", "too short", "<b>bold and long enough</b>", "x" * 501):
        answer = carla.post(
            here(waiting, "reject"), data={"reason": reason, "revision": files.revision(waiting)}
        )
        assert answer.status_code == 422
        assert desk.standing(waiting) == ("pending", "none")
    seen = files.revision(waiting)
    assert (
        carla.post(here(waiting, "reject"), data={"reason": REASON, "revision": seen}).status_code
        == 303
    )
    assert desk.standing(waiting) == ("rejected", "none")


@pytest.mark.parametrize("revision", ["", "x", "-1", "99", "0"])
def test_a_decision_about_another_revision_than_the_one_shown_is_not_taken(
    carla, desk, waiting, revision
):
    desk.accept_all(waiting)
    answer = carla.post(here(waiting, "approve"), data={"revision": revision})
    assert answer.status_code == 409
    assert "Reload the page" in answer.text
    assert desk.standing(waiting) == ("pending", "none")


def test_the_second_reviewer_confirms_what_the_first_proposed(app, carla, desk, alice):
    desk.complete(alice, "proof_of_address", "bank_proof")
    desk.submit(alice)
    desk.accept_all(alice)
    seen = {"revision": files.revision(alice)}
    assert "Propose the enhanced level" in carla.get(here(alice)).text
    carla.post(here(alice, "approve"), data=seen)
    assert "You have proposed this" in carla.get(here(alice)).text
    assert carla.post(here(alice, "approve"), data=seen).status_code == 403
    dawit = raising.browser(app, desk.dawit)
    assert "Confirm the enhanced level" in dawit.get(here(alice)).text
    assert "(second reviewer)" in dawit.get("/staff/people").text
    assert dawit.post(here(alice, "approve"), data=seen).status_code == 303
    assert desk.standing(alice) == ("verified", "enhanced")


def test_who_asked_for_more_than_is_proven_may_get_the_basic_level(carla, desk, alice):
    desk.complete(alice, "proof_of_address", "bank_proof")
    desk.submit(alice)
    assert "Verify at the basic level only" not in carla.get(here(alice)).text
    desk.accept(alice, desk.document(alice, "passport").id)
    assert "Verify at the basic level only" in carla.get(here(alice)).text
    seen = {"revision": files.revision(alice)}
    # the enhanced one is not proven
    assert carla.post(here(alice, "approve"), data=seen).status_code == 409
    assert carla.post(here(alice, "approve"), data=seen | {"level": "basic"}).status_code == 303
    assert desk.standing(alice) == ("verified", "basic")
    assert reviews.last_approved(alice).level == "basic"


def test_a_reviewer_sees_no_form_for_themselves(carla, desk):
    desk.complete(desk.carla)
    desk.submit(desk.carla)
    page = carla.get(here(desk.carla)).text
    assert "This is you" in page
    assert "Save decision" not in page
    seen = {"revision": files.revision(desk.carla), "reason": REASON}
    for verb in ("approve", "reject", "revoke"):
        assert carla.post(here(desk.carla, verb), data=seen).status_code == 403
    assert desk.standing(desk.carla) == ("pending", "none")


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [("", 403, 403), ("finance", 403, 403), ("regulator", 200, 403), (None, 303, 303)],
)
def test_who_may_not_decide_cannot(app, desk, waiting, role, reads, writes):
    document = desk.document(waiting, "passport")
    browser = app.test_client()
    if role is not None:
        raising.sign_in(browser, raising.person("somebody", *([role] if role else [])))
    for url in ("/staff/people", here(waiting)):
        assert browser.get(url).status_code == reads
    verbs = (
        "approve",
        "reject",
        "revoke",
        "payout-account",
        f"documents/{document.id}",
        f"nominees/{'0' * 32}",
    )
    for verb in verbs:
        data = {"revision": 1, "reason": REASON, "decision": "reject"}
        assert browser.post(here(waiting, verb), data=data).status_code == writes
    assert desk.standing(waiting) == ("pending", "none")


def test_a_regulator_sees_the_file_without_buttons(app, desk, waiting):
    page = raising.browser(app, raising.person("rita", "regulator")).get(here(waiting)).text
    assert "Alice Bekele Tadesse" in page
    assert "Save decision" not in page
    assert "/approve" not in page


def test_the_queue_shows_who_waits_longest_first_and_counts(carla, desk, waiting, frozen):
    frozen.advance(frozen.now() - frozen.now().replace(hour=8))
    bob = raising.person("bob")
    desk.complete(bob)
    desk.submit(bob)
    hanna = raising.person("hanna")
    desk.verify(hanna, until="2026-07-01")
    page = desk_queries.queue(desk_queries.Wanted(status="waiting"))
    assert [row.person_id for row in page.rows] == [waiting, bob]
    assert not page.has_more
    counts = desk_queries.counts()
    assert (counts["waiting"], counts["pending"], counts["verified"], counts["expiring"]) == (
        2,
        2,
        1,
        1,
    )
    page = carla.get("/staff/people").text
    assert "Waiting for us (2)" in page
    assert "hanna@example.com" not in page
    assert "hanna@example.com" in carla.get("/staff/people?status=expiring").text
    assert "hanna@example.com" in carla.get("/staff/people?status=verified&level=basic").text
    assert "No people found" in carla.get("/staff/people?status=verified&level=enhanced").text


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("tadesse", True),
        ("ALICE@EXAMPLE", True),
        ("alice b", True),
        ("+251 91 123 4567", True),
        ("0911 23", True),
        ("CODE", True),
        ("100%", False),
        ("_", False),
        ("'; DROP TABLE person", False),
        ("zzz", False),
    ],
)
def test_people_are_found_by_name_address_number_and_code(carla, desk, waiting, typed, is_found):
    service.save_profile(waiting, first_name="Alice", last_name="B", phone="+251911234567")
    commit()
    text = queries.get(waiting).referral_code.lower() if typed == "CODE" else typed
    page = carla.get("/staff/people", query_string={"status": "", "q": text}).text
    assert ("alice@example.com" in page) == is_found


def test_the_list_comes_as_a_file_with_the_same_filters(carla, desk, waiting):
    hanna = raising.person("hanna")
    desk.verify(hanna)
    answer = carla.get("/staff/people.csv")
    assert answer.mimetype == "text/csv"
    rows = answer.get_data(as_text=True).splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == [waiting]
    assert hanna in carla.get("/staff/people.csv?status=verified").get_data(as_text=True)
    assert "EP 123" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("asked", ["x", "-1", "0", "99999999999999999999"])
def test_strange_pages_and_filters_are_never_an_error(carla, asked):
    query = {"page": asked, "status": asked, "level": asked, "q": asked}
    assert carla.get("/staff/people", query_string=query).status_code == 200
    assert carla.get(here("0" * 32)).status_code == 404


def test_a_nominee_waits_in_the_queue_and_is_decided_at_the_desk(carla, desk, alice):
    values = {
        "full_name": "Sara Tadesse",
        "relationship": "child",
        "born_on": "2015-01-02",
        "contact": "sara@example.com",
        "share": "100",
    }
    nominee_id = nominees_service.add(alice, values)
    document = documents.Examined("id_proof", "birth.png", "image/png", raising.picture())
    nominees_service.prove(nominee_id, alice, document)
    nominees_service.submit(alice)
    commit()
    assert "1 nominee" in carla.get("/staff/people").text
    seen = nominees.own(nominee_id, alice).revision
    url = here(alice, "nominees", nominee_id)
    assert carla.post(url, data={"decision": "reject", "revision": seen}).status_code == 422
    assert carla.post(url, data={"decision": "accept", "revision": seen + 1}).status_code == 409
    assert carla.post(url, data={"decision": "accept", "revision": seen}).status_code == 303
    rollback()
    assert nominees.own(nominee_id, alice).status == "verified"
    assert "Nobody is waiting" in carla.get("/staff/people").text


def test_the_same_number_in_two_files_is_shown_to_the_reviewer(carla, desk, waiting):
    bob = raising.person("bob")
    desk.facts(bob, id_number="EP1234567")
    assert "The same document number is in other files" in carla.get(here(bob)).text
    files_service.save_facts(bob, "identity", {"id_kind": "passport", "id_number": "EP7654321"})
    commit()
    assert "The same document number" not in carla.get(here(bob)).text


def test_a_level_is_taken_away_at_the_desk_with_a_reason(carla, desk, alice):
    desk.verify(alice)
    assert carla.post(here(alice, "revoke"), data={"reason": ""}).status_code == 422
    assert carla.post(here(alice, "revoke"), data={"reason": REASON}).status_code == 303
    assert desk.standing(alice) == ("rejected", "none")
    assert REASON in carla.get(here(alice)).text


def test_the_form_says_when_an_expiry_date_and_a_reason_are_required(carla, desk, waiting):
    page = carla.get(here(waiting)).text
    assert "Valid until <span" in page
    assert "(required for a passport or driving licence)" in page
    assert "(required when you reject)" in page
    assert "(optional)" not in page


@pytest.mark.parametrize(
    ("data", "name"),
    [({"decision": "accept"}, "until"), ({"decision": "reject"}, "reason"), ({}, "decision")],
)
def test_what_is_missing_is_named_at_its_own_field(carla, desk, waiting, data, name):
    document = desk.document(waiting, "passport")
    page = carla.post(here(waiting, "documents", document.id), data=data).text
    assert f'id="{name}-{document.id}-error"' in page
