"""People: opened, kept, given roles, verified."""

from collections.abc import Iterable
from datetime import date

import phonenumbers
import sqlalchemy as sa

from ... import clock, live, outbox
from ...db import db, insert_ignore, new_id, record_event
from ...errors import Conflict, Forbidden, Invalid, NotFound
from .. import rules
from ..models import SignInMethod, User, UserRole, person_event


def ensure_user(email: str, name: str = "", *, roles: Iterable[str] = (), phone: str = "") -> str:
    """Return the id of the person with an address, made if new; roles are added, never removed.

    Only for addresses that are known to be theirs: by a code, by an operator, by the demo story.
    """
    address = rules.normal_email(email)
    person_id = person_with("email", address) or open_account(
        "email", address, email=address, name=name, phone=phone
    )
    for role in roles:
        give_role(person_id, role, actor="system")
    return person_id


def person_with(kind: str, value: str) -> str | None:
    """Return the id of the person who signs in by a method (in its normal form), or None."""
    query = sa.select(SignInMethod.person_id).where(SignInMethod.kind == kind, SignInMethod.value == value)
    return db.session.scalar(query)


def open_account(
    kind: str, value: str, *, email: str | None = None, name: str = "", phone: str = "", label: str = ""
) -> str:
    """Open an account whose first way in is a verified method; return the person's id.

    `email` and `phone` are kept as the person's own, so pass verified ones only (or what an operator
    says). Two who come at once get the same account.
    """
    first, _, last = name.partition(" ")
    person_id, now = new_id(), clock.now()
    row = {
        "id": person_id, "email": email, "first_name": first[:80], "last_name": last[:80], "phone": phone,
        "kyc_level": "none", "kyc_status": "none", "kyc_reason": "", "created_at": now, "language": "",
        "referral_code": rules.new_referral_code(),
    }  # fmt: skip
    for _ in range(5):
        if insert_ignore(User.__table__, [row]):
            break
        if found := person_with(kind, value):
            return found
        row["referral_code"] = rules.new_referral_code()  # one in 10^11 is taken
    else:
        raise Conflict("This address belongs to another account. Sign in with it, then add this way.")
    method = {"id": new_id(), "person_id": person_id, "kind": kind, "value": value, "label": label[:120],
              "added_at": now}  # fmt: skip
    if not insert_ignore(SignInMethod.__table__, [method]):
        db.session.execute(sa.delete(User.__table__).where(User.id == person_id))  # somebody was quicker
        return str(person_with(kind, value))
    return person_id


def give_role(person_id: str, role: str, *, actor: str) -> None:
    """Give a staff role to a person; a second time does nothing."""
    if role not in rules.STAFF_ROLES:
        raise Invalid(f"There is no role {role!r}.")
    row = {"person_id": person_id, "role": role, "given_by": actor, "given_at": clock.now()}
    if insert_ignore(UserRole.__table__, [row]):
        record_event(person_event, person_id, actor=actor, before=None, after=f"role:{role}")


def save_profile(person_id: str, *, first_name: str, last_name: str, phone: str) -> None:
    """Keep name and phone (E.164); a change of what was verified is verified again (rules.md, KYC)."""
    first, last = first_name.strip(), last_name.strip()
    for text, label, field in ((first, "first name", "first_name"), (last, "last name", "last_name")):
        if not text or len(text) > 80 or any(mark in text for mark in "<>\n\r\0"):
            raise Invalid(f"Enter your {label}, as in your passport.", field=field)
    number = normal_phone(phone)
    person = _lock(person_id)
    before = (person.first_name, person.last_name, person.phone)
    if before == (first, last, number):
        return
    person.first_name, person.last_name, person.phone = first, last, number
    db.session.flush()
    if person.kyc_status == "verified":  # what was verified is no longer what stands here
        set_verification(person_id, "pending", level="none", actor=person_id, reason="profile changed")
    outbox.emit("person.changed", f"{person_id}:{clock.now().timestamp()}", {"person_id": person_id})


def normal_phone(text: str) -> str:
    """Return a phone number in E.164; raises Invalid."""
    sentence = "Enter a phone number with its country code, like +251 91 123 4567."
    if not text.isascii():
        raise Invalid(sentence, field="phone")
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as error:
        raise Invalid(sentence, field="phone") from error
    if not phonenumbers.is_valid_number(number):
        raise Invalid(sentence, field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def verify(person_id: str, *, actor: str, approve: bool, reason: str = "") -> None:
    """Approve or reject a person's verification; the reviewer is somebody else (rules.md, KYC)."""
    if actor == person_id:
        raise Forbidden("You cannot review yourself. Ask a colleague; nothing was changed.")
    person = _lock(person_id)
    if person.kyc_status != "pending":
        raise Conflict("Somebody decided this already. Reload the page to see how.")
    if not approve and not reason.strip():
        raise Invalid("Say why, so that the person can put it right.", field="reason")
    person.kyc_level = "basic" if approve else "none"
    person.kyc_reason = "" if approve else reason.strip()[:500]
    _set_status(person, "verified" if approve else "rejected", actor=actor, reason=reason)
    outbox.emit("person.reviewed", f"{person_id}:{clock.now().timestamp()}", {"person_id": person_id})


def set_verification(
    person_id: str, status: str, *, level: str, actor: str, reason: str = "", expires_on: date | None = None
) -> None:
    """Write where a person's verification stands: the one writer of it, for compliance.

    `level` is what counts from now on; `reason` is read by the person when the status is rejected.
    """
    person = _lock(person_id)
    person.kyc_level, person.kyc_expires_on = level, expires_on
    person.kyc_reason = reason[:500] if status == "rejected" else ""
    _set_status(person, status, actor=actor, reason=reason)


def set_kyc_level(person_id: str, level: str, *, actor: str) -> None:
    """Set the verification level without a review (demo story, tests, admin command)."""
    if level not in rules.KYC_LEVELS:
        raise Invalid(f"There is no level {level!r}.")
    status = "none" if level == "none" else "verified"
    set_verification(person_id, status, level=level, actor=actor, reason=f"level {level}")


def _lock(person_id: str) -> User:
    person = db.session.get(User, person_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _set_status(person: User, status: str, *, actor: str, reason: str = "") -> None:
    before, person.kyc_status = person.kyc_status, status
    db.session.flush()
    record_event(person_event, person.id, actor=actor, before=before, after=status, reason=reason[:1000])
    live.changed("person", person.id)
    live.changed("queue", "people")
