"""Codes by e-mail and SMS: ask for one, prove an address by it, sign in by it."""

from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import sms
from crowdfund.kernel import clock, config, fields, i18n, outbox
from crowdfund.kernel.db import db, new_id, rows_changed
from crowdfund.kernel.errors import Forbidden, Invalid
from crowdfund.kernel.i18n import _
from crowdfund.people import invitations
from crowdfund.people.models import SignInMethod, User
from crowdfund.people.service import choose_language, open_account, person_with
from crowdfund.sign_in.events import CodeRequested
from crowdfund.sign_in.models import Otp
from crowdfund.sign_in.rules import codes
from crowdfund.sign_in.rules import limits as limits_rules
from crowdfund.sign_in.service import limits

_O = Otp.__table__


def request_code(typed: str, *, ip: str, person_id: str | None = None) -> str:
    """Ask for a code to an e-mail address or a mobile number and return the request's id.

    At most 5 a minute for an identifier and for an IP (rules.md, Sign-in code). Nothing here depends on
    whether someone has the identifier. With a person, the code proves an address that is being added.
    Raises Invalid, TooManyCodes, Unavailable.
    """
    kind, value = fields.identifier(typed)
    if kind == "phone" and not sms.is_offered():
        text = _("We cannot send codes to mobiles here yet. Enter your e-mail address instead.")
        raise Invalid(text, field="identifier")
    otp_id, subjects = new_id(), limits.Subjects(value, ip)
    now = clock.now()
    row = {
        "id": otp_id, "kind": kind, "identifier": value, "person_id": person_id, "attempts": 0,
        "language": i18n.language(), "ip": limits_rules.address(ip), "network": limits_rules.network(ip),
        "created_at": now, "expires_at": now + codes.CODE_LIFETIME,
    }  # fmt: skip
    _take_turn(row, subjects)
    outbox.emit(CodeRequested(key=otp_id, otp_id=otp_id))
    return otp_id


def _take_turn(row: dict[str, Any], subjects: limits.Subjects) -> None:
    """Store a request and then count: of those that come at once, none overlooks the others."""
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
    found = limits_rules.SENDS + (
        (limits_rules.SMS_TO_ONE_NUMBER,) if row["kind"] == "phone" else ()
    )
    for limit in found:
        if _asked(connection, limit, _O.c[limit.scope] == row[limit.scope], row) > limit.most:
            return codes.TooManyCodes(
                _(
                    "Too many codes were requested. Wait a minute, then use the newest message or try again."
                )
            )
    everybody = limits_rules.Limit(
        "kind", limits_rules.SMS_TO_ONE_NUMBER.window, config.settings().sms_most_an_hour
    )
    if (
        row["kind"] == "phone"
        and _asked(connection, everybody, _O.c.kind == "phone", row) > everybody.most
    ):
        return codes.TooManyCodes(
            _(
                "We have paused codes by SMS because too many were requested. Use your e-mail "
                "address, or try again in an hour."
            )
        )
    return None


def _asked(
    connection: sa.Connection,
    limit: limits_rules.Limit,
    same: sa.ColumnElement[bool],
    row: dict[str, Any],
) -> int:
    now = row["created_at"]
    recent = sa.and_(
        _O.c.created_at > now - limit.window, _O.c.created_at <= now + clock.CLOCKS_DIFFER
    )
    return connection.scalar(sa.select(sa.func.count()).where(same, recent)) or 0


def sign_in(otp_id: str, typed: str, *, ip: str, referral: str = "", language: str = "") -> str:
    """Exchange a code for the person's id; the first sign-in opens the account.

    A referral code and a chosen language count only then (rules.md, People). Raises WrongCode,
    GuessedTooOften, Unavailable; Forbidden for an account that is closed.
    """
    otp = prove(otp_id, typed, ip=ip)
    person_id = person_with(otp.kind, otp.identifier)
    if person_id is None:
        opened = open_account(
            otp.kind, otp.identifier, sponsor_id=invitations.sponsor_of(referral),
            **{otp.kind: otp.identifier},
        )  # fmt: skip
        choose_language(opened, language if language in i18n.LANGUAGES else "")
        return opened
    if db.session.scalar(sa.select(User.disabled_at).where(User.id == person_id)) is not None:
        raise Forbidden(
            _("This account is closed. Write to us if you think that this is a mistake.")
        )
    used = sa.update(SignInMethod).where(
        SignInMethod.kind == otp.kind, SignInMethod.value == otp.identifier
    )
    db.session.execute(used.values(used_at=clock.now()))
    return person_id


def prove(otp_id: str, typed: str, *, ip: str, person_id: str | None = None) -> Any:  # noqa: ANN401 - a row
    """Use up a code and return its request: who typed it reads what goes to that address.

    A try is counted before it is judged, in a transaction of its own: a refusal rolls back the
    request's. Must come first in its transaction. Raises WrongCode, GuessedTooOften, Unavailable.
    """
    with limits.counting() as connection:
        otp = _count_try(connection, otp_id, person_id)
        is_short = otp.digits < codes.LONG_CODE_DIGITS
        taken = limits.take(connection, limits.Subjects(otp.identifier, ip)) if is_short else []
    # a code that was sent before a rotation is good until it expires
    keys = config.settings().secret_keys
    if not any(codes.code_matches(secret, otp_id, typed, otp.digits) for secret in keys):
        if otp.attempts >= codes.MAX_WRONG_TRIES:
            raise codes.CodeIsOver(attempts=otp.attempts, is_used=False)
        raise codes.WrongCode
    used = (
        sa.update(_O).where(_O.c.id == otp_id, _O.c.used_at.is_(None)).values(used_at=clock.now())
    )
    if rows_changed(used) != 1:
        raise codes.WrongCode
    limits.give_back(taken)
    return otp


def _count_try(connection: sa.Connection, otp_id: str, person_id: str | None) -> Any:  # noqa: ANN401 - a row
    asked = sa.and_(
        _O.c.id == otp_id, _O.c.person_id == person_id if person_id else _O.c.person_id.is_(None)
    )
    alive = sa.and_(
        asked,
        _O.c.used_at.is_(None),
        _O.c.expires_at > clock.now(),
        _O.c.attempts < codes.MAX_WRONG_TRIES,
    )
    counted = connection.execute(sa.update(_O).where(alive).values(attempts=_O.c.attempts + 1))
    if counted.rowcount != 1:
        over = connection.execute(sa.select(_O.c.attempts, _O.c.used_at).where(asked)).first()
        if over is None:
            raise codes.WrongCode
        raise codes.CodeIsOver(attempts=over.attempts, is_used=over.used_at is not None)
    return connection.execute(sa.select(_O).where(_O.c.id == otp_id)).one()
