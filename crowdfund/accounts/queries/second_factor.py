"""Reads about a person's second factors."""

from typing import Any

import sqlalchemy as sa

from ...db import db
from ..models.second_factor import Passkey, RecoveryCode, Totp

_T, _P, _R = Totp.__table__, Passkey.__table__, RecoveryCode.__table__


def factors(person_id: str) -> tuple[str, ...]:
    """Return which second factors a person has: totp, passkey, both or none."""
    has_app = db.session.scalar(sa.select(sa.literal(1)).where(_T.c.person_id == person_id))
    has_key = db.session.scalar(sa.select(sa.literal(1)).where(_P.c.person_id == person_id).limit(1))
    return tuple(name for name, has in (("totp", has_app), ("passkey", has_key)) if has)


def app(person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return when the authenticator app was added and last used, or None."""
    return db.session.execute(
        sa.select(_T.c.added_at, _T.c.used_at).where(_T.c.person_id == person_id)
    ).first()


def passkeys(person_id: str) -> list[Any]:
    """Return a person's passkeys (id, name, credential_id, transports, added_at, used_at), oldest first."""
    columns = (_P.c.id, _P.c.name, _P.c.credential_id, _P.c.transports, _P.c.added_at, _P.c.used_at)
    return list(db.session.execute(sa.select(*columns).where(_P.c.person_id == person_id).order_by(_P.c.id)))


def recovery_codes_left(person_id: str) -> int | None:
    """Return how many recovery codes are unused; None if there were never any."""
    query = sa.select(sa.func.count(), sa.func.count(_R.c.used_at)).where(_R.c.person_id == person_id)
    made, used = db.session.execute(query).one()
    return made - used if made else None
