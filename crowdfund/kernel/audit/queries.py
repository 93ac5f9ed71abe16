"""Reads of the audit log."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.audit.models import AuditEntry, AuditHead
from crowdfund.kernel.db import db, read_connection
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page, values_of
from crowdfund.kernel.hashing import GENESIS

_T = AuditEntry.__table__
_NEWEST = (Key(_T.c.seq, is_descending=True),)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader looks for; an empty field asks for nothing. `actors` None means anyone."""

    actors: tuple[str, ...] | None = None
    action: str = ""
    outcome: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(filters: Filters, place: Place = START, *, size: int = 50) -> Page[Any]:
    """Return a page of the log, newest first."""
    return read_page(sa.select(_T).where(*_conditions(filters)), _NEWEST, place, size=size)


def all_of(filters: Filters) -> Iterator[Any]:
    """Yield every fitting row, oldest first, a thousand at a time, by connections of its own."""
    last_seq = 0
    query = sa.select(_T).where(*_conditions(filters)).order_by(_T.c.seq).limit(1_000)
    while True:
        with read_connection() as connection:
            rows = connection.execute(query.where(_T.c.seq > last_seq)).all()
        if not rows:
            return
        yield from rows
        last_seq = rows[-1].seq


def get(seq: int) -> Any:  # noqa: ANN401 - a row or None
    """Return one row of the log, or None."""
    return db.session.execute(sa.select(_T).where(_T.c.seq == seq)).first()


def head() -> tuple[int, str]:
    """Return number and hash of the last row: a copy of them elsewhere proves all before."""
    found = db.session.execute(sa.select(AuditHead.seq, AuditHead.hash)).first()
    return (found.seq, found.hash) if found else (0, GENESIS)


def neighbours(row: Any) -> tuple[Any, Any]:  # noqa: ANN401 - a row
    """Return the rows about the same thing just before and after one, or None."""
    same = sa.select(_T).where(
        _T.c.subject_id == row.subject_id,
        _T.c.subject_kind == row.subject_kind,
        _T.c.subject_id != "",
    )
    earlier = same.where(_T.c.seq < row.seq).order_by(_T.c.seq.desc()).limit(1)
    later = same.where(_T.c.seq > row.seq).order_by(_T.c.seq).limit(1)
    return db.session.execute(earlier).first(), db.session.execute(later).first()


def about(kind: str, subject_id: str, *, size: int = 50) -> list[Any]:
    """Return what was recorded about one thing, newest first."""
    same = sa.and_(_T.c.subject_kind == kind, _T.c.subject_id == subject_id)
    return list(db.session.execute(sa.select(_T).where(same).order_by(_T.c.seq.desc()).limit(size)))


def actions() -> list[str]:
    """Return every action there is in the log, by name."""
    return values_of(_T.c.action)


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    exact = {
        _T.c.action: filters.action, _T.c.outcome: filters.outcome, _T.c.subject_kind: filters.subject_kind,
        _T.c.subject_id: filters.subject_id,
    }  # fmt: skip
    where = [column == value for column, value in exact.items() if value]
    if filters.actors is not None:
        where.append(_T.c.actor.in_(filters.actors))
    if filters.since:
        where.append(_T.c.at >= filters.since)
    if filters.until:
        where.append(_T.c.at < filters.until)
    if filters.search:
        where.append(_mentions(filters.search))
    return where


def _mentions(text: str) -> sa.ColumnElement[bool]:
    """Return whether a row has a text as its number, request, thing or hash, or within its detail."""
    detail = sa.func.lower(sa.cast(_T.c.detail, sa.Text))
    matches = [
        _T.c.request_id == text, _T.c.subject_id == text, _T.c.hash == text.lower(),
        detail.contains(json.dumps(text.lower())[1:-1], autoescape=True),  # as JSON writes it
    ]  # fmt: skip
    if text.isascii() and text.isdecimal() and len(text) < 16:
        matches.append(_T.c.seq == int(text))
    return sa.or_(*matches)
