"""Reads about second factors, protected changes and the security history."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.security.models import Passkey, RecoveryCode, SecurityEvent, SensitiveChange, Totp
from crowdfund.security.rules import Channel

_T, _P, _R = Totp.__table__, Passkey.__table__, RecoveryCode.__table__


def factors(person_id: str) -> tuple[str, ...]:
    """Return which second factors a person has: totp, passkey, both or none."""
    has_app = db.session.scalar(sa.select(sa.literal(1)).where(_T.c.person_id == person_id))
    has_key = db.session.scalar(
        sa.select(sa.literal(1)).where(_P.c.person_id == person_id).limit(1)
    )
    return tuple(name for name, has in (("totp", has_app), ("passkey", has_key)) if has)


def app(person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return when the authenticator app was added and last used, or None."""
    return db.session.execute(
        sa.select(_T.c.added_at, _T.c.used_at).where(_T.c.person_id == person_id)
    ).first()


def passkeys(person_id: str) -> list[Any]:
    """Return a person's passkeys (id, name, credential_id, transports, added_at, used_at), oldest first."""
    columns = (_P.c.id, _P.c.name, _P.c.credential_id, _P.c.transports, _P.c.added_at, _P.c.used_at)
    return list(
        db.session.execute(sa.select(*columns).where(_P.c.person_id == person_id).order_by(_P.c.id))
    )


def recovery_codes_left(person_id: str) -> int | None:
    """Return how many recovery codes are unused; None if there were never any."""
    query = sa.select(sa.func.count(), sa.func.count(_R.c.used_at)).where(
        _R.c.person_id == person_id
    )
    made, used = db.session.execute(query).one()
    return made - used if made else None


_C, _E = SensitiveChange.__table__, SecurityEvent.__table__
_SHOWN = (
    _C.c.id, _C.c.person_id, _C.c.kind, _C.c.status, _C.c.removes, _C.c.shown, _C.c.reason,
    _C.c.requested_at, _C.c.apply_at, _C.c.decided_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A sensitive change as pages show it: no full number or address in it."""

    id: str
    person_id: str
    kind: str
    status: str
    removes: bool
    shown: str
    reason: str
    requested_at: datetime
    apply_at: datetime
    decided_at: datetime | None


def change(change_id: str) -> Change | None:
    """Return a change by its id."""
    row = db.session.execute(sa.select(*_SHOWN).where(_C.c.id == change_id)).first()
    return Change(**row._mapping) if row else None


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
    query = sa.select(*_SHOWN).where(_C.c.person_id == person_id)
    if kind:
        query = query.where(_C.c.kind == kind)
    if held_only:
        query = query.where(_C.c.status == "held")
    query = query.order_by(_C.c.requested_at.desc(), _C.c.id.desc()).limit(most)
    return [Change(**row._mapping) for row in db.session.execute(query)]


def change_channels(change_id: str) -> list[Channel]:
    """Return every address that is notified of a change: those of before and the new one."""
    query = sa.select(_C.c.person_id, _C.c.sealed_channels).where(_C.c.id == change_id)
    row = db.session.execute(query).first()
    if row is None:
        return []
    text = sealing.unseal("change channels", row.person_id, row.sealed_channels)
    return [Channel(*pair) for pair in json.loads(text)]


def security_events(person_id: str, *, most: int = 20) -> list[Any]:
    """Return what happened to a person's sign-in methods (at, actor, what, detail), newest first."""
    query = sa.select(_E).where(_E.c.person_id == person_id)
    return list(db.session.execute(query.order_by(_E.c.at.desc(), _E.c.id.desc()).limit(most)))
