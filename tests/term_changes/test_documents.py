"""A company adds a document with a change of its terms: checked, hashed, shown, public at last."""

import hashlib
import io

import pytest

from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rules.terms import terms_hash
from crowdfund.campaigns.service import documents as campaign_documents
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, Invalid
from crowdfund.term_changes.queries import changes, versions
from crowdfund.term_changes.service import attaching, deciding, proposing
from tests import raising
from tests.term_changes.conftest import NEW, REASON

SUMMARY = raising.BASICS["summary"]
FORM = {**NEW, "summary": SUMMARY}
TITLE = "Offer of the other roaster"


def attachment(pages=1, title=TITLE):
    file = raising.made_document("memorandum")
    if pages != 1:
        file = type(file)(file.kind, file.filename, file.content_type, raising.document(pages))
    return attaching.Attachment(title, file)


def propose(terms_of, *, file=None, **values):
    """Write a change with a document and submit it."""
    author = terms_of.world.people["alice"]
    typed = terms_of.values(**values)
    made = proposing.create(
        terms_of.world.campaign_id, typed, actor=author, file=file or attachment()
    )
    proposing.submit(made, actor=author)
    commit()
    return made


def material(terms_of, **how):
    change_id = propose(terms_of, **how)
    deciding.approve_material(change_id, actor=terms_of.world.people["carla"])
    commit()
    terms_of.world.work()
    return change_id


def documents(terms_of):
    rollback()
    return campaigns.documents(terms_of.world.campaign_id)


def version(terms_of, number):
    rollback()
    return versions.find(terms_of.world.campaign_id, number)


def test_the_document_and_its_hash_are_part_of_the_terms_and_of_their_hash(terms_of):
    material(terms_of)
    (document,) = documents(terms_of)
    found = version(terms_of, 2)
    (added,) = found.terms["added_documents"]
    sha256 = hashlib.sha256(storage.read_cid(document.cid)).hexdigest()
    assert (added["sha256"], added["title"], added["cid"]) == (sha256, TITLE, document.cid)
    assert found.terms["documents"] == [document.cid]
    assert terms_hash(found.terms) == found.hash
    other = {**found.terms, "added_documents": [{**added, "sha256": "0" * 64}]}
    assert terms_hash(other) != found.hash
    assert "added_documents" not in version(terms_of, 1).terms


def test_a_document_alone_is_a_change(terms_of):
    rollback()
    row = campaigns.by_id(terms_of.world.campaign_id)
    now = {"story_md": row.story_md, "summary": row.summary}
    with pytest.raises(Invalid):
        terms_of.propose(**now)
    rollback()
    change_id = material(terms_of, **now)
    assert terms_of.change(change_id).status == "reconfirming"
    assert [one.title for one in documents(terms_of)] == [TITLE]


def test_a_later_version_keeps_what_earlier_ones_added(terms_of):
    deciding.approve_correction(propose(terms_of), actor=terms_of.world.people["carla"])
    commit()
    more = attachment(2, "A second offer")
    typed = {"story_md": NEW["story_md"] + "\n\nAnd more."}
    deciding.approve_correction(
        propose(terms_of, file=more, **typed), actor=terms_of.world.people["carla"]
    )
    commit()
    titles = [one["title"] for one in version(terms_of, 3).terms["added_documents"]]
    assert titles == [TITLE, "A second offer"]
    assert len(documents(terms_of)) == 2


def test_a_document_that_the_campaign_has_is_refused(terms_of):
    deciding.approve_correction(propose(terms_of), actor=terms_of.world.people["carla"])
    commit()
    with pytest.raises(Conflict, match="part of the campaign already"):
        propose(terms_of, story_md=NEW["story_md"] + "\n\nAnd more.")
    rollback()


