"""The desk decides about documents and changes of a company, with reasons for its owner."""

import pytest

from crowdfund.documents import queries as documents
from crowdfund.issuers import queries
from crowdfund.issuers.service import changes, onboarding, reviews
from crowdfund.issuers.service import documents as company_documents
from crowdfund.kernel.db import commit, rollback
from tests import raising


@pytest.fixture
def cast(app, frozen):
    raising.contracts()
    staff = {"carla": "compliance", "fiona": "finance", "rita": "regulator"}
    people = {name: raising.person(name, role) for name, role in staff.items()}
    people["alice"] = raising.person("alice")
    people["company"] = raising.filled_company(people["alice"])
    onboarding.submit(people["company"], actor=people["alice"])
    commit()
    return people


@pytest.fixture
def carla(client, cast):
    return raising.sign_in(client, cast["carla"])


def desk(cast):
    return f"/staff/companies/{cast['company']}"


def document(cast, kind="business_licence"):
    rollback()
    return queries.documents_of(cast["company"], [kind])[0]


def decide(client, cast, found, **data):
    return client.post(f"{desk(cast)}/documents/{found.id}/decide", data=data)


def test_a_document_is_accepted_until_its_day_or_rejected_with_a_reason(carla, cast, app):
    licence, memorandum = document(cast), document(cast, "memorandum")
    assert (
        decide(carla, cast, licence, decision="approve", expires_on="2027-01-31").status_code == 303
    )
    why = "The second page is missing."
    assert decide(carla, cast, memorandum, decision="reject", reason=why).status_code == 303
    assert (document(cast).status, str(document(cast).expires_on)) == ("verified", "2027-01-31")
    assert (document(cast, "memorandum").status, document(cast, "memorandum").reason) == (
        "rejected",
        why,
    )
    alice = raising.browser(app, cast["alice"])
    assert why in alice.get(f"/companies/{cast['company']}/check").text
    assert "company.document_rejected" in raising.told(cast["alice"])


@pytest.mark.parametrize(
    "data",
    [
        {"decision": "approve", "expires_on": "soon"},
        {"decision": "approve", "expires_on": "2020-01-01"},
        {"decision": "reject", "reason": ""},
        {"decision": "reject", "reason": "short"},
        {},
    ],
)
def test_a_decision_without_what_it_needs_decides_nothing(carla, cast, data):
    answer = decide(carla, cast, document(cast), **data)
    assert answer.status_code == 422
    assert "cf-error-summary" in answer.text
    assert document(cast).status == "pending"


def test_a_company_is_approved_only_with_every_document_decided_and_the_needed_accepted(
    carla, cast
):
    answer = carla.post(f"{desk(cast)}/approve")
    assert (answer.status_code, "Business licence" in answer.text) == (409, True)
    raising.accept_documents(cast["company"], cast["carla"])
    reviews.reject(cast["company"], "Add the balance sheet, please.", actor=cast["carla"])
    company_documents.keep(cast["company"], raising.made_document("other"), actor=cast["alice"])
    onboarding.submit(cast["company"], actor=cast["alice"])
    commit()
    assert "Decide on every document first." in carla.post(f"{desk(cast)}/approve").text
    decide(carla, cast, document(cast, "other"), decision="approve")
    assert carla.post(f"{desk(cast)}/approve").status_code == 303


def test_a_document_of_another_company_is_not_decided_here(carla, cast):
    other = raising.filled_company(raising.person("bob"), 3)
    [theirs] = queries.documents_of(other, ["memorandum"])
    assert decide(carla, cast, theirs, decision="approve").status_code == 404
    assert documents.get(theirs.id).status == "pending"


@pytest.mark.parametrize(("name", "answer"), [("alice", 403), ("fiona", 403), ("rita", 403)])
def test_who_may_not_decide_cannot(client, cast, name, answer):
    person, found = raising.sign_in(client, cast[name]), document(cast)
    assert decide(person, cast, found, decision="approve").status_code == answer
    for verb in ("changes/approve", "changes/reject", "deactivate", "reactivate"):
        assert (
            person.post(f"{desk(cast)}/{verb}", data={"reason": "Long enough it is."}).status_code
            == answer
        )
    assert document(cast).status == "pending"


def test_the_desk_sees_officers_the_masked_account_and_what_was_declared(carla, cast):
    page = carla.get(desk(cast)).text
    for shown in (
        "Alice Bekele",
        "owns 60 %",
        "···· 6789",
        "I am allowed to act for this company.",
    ):
        assert shown in page
    assert raising.BANK["number"] not in page


def test_changes_are_shown_old_beside_new_and_decided(carla, cast, app):
    raising.accept_documents(cast["company"], cast["carla"])
    reviews.approve(cast["company"], actor=cast["carla"])
    onboarding.save(
        cast["company"], "contacts", raising.CONTACTS | {"city": "Gondar"}, actor=cast["alice"]
    )
    changes.send(cast["company"], actor=cast["alice"])
    commit()
    assert "Changes and documents waiting (1)" in carla.get("/staff/companies?status=changes").text
    page = carla.get(desk(cast)).text
    assert "<del>Addis Ababa</del>" in page
    assert "<ins>Gondar</ins>" in page
    answer = carla.post(f"{desk(cast)}/changes/reject", data={"reason": "no"})
    assert (answer.status_code, len(queries.running_changes(cast["company"]))) == (422, 1)
    assert carla.post(f"{desk(cast)}/changes/approve").status_code == 303
    assert queries.get(cast["company"]).city == "Gondar"
    assert carla.post(f"{desk(cast)}/changes/approve").status_code == 409
