"""The one address of documents: who may open, what the browser is told, what is recorded."""

import pytest

from crowdfund.documents import queries, rules, service
from crowdfund.kernel import audit
from crowdfund.kernel.db import commit, rollback
from tests import raising


@pytest.fixture
def cast(app, frozen):
    names = {
        "alice": (),
        "bob": (),
        "carla": ("compliance",),
        "fred": ("finance",),
        "reg": ("regulator",),
    }
    return {name: raising.person(name, *roles) for name, roles in names.items()}


def kept(owner, actor, content_type=rules.PDF, data=raising.PDF, name="paper.pdf"):
    kind = {"person": "passport", "company": "other", "nominee": "id_proof"}[owner[0]]
    document_id = service.keep(owner, service.Examined(kind, name, content_type, data), actor=actor)
    commit()
    return document_id


def ask(app, cast, name, document_id, query=""):
    answer = raising.browser(app, cast.get(name)).get(f"/documents/{document_id}{query}")
    rollback()
    return answer


def test_the_owner_opens_a_document_and_it_is_kept_nowhere(app, cast):
    document_id = kept(("person", cast["alice"]), cast["alice"], name="my pass é.pdf")
    answer = ask(app, cast, "alice", document_id)
    assert (answer.status_code, answer.data) == (200, raising.PDF)
    headers = answer.headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"].startswith("attachment; filename")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("me.pdf", "attachment; filename=me.pdf"),
        ("my pass.pdf", 'attachment; filename="my pass.pdf"'),
        (
            "pass é.pdf",
            "attachment; filename=\"pass e.pdf\"; filename*=UTF-8''pass%20%C3%A9.pdf",
        ),
        (
            "ፓስፖርት.pdf",
            "attachment; filename=document.pdf; "
            "filename*=UTF-8''%E1%8D%93%E1%88%B5%E1%8D%96%E1%88%AD%E1%89%B5.pdf",
        ),
        (
            "पहचान 1.pdf",
            "attachment; filename=1.pdf; "
            "filename*=UTF-8''%E0%A4%AA%E0%A4%B9%E0%A4%9A%E0%A4%BE%E0%A4%A8%201.pdf",
        ),
    ],
)
def test_a_file_opens_under_its_name_in_any_script(app, cast, name, header):
    document_id = kept(("person", cast["alice"]), cast["alice"], name=name)
    for person in ("alice", "carla"):
        answer = ask(app, cast, person, document_id)
        assert answer.headers["Content-Disposition"] == header
        header.encode("ascii")  # servers refuse, or spoil, anything else


def test_a_picture_is_shown_and_can_be_downloaded(app, cast):
    document_id = kept(
        ("person", cast["alice"]), cast["alice"], rules.JPEG, raising.picture(kind="JPEG"), "me.jpg"
    )
    assert ask(app, cast, "alice", document_id).headers["Content-Disposition"].startswith("inline")
    downloaded = ask(app, cast, "alice", document_id, "?download=1")
    assert downloaded.headers["Content-Disposition"] == "attachment; filename=me.jpg"


@pytest.mark.parametrize(
    ("name", "status", "purpose"),
    [
        ("alice", 200, "own"),
        ("carla", 200, "review"),
        ("reg", 200, "audit"),
        ("bob", 404, ""),
        ("fred", 404, ""),
    ],
)
def test_staff_who_verify_may_look_and_strangers_learn_nothing(app, cast, name, status, purpose):
    document_id = kept(("person", cast["alice"]), cast["alice"])
    assert ask(app, cast, name, document_id).status_code == status
    looks = queries.access_log(("person", cast["alice"]))
    assert [(look.viewer, look.purpose) for look in looks] == (
        [(cast[name], purpose)] if purpose else []
    )
    recorded = [
        row for row in audit.about("document", document_id) if row.action == "document.view"
    ]
    assert [row.actor for row in recorded] == (
        [cast[name]] if purpose in ("review", "audit") else []
    )


def test_a_stranger_gets_the_same_answer_for_a_document_that_does_not_exist(app, cast):
    document_id = kept(("person", cast["alice"]), cast["alice"])
    there, nowhere = ask(app, cast, "bob", document_id), ask(app, cast, "bob", "0" * 32)
    assert (there.status_code, nowhere.status_code) == (404, 404)
    texts = [
        answer.text.replace(document_id, "").replace("0" * 32, "") for answer in (there, nowhere)
    ]
    assert len(texts[0]) == len(texts[1])


def test_a_visitor_is_sent_to_sign_in(app, cast):
    document_id = kept(("person", cast["alice"]), cast["alice"])
    assert ask(app, cast, None, document_id).headers["Location"].startswith("/sign-in?next=")


def test_the_feature_that_knows_an_owner_decides_who_may_open(app, cast, monkeypatch):
    document_id = kept(("nominee", "n" * 32), cast["alice"])
    monkeypatch.setattr(service.may_open, "_rules", {})
    assert ask(app, cast, "carla", document_id).status_code == 404, "without a rule nobody may"
    service.may_open.register(
        "nominee", lambda owner_id, person: (owner_id, person.id) == ("n" * 32, cast["bob"])
    )
    assert ask(app, cast, "bob", document_id).status_code == 200
    assert ask(app, cast, "alice", document_id).status_code == 404


def test_a_destroyed_document_is_gone_for_everybody(app, cast):
    document_id = kept(("person", cast["alice"]), cast["alice"])
    service.destroy(document_id, actor=cast["alice"])
    commit()
    assert ask(app, cast, "alice", document_id).status_code == 404
    assert queries.access_log(("person", cast["alice"])) == []
