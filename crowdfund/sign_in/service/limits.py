"""Count attempts in SQL before they are checked; an attempt that cannot be counted is refused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from crowdfund.kernel import clock, config, keys
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
    """The account that is tried, and the IP address and browser that the attempt comes from."""

    identifier: str
    ip: str
    device: str

    def of(self, scope: str) -> str:
        """Return the keyed hash under which a scope counts, so that counters name nobody."""
        return self.hashes(scope)[0]

    def hashes(self, scope: str) -> list[str]:
        """Return a scope's hash under each secret key: attempts before a rotation count too."""
        texts = {
            "identifier": self.identifier,
            "device": self.device,
            "ip": limits.address(self.ip),
            "network": limits.network(self.ip),
            "everybody": "",
        }
        content = f"{scope}:{texts[scope]}".encode()
        return [one[:32] for one in keys.keyed_hashes(content)]


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
    taken = []
    for counter in _counters(subjects):
        key = counter.key()
        counted = {**key, "most": counter.limit.most - _tries_before_rotation(connection, counter)}
        taken.append(key)
        if connection.execute(_COUNT, counted).rowcount == 1:
            continue
        row = {name.removeprefix("b_"): value for name, value in key.items()}
        execute_insert_ignore(connection, _C, [{**row, "tries": 0}])
        if connection.execute(_COUNT, counted).rowcount != 1:
            raise codes.GuessedTooOften
    return taken


def give_back(taken: list[dict[str, object]]) -> None:
    """Uncount a successful attempt, in the caller's transaction: only failures are counted."""
    for key in taken:
        db.session.execute(_GIVE_BACK, key)


def is_spent(connection: Connection, subjects: Subjects) -> bool:
    """Return whether some budget is spent, so that a six-digit code would not be checked."""
    counters = list(_counters(subjects))
    query = sa.select(_C.c.scope, _C.c.window_s, sa.func.sum(_C.c.tries))
    query = query.where(sa.or_(*(one.rows(one.hashes) for one in counters)))
    tries = {
        (scope, window_s): int(total)
        for scope, window_s, total in connection.execute(query.group_by(_C.c.scope, _C.c.window_s))
    }
    for one in counters:
        if tries.get((one.limit.scope, one.window_s), 0) >= one.limit.most:
            log.warning("sign_in.budget_spent", scope=one.limit.scope)
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Counter:
    """The attempts of a subject in the present window of a limit, under each secret key."""

    limit: limits.Limit
    hashes: list[str]
    began_at: datetime

    @property
    def window_s(self) -> int:
        return int(self.limit.window.total_seconds())

    def key(self) -> dict[str, object]:
        """Return the parameters that find the row in which attempts are counted now."""
        return {
            "b_scope": self.limit.scope,
            "b_subject": self.hashes[0],
            "b_window_s": self.window_s,
            "b_began_at": self.began_at,
        }

    def rows(self, hashes: Sequence[str]) -> sa.ColumnElement[bool]:
        """Return the condition on the rows under some of the hashes."""
        return sa.and_(
            _C.c.scope == self.limit.scope,
            _C.c.subject.in_(hashes),
            _C.c.window_s == self.window_s,
            _C.c.began_at == self.began_at,
        )


def _counters(subjects: Subjects) -> Iterator[_Counter]:
    now = clock.now()
    for limit in (*limits.TRIES, *limits.for_everybody(config.settings().sign_in_failures_a_day)):
        yield _Counter(limit, subjects.hashes(limit.scope), limit.begin(now))


def _tries_before_rotation(connection: Connection, counter: _Counter) -> int:
    former = counter.hashes[1:]
    if not former:
        return 0
    query = sa.select(sa.func.coalesce(sa.func.sum(_C.c.tries), 0)).where(counter.rows(former))
    return int(connection.execute(query).scalar_one())


def purge() -> None:
    """Delete counters and requests for codes that are older than every window."""
    before = clock.now() - RETENTION
    db.session.execute(sa.delete(SignInCounter).where(SignInCounter.began_at < before))
    db.session.execute(sa.delete(Otp).where(Otp.created_at < before))
