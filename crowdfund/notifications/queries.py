"""Reads about notices, choices and messages."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.lookups import Lookup
from crowdfund.notifications.kinds import CHANNELS, KINDS
from crowdfund.notifications.models import Choice, Message, Notice

_N, _C, _M = Notice.__table__, Choice.__table__, Message.__table__
PAGE = 25
MOST_COUNTED = 100  # "99+" says the rest
_FEW = (
    sa.select(sa.literal(1).label("one"))
    .where(_N.c.person_id == sa.bindparam("person_id"), _N.c.read_at.is_(None))
    .limit(MOST_COUNTED)
)
_UNREAD = Lookup(sa.select(sa.func.count().label("unread")).select_from(_FEW.subquery()))


# --- notices ----------------------------------------------------------------------------------------


def unread(person_id: str) -> int:
    """Return how many notices a person has not read, counted up to 100."""
    return int(_UNREAD.first(person_id=person_id).unread)


def notices(keys: Collection[str]) -> list[Any]:
    """Return notices by their keys, oldest first."""
    return list(db.session.execute(sa.select(_N).where(_N.c.key.in_(keys)).order_by(_N.c.id)))


def notices_of(person_id: str, *, unread_only: bool = False, place: Place = START) -> Page[Any]:
    """Return a page of a person's notices, newest first."""
    query = sa.select(_N).where(_N.c.person_id == person_id)
    if unread_only:
        query = query.where(_N.c.read_at.is_(None))
    return read_page(query, _newest(_N), place, size=PAGE)


def notice_of(notice_id: str, person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return a person's own notice; raises NotFound for anybody else's."""
    query = sa.select(_N).where(_N.c.id == notice_id, _N.c.person_id == person_id)
    found = db.session.execute(query).first()
    if found is None:
        raise NotFound(_("There is no such notice."))
    return found


def with_unread(kind: str, person_ids: Collection[str]) -> set[str]:
    """Return those of these people who have not read a notice of a kind yet."""
    query = sa.select(_N.c.person_id).where(
        _N.c.person_id.in_(person_ids), _N.c.read_at.is_(None), _N.c.kind == kind
    )
    return set(db.session.scalars(query))


# --- choices ----------------------------------------------------------------------------------------


def choices(person_ids: Collection[str]) -> dict[str, dict[tuple[str, str], bool]]:
    """Return what each of these people has chosen: {person: {(kind, channel): wanted}}."""
    found: dict[str, dict[tuple[str, str], bool]] = {}
    for row in db.session.execute(sa.select(_C).where(_C.c.person_id.in_(person_ids))):
        found.setdefault(row.person_id, {})[row.kind, row.channel] = row.is_wanted
    return found


def channels_of(name: str, chosen: dict[tuple[str, str], bool]) -> list[str]:
    """Return the channels by which a kind goes to a person who has chosen so."""
    kind = KINDS[name]
    if kind.mandatory:
        return [channel for channel in CHANNELS if channel in kind.channels]
    return [
        channel for channel in CHANNELS if chosen.get((name, channel), channel in kind.channels)
    ]


# --- messages (the desk) ----------------------------------------------------------------------------

_STATES = {
    "sent": _M.c.sent_at.is_not(None),
    "failed": _M.c.failed_at.is_not(None),
    "waiting": sa.and_(_M.c.sent_at.is_(None), _M.c.failed_at.is_(None)),
}
STATES = tuple(_STATES)
# By the moment that makes the state, which an index has in order.
_ORDERS = {
    "sent": (Key(_M.c.sent_at, is_descending=True), Key(_M.c.id, is_descending=True)),
    "failed": (Key(_M.c.failed_at, is_descending=True), Key(_M.c.id, is_descending=True)),
}


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What the desk looks for; empty means everything."""

    state: str = ""
    channel: str = ""
    kind: str = ""
    address: str = ""
    person_ids: Collection[str] | None = None


def messages(wanted: MessageFilter, place: Place = START) -> Page[Any]:
    """Return a page of messages, newest first; sent and failed ones by when they were."""
    query = sa.select(_M)
    if wanted.state in _STATES:
        query = query.where(_STATES[wanted.state])
    for column, value in ((_M.c.channel, wanted.channel), (_M.c.kind, wanted.kind)):
        if value:
            query = query.where(column == value)
    if wanted.address or wanted.person_ids is not None:
        to = _M.c.to_address == wanted.address.lower()
        query = query.where(sa.or_(to, _M.c.person_id.in_(wanted.person_ids or [])))
    return read_page(query, _ORDERS.get(wanted.state, _newest(_M)), place, size=PAGE)


def message(message_id: str) -> Any:  # noqa: ANN401 - a row
    """Return a message for the desk; raises NotFound."""
    found = db.session.execute(sa.select(_M).where(_M.c.id == message_id)).first()
    if found is None:
        raise NotFound(_("There is no such message."))
    return found


def message_counts() -> dict[str, int]:
    """Return how many messages wait and how many were given up, counted up to 1,001 (see `paging`)."""
    return counts_up_to(
        {name: sa.select(_M.c.id).where(_STATES[name]) for name in ("waiting", "failed")}
    )


def state_of(message: Any) -> str:  # noqa: ANN401 - a row
    """Return sent, failed or waiting."""
    return "sent" if message.sent_at else "failed" if message.failed_at else "waiting"


def _newest(table: sa.FromClause) -> tuple[Key]:
    """Return the order of ids, which grow with time, newest first."""
    return (Key(table.c.id, is_descending=True),)
