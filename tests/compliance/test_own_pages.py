"""A person's own pages: what is asked, kept, refused; and that nobody else is there."""

import io

import pytest
import sqlalchemy as sa

from crowdfund.compliance.queries import files, nominees
from crowdfund.compliance.service import nominees as nominees_service
from crowdfund.documents import service as documents
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.people import queries
from crowdfund.people.models import User
from tests import raising

from .conftest import ABOUT, ADDRESS, FACTS, IDENTITY

HERE = "/account/verification"


@pytest.fixture
def hers(app, alice):
    return raising.browser(app, alice)


def upload(hers, kind="passport", data=None, name="photo.png", url=""):
    file = (io.BytesIO(raising.picture() if data is None else data), name)
    return hers.post(url or f"{HERE}/documents/{kind}", data={"upload": file})


def test_the_pages_lead_from_the_first_fact_to_the_request(hers, alice, desk):
    assert "You are not verified yet" in hers.get(HERE).text
    order = [f"{HERE}/facts/address", f"{HERE}/facts/identity", f"{HERE}/documents/passport"]
    for (step, values), after in zip(FACTS.items(), order, strict=True):
        assert hers.get(f"{HERE}/facts/{step}").status_code == 200
        assert hers.post(f"{HERE}/facts/{step}", data=values).headers["Location"] == after
    assert upload(hers).status_code == 303
    page = hers.get(f"{HERE}/documents/passport").text
    assert "Uploaded, not reviewed yet" in page
    check = hers.get(f"{HERE}/check").text
    assert "Alice Bekele Tadesse" in check
    assert "EP 123" not in check
    assert hers.post(f"{HERE}/check", data={}).status_code == 422
    assert hers.post(f"{HERE}/check", data={"declaration": "y"}).headers["Location"] == HERE
    assert desk.standing(alice) == ("pending", "none")
    assert "We are checking your details" in hers.get(f"{HERE}/state").text
    assert hers.post(f"{HERE}/check", data={"declaration": "y"}).status_code == 409


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("क्\u200dषमा देवी शर्मा", "क्\u200dषमा", "देवी शर्मा"),
        ("می\u200cنا احمدی", "می\u200cنا", "احمدی"),
        ("Meera", "Meera", ""),
        ("x" * 81 + " Bekele", "", ""),  # too long for a profile: never cut
    ],
)
def test_a_name_with_joiners_or_of_one_word_passes_the_first_page(hers, alice, name, first, last):
    empty = sa.update(User).where(User.id == alice).values(first_name="", last_name="")
    db.session.execute(empty)
    commit()
    answer = hers.post(f"{HERE}/facts/about", data=ABOUT | {"legal_name": name})
    assert answer.headers["Location"] == f"{HERE}/facts/address"
    rollback()
    person = queries.get(alice)
    assert (files.facts(alice).legal_name, person.first_name, person.last_name) == (
        name,
        first,
        last,
    )


@pytest.mark.parametrize(
    "name", ["Abebe\u202eBikila", "Abebe\ufffd", "\u200d\u200d", "A\U000e0041b"]
)
def test_a_name_with_hidden_characters_is_refused_at_its_own_field(hers, alice, name):
    answer = hers.post(f"{HERE}/facts/about", data=ABOUT | {"legal_name": name})
    assert answer.status_code == 422
    assert 'href="#legal_name"' in answer.text
    assert files.facts(alice) is None


def test_where_the_person_came_from_is_kept_through_every_page(hers, desk, alice):
    target = "next=/campaigns/x/invest"
    assert target in hers.get(f"{HERE}?{target}").text.replace("%2F", "/")
    answer = hers.post(f"{HERE}/facts/about", data=ABOUT | {"next": "/campaigns/x/invest"})
    assert answer.headers["Location"].endswith(f"/facts/address?{target}")
    desk.verify(alice)
    assert 'href="/campaigns/x/invest"' in hers.get(f"{HERE}?{target}").text
    assert "evil.example" not in hers.get(f"{HERE}?next=https://evil.example/").text


