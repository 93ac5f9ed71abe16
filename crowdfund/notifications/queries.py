"""Reads about notices, choices and messages."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.lookups import Lookup
from crowdfund.notifications.kinds import CHANNELS, KINDS
from crowdfund.notifications.models import Choice, Message, Notice
from crowdfund.notifications.rows import MessageRow, NoticeRow

_N, _C, _M = Notice.__table__, Choice.__table__, Message.__table__
_NOTICES = sa.select(*columns(NoticeRow, _N))
MESSAGES = sa.select(*columns(MessageRow, _M))
PAGE = 25
MOST_COUNTED = 100  # shown as "99+"
_FEW = (
    sa.select(sa.literal(1).label("one"))
    .where(_N.c.person_id == sa.bindparam("person_id"), _N.c.read_at.is_(None))
    .limit(MOST_COUNTED)
)
_UNREAD = Lookup(sa.select(sa.func.count().label("unread")).select_from(_FEW.subquery()))


# --- notices --------------------------------------------------------------------------------------


def unread(person_id: str) -> int:
    """Return how many notices a person has not read, counted up to 100."""
    return int(_UNREAD.first(person_id=person_id).unread)


def notices(keys: Collection[str]) -> list[NoticeRow]:
    """Return notices by their keys, oldest first."""
    return read_all(NoticeRow, _NOTICES.where(_N.c.key.in_(keys)).order_by(_N.c.id))


def notices_of(
    person_id: str, *, unread_only: bool = False, place: Place = START
) -> Page[NoticeRow]:
    """Return a page of a person's notices, newest first."""
    query = _NOTICES.where(_N.c.person_id == person_id)
    if unread_only:
        query = query.where(_N.c.read_at.is_(None))
    return read_page(query, _newest(_N), place, size=PAGE, row=NoticeRow)


def notice_of(notice_id: str, person_id: str) -> NoticeRow:
    """Return a person's own notice; raises NotFound for anyone else's."""
    query = _NOTICES.where(_N.c.id == notice_id, _N.c.person_id == person_id)
    return read_one(NoticeRow, query, NotFound(_("There is no such notice.")))


def with_unread(kind: str, person_ids: Collection[str]) -> set[str]:
    """Return those of these people who have an unread notice of a kind."""
    query = sa.select(_N.c.person_id).where(_N.c.person_id.in_(person_ids), _N.c.kind == kind)
    return set(db.session.scalars(query.where(_N.c.read_at.is_(None))))


# --- choices --------------------------------------------------------------------------------------


def choices(person_ids: Collection[str]) -> dict[str, dict[tuple[str, str], bool]]:
    """Return what each of these people has chosen: {person: {(kind, channel): wanted}}."""
    found: dict[str, dict[tuple[str, str], bool]] = {}
    for row in db.session.execute(sa.select(_C).where(_C.c.person_id.in_(person_ids))):
        found.setdefault(row.person_id, {})[row.kind, row.channel] = row.is_wanted
    return found


def channels_of(name: str, chosen: dict[tuple[str, str], bool]) -> list[str]:
    """Return the channels of a kind for a person with these choices."""
    kind = KINDS[name]
    wanted = {channel: channel in kind.channels for channel in CHANNELS}
    if not kind.mandatory:
        wanted |= {channel: is_on for (one, channel), is_on in chosen.items() if one == name}
    return [channel for channel, is_on in wanted.items() if is_on]


# --- messages (the desk) --------------------------------------------------------------------------

_STATES = {
    "sent": _M.c.sent_at.is_not(None),
    "failed": _M.c.failed_at.is_not(None),
    "waiting": sa.and_(_M.c.sent_at.is_(None), _M.c.failed_at.is_(None)),
}
STATES = tuple(_STATES)
# By the time of the state, for which there is an index.
_ORDERS = {
    "sent": (Key(_M.c.sent_at, is_descending=True), Key(_M.c.id, is_descending=True)),
    "failed": (Key(_M.c.failed_at, is_descending=True), Key(_M.c.id, is_descending=True)),
}


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """The desk's filters; empty means everything."""

    state: str = ""
    channel: str = ""
    kind: str = ""
    address: str = ""
    person_ids: Collection[str] | None = None


def messages(wanted: MessageFilter, place: Place = START) -> Page[MessageRow]:
    """Return a page of messages, newest first; sent and failed ones by that time."""
    query = MESSAGES
    if wanted.state in _STATES:
        query = query.where(_STATES[wanted.state])
    for column, value in ((_M.c.channel, wanted.channel), (_M.c.kind, wanted.kind)):
        if value:
            query = query.where(column == value)
    if wanted.address or wanted.person_ids is not None:
        to = _M.c.to_address == wanted.address.lower()
        query = query.where(sa.or_(to, _M.c.person_id.in_(wanted.person_ids or [])))
    order = _ORDERS.get(wanted.state, _newest(_M))
    return read_page(query, order, place, size=PAGE, row=MessageRow)


def message(message_id: str) -> MessageRow:
    """Return a message for the desk; raises NotFound."""
    missing = NotFound(_("There is no such message."))
    return read_one(MessageRow, MESSAGES.where(_M.c.id == message_id), missing)


def message_counts() -> dict[str, int]:
    """Return how many messages are waiting and have failed, each counted up to 1,001."""
    ids = sa.select(_M.c.id)
    return counts_up_to({name: ids.where(_STATES[name]) for name in ("waiting", "failed")})


def state_of(message: MessageRow) -> str:
    """Return sent, failed or waiting."""
    if message.sent_at:
        return "sent"
    return "failed" if message.failed_at else "waiting"


def _newest(table: sa.FromClause) -> tuple[Key]:
    """Return the order of ids, which grow with time, newest first."""
    return (Key(table.c.id, is_descending=True),)
