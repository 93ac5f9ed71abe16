"""Sign-ins that are under way elsewhere: begun here, and believed at most once."""

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
KEPT = timedelta(days=1)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the browser's secret (hashed), the address, and the person if one is signed in."""

    browser: str
    ip: str
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was begun and is now used up."""

    id: str
    person_id: str | None
    facts: Mapping[str, Any]


def begin(kind: str, facts: Mapping[str, Any], visitor: Visitor, *, attempt_id: str) -> None:
    """Store what the answer must fit, in a transaction of its own; raises TooManyAttempts.

    Stored first and counted then: of those that come at once, none overlooks the others.
    """
    now, ip, network = clock.now(), limits.address(visitor.ip), limits.network(visitor.ip)
    row = {
        "id": attempt_id, "kind": kind, "browser": visitor.browser, "ip": ip, "network": network,
        "person_id": visitor.person_id, "facts": dict(facts), "created_at": now,
        "expires_at": now + rules.ATTEMPT_LIFETIME,
    }  # fmt: skip
    with own_transaction() as connection:
        connection.execute(sa.insert(_A).values(row))
    with own_transaction() as connection:
        for limit, same in zip(
            rules.ATTEMPTS, (_A.c.ip == ip, _A.c.network == network), strict=True
        ):
            window = (
                _A.c.created_at > now - limit.window,
                _A.c.created_at <= now + clock.CLOCKS_DIFFER,
            )
            recent = sa.and_(_A.c.network == network, same, *window)
            if (connection.scalar(sa.select(sa.func.count()).where(recent)) or 0) > limit.most:
                connection.execute(sa.delete(_A).where(_A.c.id == attempt_id))
                break
        else:
            return
    raise rules.TooManyAttempts


def use_up(kind: str, attempt_id: str, visitor: Visitor) -> Attempt:
    """Take an attempt before its answer is judged: a refusal must not make it usable again.

    In a transaction of its own. Raises AttemptStale for whatever is not this browser's, this person's,
    fresh and unused.
    """
    if not _ID.fullmatch(attempt_id):
        raise rules.AttemptStale  # none of ours; PostgreSQL would refuse a NUL in it
    mine = sa.and_(
        _A.c.id == attempt_id,
        _A.c.kind == kind,
        _A.c.browser == visitor.browser,
        _A.c.used_at.is_(None),
        _A.c.expires_at > clock.now(),
    )
    with own_transaction() as connection:
        used = connection.execute(sa.update(_A).where(mine).values(used_at=clock.now()))
        if used.rowcount != 1:
            raise rules.AttemptStale
        query = sa.select(_A.c.id, _A.c.person_id, _A.c.facts).where(_A.c.id == attempt_id)
        row = connection.execute(query).one()
    if row.person_id is not None and row.person_id != visitor.person_id:
        # who wanted to add a sign-in method has signed out or changed meanwhile
        raise rules.AttemptStale
    return Attempt(row.id, row.person_id, row.facts)


def new_attempt_id() -> str:
    """Return an id that nobody guesses; it travels through other people's pages."""
    return secrets.token_hex(16)


def purge() -> None:
    """Remove attempts that ended long ago."""
    db.session.execute(
        sa.delete(SignInAttempt).where(SignInAttempt.expires_at < clock.now() - KEPT)
    )
