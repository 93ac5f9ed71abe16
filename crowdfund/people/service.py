"""People: opened, stored, given roles, verified."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from crowdfund.kernel import clock, fields, i18n, outbox
from crowdfund.kernel.db import db, insert_ignore, locked, new_id, record_event
from crowdfund.kernel.errors import Conflict, Invalid, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move
from crowdfund.people import rules
from crowdfund.people.events import PersonChanged
from crowdfund.people.models import SignInMethod, User, UserRole, person_event


def ensure_user(email: str, name: str = "", *, roles: Iterable[str] = (), phone: str = "") -> str:
    """Return the id of the person with an address, made if new; roles are added, never removed.

    Only for addresses that are known to be theirs: by a code, by an operator, by the demo story.
    """
    address = fields.normal_email(email)
    person_id = person_with("email", address) or open_account(
        "email", address, email=address, name=name, phone=phone
    )
    for role in roles:
        give_role(person_id, role, actor="system")
    return person_id


def person_with(kind: str, value: str) -> str | None:
    """Return the id of the person who signs in by a method (in its normal form), or None."""
    query = sa.select(SignInMethod.person_id).where(
        SignInMethod.kind == kind, SignInMethod.value == value
    )
    return db.session.scalar(query)


def open_account(  # noqa: PLR0913 - what is known of a newcomer
    kind: str,
    value: str,
    *,
    email: str | None = None,
    name: str = "",
    phone: str = "",
    label: str = "",
    sponsor_id: str | None = None,
) -> str:
    """Open an account whose first sign-in method is a verified method; return the person's id.

    `email` and `phone` are stored as the person's own, so pass verified ones only (or what an operator
    says). The sponsor (`invitations.sponsor_of`) is set here or never. Two who come at once get the
    same account.
    """
    first, _blank, last = name.partition(" ")
    person_id, now = new_id(), clock.now()
    row = {
        "id": person_id, "email": email, "first_name": first[:80], "last_name": last[:80], "phone": phone,
        "kyc_level": "none", "kyc_status": "none", "kyc_reason": "", "created_at": now, "language": "",
        "referral_code": rules.new_referral_code(), "sponsor_id": sponsor_id,
    }  # fmt: skip
    for _try in range(5):
        if insert_ignore(User.__table__, [row]):
            break
        if found := person_with(kind, value):
            return found
        row["referral_code"] = rules.new_referral_code()  # one in 10^11 is taken
    else:
        raise Conflict(
            _(
                "This address belongs to another account. Sign in there, then add this sign-in method."
            )
        )
    method = {"id": new_id(), "person_id": person_id, "kind": kind, "value": value, "label": label[:120],
              "added_at": now}  # fmt: skip
    if not insert_ignore(SignInMethod.__table__, [method]):
        # someone was quicker
        db.session.execute(sa.delete(User.__table__).where(User.id == person_id))
        return str(person_with(kind, value))
    return person_id


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
    """Keep name and, if given, phone (E.164); what was verified and changes is verified again.

    A number given here is what the person enters: it opens no account and gets no messages until a
    code has proved it (`methods.attach`).
    """
    first, last = rules.check_names(first_name, last_name)
    number = None if phone is None else fields.normal_phone(phone)
    person = _lock(person_id)
    before = (person.first_name, person.last_name, person.phone)
    person.first_name, person.last_name = first, last
    person.phone = person.phone if number is None else number
    if before != (person.first_name, person.last_name, person.phone):
        db.session.flush()
        facts_changed(person_id)


def facts_changed(person_id: str) -> None:
    """Have a person verified again whose name or number is not what was verified (rules.md, KYC)."""
    person = _lock(person_id)
    if person.kyc_status == "verified":  # what was verified is no longer what stands here
        set_verification(
            person_id, "pending", level="none", actor=person_id, reason="profile changed"
        )
    outbox.emit(PersonChanged(key=f"{person_id}:{clock.now().timestamp()}", person_id=person_id))


def choose_language(person_id: str, language: str) -> None:
    """Keep the language in which pages and messages speak to a person; empty: same as the browser."""
    if language and language not in i18n.LANGUAGES:
        raise Invalid(_("Choose one of the languages in the list."), field="language")
    person = _lock(person_id)
    person.language = language
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
    """Write the status of a person's verification: the one writer of it, for compliance.

    `level` is what counts from now on; `reason` is read by the person when the status is rejected.
    """
    person = _lock(person_id)
    person.kyc_level, person.kyc_expires_on = level, expires_on
    person.kyc_reason = reason[:500] if status == "rejected" else ""
    _set_status(person, status, actor=actor, reason=reason)


def set_kyc_level(person_id: str, level: str, *, actor: str) -> None:
    """Set the verification level without a review, for tests; raises Invalid for an unknown level."""
    if level not in rules.KYC_LEVELS:
        raise Invalid(f"There is no level {level!r}.")
    status = "none" if level == "none" else "verified"
    set_verification(person_id, status, level=level, actor=actor, reason=f"level {level}")


def _lock(person_id: str) -> User:
    return locked(User, person_id, NotFound("There is no such person."))


def _set_status(person: User, status: str, *, actor: str, reason: str = "") -> None:
    pages = (("person", person.id), ("queue", "people"))
    move(person, status, person_event, actor=actor, reason=reason, pages=pages, field="kyc_status")
