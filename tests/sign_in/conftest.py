"""A person at the sign-in page."""

import re

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.notifications import service as notices
from crowdfund.people import queries, service
from crowdfund.people.models import SignInMethod, User
from crowdfund.sign_in.service import codes
from tests import raising


@pytest.fixture
def ask(app, frozen):
    """Ask for a code as the page does, in a transaction of its own; return the request's id."""

    def request_code(typed="alice@example.com", ip="10.0.0.1", device="", person_id=None):
        rollback()
        otp_id = codes.request_code(typed, ip=ip, device=device, person_id=person_id)
        commit()
        return otp_id

    return request_code


@pytest.fixture
def enter(app):
    """Enter a code as the page does: a refusal rolls back."""

    def sign_in(otp_id, typed, ip="10.0.0.1", referral=""):
        rollback()
        try:
            person_id = codes.sign_in(otp_id, typed, ip=ip, referral=referral)
        except Exception:
            rollback()
            raise
        commit()
        return person_id

    return sign_in


@pytest.fixture
def signed_in(app):
    """Return alice's browser, signed in, and her id."""
    person_id = service.ensure_user("alice@example.com", "Alice Bekele")
    commit()
    return raising.browser(app, person_id), person_id


def other_than(code):
    """Return six digits that are not the code."""
    return f"{(int(code) + 1) % 10**6:06d}"


def person_of(browser):
    """Return the person that a browser is signed in as, or None."""
    with browser.session_transaction() as session:
        person_id = session.get("_user_id")
    rollback()
    return queries.get(person_id) if person_id else None


def mail_language(person_id):
    """Return the language of the newest e-mail to a person, sent now."""
    rollback()
    address = queries.get(person_id).email
    notices.notify(person_id, "verification.approved", {}, key=f"mail {person_id}")
    commit()
    outbox.drain_all()
    letters = [one for one in mail.OUTBOX if one["To"] == address]
    html = letters[-1].get_body(("html",)).get_content()
    return re.search(r'<html lang="(\w+)"', html)[1]


def methods_of(person_id):
    """Return kind and value of each sign-in method of a person."""
    rollback()
    wanted = sa.select(SignInMethod.kind, SignInMethod.value)
    wanted = wanted.where(SignInMethod.person_id == person_id)
    return {tuple(row) for row in db.session.execute(wanted)}


def count_people():
    rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(User))


def refused(browser, answer, status, sentence):
    """Assert that an answer says why, leads back to sign-in, and has opened no account."""
    assert answer.status_code == status
    assert sentence in answer.text
    assert '<a class="btn btn-primary" href="/sign-in' in answer.text
    assert (person_of(browser), count_people()) == (None, 0)
