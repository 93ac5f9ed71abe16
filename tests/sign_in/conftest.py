"""A person at the sign-in page."""

import pytest

from crowdfund.kernel.db import commit, rollback
from crowdfund.sign_in.service import codes


@pytest.fixture
def ask(app, frozen):
    """Ask for a code as the page does, in a transaction of its own; return the request's id."""

    def request_code(typed="alice@example.com", ip="10.0.0.1", person_id=None):
        rollback()
        otp_id = codes.request_code(typed, ip=ip, person_id=person_id)
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


def other_than(code):
    """Return six digits that are not the code."""
    return f"{(int(code) + 1) % 10**6:06d}"
