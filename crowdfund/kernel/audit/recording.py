"""Append to the audit log, in the transaction of what is recorded or in one of its own.

Entries are added when the shell commits: the head's lock is the last one that a transaction
takes, so it is held for a moment and cannot deadlock with another.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.kernel import clock
from crowdfund.kernel.audit.chaining import plain, row_hash
from crowdfund.kernel.audit.models import AuditEntry, AuditHead
from crowdfund.kernel.db import (
    before_commit,
    db,
    execute_insert_ignore,
    is_read_only,
    own_transaction,
    read_connection,
)
from crowdfund.kernel.hashing import GENESIS

_T = AuditEntry.__table__
_H = AuditHead.__table__
# Rate limits of refused pages, so that they cannot fill the log: the same page once an hour, and a
# number a day for one person and for everyone.
SAME_REFUSAL = timedelta(hours=1)
DENIED_A_DAY, DENIED_A_DAY_FOR_ALL = 50, 5_000


@dataclass(frozen=True, slots=True)
class Origin:
    """The request within which something is recorded: its id, the person and the person's roles."""

    request_id: str = ""
    actor: str = ""
    roles: tuple[str, ...] = ()


_origin: Callable[[], Origin] = Origin


def set_origin(origin: Callable[[], Origin]) -> None:
    """Set the function that returns the request being answered; the web shell does."""
    global _origin
    _origin = origin


def record(
    actor: str,
    action: str,
    subject: tuple[str, str],
    detail: Mapping[str, Any] | None = None,
    *,
    roles: Iterable[str] | None = None,
) -> None:
    """Record that someone did something to a thing (its kind and id).

    `actor` is a person's id, `system` or `cli`; `action` an endpoint or a verb (`document.view`);
    `detail` ids and the reason given, never personal data or secrets. It is stored or forgotten
    together with the current transaction; in a GET request it is stored at once.
    """
    row = _row(actor, action, subject, detail or {}, roles=roles)
    if is_read_only():
        with own_transaction() as connection:
            append(connection, [row])
        return
    before_commit(lambda: append(db.session.connection(), [row]))


def denied(
    actor: str, action: str, subject: tuple[str, str], *, roles: Iterable[str] | None = None
) -> bool:
    """Record that a person was refused a staff page, at once; return whether it was stored.

    The same page is recorded once an hour; 50 a day for a person, 5,000 a day for all.
    """
    row = _row(actor, action, subject, {}, roles=roles) | {"outcome": "denied"}
    with read_connection() as connection:
        if not _is_news(connection, row):
            return False  # without a write lock: the page may be tried a thousand times
    with own_transaction() as connection:
        _locked_head(connection)
        if not _is_news(connection, row):
            return False
        append(connection, [row])
    return True


def append(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Append rows within a transaction; the head's lock serialises concurrent transactions."""
    seq, link = _locked_head(connection)
    chained = []
    for row in rows:
        seq += 1
        row = {**row, "seq": seq, "previous": link}
        link = row["hash"] = row_hash(link, row)
        chained.append(row)
    connection.execute(sa.insert(_T), chained)
    connection.execute(sa.update(_H).where(_H.c.id == 1).values(seq=seq, hash=link))


def _row(
    actor: str,
    action: str,
    subject: tuple[str, str],
    detail: Mapping[str, Any],
    *,
    roles: Iterable[str] | None,
) -> dict[str, Any]:
    origin = _origin()
    if roles is None:
        roles = origin.roles if origin.actor == actor else ()
    return {
        "at": clock.now(),
        "actor": actor,
        "roles": ",".join(sorted(roles))[:80],
        "action": action[:80],
        "outcome": "done",
        "subject_kind": subject[0][:32],
        "subject_id": subject[1][:80],
        "detail": plain(detail),
        "request_id": origin.request_id,
    }


def _locked_head(connection: Connection) -> tuple[int, str]:
    query = sa.select(_H.c.seq, _H.c.hash).where(_H.c.id == 1).with_for_update()
    found = connection.execute(query).first()
    if found is None:
        execute_insert_ignore(connection, _H, [{"id": 1, "seq": 0, "hash": GENESIS}])
        found = connection.execute(query).one()
    return found.seq, found.hash


def _is_news(connection: Connection, row: dict[str, Any]) -> bool:
    """Return whether a refusal is within the rate limits."""
    since = row["at"] - timedelta(days=1)
    mine = _T.c.actor == row["actor"]
    same = sa.and_(mine, _T.c.action == row["action"], _T.c.at > row["at"] - SAME_REFUSAL)
    counted = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((mine, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.sum(sa.case((same, 1), else_=0)), 0),
    ).where(_T.c.outcome == "denied", _T.c.at > since)
    of_all, of_mine, of_same = connection.execute(counted).one()
    is_rare: bool = of_all < DENIED_A_DAY_FOR_ALL and of_mine < DENIED_A_DAY and of_same == 0
    return is_rare
