"""Count attempts in SQL before they are checked; an attempt that cannot be counted is refused."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db, execute_insert_ignore, own_transaction
from crowdfund.kernel.errors import Unavailable
from crowdfund.kernel.i18n import _
from crowdfund.sign_in.models import Otp, SignInCounter
from crowdfund.sign_in.rules import codes, limits

log = structlog.get_logger()
_C = SignInCounter.__table__
RETENTION = timedelta(days=2)  # longer than any window
_KEY = (_C.c.scope, _C.c.subject, _C.c.window_s, _C.c.began_at)
_IS_IT = sa.and_(*(column == sa.bindparam(f"b_{column.name}") for column in _KEY))
_BELOW_LIMIT = sa.update(_C).where(_IS_IT, _C.c.tries < sa.bindparam("most"))
_COUNT = _BELOW_LIMIT.values(tries=_C.c.tries + 1)
_GIVE_BACK = sa.update(_C).where(_IS_IT, _C.c.tries > 0).values(tries=_C.c.tries - 1)


@dataclass(frozen=True, slots=True)
class Subjects:
    """The account that is tried, and the IP address that the attempt comes from."""

    identifier: str
    ip: str

    def of(self, scope: str) -> str:
        """Return the keyed hash under which a scope counts, so that counters name nobody."""
        texts = {
            "identifier": self.identifier,
            "ip": limits.address(self.ip),
            "network": limits.network(self.ip),
            "everybody": "",
        }
        text, secret = f"{scope}:{texts[scope]}", config.settings().secret_key
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


@contextmanager
def counting() -> Iterator[Connection]:
    """Open the transaction in which attempts are counted. Raises Unavailable if SQL fails."""
    try:
        with own_transaction() as connection:
            yield connection
    except sa.exc.SQLAlchemyError as error:
        log.exception("sign_in.cannot_count")
        text = _(
            "We cannot check codes at the moment, so nobody can sign in. Try again in a minute."
        )
        raise Unavailable(text) from error


def take(connection: Connection, subjects: Subjects) -> list[dict[str, object]]:
    """Count one attempt in every scope; return what `give_back` needs.

    Raises GuessedTooOften when a budget is spent: then the whole transaction must be rolled back,
    so that an attempt that is not checked uses up no budget of others.
    """
    if is_spent(connection, subjects):
        raise codes.GuessedTooOften
    keys = []
    for limit, key in _keys(subjects):
        keys.append(key)
        if connection.execute(_COUNT, {**key, "most": limit.most}).rowcount == 1:
            continue
        row = {name.removeprefix("b_"): value for name, value in key.items()}
        execute_insert_ignore(connection, _C, [{**row, "tries": 0}])
        if connection.execute(_COUNT, {**key, "most": limit.most}).rowcount != 1:
            raise codes.GuessedTooOften
    return keys


def give_back(keys: list[dict[str, object]]) -> None:
    """Uncount a successful attempt, in the caller's transaction: only failures are counted."""
    for key in keys:
        db.session.execute(_GIVE_BACK, key)


def is_spent(connection: Connection, subjects: Subjects) -> bool:
    """Return whether some budget is spent, so that a six-digit code would not be checked."""
    spent = [
        sa.and_(
            *(_C.c[name.removeprefix("b_")] == value for name, value in key.items()),
            _C.c.tries >= limit.most,
        )
        for limit, key in _keys(subjects)
    ]
    scope = connection.scalar(sa.select(_C.c.scope).where(sa.or_(*spent)).limit(1))
    if scope is not None:
        log.warning("sign_in.budget_spent", scope=scope)
    return scope is not None


def _keys(subjects: Subjects) -> Iterator[tuple[limits.Limit, dict[str, object]]]:
    now = clock.now()
    for limit in (*limits.TRIES, *limits.for_everybody(config.settings().sign_in_failures_a_day)):
        key: dict[str, object] = {
            "b_scope": limit.scope,
            "b_subject": subjects.of(limit.scope),
            "b_window_s": int(limit.window.total_seconds()),
            "b_began_at": limit.begin(now),
        }
        yield limit, key


def purge() -> None:
    """Delete counters and requests for codes that are older than every window."""
    before = clock.now() - RETENTION
    db.session.execute(sa.delete(SignInCounter).where(SignInCounter.began_at < before))
    db.session.execute(sa.delete(Otp).where(Otp.created_at < before))
