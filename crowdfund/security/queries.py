"""Reads about second factors, protected changes and the security history."""

import json

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_all, read_first
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.security.models import Passkey, RecoveryCode, SecurityEvent, SensitiveChange, Totp
from crowdfund.security.rows import AppRow, Change, PasskeyRow, PublicKeyRow, SecurityEventRow
from crowdfund.security.rules import Channel

_T, _P, _R = Totp.__table__, Passkey.__table__, RecoveryCode.__table__
_C, _E = SensitiveChange.__table__, SecurityEvent.__table__
_CHANGES = sa.select(*columns(Change, _C))


def factors(person_id: str) -> tuple[str, ...]:
    """Return which second factors a person has: totp, passkey, both or none."""
    has_app = db.session.scalar(sa.select(sa.literal(1)).where(_T.c.person_id == person_id))
    has_key = db.session.scalar(
        sa.select(sa.literal(1)).where(_P.c.person_id == person_id).limit(1)
    )
    return tuple(name for name, has in (("totp", has_app), ("passkey", has_key)) if has)


def app(person_id: str) -> AppRow | None:
    """Return a person's authenticator app, or None."""
    return read_first(AppRow, sa.select(*columns(AppRow, _T)).where(_T.c.person_id == person_id))


def passkeys(person_id: str) -> list[PasskeyRow]:
    """Return a person's passkeys, oldest first."""
    query = sa.select(*columns(PasskeyRow, _P)).where(_P.c.person_id == person_id)
    return read_all(PasskeyRow, query.order_by(_P.c.id))


def public_key(credential_hash: str) -> PublicKeyRow | None:
    """Return the key of a passkey by the SHA-256 of its credential id, or None."""
    query = sa.select(*columns(PublicKeyRow, _P)).where(_P.c.credential_hash == credential_hash)
    return read_first(PublicKeyRow, query)


def recovery_codes_left(person_id: str) -> int | None:
    """Return how many recovery codes are unused; None if there were never any."""
    query = sa.select(sa.func.count(), sa.func.count(_R.c.used_at)).where(
        _R.c.person_id == person_id
    )
    made, used = db.session.execute(query).one()
    return made - used if made else None


def change(change_id: str) -> Change | None:
    """Return a change by its id."""
    return read_first(Change, _CHANGES.where(_C.c.id == change_id))


def change_of(change_id: str, person_id: str) -> Change:
    """Return a person's own change; raises NotFound for anyone else's."""
    found = change(change_id)
    if found is None or found.person_id != person_id:
        raise NotFound(_("There is no such change."))
    return found


def changes_of(
    person_id: str, *, kind: str = "", held_only: bool = False, most: int = 20
) -> list[Change]:
    """Return a person's changes, newest first."""
    query = _CHANGES.where(_C.c.person_id == person_id)
    if kind:
        query = query.where(_C.c.kind == kind)
    if held_only:
        query = query.where(_C.c.status == "held")
    newest_first = query.order_by(_C.c.requested_at.desc(), _C.c.id.desc())
    return read_all(Change, newest_first.limit(most))


def change_channels(change_id: str) -> list[Channel]:
    """Return every address that is notified of a change: those of before and the new one."""
    query = sa.select(_C.c.person_id, _C.c.sealed_channels).where(_C.c.id == change_id)
    row = db.session.execute(query).first()
    if row is None:
        return []
    text = sealing.unseal("change channels", row.person_id, row.sealed_channels)
    return [Channel(*pair) for pair in json.loads(text)]


def security_events(person_id: str, *, most: int = 20) -> list[SecurityEventRow]:
    """Return what happened to a person's sign-in methods and second factors, newest first."""
    query = sa.select(*columns(SecurityEventRow, _E)).where(_E.c.person_id == person_id)
    return read_all(SecurityEventRow, query.order_by(_E.c.at.desc(), _E.c.id.desc()).limit(most))
