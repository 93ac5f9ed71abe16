"""Verbs about people: ask for a code, sign in, keep the profile, verify."""

from collections.abc import Iterable

import phonenumbers
import sqlalchemy as sa

from .. import clock, config, live, outbox
from ..db import db, insert_ignore, new_id, own_transaction, record_event, rows_changed
from ..errors import Conflict, Forbidden, Invalid, NotFound
from . import rules
from .models import Otp, User, UserRole, person_event

_O = Otp.__table__


def request_code(email: str, *, ip: str) -> str:
    """Ask for a sign-in code by e-mail and return the request's id.

    At most 5 a minute for an address and for an IP (rules.md); the answer is the same whether
    the person exists. Raises Invalid, TooManyCodes.
    """
    otp_id, address = new_id(), rules.normal_email(email)
    _take_turn(otp_id, address, ip[:45])
    outbox.emit("otp.requested", otp_id, {"otp_id": otp_id})
    return otp_id


def _take_turn(otp_id: str, address: str, ip: str) -> None:
    """Store a request and then count: of those that come at once, none overlooks the others."""
    now = clock.now()
    row = {"id": otp_id, "identifier": address, "ip": ip, "attempts": 0, "created_at": now,
           "expires_at": now + rules.CODE_LIFETIME}  # fmt: skip
    with own_transaction() as connection:
        connection.execute(sa.insert(_O).values(row))
    with own_transaction() as connection:
        for same in (_O.c.identifier == address, _O.c.ip == ip):
            recent = sa.select(sa.func.count()).where(same, _O.c.created_at > now - rules.SEND_WINDOW)
            if (connection.scalar(recent) or 0) > rules.MAX_SENDS:
                connection.execute(sa.delete(_O).where(_O.c.id == otp_id))
                break
        else:
            return
    raise rules.TooManyCodes(
        "Too many codes were asked for. Wait a minute, then use the newest e-mail or try again."
    )


def sign_in(otp_id: str, typed: str) -> str:
    """Exchange a code for the person's id; the first sign-in creates the person.

    A try is counted before it is judged, in a transaction of its own: a refusal rolls back the
    request's. Raises WrongCode.
    """
    alive = sa.and_(
        _O.c.id == otp_id,
        _O.c.used_at.is_(None),
        _O.c.expires_at > clock.now(),
        _O.c.attempts < rules.MAX_WRONG_TRIES,
    )
    with own_transaction() as connection:
        counted = connection.execute(sa.update(_O).where(alive).values(attempts=_O.c.attempts + 1))
    if counted.rowcount != 1 or not rules.code_matches(config.settings().secret_key, otp_id, typed):
        raise rules.WrongCode
    used = sa.update(_O).where(_O.c.id == otp_id, _O.c.used_at.is_(None)).values(used_at=clock.now())
    if rows_changed(used) != 1:
        raise rules.WrongCode
    identifier = db.session.scalar(sa.select(_O.c.identifier).where(_O.c.id == otp_id))
    return ensure_user(str(identifier))


def ensure_user(email: str, name: str = "", *, roles: Iterable[str] = (), phone: str = "") -> str:
    """Return the id of the person with an address, made if new; roles are added, never removed."""
    address = rules.normal_email(email)
    first, _, last = name.partition(" ")
    row = {
        "id": new_id(), "email": address, "first_name": first, "last_name": last, "phone": phone,
        "kyc_level": "none", "kyc_status": "none", "kyc_reason": "", "created_at": clock.now(),
    }  # fmt: skip
    insert_ignore(User.__table__, [row])
    person_id = str(db.session.scalar(sa.select(User.id).where(User.email == address)))
    for role in roles:
        give_role(person_id, role, actor="system")
    return person_id


def give_role(person_id: str, role: str, *, actor: str) -> None:
    """Give a staff role to a person; a second time does nothing."""
    if role not in rules.STAFF_ROLES:
        raise Invalid(f"There is no role {role!r}.")
    row = {"person_id": person_id, "role": role, "given_by": actor, "given_at": clock.now()}
    if insert_ignore(UserRole.__table__, [row]):
        record_event(person_event, person_id, actor=actor, before=None, after=f"role:{role}")


def save_profile(person_id: str, *, first_name: str, last_name: str, phone: str) -> None:
    """Keep name and phone (E.164) and ask for verification when something verified has changed."""
    first, last = first_name.strip(), last_name.strip()
    for text, label, field in ((first, "first name", "first_name"), (last, "last name", "last_name")):
        if not text or len(text) > 80 or any(mark in text for mark in "<>\n\r\0"):
            raise Invalid(f"Enter your {label}, as in your passport.", field=field)
    number = normal_phone(phone)
    person = _lock(person_id)
    same = (person.first_name, person.last_name, person.phone) == (first, last, number)
    if same and person.kyc_status in ("pending", "verified"):
        return
    person.first_name, person.last_name, person.phone = first, last, number
    person.kyc_level = "none"
    _set_status(person, "pending", actor=person_id)


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


def set_kyc_level(person_id: str, level: str, *, actor: str) -> None:
    """Set the verification level without a review (demo story, tests, admin command)."""
    if level not in rules.KYC_LEVELS:
        raise Invalid(f"There is no level {level!r}.")
    person = _lock(person_id)
    person.kyc_level = level
    _set_status(person, "none" if level == "none" else "verified", actor=actor, reason=f"level {level}")


def _lock(person_id: str) -> User:
    person = db.session.get(User, person_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _set_status(person: User, status: str, *, actor: str, reason: str = "") -> None:
    before, person.kyc_status = person.kyc_status, status
    if status == "pending":
        person.kyc_reason = ""
    db.session.flush()
    record_event(person_event, person.id, actor=actor, before=before, after=status, reason=reason[:1000])
    live.changed("person", person.id)
    live.changed("queue", "people")