@pytest.mark.parametrize(
    ("step", "changed", "words"),
    [
        ("about", {"legal_name": "<b>"}, "plain text"),
        ("about", {"born_on": "2010-01-01"}, "at least 18"),
        ("about", {"nationality": "Mars"}, "Choose your nationality"),
        ("address", {"street": ""}, "Enter street"),
        ("address", {"postal_code": "#"}, "postal code"),
        ("identity", {"id_kind": "library card"}, "Choose which"),
        ("identity", {"id_number": "??"}, "4 to 30"),
    ],
)
def test_a_wrong_fact_is_refused_on_top_and_at_its_field(hers, alice, step, changed, words):
    answer = hers.post(f"{HERE}/facts/{step}", data=FACTS[step] | changed)
    assert answer.status_code == 422
    assert answer.text.count(words) >= 2
    assert "cf-error-summary" in answer.text
    rollback()
    assert files.filled(alice).get(next(iter(changed))) in (None, "")


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.png", "empty"),
        (b"MZ" + b"\0" * 99, "a.png", "a program"),
        (b"x" * 99, "a.png", "cannot read"),
        (None, "a.pdf", "file name"),
    ],
)
def test_a_wrong_file_is_refused_in_words(hers, alice, desk, data, name, words):
    desk.facts(alice)
    answer = upload(hers, data=data, name=name)
    assert answer.status_code == 422
    assert words in answer.text
    rollback()
    assert files.documents_of(alice) == []


def test_no_file_at_all_is_said_too(hers, alice, desk):
    desk.facts(alice)
    answer = hers.post(f"{HERE}/documents/passport", data={})
    assert answer.status_code == 422
    assert "Choose a file first" in answer.text


@pytest.mark.parametrize("kind", ["national_id", "pan", "business_licence", "id_proof", "x"])
def test_a_kind_that_is_not_asked_for_has_no_page_and_is_not_taken(hers, alice, desk, kind):
    desk.facts(alice)
    assert hers.get(f"{HERE}/documents/{kind}").status_code == 404
    assert upload(hers, kind).status_code in (404, 409)
    rollback()
    assert files.documents_of(alice) == []


def test_a_document_is_deleted_by_its_owner_only(app, hers, alice, desk):
    desk.complete(alice)
    document = desk.document(alice, "passport")
    url = f"{HERE}/documents/passport/{document.id}/remove"
    bob = raising.browser(app, raising.person("bob"))
    assert bob.post(url).status_code == 404
    assert bob.get(f"/documents/{document.id}").status_code == 404
    assert hers.post(url.replace("passport", "national_id")).status_code == 404
    assert desk.document(alice, "passport").id == document.id
    assert hers.post(url).status_code == 303
    rollback()
    assert files.documents_of(alice) == []


def test_the_number_is_shown_masked_and_kept_when_left_empty(hers, alice, desk):
    desk.facts(alice)
    page = hers.get(f"{HERE}/facts/identity").text
    assert "EP 123" not in page
    assert "567" in page
    assert hers.post(f"{HERE}/facts/identity", data=IDENTITY | {"id_number": ""}).status_code == 303
    rollback()
    assert files.id_number(alice) == "EP 123-4567"


def test_a_verified_person_is_warned_before_changing_and_told_after(hers, alice, desk):
    desk.verify(alice)
    assert "You are verified" in hers.get(HERE).text
    assert "If you change it, we review it again" in hers.get(f"{HERE}/facts/address").text
    hers.post(f"{HERE}/facts/address", data=ADDRESS | {"city": "Mekelle"})
    assert "We are checking your details" in hers.get(HERE).text


def test_the_owner_reads_who_has_looked_by_first_name_and_role(app, hers, alice, desk):
    desk.complete(alice)
    document = desk.document(alice, "passport")
    assert "Nobody has opened your documents yet" in hers.get(f"{HERE}/looked-at").text
    hers.get(f"/documents/{document.id}")  # one's own look is no news
    assert "Nobody has opened your documents yet" in hers.get(f"{HERE}/looked-at").text
    carla = raising.browser(app, desk.carla)
    assert carla.get(f"/documents/{document.id}").status_code == 200
    page = hers.get(f"{HERE}/looked-at").text
    assert "Carla (compliance)" in page
    assert "Review by staff" in page
    assert "carla@example.com" not in page


