"""A person at the sign-in page, and the code as only the e-mail knows it."""

import re

import pytest

from crowdfund import outbox
from crowdfund.accounts import service
from crowdfund.adapters import mail
from crowdfund.db import commit, rollback


@pytest.fixture
def ask(app, frozen):
    """Ask for a code as the page does, in a transaction of its own; return the request's id."""

    def request_code(email="alice@example.com", ip="10.0.0.1"):
        rollback()
        otp_id = service.request_code(email, ip=ip)
        commit()
        return otp_id

    return request_code


@pytest.fixture
def enter(app):
    """Enter a code as the page does: a refusal rolls back."""

    def sign_in(otp_id, typed):
        rollback()
        try:
            person_id = service.sign_in(otp_id, typed)
        except Exception:
            rollback()
            raise
        commit()
        return person_id

    return sign_in


@pytest.fixture
def read_code():
    """Deliver the mail and read the code from the newest message."""

    def newest(to="alice@example.com"):
        rollback()
        outbox.drain_all()
        letters = [letter for letter in mail.OUTBOX if letter["To"] == to]
        return re.search(r"\b\d{6}\b", letters[-1].get_body(("plain",)).get_content())[0]

    return newest


def other_than(code):
    """Return six digits that are not the code."""
    return f"{(int(code) + 1) % 10**6:06d}"
