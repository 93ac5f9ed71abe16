"""Sign-ins at a provider, with a wallet or a passkey, each answered at most once."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import db, own_transaction
from crowdfund.sign_in.models import SignInAttempt
from crowdfund.sign_in.rules import attempts as rules
from crowdfund.sign_in.rules import limits

_A = SignInAttempt.__table__
RETENTION = timedelta(days=1)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser's secret (hashed), the IP address, and the person if one is signed in."""

    browser: str
    ip: str
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was started and is now used up."""

    id: str
    person_id: str | None
    facts: Mapping[str, Any]


def begin(kind: str, facts: Mapping[str, Any], visitor: Visitor, *, attempt_id: str) -> None:
    """Store what the answer must match, in a transaction of its own. Raises TooManyAttempts.

    Inserted first, then counted: concurrent attempts see each other.
    """
    now = clock.now()
    row = {
        "id": attempt_id,
        "kind": kind,
        "browser": visitor.browser,
        "ip": limits.address(visitor.ip),
        "network": limits.network(visitor.ip),
        "person_id": visitor.person_id,
        "facts": dict(facts),
        "created_at": now,
        "expires_at": now + rules.ATTEMPT_LIFETIME,
    }
    with own_transaction() as connection:
        connection.execute(sa.insert(_A).values(row))
    with own_transaction() as connection:
        if not any(_is_over(connection, limit, row) for limit in rules.ATTEMPTS):
            return
        connection.execute(sa.delete(_A).where(_A.c.id == attempt_id))
    raise rules.TooManyAttempts


def _is_over(connection: sa.Connection, limit: limits.Limit, row: Mapping[str, Any]) -> bool:
    now = row["created_at"]
    recent = sa.and_(
        _A.c.network == row["network"],  # for its index
        _A.c[limit.scope] == row[limit.scope],
        _A.c.created_at > now - limit.window,
        _A.c.created_at <= now + clock.CLOCKS_DIFFER,
    )
    return (connection.scalar(sa.select(sa.func.count()).where(recent)) or 0) > limit.most


def use_up(kind: str, attempt_id: str, visitor: Visitor) -> Attempt:
    """Use up an attempt before its answer is checked: a refusal must not make it usable again.

    In a transaction of its own. Raises AttemptStale unless it is unused, not expired, and of this
    browser and person.
    """
    if not _ID.fullmatch(attempt_id):
        raise rules.AttemptStale  # PostgreSQL would refuse a NUL in it
    is_usable = sa.and_(
        _A.c.id == attempt_id,
        _A.c.kind == kind,
        _A.c.browser == visitor.browser,
        _A.c.used_at.is_(None),
        _A.c.expires_at > clock.now(),
    )
    with own_transaction() as connection:
        used = connection.execute(sa.update(_A).where(is_usable).values(used_at=clock.now()))
        if used.rowcount != 1:
            raise rules.AttemptStale
        query = sa.select(_A.c.id, _A.c.person_id, _A.c.facts).where(_A.c.id == attempt_id)
        row = connection.execute(query).one()
    if row.person_id is not None and row.person_id != visitor.person_id:
        # The person who wanted to add a sign-in method has signed out in the meantime.
        raise rules.AttemptStale
    return Attempt(row.id, row.person_id, row.facts)


def new_attempt_id() -> str:
    """Return an id that cannot be guessed; it is sent through pages of others."""
    return secrets.token_hex(16)


def purge() -> None:
    """Delete attempts that expired more than a day ago."""
    db.session.execute(sa.delete(_A).where(_A.c.expires_at < clock.now() - RETENTION))
