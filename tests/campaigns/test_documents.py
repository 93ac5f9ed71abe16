"""Public documents of a campaign: added to a draft, fixed with its terms, public, pinned once."""

import io
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pikepdf
import pytest

from crowdfund.adapters import ipfs, storage
from crowdfund.adapters.cid import PATTERN, cid_of
from crowdfund.campaigns import queries
from crowdfund.campaigns.rules import drafts, terms
from crowdfund.campaigns.service import documents as campaign_documents
from crowdfund.campaigns.service import drafts as drafts_service
from crowdfund.campaigns.service import reviews
from crowdfund.documents.service import Examined
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Invalid
from tests import raising

PLAN = Examined("public", "plan.pdf", "application/pdf", raising.document(2))


def big():
    """Return a PDF of several chunks."""
    pdf, out = pikepdf.new(), io.BytesIO()
    pdf.add_blank_page()
    pdf.pages[0].Contents = pdf.make_stream(b"%" + os.urandom(700_000).hex().encode())
    pdf.save(out)
    return Examined("public", "figures.pdf", "application/pdf", out.getvalue())


@pytest.fixture
def draft(cast):
    return raising.complete_draft(cast.company, cast.alice)


def add(campaign_id, cast, title="Business plan 2026", document=PLAN):
    cid = campaign_documents.add_document(campaign_id, title, document, actor=cast.alice)
    commit()
    return cid


def publish(campaign_id, cast):
    drafts_service.submit(campaign_id, actor=cast.alice)
    reviews.approve(campaign_id, actor=cast.carla)
    commit()
    raising.confirm("campaign", campaign_id, CampaignCreated={"campaign": raising.CONTRACT})
    return raising.campaign(campaign_id)


def documents(campaign_id):
    rollback()
    return queries.documents(campaign_id)


def path(campaign_id):
    return f"/my/campaigns/{campaign_id}/documents"


def form(title="Business plan 2026", data=None, name="plan.pdf"):
    return {"title": title, "upload": (io.BytesIO(PLAN.data if data is None else data), name)}


# --- adding and removing --------------------------------------------------------------------------


def test_a_document_is_uploaded_on_its_page_and_listed_with_its_content_id(app, cast, draft):
    alice = raising.browser(app, cast.alice)
    before = raising.campaign(draft).version
    assert alice.post(path(draft), data=form()).headers["Location"] == path(draft)
    [document] = documents(draft)
    assert (document.title, document.filename, document.content_type) == (
        "Business plan 2026",
        "plan.pdf",
        "application/pdf",
    )
    assert document.cid == cid_of(storage.read_cid(document.cid))
    assert PATTERN.fullmatch(document.cid)
    assert raising.campaign(draft).version > before
    page = alice.get(path(draft)).text
    assert "Business plan 2026" in page
    assert document.cid in page
    assert document.cid in alice.get(f"/my/campaigns/{draft}/check").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "Enter what the document is."),
        ({"data": b"MZ" + b"x" * 500, "name": "plan.pdf"}, "This is a program."),
        ({"data": b""}, "The file is empty."),
        ({"data": b"x" * 10_500_000}, "larger than 10 MB"),
        ({"name": ""}, "Choose the file."),
    ],
)
def test_a_file_that_is_not_taken_is_told_at_its_field(app, cast, draft, changes, sentence):
    answer = raising.browser(app, cast.alice).post(path(draft), data=form(**changes))
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2, "once on top, once at the field"
    assert documents(draft) == []


def test_a_file_above_what_a_request_may_hold_is_told_too(app, cast, draft):
    answer = raising.browser(app, cast.alice).post(path(draft), data=form(data=b"x" * 12_000_000))
    assert answer.status_code == 413
    assert "larger than 10 MB" in answer.text


def test_the_same_file_twice_is_one_document(cast, draft):
    assert add(draft, cast) == add(draft, cast, "The plan")
    assert [document.title for document in documents(draft)] == ["The plan"]


