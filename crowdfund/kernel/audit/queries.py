"""Reads of the audit log."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel.audit.models import AuditEntry, AuditHead
from crowdfund.kernel.audit.rows import EntryRow
from crowdfund.kernel.db import db, read_connection
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page, values_of
from crowdfund.kernel.db.rows import columns, maker, read_all, read_first
from crowdfund.kernel.db.searching import in_small_letters, spellings
from crowdfund.kernel.hashing import GENESIS

_T = AuditEntry.__table__
_ENTRY = sa.select(*columns(EntryRow, _T))
_NEWEST = (Key(_T.c.seq, is_descending=True),)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader searches for; an empty field matches everything, and so does `actors` None."""

    actors: tuple[str, ...] | None = None
    action: str = ""
    outcome: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(filters: Filters, place: Place = START, *, size: int = 50) -> Page[EntryRow]:
    """Return a page of the log, newest first."""
    query = _ENTRY.where(*_conditions(filters))
    return read_page(query, _NEWEST, place, size=size, row=EntryRow)


def all_of(filters: Filters) -> Iterator[EntryRow]:
    """Yield every matching row, oldest first, a thousand at a time, by connections of its own."""
    last_seq = 0
    query = _ENTRY.where(*_conditions(filters)).order_by(_T.c.seq).limit(1_000)
    while True:
        with read_connection() as connection:
            result = connection.execute(query.where(_T.c.seq > last_seq))
            rows = list(map(maker(EntryRow, tuple(result.keys())), result))
        if not rows:
            return
        yield from rows
        last_seq = rows[-1].seq


def get(seq: int) -> EntryRow | None:
    """Return one row of the log, or None."""
    return read_first(EntryRow, _ENTRY.where(_T.c.seq == seq))


def head() -> tuple[int, str]:
    """Return number and hash of the last row: a copy of them elsewhere proves all before."""
    found = db.session.execute(sa.select(AuditHead.seq, AuditHead.hash)).first()
    return (found.seq, found.hash) if found else (0, GENESIS)


def neighbours(row: EntryRow) -> tuple[EntryRow | None, EntryRow | None]:
    """Return the rows about the same thing just before and after one, or None."""
    same = _ENTRY.where(
        _T.c.subject_id == row.subject_id,
        _T.c.subject_kind == row.subject_kind,
        _T.c.subject_id != "",
    )
    earlier = same.where(_T.c.seq < row.seq).order_by(_T.c.seq.desc()).limit(1)
    later = same.where(_T.c.seq > row.seq).order_by(_T.c.seq).limit(1)
    return read_first(EntryRow, earlier), read_first(EntryRow, later)


def about(kind: str, subject_id: str, *, size: int = 50) -> list[EntryRow]:
    """Return what was recorded about one thing, newest first."""
    same = _ENTRY.where(_T.c.subject_kind == kind, _T.c.subject_id == subject_id)
    return read_all(EntryRow, same.order_by(_T.c.seq.desc()).limit(size))


def actions() -> list[str]:
    """Return every action there is in the log, by name."""
    return values_of(_T.c.action)


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    exact = {
        _T.c.action: filters.action,
        _T.c.outcome: filters.outcome,
        _T.c.subject_kind: filters.subject_kind,
        _T.c.subject_id: filters.subject_id,
    }
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


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _mentions(text: str) -> sa.ColumnElement[bool]:
    """Return whether a text is a row's number, request, subject or hash, or in its detail."""
    wanted = text.lower()
    detail = in_small_letters(sa.cast(_T.c.detail, sa.Text), wanted, spelt=_in_json)
    matches = [
        _T.c.request_id.in_(spellings(text)),
        _T.c.subject_id.in_(spellings(text)),
        _T.c.hash == wanted,
        detail.contains(_in_json(wanted), autoescape=True),
    ]
    if text.isascii() and text.isdecimal() and len(text) < 16:
        matches.append(_T.c.seq == int(text))
    return sa.or_(*matches)
