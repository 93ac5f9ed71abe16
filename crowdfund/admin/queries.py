"""Reads for user management: people, staff roles, requests that need a second admin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.admin.models import StaffRequest, staff_request_event
from crowdfund.admin.rows import Method, RoleGrant, StaffRequestEvent, StaffRequestRow, UserRow
from crowdfund.admin.rules import REQUEST_STATES
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, read_connection
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_one
from crowdfund.kernel.db.searching import mentions
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.kernel.i18n import _
from crowdfund.kernel.sessions import WebSession
from crowdfund.people import queries as people
from crowdfund.people.models import User, UserRole
from crowdfund.people.rows import MethodRow
from crowdfund.security.rules import masked

_U, _R, _W, _Q = (model.__table__ for model in (User, UserRole, WebSession, StaffRequest))
_NAME = sa.func.lower(_U.c.first_name + " " + _U.c.last_name, type_=sa.String)
_BY_NAME = _NAME.label("sort_name")
SORTS: dict[str, tuple[Key, ...]] = {
    "name": (Key(_BY_NAME), Key(_U.c.id)),
    "-name": (Key(_BY_NAME, is_descending=True), Key(_U.c.id, is_descending=True)),
    "since": (Key(_U.c.created_at), Key(_U.c.id)),
    "-since": (Key(_U.c.created_at, is_descending=True), Key(_U.c.id, is_descending=True)),
}
REQUESTS = sa.select(*columns(StaffRequestRow, _Q))
_NEWEST = (Key(_Q.c.asked_at, is_descending=True), Key(_Q.c.id, is_descending=True))


@dataclass(frozen=True, slots=True)
class UserFilters:
    """An admin's filters; `role` is a staff role or `staff` for any, `state` is open or closed."""

    search: str = ""
    role: str = ""
    state: str = ""
    sort: str = "-since"


def users(filters: UserFilters, place: Place = START, *, size: int = 25) -> Page[UserRow]:
    """Return a page of people."""
    query, order = _users(filters).add_columns(_BY_NAME), SORTS.get(filters.sort, SORTS["-since"])
    return read_page(query, order, place, size=size, row=UserRow)


def all_users(filters: UserFilters) -> Iterator[UserRow]:
    """Yield everyone who fits, oldest first, a thousand at a time, by connections of its own."""
    last_id = ""
    query = _users(filters).order_by(_U.c.id).limit(1_000)
    while True:
        with read_connection() as connection:
            found = connection.execute(query.where(_U.c.id > last_id))
            rows = [UserRow(*row) for row in found]
        if not rows:
            return
        yield from rows
        last_id = rows[-1].id


def roles_by_person(person_ids: set[str]) -> dict[str, list[str]]:
    """Return the staff roles of several people."""
    query = sa.select(_R.c.person_id, _R.c.role).where(_R.c.person_id.in_(person_ids))
    found: dict[str, list[str]] = {person_id: [] for person_id in person_ids}
    for person_id, role in db.session.execute(query.order_by(_R.c.role)):
        found[person_id].append(role)
    return found


def roles_of(person_id: str) -> list[str]:
    """Return a person's staff roles by name."""
    return roles_by_person({person_id})[person_id]


def role_grants(person_id: str) -> list[RoleGrant]:
    """Return a person's staff roles by name, with who gave them."""
    query = sa.select(*columns(RoleGrant, _R)).where(_R.c.person_id == person_id)
    return read_all(RoleGrant, query.order_by(_R.c.role))


def masked_methods(person_id: str) -> list[Method]:
    """Return a person's sign-in methods, oldest first, their values masked."""
    return [
        Method(one.kind, _shown(one), one.added_at, one.used_at)
        for one in people.methods_of(person_id)
    ]


def _shown(method: MethodRow) -> str:
    has_name = method.kind == "oidc" and method.label
    return method.label if has_name else masked(method.value)


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
) -> Page[StaffRequestRow]:
    """Return a page of requests, newest first."""
    query = REQUESTS
    if status:
        query = query.where(_Q.c.status == status)
    if person_id:
        query = query.where(_Q.c.person_id == person_id)
    return read_page(query, _NEWEST, place, size=size, row=StaffRequestRow)


def staff_request_counts() -> dict[str, int]:
    """Return how many requests are in each state, counted up to 1,001 (see `paging`)."""
    ids = sa.select(_Q.c.id)
    return counts_up_to({state: ids.where(_Q.c.status == state) for state in REQUEST_STATES})


def staff_request(request_id: str) -> StaffRequestRow:
    """Return a request; raises NotFound."""
    query = REQUESTS.where(_Q.c.id == request_id)
    return read_one(StaffRequestRow, query, NotFound(_("There is no such request.")))


def staff_request_history(request_id: str) -> list[StaffRequestEvent]:
    """Return who did what about a request and why, oldest first."""
    event = staff_request_event.c
    query = sa.select(*columns(StaffRequestEvent, staff_request_event))
    query = query.where(event.staff_request_id == request_id)
    return read_all(StaffRequestEvent, query.order_by(event.at, event.id))


def staff_requests_waiting() -> tuple[int, datetime | None]:
    """Return how many requests need a second admin, and since when the oldest."""
    waiting = sa.select(sa.func.count(), sa.func.min(_Q.c.asked_at)).where(_Q.c.status == "pending")
    count, oldest = db.session.execute(waiting).one()
    return count, oldest


def _users(filters: UserFilters) -> sa.Select[Any]:
    query = sa.select(*columns(UserRow, _U))
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
        _U.c.email.contains(typed, autoescape=True),
        mentions(_U.c.first_name + " " + _U.c.last_name, typed),
        _U.c.id == typed,
    ]
    digits = "".join(filter(str.isdecimal, plain_characters(typed)))
    if len(digits) >= 4:
        matches.append(_U.c.phone.contains(digits))
    return sa.or_(*matches)
