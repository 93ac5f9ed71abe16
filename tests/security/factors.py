"""An authenticator app and signing in with it, for tests."""

import re

from crowdfund.adapters import mail
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.security import rules
from crowdfund.security.service import second_factor

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def enrolled(person_id):
    second_factor.keep_app(person_id, SECRET)
    commit()
    return person_id


def code(shift=0):
    """Return what the app shows now, or some steps later."""
    return rules.code_at(SECRET, rules.step_of(clock.now()) + shift)


def wrong():
    near = {code(shift) for shift in (-1, 0, 1)}
    return next(f"{number:06d}" for number in range(10) if f"{number:06d}" not in near)


def by_mail(browser, email, target=""):
    """Sign in by the code of an e-mail and return the last answer."""
    browser.post("/sign-in", data={"identifier": email, "next": target})
    outbox.drain_all()
    letters = [letter for letter in mail.OUTBOX if letter["To"] == email]
    typed = next(
        found[0]
        for letter in reversed(letters)
        if (found := re.search(r"\b\d{6}\b", letter.get_body(("plain",)).get_content()))
    )
    return browser.post("/sign-in/code", data={"code": typed})


def prove(person_id, typed):
    """Type a code of the app as the page does: a refusal rolls back."""
    rollback()
    try:
        second_factor.prove_app(person_id, typed)
    except Exception:
        rollback()
        raise
    commit()


def recover(person_id, typed):
    rollback()
    try:
        left = second_factor.prove_recovery_code(person_id, typed)
    except Exception:
        rollback()
        raise
    commit()
    return left
