"""Verbs about people: open an account, save the profile, give roles, set the verification."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from crowdfund.kernel import clock, i18n, outbox
from crowdfund.kernel.db import db, insert_ignore, locked, new_id, record_event
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from crowdfund.kernel.fields import contacts, names
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move
from crowdfund.kernel.person import TERMS_VERSION
from crowdfund.people import rules
from crowdfund.people.events import PersonChanged
from crowdfund.people.models import (
    SignInMethod,
    TermsAcceptance,
    User,
    UserRole,
    person_event,
)


def ensure_user(email: str, name: str = "", *, roles: Iterable[str] = (), phone: str = "") -> str:
    """Return the id of the person with an e-mail address, created if new; add roles to it.

    Only for addresses that are known to be theirs: by a code, by an operator, by the demo story.
    """
    address = contacts.email(email)
    newcomer = rules.Newcomer(email=address, name=name, phone=phone)
    person_id = person_with("email", address) or open_account("email", address, newcomer)
    for role in roles:
        give_role(person_id, role, actor="system")
    return person_id


def refuse_closed(person_id: str) -> None:
    """Raise Forbidden if the account is closed: nobody signs in to it."""
    if db.session.scalar(sa.select(User.disabled_at).where(User.id == person_id)) is not None:
        text = _("This account is closed. Write to us if you think that this is a mistake.")
        raise Forbidden(text)


def person_with(kind: str, value: str) -> str | None:
    """Return the id of the person who signs in by a method (in its normal form), or None."""
    query = sa.select(SignInMethod.person_id).where(
        SignInMethod.kind == kind, SignInMethod.value == value
    )
    return db.session.scalar(query)


def open_account(
    kind: str, value: str, newcomer: rules.Newcomer | None = None, *, label: str = ""
) -> str:
    """Open an account whose first sign-in method is a verified method; return the person's id.

    The sponsor (`invitations.sponsor_of`) is set here or never. Two that come at once get the same
    account. Raises Conflict if the address is another account's.
    """
    person_id = new_id()
    for _try in range(5):
        if insert_ignore(User.__table__, [_person_row(person_id, newcomer or rules.Newcomer())]):
            break
        if found := person_with(kind, value):
            return found
        # Else the referral code was taken (one in 10^11), or the address is another account's.
    else:
        text = _(
            "This address belongs to another account. Sign in there, then add this sign-in method."
        )
        raise Conflict(text)
    if not add_method(person_id, kind, value, label=label):
        # Another request was first.
        db.session.execute(sa.delete(User.__table__).where(User.id == person_id))
        return str(person_with(kind, value))
    return person_id


def add_method(person_id: str, kind: str, value: str, *, label: str = "") -> bool:
    """Give a person a proved sign-in method; return False if an account has it already."""
    method = {
        "id": new_id(),
        "person_id": person_id,
        "kind": kind,
        "value": value,
        "label": label[:120],
        "added_at": clock.now(),
    }
    return bool(insert_ignore(SignInMethod.__table__, [method]))


def _person_row(person_id: str, newcomer: rules.Newcomer) -> dict[str, object]:
    first_name, last_name = names.parts_of(newcomer.name) or ("", "")
    return {
        "id": person_id,
        "email": newcomer.email,
        "first_name": first_name,
        "last_name": last_name,
        "phone": newcomer.phone,
        "kyc_level": "none",
        "kyc_status": "none",
        "kyc_reason": "",
        "created_at": clock.now(),
        "language": "",
        "calendar": "",
        "terms_version": "",
        "referral_code": rules.new_referral_code(),
        "sponsor_id": newcomer.sponsor_id,
    }


def give_role(person_id: str, role: str, *, actor: str) -> None:
    """Give a staff role to a person; a second time does nothing."""
    if role not in rules.STAFF_ROLES:
        raise Invalid(f"There is no role {role!r}.")
    row = {"person_id": person_id, "role": role, "given_by": actor, "given_at": clock.now()}
    if insert_ignore(UserRole.__table__, [row]):
        record_event(person_event, person_id, actor=actor, before=None, after=f"role:{role}")


def save_profile(
    person_id: str, *, first_name: str, last_name: str, phone: str | None = None
) -> None:
    """Save the name and, if given, the phone number (E.164); changed details are verified again.

    A number given here is what the person enters: it opens no account and gets no messages until a
    code has confirmed it (`methods.attach`).
    """
    first, last = names.given_names(first_name, last_name)
    number = None if phone is None else contacts.phone(phone)
    person = _lock(person_id)
    before = (person.first_name, person.last_name, person.phone)
    person.first_name, person.last_name = first, last
    person.phone = person.phone if number is None else number
    if before != (person.first_name, person.last_name, person.phone):
        db.session.flush()
        facts_changed(person_id)


def facts_changed(person_id: str) -> None:
    """Start another verification of a person whose name or number has changed (rules.md, KYC)."""
    person = _lock(person_id)
    if person.kyc_status == "verified":
        reason = "profile changed"
        set_verification(person_id, "pending", level="none", actor=person_id, reason=reason)
    outbox.emit(PersonChanged(key=f"{person_id}:{clock.now().timestamp()}", person_id=person_id))


def choose_language(person_id: str, language: str) -> None:
    """Save the language of a person's pages and messages; an empty one follows the browser."""
    if language and language not in i18n.LANGUAGES:
        raise Invalid(_("Choose one of the languages in the list."), field="language")
    person = _lock(person_id)
    person.language = language
    db.session.flush()


def choose_calendar(person_id: str, calendar: str) -> None:
    """Save in which calendar a person reads dates; an empty one follows the language."""
    if calendar and calendar not in i18n.CALENDARS:
        raise Invalid(_("Choose one of the calendars in the list."), field="calendar")
    person = _lock(person_id)
    person.calendar = calendar
    db.session.flush()


def accept_terms(person_id: str) -> None:
    """Record that a person has accepted the terms in force, in the language in force."""
    person = _lock(person_id)
    row = {
        "person_id": person_id,
        "version": TERMS_VERSION,
        "language": i18n.language(),
        "accepted_at": clock.now(),
    }
    insert_ignore(TermsAcceptance.__table__, [row])
    person.terms_version = TERMS_VERSION
    db.session.flush()


def set_verification(
    person_id: str,
    status: str,
    *,
    level: str,
    actor: str,
    reason: str = "",
    expires_on: date | None = None,
) -> None:
    """Set the status of a person's verification; only this function writes it (for compliance).

    `level` is the level from now on. The person reads `reason` when the status is rejected.
    """
    person = _lock(person_id)
    person.kyc_level, person.kyc_expires_on = level, expires_on
    person.kyc_reason = reason[:500] if status == "rejected" else ""
    _set_status(person, status, actor=actor, reason=reason)


def set_kyc_level(person_id: str, level: str, *, actor: str) -> None:
    """Set the level of verification without a review, for tests. Raises Invalid if unknown."""
    if level not in rules.KYC_LEVELS:
        raise Invalid(f"There is no level {level!r}.")
    status = "none" if level == "none" else "verified"
    set_verification(person_id, status, level=level, actor=actor, reason=f"level {level}")


def _lock(person_id: str) -> User:
    return locked(User, person_id, NotFound(_("There is no such person.")))


def _set_status(person: User, status: str, *, actor: str, reason: str = "") -> None:
    pages = (("person", person.id), ("queue", "people"))
    move(person, status, person_event, actor=actor, reason=reason, pages=pages, field="kyc_status")
