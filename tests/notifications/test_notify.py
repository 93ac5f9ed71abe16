"""A person is told once, by the channels of the kind, in the person's own language."""

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail, sms
from crowdfund.api_tokens import service
from crowdfund.api_tokens.rules import BadToken
from crowdfund.kernel import i18n, outbox
from crowdfund.kernel.clock import now
from crowdfund.kernel.db import commit, db
from crowdfund.notifications import service as notifications_service
from crowdfund.notifications.models import Message, Notice
from crowdfund.people.models import SignInMethod, User
from crowdfund.security.service import changes
from crowdfund.sign_in.service import codes
from tests.raising import person


@pytest.fixture
def alice(app):
    return person("alice")


def told(person_id, kind="investment.settled", key="k", **context):
    facts = {"campaign": "Yirga", "amount_minor": 5_000_00, "currency": "ETB", "shares": 1_234}
    new = notifications_service.notify(
        person_id, kind, facts | context, key=key, path="/investments/1"
    )
    commit()
    outbox.drain_all()
    return new


def rows(model):
    return db.session.execute(sa.select(model.__table__)).all()


def test_a_notice_stands_in_the_list_and_goes_out_by_email(alice):
    assert told(alice)
    (notice,) = rows(Notice)
    assert (notice.person_id, notice.kind, notice.path, notice.read_at) == (
        alice,
        "investment.settled",
        "/investments/1",
        None,
    )
    (sent,) = mail.OUTBOX
    assert sent["Subject"] == "Your investment in Yirga is settled"
    text = sent.get_body(("plain",)).get_content()
    assert "5,000.00 ETB for Yirga is settled" in text
    assert "Shares: 1,234" in text
    assert "http://localhost/investments/1" in text


def test_the_same_key_tells_once_even_when_every_job_runs_again(alice):
    assert told(alice)
    assert not told(alice)
    db.session.execute(sa.update(outbox.outbox_table).values(state="due"))
    commit()
    outbox.drain_all()
    assert (len(rows(Notice)), len(rows(Message)), len(mail.OUTBOX)) == (1, 1, 1)


def test_a_notice_that_is_rolled_back_was_never_there(alice):
    notifications_service.notify(alice, "verification.approved", {}, key="k")
    db.session.rollback()
    outbox.drain_all()
    assert (rows(Notice), mail.OUTBOX) == ([], [])


def test_the_message_speaks_the_language_of_the_person(alice):
    db.session.execute(sa.update(User).where(User.id == alice).values(language="hi"))
    told(alice)
    assert 'lang="hi"' in mail.OUTBOX[0].get_body(("html",)).get_content()


@pytest.mark.parametrize(
    ("calendar", "shown"),
    [
        ("", "15 Jun 2026,"),
        ("both", "15 Jun 2026 (8 Sene 2018 EC),"),
        ("ethiopian", " 8 Sene 2018"),
    ],
)
def test_the_message_has_dates_in_the_calendar_of_the_person(alice, calendar, shown):
    db.session.execute(sa.update(User).where(User.id == alice).values(calendar=calendar))
    context = {"at": "2026-06-15T09:00:00+00:00", "device": "Firefox"}
    notifications_service.notify(alice, "security.new_device", context, key="k")
    commit()
    outbox.drain_all()
    text = mail.OUTBOX[0].get_body(("plain",)).get_content()
    assert shown in text
    assert "12:00 EAT" in text


def test_a_refresh_token_in_two_hands_is_told_although_the_request_is_refused(alice):
    first = service.issue(alice)
    commit()
    service.refresh(first.refresh)
    for _ in range(2):
        with pytest.raises(BadToken):
            service.refresh(first.refresh)
        db.session.rollback()
    outbox.drain_all()
    assert [row.kind for row in rows(Notice)] == ["security.api_token_reused"]
    assert [one["Subject"] for one in mail.OUTBOX] == ["An API token was used twice"]


