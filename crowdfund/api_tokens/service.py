"""Tokens for programs: issue, refresh with rotation, revoke (rules.md, API)."""

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.api_tokens.models import RefreshToken, TokenFamily
from crowdfund.api_tokens.rules import (
    ACCESS_LIFETIME,
    REFRESH_LIFETIME,
    BadToken,
    Claims,
    read,
    sign,
)
from crowdfund.kernel import clock, config, keys, outbox
from crowdfund.kernel.db import db, new_id, own_transaction, rows_changed
from crowdfund.kernel.lookups import Lookup
from crowdfund.kernel.notices import PersonNotice
from crowdfund.people.models import User

_F, _T, _P = TokenFamily.__table__, RefreshToken.__table__, User.__table__
# Checked at every API call: revoking a family or closing an account takes effect at once.
_ALIVE = Lookup(
    sa.select(_F.c.has_second_factor)
    .join(_P, _P.c.id == _F.c.person_id)
    .where(
        _F.c.id == sa.bindparam("family"),
        _F.c.person_id == sa.bindparam("person"),
        _F.c.revoked_at.is_(None),
        _P.c.disabled_at.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token, its lifetime in seconds, and the next refresh token."""

    access: str
    refresh: str
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of an access token; staff roles count only with a second factor."""

    person_id: str
    family_id: str
    has_second_factor: bool


def issue(person_id: str, *, agent: str = "", has_second_factor: bool = False) -> Tokens:
    """Open a family of tokens for a person who has just proved who they are."""
    family_id, now = new_id(), clock.now()
    row = {
        "id": family_id,
        "person_id": person_id,
        "agent": agent[:200],
        "created_at": now,
        "has_second_factor": has_second_factor,
        "revoked_why": "",
    }
    db.session.execute(sa.insert(_F).values(row))
    return _next(db.session.connection(), Claims(person_id, family_id))


def authenticate(access: str) -> Caller:
    """Return the owner of an access token, read outside any transaction. Raises BadToken."""
    settings = config.settings()
    claims = read(access, secrets=keys.in_force(), issuer=settings.public_url, now=clock.now())
    found = _ALIVE.first(family=claims.family_id, person=claims.person_id)
    if found is None:
        raise BadToken
    return Caller(claims.person_id, claims.family_id, bool(found.has_second_factor))


def refresh(token: str) -> Tokens:
    """Exchange a refresh token for new tokens; that uses it up.

    If it was used before, someone else may have it: its whole family is revoked. Both must survive
    a rollback of the request, so this has a transaction of its own. Raises BadToken.
    """
    now, hashed = clock.now(), _hashed(token)
    with own_transaction() as connection:
        found = connection.execute(_OF_TOKEN, {"hash": hashed}).first()
        if found is None or found.revoked_at or found.disabled_at or found.expires_at <= now:
            raise BadToken
        use = sa.update(_T).where(_T.c.hash == hashed, _T.c.spent_at.is_(None))
        if connection.execute(use.values(spent_at=now)).rowcount == 1:
            return _next(connection, Claims(found.person_id, found.family_id))
        _revoke(connection, _F.c.id == found.family_id, "reused")
        notice = PersonNotice(
            key=f"token:{found.family_id}",
            person_id=found.person_id,
            kind="security.api_token_reused",
            path="/account/sessions",
        )
        outbox.emit_on(connection, notice)
    raise BadToken


def sign_out(token: str) -> None:
    """Revoke the family of a refresh token; an unknown token is ignored."""
    family = sa.select(_T.c.family_id).where(_T.c.hash == _hashed(token)).scalar_subquery()
    rows_changed(_revocation(_F.c.id == family, "signed out"))


def revoke_all(person_id: str, *, why: str = "everywhere") -> int:
    """Revoke every family of a person (closed account, new second factor); return how many."""
    return rows_changed(_revocation(_F.c.person_id == person_id, why))


_OF_TOKEN = (
    sa.select(_T.c.family_id, _T.c.expires_at, _F.c.person_id, _F.c.revoked_at, _P.c.disabled_at)
    .join(_F, _F.c.id == _T.c.family_id)
    .join(_P, _P.c.id == _F.c.person_id)
    .where(_T.c.hash == sa.bindparam("hash"))
)


@outbox.every(3_600, "api_tokens.purge")
def purge() -> int:
    """Delete families whose last refresh token expired a month ago; return how many tokens."""
    before = clock.now() - REFRESH_LIFETIME * 2
    recent = sa.select(_T.c.family_id).where(_T.c.expires_at > before)
    expired = sa.select(_F.c.id).where(_F.c.created_at < before, _F.c.id.not_in(recent))
    families = list(db.session.scalars(expired.limit(1_000)))
    deleted = rows_changed(sa.delete(_T).where(_T.c.family_id.in_(families)))
    rows_changed(sa.delete(_F).where(_F.c.id.in_(families)))
    return deleted


def _next(connection: Connection, claims: Claims) -> Tokens:
    settings, now, token = config.settings(), clock.now(), secrets.token_urlsafe(32)
    row = {
        "hash": _hashed(token),
        "family_id": claims.family_id,
        "issued_at": now,
        "expires_at": now + REFRESH_LIFETIME,
    }
    connection.execute(sa.insert(_T).values(row))
    secret, issuer = settings.secret_key, settings.public_url
    access = sign(claims, secret=secret, issuer=issuer, token_id=new_id(), now=now)
    return Tokens(access, token, int(ACCESS_LIFETIME.total_seconds()))


def _revoke(connection: Connection, which: sa.ColumnElement[bool], why: str) -> None:
    connection.execute(_revocation(which, why))


def _revocation(which: sa.ColumnElement[bool], why: str) -> sa.Update:
    values = {"revoked_at": clock.now(), "revoked_why": why}
    return sa.update(_F).where(which, _F.c.revoked_at.is_(None)).values(values)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
