"""Codes by e-mail and SMS: request one, prove an address with it, sign in with it."""

from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import sms
from crowdfund.kernel import clock, config, i18n, keys, outbox
from crowdfund.kernel.db import db, new_id, rows_changed
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import contacts
from crowdfund.kernel.i18n import _
from crowdfund.people import invitations
from crowdfund.people.models import SignInMethod
from crowdfund.people.rules import Newcomer
from crowdfund.people.service import open_account, person_with, refuse_closed
from crowdfund.sign_in import queries
from crowdfund.sign_in.events import CodeRequested
from crowdfund.sign_in.models import Otp
from crowdfund.sign_in.rows import OtpRow
from crowdfund.sign_in.rules import codes
from crowdfund.sign_in.rules import limits as limits_rules
from crowdfund.sign_in.service import limits

_O = Otp.__table__


def request_code(typed: str, *, ip: str, device: str = "", person_id: str | None = None) -> str:
    """Request a code for an e-mail address or a mobile number; return the request's id.

    At most 5 a minute for an identifier and for a device, which is a browser's secret, hashed; a
    client without one is known by its address (rules.md, Sign-in code). Nothing here depends on
    whether the identifier has an account. With `person_id` the code is for an address that this
    person adds. Raises Invalid, TooManyCodes, Unavailable.
    """
    kind, value = contacts.identifier(typed)
    if kind == "phone" and not sms.is_offered():
        text = _("We cannot send codes to mobiles here yet. Enter your e-mail address instead.")
        raise Invalid(text, field="identifier")
    if kind == "phone" and not sms.reaches(value):
        text = _("We cannot send SMS to this number. Enter your e-mail address instead.")
        raise Invalid(text, field="identifier")
    otp_id, now = new_id(), clock.now()
    address = limits_rules.address(ip)
    row = {
        "id": otp_id,
        "kind": kind,
        "identifier": value,
        "person_id": person_id,
        "attempts": 0,
        "language": i18n.language(),
        "ip": address,
        "network": limits_rules.network(ip),
        "device": device or address,
        "created_at": now,
        "expires_at": now + codes.CODE_LIFETIME,
    }
    _insert_within_limits(row, limits.Subjects(value, ip, device or address))
    outbox.emit(CodeRequested(key=otp_id, otp_id=otp_id))
    return otp_id


def _insert_within_limits(row: dict[str, Any], subjects: limits.Subjects) -> None:
    """Insert a request first, then count: concurrent requests see each other."""
    with limits.counting() as connection:
        is_spent = limits.is_spent(connection, subjects)
        digits = codes.LONG_CODE_DIGITS if is_spent else codes.CODE_DIGITS
        connection.execute(sa.insert(_O).values(digits=digits, **row))
    with limits.counting() as connection:
        refusal = _refusal(connection, row)
        if refusal is None:
            return
        connection.execute(sa.delete(_O).where(_O.c.id == row["id"]))
    raise refusal


def _refusal(connection: sa.Connection, row: dict[str, Any]) -> codes.TooManyCodes | None:
    """Return why a request is one too many, or None."""
    is_sms = row["kind"] == "phone"
    of_number = limits_rules.SMS_TO_ONE_NUMBER if is_sms else ()
    for limit in (*limits_rules.SENDS, *of_number):
        if _is_over(connection, limit, row):
            return codes.TooManyCodes(codes.wait(limit.window))
    most = config.settings().sms_most_an_hour
    if is_sms and _is_over(connection, limits_rules.Limit("kind", limits_rules.HOUR, most), row):
        text = _(
            "We have paused codes by SMS because too many were requested. Use your e-mail "
            "address, or try again in an hour."
        )
        return codes.TooManyCodes(text)
    return None


def _is_over(connection: sa.Connection, limit: limits_rules.Limit, row: dict[str, Any]) -> bool:
    now = row["created_at"]
    recent = sa.and_(
        *(_O.c[name] == row[name] for name in limit.scope.split("+")),
        _O.c.created_at > now - limit.window,
        _O.c.created_at <= now + clock.CLOCKS_DIFFER,
    )
    return (connection.scalar(sa.select(sa.func.count()).where(recent)) or 0) > limit.most


def sign_in(otp_id: str, typed: str, *, ip: str, referral: str = "") -> str:
    """Exchange a code for the person's id; the first sign-in opens the account.

    `referral` is used only then (rules.md, People). Raises WrongCode, GuessedTooOften,
    Unavailable; Forbidden for a closed account.
    """
    otp = prove(otp_id, typed, ip=ip)
    person_id = person_with(otp.kind, otp.identifier)
    if person_id is None:
        newcomer = Newcomer(
            email=otp.identifier if otp.kind == "email" else None,
            phone=otp.identifier if otp.kind == "phone" else "",
            sponsor_id=invitations.sponsor_of(referral),
        )
        return open_account(otp.kind, otp.identifier, newcomer)
    refuse_closed(person_id)
    method = sa.and_(SignInMethod.kind == otp.kind, SignInMethod.value == otp.identifier)
    db.session.execute(sa.update(SignInMethod).where(method).values(used_at=clock.now()))
    return person_id


def prove(otp_id: str, typed: str, *, ip: str, person_id: str | None = None) -> OtpRow:
    """Use up a code and return its request, whose address is proved by it.

    An attempt is counted before it is checked, in a transaction of its own: a refusal rolls back
    the request's. Must come first in its transaction. Raises WrongCode, GuessedTooOften,
    Unavailable.
    """
    with limits.counting() as connection:
        otp = _count_try(connection, otp_id, person_id)
        is_short = otp.digits < codes.LONG_CODE_DIGITS
        device = otp.device or limits_rules.address(ip)
        subjects = limits.Subjects(otp.identifier, ip, device)
        taken = limits.take(connection, subjects) if is_short else []
    # A code that was sent before a key rotation is valid until it expires.
    if not any(codes.code_matches(secret, otp_id, typed, otp.digits) for secret in keys.in_force()):
        if otp.attempts >= codes.MAX_WRONG_TRIES:
            raise codes.CodeIsOver(attempts=otp.attempts, is_used=False)
        raise codes.WrongCode(codes.MAX_WRONG_TRIES - otp.attempts)
    used = sa.update(_O).where(_O.c.id == otp_id, _O.c.used_at.is_(None))
    if rows_changed(used.values(used_at=clock.now())) != 1:
        raise codes.WrongCode
    limits.give_back(taken)
    return otp


def _count_try(connection: sa.Connection, otp_id: str, person_id: str | None) -> OtpRow:
    is_theirs = _O.c.person_id == person_id if person_id else _O.c.person_id.is_(None)
    is_it = sa.and_(_O.c.id == otp_id, is_theirs)
    is_usable = sa.and_(
        is_it,
        _O.c.used_at.is_(None),
        _O.c.expires_at > clock.now(),
        _O.c.attempts < codes.MAX_WRONG_TRIES,
    )
    counted = connection.execute(sa.update(_O).where(is_usable).values(attempts=_O.c.attempts + 1))
    if counted.rowcount != 1:
        over = connection.execute(sa.select(_O.c.attempts, _O.c.used_at).where(is_it)).first()
        if over is None:
            raise codes.WrongCode
        raise codes.CodeIsOver(attempts=over.attempts, is_used=over.used_at is not None)
    return OtpRow(*connection.execute(queries.OTPS.where(_O.c.id == otp_id)).one())