def test_a_draft_can_replace_and_lose_its_document(terms_of):
    author = terms_of.world.people["alice"]
    typed = terms_of.values()
    made = proposing.create(terms_of.world.campaign_id, typed, actor=author, file=attachment())
    first = changes.by_id(made).document
    proposing.save(made, typed)
    assert changes.by_id(made).document == first
    proposing.save(made, typed, file=attachment(2))
    assert changes.by_id(made).document["cid"] != first["cid"]
    proposing.save(made, {**typed, "remove_document": True})
    assert changes.by_id(made).document is None


def test_the_file_of_an_open_change_is_not_swept_and_of_a_withdrawn_one_is(terms_of, monkeypatch):
    change_id = propose(terms_of)
    cid = terms_of.change(change_id).document["cid"]
    monkeypatch.setattr(storage, "names_in", lambda *_args, **_how: [cid])
    rollback()
    assert campaign_documents.sweep() == 0
    assert storage.read_cid(cid)
    proposing.withdraw(change_id, actor=terms_of.world.people["alice"])
    commit()
    assert campaign_documents.sweep() == 1
    with pytest.raises(storage.FileMissing):
        storage.read_cid(cid)


# --- the pages ------------------------------------------------------------------------------------


def upload(data=None, title=TITLE, name="offer.pdf"):
    return {**FORM, "document_title": title, "upload": (io.BytesIO(data or raising.PDF), name)}


@pytest.fixture
def enter(app, terms_of):
    return lambda who: raising.browser(app, terms_of.world.people[who])


def test_team_and_staff_open_it_before_and_investors_after_the_approval(terms_of, enter):
    investment_id = terms_of.paid()
    alice, carla, charlie = enter("alice"), enter("carla"), enter("charlie")
    answer = alice.post(
        f"/my/campaigns/{terms_of.world.campaign_id}/term-changes/new", data=upload()
    )
    assert answer.status_code == 303, answer.text
    page = alice.get(answer.location).text
    change_id = answer.location.rsplit("/", 1)[1]
    document = terms_of.change(change_id).document
    assert "Document added" in page
    assert document["sha256"] in page
    own = alice.get(f"{answer.location}/document")
    assert (own.status_code, own.content_type) == (200, "application/pdf")
    assert hashlib.sha256(own.data).hexdigest() == document["sha256"]
    public = f"/files/ipfs/{document['cid']}"
    assert charlie.get(public).status_code == 404
    assert charlie.get(f"{answer.location}/document").status_code == 404
    alice.post(f"{answer.location}/submit")
    decision = carla.get(f"/staff/term-changes/{change_id}").text
    assert document["sha256"] in decision
    assert f"/staff/term-changes/{change_id}/document" in decision
    assert carla.get(f"/staff/term-changes/{change_id}/document").status_code == 200
    carla.post(f"/staff/term-changes/{change_id}/material")
    terms_of.world.work()
    asked = charlie.get(f"/investments/{investment_id}/new-terms").text
    assert document["sha256"] in asked
    assert public in asked
    assert charlie.get(public).status_code == 200
    everyone = charlie.get(f"/campaigns/{terms_of.world.slug}/terms/2").text
    assert document["sha256"] in everyone


@pytest.mark.parametrize(
    ("data", "title", "name", "sentence"),
    [
        (b"MZ" + b"x" * 500, TITLE, "offer.pdf", "This is a program."),
        (None, "", "offer.pdf", "Enter what the document is."),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 300, TITLE, "offer.png", "PDF"),
    ],
)
def test_what_is_no_document_is_refused_and_the_text_stays(
    terms_of, enter, data, title, name, sentence
):
    alice = enter("alice")
    answer = alice.post(
        f"/my/campaigns/{terms_of.world.campaign_id}/term-changes/new",
        data=upload(data, title, name),
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    assert REASON in answer.text
    rollback()
    assert changes.open_of(terms_of.world.campaign_id) is None


def test_a_change_without_a_document_has_none_to_open(terms_of, enter):
    change_id = terms_of.propose()
    answer = enter("carla").get(f"/staff/term-changes/{change_id}/document")
    assert answer.status_code == 404