def test_a_document_can_be_taken_out_of_a_draft(app, cast, draft):
    add(draft, cast)
    [document] = documents(draft)
    alice = raising.browser(app, cast.alice)
    for _ in range(2):
        assert alice.post(f"{path(draft)}/{document.id}/remove").status_code == 303
    assert documents(draft) == []


def test_a_campaign_has_ten_documents_at_most(app, cast, draft):
    for number in range(drafts.MOST_DOCUMENTS):
        add(
            draft,
            cast,
            f"Document {number}",
            Examined("public", "a.pdf", "application/pdf", b"%d" % number),
        )
    with raising.refused(Conflict):
        add(draft, cast)
    assert "at most 10 documents" in raising.browser(app, cast.alice).get(path(draft)).text


def test_what_was_submitted_is_fixed(app, cast, draft):
    add(draft, cast)
    [document] = documents(draft)
    drafts_service.submit(draft, actor=cast.alice)
    commit()
    alice = raising.browser(app, cast.alice)
    assert alice.post(path(draft), data=form("Another")).status_code == 409
    assert alice.post(f"{path(draft)}/{document.id}/remove").status_code == 409
    assert [row.id for row in documents(draft)] == [document.id]
    assert "The documents can no longer be changed" in alice.get(path(draft)).text


def test_strangers_neither_see_nor_change_the_documents_of_a_draft(app, cast, draft):
    cid = add(draft, cast)
    [document] = documents(draft)
    bob = raising.browser(app, cast.bob)
    assert bob.get(path(draft)).status_code == 404
    assert bob.post(path(draft), data=form()).status_code == 404
    assert bob.post(f"{path(draft)}/{document.id}/remove").status_code == 404
    assert bob.get(f"/files/ipfs/{cid}").status_code == 404
    assert app.test_client().get(f"/files/ipfs/{cid}").status_code == 404
    assert len(documents(draft)) == 1


def test_a_member_who_only_reads_sees_the_documents_and_no_form(app, cast, draft):
    cid = add(draft, cast)
    raising.join(cast.company, cast.bob, "viewer")
    bob = raising.browser(app, cast.bob)
    page = bob.get(path(draft)).text
    assert cid in page
    assert "Add a document" not in page
    assert "Remove" not in page
    assert bob.post(path(draft), data=form()).status_code == 403
    assert len(documents(draft)) == 1


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alice", "carla"])
def test_the_company_and_staff_read_the_documents_of_a_draft(app, cast, draft, name):
    cid = add(draft, cast)
    answer = raising.browser(app, getattr(cast, name)).get(f"/files/ipfs/{cid}")
    assert answer.data == PLAN.data
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_everybody_reads_the_documents_of_a_public_campaign_by_their_content_id(
    app, client, cast, draft
):
    cid = add(draft, cast)
    campaign = publish(draft, cast)
    page = client.get(f"/campaigns/{campaign.slug}").text
    assert f'href="/files/ipfs/{cid}"' in page
    assert "Business plan 2026" in page
    answer = client.get(f"/files/ipfs/{cid}")
    assert cid_of(answer.data) == cid
    assert answer.headers["Content-Disposition"] == "attachment; filename=plan.pdf"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (
        client.get(f"/files/ipfs/{cid}", headers={"If-None-Match": f'"{cid}"'}).status_code == 304
    )


@pytest.mark.parametrize(
    "cid", ["b" * 59, "../../crowdfund.db", "%2e%2e", "QmUNLLsPACCz1vLxQVkXqqLX5R1X345"]
)
def test_no_other_file_is_served_by_a_content_id(client, cast, cid):
    assert client.get(f"/files/ipfs/{cid}").status_code == 404


def test_the_terms_that_investors_agree_to_hold_the_content_ids(cast, draft):
    row = raising.campaign(draft)
    plain = {name: getattr(row, name) for name in terms.TERMS}
    cids = [add(draft, cast), add(draft, cast, "Figures", big())]
    assert publish(draft, cast).terms_hash == terms.terms_hash(plain | {"documents": cids})