def test_a_mandatory_notice_reaches_every_verified_address_of_the_person(alice):
    for kind, value in (
        ("email", "alice@work.example"),
        ("phone", "+251911234567"),
        ("wallet", "0xabc"),
    ):
        row = {
            "id": value[-8:],
            "person_id": alice,
            "kind": kind,
            "value": value,
            "label": "",
            "added_at": now(),
        }
        db.session.execute(sa.insert(SignInMethod).values(row))
    notifications_service.notify(
        alice, "security.recovery_codes_made", {}, key="k", path="/account/security"
    )
    commit()
    outbox.drain_all()
    assert sorted(one["To"] for one in mail.OUTBOX) == ["alice@example.com", "alice@work.example"]
    assert [(one.to, "New recovery codes were made" in one.text) for one in sms.OUTBOX] == [
        ("+251911234567", True)
    ]


def test_an_optional_notice_goes_to_one_address_and_only_once_verified(alice):
    db.session.execute(sa.update(User).where(User.id == alice).values(phone="+251911234567"))
    notifications_service.choose(alice, "verification.approved", "sms", is_wanted=True)
    told(alice, "verification.approved")
    assert [one["To"] for one in mail.OUTBOX] == ["alice@example.com"]
    assert sms.OUTBOX == []


def test_somebody_without_any_address_still_has_the_notice(alice):
    db.session.execute(sa.delete(SignInMethod).where(SignInMethod.person_id == alice))
    db.session.execute(sa.update(User).where(User.id == alice).values(email=None))
    assert told(alice)
    assert (len(rows(Notice)), rows(Message), mail.OUTBOX) == (1, [], [])


def test_a_kind_that_is_not_declared_is_refused_where_it_is_told(alice):
    with pytest.raises(KeyError):
        notifications_service.notify(alice, "no.such", {}, key="k")


def test_a_key_too_long_to_be_unique_is_refused(alice):
    with pytest.raises(ValueError, match="longer"):
        notifications_service.notify(alice, "verification.approved", {}, key="k" * 116)
    assert notifications_service.notify(alice, "verification.approved", {}, key="k" * 115)
    commit()
    outbox.drain_all()
    assert len(mail.OUTBOX) == 1


def test_nobody_is_told_as_system(app):
    assert not notifications_service.notify("system", "verification.approved", {}, key="k")


def test_a_code_by_sms_speaks_the_language_it_was_asked_in(app):
    with i18n.using("am"):
        codes.request_code("+251911234567", ip="10.0.0.1")
    commit()
    outbox.drain_all()
    (message,) = rows(Message)
    assert (message.channel, message.language, message.sent_at is not None) == ("sms", "am", True)
    assert [one.to for one in sms.OUTBOX] == ["+251911234567"]


def test_a_sensitive_change_is_told_at_the_address_that_is_asked_for_too(alice):
    change_id = changes.request(alice, "email", {"value": "mallory@evil.example"}, actor=alice)
    commit()
    outbox.drain_all()
    assert sorted(one["To"] for one in mail.OUTBOX) == ["alice@example.com", "mallory@evil.example"]
    mail.OUTBOX.clear()
    changes.cancel(change_id, alice, actor=alice)
    commit()
    outbox.drain_all()
    assert sorted(one["To"] for one in mail.OUTBOX) == ["alice@example.com", "mallory@evil.example"]
    assert all("cancelled" in one["Subject"] for one in mail.OUTBOX)


def test_people_are_told_of_something_of_their_own_at_once_and_once(alice):
    bob = person("bob")
    commit()
    facts = {"campaign": "Yirga", "currency": "ETB"}
    news = [
        notifications_service.News(one, facts | {"amount_minor": minor}, f"k:{minor}", "/portfolio")
        for one, minor in ((alice, 100), (bob, 200), (alice, 300), ("system", 400))
    ]
    assert notifications_service.notify_each("investment.refunded", news) == 3
    assert notifications_service.notify_each("investment.refunded", news) == 0
    commit()
    told_of = [(row.person_id, row.context["amount_minor"]) for row in rows(Notice)]
    assert sorted(told_of) == sorted([(alice, 100), (bob, 200), (alice, 300)])
    outbox.drain_all()
    assert len(mail.OUTBOX) == 3
