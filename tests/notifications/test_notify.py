"""A person is told once, by the channels of the kind, in the person's own language."""

import pytest
import sqlalchemy as sa

from crowdfund import outbox
from crowdfund.accounts.models import SignInMethod, User
from crowdfund.adapters import mail
from crowdfund.clock import now
from crowdfund.db import commit, db
from crowdfund.notifications import service
from crowdfund.notifications.models import Message, Notice
from tests.raising import person


@pytest.fixture
def alice(app):
    return person("alice")


def told(person_id, kind="investment.settled", key="k", **context):
    facts = {"campaign": "Yirga", "amount_minor": 5_000_00, "currency": "ETB", "shares": 1_234}
    new = service.notify(person_id, kind, facts | context, key=key, path="/investments/1")
    commit()
    outbox.drain_all()
    return new


def rows(model):
    return db.session.execute(sa.select(model.__table__)).all()


def add_phone(person_id, number="+251911234567"):
    values = {"person_id": person_id, "kind": "phone", "value": number, "added_at": now()}
    db.session.execute(sa.insert(SignInMethod).values(values))
    commit()


def test_a_notice_stands_in_the_list_and_goes_out_by_email(alice):
    assert told(alice)
    (notice,) = rows(Notice)
    assert (notice.person_id, notice.kind, notice.path, notice.read_at) == (
        alice, "investment.settled", "/investments/1", None,
    )  # fmt: skip
    (sent,) = mail.OUTBOX
    assert sent["Subject"] == "Your investment in Yirga is settled"
    text = sent.get_body(("plain",)).get_content()
    assert "5,000.00 ETB for Yirga (1,234 shares)" in text
    assert "http://localhost/investments/1" in text


def test_the_same_key_tells_once_even_when_every_job_runs_again(alice):
    assert told(alice)
    assert not told(alice)
    db.session.execute(sa.update(outbox.outbox_table).values(state="due"))
    commit()
    outbox.drain_all()
    assert (len(rows(Notice)), len(rows(Message)), len(mail.OUTBOX)) == (1, 1, 1)


def test_a_notice_that_is_rolled_back_was_never_there(alice):
    service.notify(alice, "verification.approved", {}, key="k")
    db.session.rollback()
    outbox.drain_all()
    assert (rows(Notice), mail.OUTBOX) == ([], [])


def test_the_message_speaks_the_language_of_the_person(alice):
    db.session.execute(sa.update(User).where(User.id == alice).values(language="hi"))
    told(alice)
    assert 'lang="hi"' in mail.OUTBOX[0].get_body(("html",)).get_content()
