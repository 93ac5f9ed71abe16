"""Reads for user management: who may sign in, who is staff, what waits for a second admin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.admin.models import StaffRequest, staff_request_event
from crowdfund.admin.rules import REQUEST_STATES
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, read_connection
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.sessions import WebSession
from crowdfund.people.models import SignInMethod, User, UserRole
from crowdfund.security.rules import masked

_U, _R, _M, _W, _Q = (
    model.__table__ for model in (User, UserRole, SignInMethod, WebSession, StaffRequest)
)
_NAME = sa.func.lower(_U.c.first_name + " " + _U.c.last_name, type_=sa.String)
_BY_NAME = _NAME.label("sort_name")
SORTS: dict[str, tuple[Key, ...]] = {
    "name": (Key(_BY_NAME), Key(_U.c.id)),
    "-name": (Key(_BY_NAME, is_descending=True), Key(_U.c.id, is_descending=True)),
    "since": (Key(_U.c.created_at), Key(_U.c.id)),
    "-since": (Key(_U.c.created_at, is_descending=True), Key(_U.c.id, is_descending=True)),
}
_NEWEST = (Key(_Q.c.asked_at, is_descending=True), Key(_Q.c.id, is_descending=True))


@dataclass(frozen=True, slots=True)
class UserFilters:
    """What an admin looks for; `role` is a staff role or `staff` for any, `state` open or closed."""

    search: str = ""
    role: str = ""
    state: str = ""
    sort: str = "-since"


@dataclass(frozen=True, slots=True)
class Method:
    """One sign-in method as others may see it."""

    kind: str
    shown: str
    added_at: datetime
    used_at: datetime | None


def users(filters: UserFilters, place: Place = START, *, size: int = 25) -> Page[Any]:
    """Return a page of people."""
    query = _users(filters).add_columns(_BY_NAME)
    return read_page(query, SORTS.get(filters.sort, SORTS["-since"]), place, size=size)


def all_users(filters: UserFilters) -> Iterator[Any]:
    """Yield everyone who fits, oldest first, a thousand at a time, by connections of its own."""
    last_id = ""
    query = _users(filters).order_by(_U.c.id).limit(1_000)
    while True:
        with read_connection() as connection:
            rows = connection.execute(query.where(_U.c.id > last_id)).all()
        if not rows:
            return
        yield from rows
        last_id = rows[-1].id


def roles_by_person(person_ids: set[str]) -> dict[str, list[str]]:
    """Return the staff roles of several people."""
    query = (
        sa.select(_R.c.person_id, _R.c.role)
        .where(_R.c.person_id.in_(person_ids))
        .order_by(_R.c.role)
    )
    found: dict[str, list[str]] = {person_id: [] for person_id in person_ids}
    for person_id, role in db.session.execute(query):
        found[person_id].append(role)
    return found


def roles_of(person_id: str) -> list[str]:
    """Return a person's staff roles by name."""
    return roles_by_person({person_id})[person_id]


def role_grants(person_id: str) -> list[Any]:
    """Return a person's staff roles (role, given_by, given_at)."""
    return list(
        db.session.execute(sa.select(_R).where(_R.c.person_id == person_id).order_by(_R.c.role))
    )


def masked_methods(person_id: str) -> list[Method]:
    """Return a person's sign-in methods, their values masked."""
    query = sa.select(_M).where(_M.c.person_id == person_id).order_by(_M.c.added_at, _M.c.id)
    return [
        Method(row.kind, row.label if row.kind == "oidc" and row.label else masked(row.value), row.added_at,
               row.used_at)
        for row in db.session.execute(query)
    ]  # fmt: skip


def open_sessions(person_id: str) -> tuple[int, datetime | None]:
    """Return how many browsers a person is signed in with, and when one was last seen."""
    query = sa.select(sa.func.count(), sa.func.max(_W.c.seen_at)).where(
        _W.c.user_id == person_id, _W.c.expires_at > clock.now()
    )
    count, seen_at = db.session.execute(query).one()
    return count, seen_at


def find_people(text: str, *, most: int = 200) -> list[str]:
    """Return the ids of people by a part of name or e-mail, by phone, or by id."""
    query = sa.select(_U.c.id).where(_fits(text)).limit(most)
    return list(db.session.scalars(query))


def staff_requests(
    *, status: str = "", person_id: str = "", place: Place = START, size: int = 25
) -> Page[Any]:
    """Return a page of requests, newest first."""
    query = sa.select(_Q)
    if status:
        query = query.where(_Q.c.status == status)
    if person_id:
        query = query.where(_Q.c.person_id == person_id)
    return read_page(query, _NEWEST, place, size=size)


def staff_request_counts() -> dict[str, int]:
    """Return how many requests are in each state, counted up to 1,001 (see `paging`)."""
    return counts_up_to(
        {state: sa.select(_Q.c.id).where(_Q.c.status == state) for state in REQUEST_STATES}
    )


def staff_request(request_id: str) -> Any:  # noqa: ANN401 - a row
    """Return a request; raises NotFound."""
    found = db.session.execute(sa.select(_Q).where(_Q.c.id == request_id)).first()
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


def staff_request_history(request_id: str) -> list[Any]:
    """Return who did what about a request and why, oldest first."""
    event = staff_request_event.c
    query = sa.select(staff_request_event).where(event.staff_request_id == request_id)
    return list(db.session.execute(query.order_by(event.at, event.id)))


def staff_requests_waiting() -> tuple[int, datetime | None]:
    """Return how many requests wait for a second admin, and since when the oldest."""
    waiting = sa.select(sa.func.count(), sa.func.min(_Q.c.asked_at)).where(_Q.c.status == "pending")
    count, oldest = db.session.execute(waiting).one()
    return count, oldest


def _users(filters: UserFilters) -> sa.Select[Any]:
    query = sa.select(_U)
    if filters.search:
        query = query.where(_fits(filters.search))
    if filters.role:
        has = sa.select(_R.c.person_id)
        if filters.role != "staff":
            has = has.where(_R.c.role == filters.role)
        query = query.where(_U.c.id.in_(has))
    if filters.state:
        is_open = _U.c.disabled_at.is_(None)
        query = query.where(is_open if filters.state == "open" else sa.not_(is_open))
    return query


def _fits(text: str) -> sa.ColumnElement[bool]:
    typed = text.strip().lower()
    matches = [
        _U.c.email.contains(typed, autoescape=True), _NAME.contains(typed, autoescape=True), _U.c.id == typed,
    ]  # fmt: skip
    digits = "".join(mark for mark in typed if mark.isascii() and mark.isdecimal())
    if len(digits) >= 4:
        matches.append(_U.c.phone.contains(digits))
    return sa.or_(*matches)