# --- nominees -------------------------------------------------------------------------------------

SARA = {
    "full_name": "Sara Tadesse",
    "relationship": "child",
    "born_on": "2015-01-02",
    "contact": "sara@example.com",
    "share": "60",
}


def test_nominees_are_named_proved_completed_and_sent(hers, alice):
    assert "No nominees yet" in hers.get("/account/nominees").text
    assert 'value="100"' in hers.get("/account/nominees/new").text
    proof = hers.post("/account/nominees/new", data=SARA).headers["Location"]
    assert upload(hers, url=proof).headers["Location"] == "/account/nominees"
    assert "60 % instead of 100 %" in hers.get("/account/nominees").text
    assert hers.post("/account/nominees/submit").status_code == 409
    assert 'value="40"' in hers.get("/account/nominees/new").text
    proof = hers.post("/account/nominees/new", data=SARA | {"share": "40"}).headers["Location"]
    refused = hers.post("/account/nominees/submit")
    assert refused.status_code == 409
    assert "has no identity proof yet" in refused.text
    upload(hers, url=proof)
    assert hers.post("/account/nominees/submit").status_code == 303
    assert "Waiting for review" in hers.get("/account/nominees/state").text


def test_a_wrong_nominee_is_refused_and_what_was_typed_stays(hers, alice):
    answer = hers.post("/account/nominees/new", data=SARA | {"share": "150", "contact": "nobody"})
    assert answer.status_code == 422
    assert 'value="150"' in answer.text
    assert "at most 100 percent" in answer.text
    rollback()
    assert nominees.of_person(alice) == []


def test_somebody_elses_nominee_is_not_there(app, hers, alice):
    nominee_id = nominees_service.add(alice, SARA)
    commit()
    document = documents.Examined("id_proof", "birth.png", "image/png", raising.picture())
    document_id = nominees_service.prove(nominee_id, alice, document)
    commit()
    bob = raising.browser(app, raising.person("bob"))
    here = f"/account/nominees/{nominee_id}"
    assert bob.get(here).status_code == 404
    assert bob.get(f"/documents/{document_id}").status_code == 404
    assert bob.get(f"{here}/proof").status_code == 404
    assert bob.post(here, data=SARA).status_code == 404
    assert bob.post(f"{here}/remove").status_code == 404
    assert upload(bob, url=f"{here}/proof").status_code == 404
    assert hers.get(here).status_code == 200
    assert hers.get(f"/documents/{document_id}").status_code == 200
    assert hers.post(here, data=SARA | {"share": "70"}).status_code == 303
    assert hers.post(f"{here}/remove").status_code == 303


def test_after_the_decision_the_page_leads_on_even_in_a_new_session(app, hers, alice, desk):
    desk.complete(alice)
    answer = hers.post(f"{HERE}/check", data={"declaration": "y", "next": "/portfolio"})
    assert answer.status_code == 303
    later = raising.sign_in(app.test_client(), alice)
    page = later.get(HERE).text
    assert "We are usually done within one working day." in page
    assert "Continue" not in page.split("<main")[1].split("cf-footer")[0].split("task")[0]
    desk.accept_all(alice)
    desk.approve(alice)
    page = later.get(HERE).text
    assert 'href="/portfolio">Continue where you left off' in page
    part = later.get(f"{HERE}/state", headers={"HX-Request": "true"}).text
    assert 'href="/portfolio"' in part


@pytest.mark.parametrize("target", ["//evil.example", "/campaigns/x/quote", "/" + "a" * 400])
def test_only_a_page_of_ours_is_stored_to_go_on_to(hers, alice, desk, target):
    desk.complete(alice)
    hers.post(f"{HERE}/check", data={"declaration": "y", "next": target})
    desk.accept_all(alice)
    desk.approve(alice)
    assert "Continue where you left off" not in hers.get(HERE).text