def test_without_documents_the_terms_are_what_they_were(cast, draft):
    campaign = publish(draft, cast)
    assert campaign.terms_hash == terms.terms_hash(
        {name: getattr(campaign, name) for name in terms.TERMS}
    )


def test_a_title_says_something(cast, draft):
    for title in ("", "a", "x" * 81, "<b>bold</b>"):
        with raising.refused(Invalid):
            add(draft, cast, title)


# --- pinning --------------------------------------------------------------------------------------


class Kubo:
    """A node as a process of its own."""

    def __init__(self, folder):
        self.log = folder / "pinned"
        program = Path(__file__).parent / "kubo_process.py"
        command = [sys.executable, str(program), str(self.log)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"

    def fault(self, fault):
        self.log.write_text("")
        httpx.put(f"{self.url}/fault", content=fault).raise_for_status()

    def pinned(self):
        return self.log.read_text().split()


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    node = Kubo(tmp_path_factory.mktemp("kubo"))
    yield node
    node.process.kill()
    node.process.wait()


@pytest.fixture
def kubo(app, process):
    before = config.settings()
    config.use(before.model_copy(update={"ipfs_api_url": process.url}))
    process.fault("well")
    yield process
    config.use(before)


def tick():
    campaign_documents.pin_due()
    commit()
    outbox.drain("default")


def test_the_node_and_we_compute_the_same_content_id(kubo):
    data = os.urandom(1000) * 5000
    for size in (0, 1, 262_144, 262_145, 5_000_000):
        ipfs.pin(cid_of(data[:size]), data[:size])


def test_documents_are_pinned_once_when_their_campaign_is_public(cast, draft, kubo):
    cids = [add(draft, cast), add(draft, cast, "Figures", big())]
    tick()
    assert kubo.pinned() == [], "a draft is nobody's to read"
    publish(draft, cast)
    tick()
    tick()
    assert sorted(kubo.pinned()) == sorted(cids)
    assert all(document.pinned_at and not document.pin_error for document in documents(draft))


@pytest.mark.parametrize("fault", ["down", "garbled"])
def test_a_node_that_gives_no_good_answer_is_asked_again(app, cast, draft, kubo, frozen, fault):
    cid = add(draft, cast)
    publish(draft, cast)
    kubo.fault(fault)
    tick()
    assert [document.pinned_at for document in documents(draft)] == [None]
    kubo.fault("well")
    tick()
    assert kubo.pinned() == [], "not at once"
    frozen.advance(timedelta(seconds=5))
    tick()
    assert kubo.pinned() == [cid]
    assert all(document.pinned_at for document in documents(draft))


def test_a_node_that_computes_another_id_is_told_to_staff_and_not_asked_again(
    app, cast, draft, kubo, frozen
):
    cid = add(draft, cast)
    publish(draft, cast)
    kubo.fault("odd")
    tick()
    [document] = documents(draft)
    assert document.pinned_at is None
    assert cid in document.pin_error
    kubo.fault("well")
    frozen.advance(timedelta(hours=2))
    tick()
    assert kubo.pinned() == []
    assert "not on IPFS yet" in raising.browser(app, cast.alice).get(path(draft)).text


def test_without_a_node_nothing_is_queued(cast, draft, process):
    add(draft, cast)
    publish(draft, cast)
    outbox.HANDLERS["campaigns.pin_due"].run([])
    commit()
    queued = db.text("SELECT count(*) FROM outbox WHERE kind = 'campaigns.pin'")
    assert db.session.execute(queued).scalar() == 0


def test_documents_that_no_campaign_holds_are_swept_away(cast, draft, frozen):
    kept = add(draft, cast)
    lost = storage.put_cid(b"of an upload that was rolled back")
    frozen.advance(timedelta(days=4000))
    assert campaign_documents.sweep() == 1
    assert storage.read_cid(kept)
    with pytest.raises(storage.FileMissing):
        storage.read_cid(lost)
