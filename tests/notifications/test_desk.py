"""The desk of messages: what went out and what did not, without secrets, and another try."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db
from crowdfund.notifications import queries, rules, service
from crowdfund.notifications.models import Message, Notice
from crowdfund.sign_in.service import codes
from tests import raising


@pytest.fixture
def alice(app):
    return raising.person("alice")


def sign_in(client):
    return raising.sign_in(client, raising.person("ada", "admin"))


@pytest.fixture
def admin(app):
    return sign_in(app.test_client())


@pytest.fixture
def no_mail_server():
    """A mail server that does not answer."""
    kept = config.settings()
    config.use(kept.model_copy(update={"mail_server": "127.0.0.1", "mail_port": 9}))
    yield
    config.use(kept)


def tell(person_id, key="k"):
    service.notify(
        person_id, "company.registered", {"company": "Yirga Coffee"}, key=key, path="/wallet"
    )
    commit()
    outbox.drain_all()
    return db.session.execute(sa.select(Message.__table__)).one()


def message():
    db.session.rollback()
    return db.session.execute(sa.select(Message.__table__)).one()


def give_up(frozen):
    for _ in range(rules.MAX_TRIES):
        frozen.advance(timedelta(minutes=31))
        outbox.drain("messages")


def test_a_failed_try_is_shown_and_tried_again(frozen, alice, admin, no_mail_server):
    found = tell(alice)
    assert (found.tries, found.sent_at, found.failed_at) == (1, None, None)
    assert "mail server does not answer" in found.last_error
    page = admin.get(f"/staff/messages/{found.id}").text
    assert "We will try again" in page
    assert "Try again</button>" not in page


def test_after_the_last_try_a_message_is_given_up_shown_and_can_be_sent_again(
    alice, admin, frozen, no_mail_server
):
    found = tell(alice)
    give_up(frozen)
    assert message().failed_at is not None
    assert message().tries == rules.MAX_TRIES
    sign_in(admin)  # the proof of the second factor is too old by now
    assert "Failed" in admin.get("/staff/messages?state=failed").text
    outbox.drain_all()
    assert message().tries == rules.MAX_TRIES  # nothing tries it by itself

    config.use(config.settings().model_copy(update={"mail_server": ""}))
    assert admin.post(f"/staff/messages/{found.id}/retry").status_code == 303
    outbox.drain_all()
    assert message().sent_at is not None
    assert [one["Message-ID"] for one in mail.OUTBOX] == [f"<{found.id}@crowdfund.example>"]
    assert admin.post(f"/staff/messages/{found.id}/retry").status_code == 409


def test_an_address_that_is_refused_for_good_is_not_tried_again():
    assert rules.next_try_s(1) == 2
    assert rules.next_try_s(rules.MAX_TRIES - 1) == 1_800
    assert rules.next_try_s(rules.MAX_TRIES) is None


def test_a_delivery_that_runs_twice_sends_once(alice):
    tell(alice)
    db.session.execute(sa.update(outbox.outbox_table).values(state="due", done_at=None))
    commit()
    outbox.drain_all()
    assert len(mail.OUTBOX) == 1


def test_the_list_masks_addresses_and_finds_people(alice, admin):
    tell(alice)
    page = admin.get("/staff/messages").text
    assert "a•••@example.com" in page
    assert "alice@example.com" not in page
    assert "Yirga Coffee is registered" in admin.get("/staff/messages?q=alice@example.com").text
    assert "No messages found" in admin.get("/staff/messages?q=somebody").text
    assert "No messages found" in admin.get("/staff/messages?state=failed").text


def test_a_code_is_never_shown(app, admin):
    codes.request_code("alice@example.com", ip="10.0.0.1")
    commit()
    outbox.drain_all()
    code = mail.OUTBOX[0]["Subject"].split()[0]
    found = message()
    for url in ("/staff/messages", f"/staff/messages/{found.id}"):
        page = admin.get(url).text
        assert code not in page
    assert "••••••" in page


def test_what_stands_behind_a_question_mark_is_not_shown(alice, admin):
    service.notify(
        alice, "company.registered", {"company": "Yirga"}, key="k", path="/companies/1?token=abcdef"
    )
    commit()
    outbox.drain_all()
    page = admin.get(f"/staff/messages/{message().id}").text
    assert "/companies/1" in page
    assert "abcdef" not in page


@pytest.mark.parametrize(
    "query", ["before=%27", "state=x&channel=y&kind=z", "q=" + "%25" * 60, "q=%ff"]
)
def test_odd_addresses_of_the_desk_are_harmless(admin, query):
    assert admin.get(f"/staff/messages?{query}", follow_redirects=True).status_code == 200


def test_a_message_that_is_not_there_is_404(admin):
    assert admin.get("/staff/messages/nothing").status_code == 404
    assert admin.post("/staff/messages/nothing/retry").status_code == 404


def test_nobody_but_admin_sends_again_and_finance_reads_nothing(app, alice):
    found = tell(alice)
    for role, reads in (("compliance", 200), ("regulator", 200), ("finance", 403)):
        staff = raising.sign_in(app.test_client(), raising.person(role, role))
        assert staff.get(f"/staff/messages/{found.id}").status_code == reads
        assert staff.post(f"/staff/messages/{found.id}/retry").status_code == 403


def test_the_preview_shows_every_kind_in_every_language(admin):
    page = admin.get("/staff/messages/preview?kind=investment.settled&language=hi").text
    assert "A roastery for Yirga" in page
    html = admin.get("/staff/messages/preview/investment.settled/hi")
    assert 'lang="hi"' in html.text
    assert "sandbox" in html.headers["Content-Security-Policy"]
    assert admin.get("/staff/messages/preview/nothing/hi").status_code == 404
    assert admin.get("/staff/messages/preview/investment.settled/xx").status_code == 404
    assert admin.get("/staff/messages/preview?kind=<b>&language=xx").status_code == 200


def test_notices_that_were_read_long_ago_are_purged_and_unread_ones_stay(alice, frozen):
    for key in ("read", "unread"):
        service.notify(alice, "company.registered", {"company": "Yirga"}, key=key)
    db.session.execute(
        sa.update(Notice).where(Notice.key.like("read:%")).values(read_at=frozen.now())
    )
    commit()
    frozen.advance(rules.KEEP_READ)
    assert service.purge() == 0
    frozen.advance(timedelta(seconds=1))
    assert service.purge() == 1
    commit()
    assert queries.unread(alice) == 1
