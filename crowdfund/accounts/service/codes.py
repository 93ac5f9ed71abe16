"""Sign-in codes: ask for one, exchange it for the person."""

import sqlalchemy as sa

from ... import clock, config, outbox
from ...db import db, new_id, own_transaction, rows_changed
from .. import rules
from ..models import Otp
from .people import ensure_user

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
