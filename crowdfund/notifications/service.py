"""Verbs of notifications: notify, send, retry, choose."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock, i18n, live, outbox
from crowdfund.kernel.db import db, insert_ignore, new_id, rows_changed
from crowdfund.kernel.errors import Conflict, Invalid
from crowdfund.kernel.i18n import _
from crowdfund.notifications import queries
from crowdfund.notifications.kinds import CHANNELS, KINDS, QUEUES
from crowdfund.notifications.models import Choice, Message, Notice
from crowdfund.notifications.rows import NoticeRow
from crowdfund.notifications.rules import KEEP_READ
from crowdfund.people import queries as people_queries
from crowdfund.people.rows import ContactChannels
from crowdfund.security.rules import Channel

_N = Notice.__table__

MAX_KEY = 115  # person, channel and number of the address are added to it


def notify(person_id: str, kind: str, context: dict[str, Any], *, key: str, path: str = "") -> bool:
    """Notify a person, once for each key; return whether it was new.

    Writes, in the caller's transaction, a notice in the person's list and the job that sends it by
    e-mail or SMS, as kind and person want. `context` holds what the kind's text names: ids, names
    of public things, figures (`amount_minor` with `currency`; ISO text for `…_on` and `…_at`),
    never a secret; the free text of a decision is its `reason`. `path` is a page of ours. The
    person's language is looked up when it is sent. Raises KeyError for an undeclared kind.
    """
    return notify_all([person_id], kind, context, key=key, path=path) == 1


def notify_all(
    person_ids: Iterable[str], kind: str, context: dict[str, Any], *, key: str, path: str = ""
) -> int:
    """Notify several people, each once for each key; return for how many it is new.

    `system` is not a person and gets nothing.
    """
    return notify_each(kind, [News(one, context, key, path) for one in sorted({*person_ids})])


@dataclass(frozen=True, slots=True)
class News:
    """What one person is notified of; see `notify`."""

    person_id: str
    context: dict[str, Any]
    key: str
    path: str = ""


def notify_each(kind: str, news: Sequence[News]) -> int:
    """Notify people of something of their own each, in one go, once for each key and person.

    Returns how much of it is new. `system` is not a person and gets nothing.
    """
    KINDS[kind]
    if too_long := [one.key for one in news if len(one.key) > MAX_KEY]:
        # cut, it would not be unique
        raise ValueError(f"key longer than {MAX_KEY}: {too_long[0]}")
    common = {"kind": kind, "created_at": clock.now(), "read_at": None}
    rows = [
        {
            "id": new_id(),
            "key": f"{one.key}:{one.person_id}",
            "person_id": one.person_id,
            "context": one.context,
            "path": one.path if _is_own(one.path) else "",
        }
        | common
        for one in news
        if one.person_id != "system"
    ]
    new = insert_ignore(_N, rows)
    if not new:
        return 0
    for row in rows:
        live.changed("bell", row["person_id"])
    keys = [row["key"] for row in rows]
    outbox.add_many([("notifications.spread", f"notice:{one}", {"key": one}) for one in keys])
    return new


def queue_work(kind: str, *, key: str) -> None:
    """Notify the staff of a queue of new work, except those with an unread notice of it."""
    staff = {person_id for role in QUEUES[kind] for person_id in people_queries.staff_with(role)}
    have_unread = queries.with_unread(kind, staff)
    notify_all(staff - have_unread, kind, {}, key=key, path=KINDS[kind].path)


def spread(keys: list[str]) -> None:
    """Write the messages of notices to their people's addresses."""
    notices = queries.notices(keys)
    people = {one.person_id for one in notices}
    reach, choices = people_queries.contact_channels(people), queries.choices(people)
    for notice in notices:
        chosen = choices.get(notice.person_id, {})
        channels = queries.channels_of(notice.kind, chosen)
        _write_messages(notice, reach[notice.person_id], channels)


def _write_messages(notice: NoticeRow, person: ContactChannels, channels: list[str]) -> None:
    context = {"name": person.name, **notice.context, "path": notice.path}
    facts = _facts(notice.kind, notice.person_id, person, context)
    for channel in channels:
        addresses = person.addresses(channel)
        if not KINDS[notice.kind].mandatory:
            addresses = addresses[:1]
        for number, address in enumerate(addresses):
            key = f"{notice.key}:{channel}:{number}"
            send(channel, address, facts, key=key)


def notify_addresses(
    person_id: str,
    channels: Iterable[Channel],
    kind: str,
    context: dict[str, Any],
    *,
    key: str,
    path: str,
) -> None:
    """Send a notice to addresses that are not the person's own now.

    The person gets the same context and path by `notify`.
    """
    person = people_queries.contact_channels([person_id])[person_id]
    own = {("email", one) for one in person.emails} | {("sms", one) for one in person.phones}
    facts = _facts(kind, person_id, person, {"name": person.name, **context, "path": path})
    for number, channel in enumerate(channels):
        to = (channel.kind, channel.address)
        if to not in own:
            send(*to, facts, key=f"{key}:at:{number}")


def _facts(
    kind: str, person_id: str, person: ContactChannels, context: dict[str, Any]
) -> dict[str, Any]:
    return {
        "template": "notice",
        "kind": kind,
        "person_id": person_id,
        "language": person.language,
        "calendar": person.calendar,
        "context": context,
    }


def _is_own(path: str) -> bool:
    has_host = path.startswith("//") or "\\" in path
    return path.startswith("/") and not has_host and path.isprintable()


def mark_read(person_id: str, notice_id: str | None = None) -> None:
    """Mark one notice of a person as read, or all of them."""
    unread = sa.and_(_N.c.person_id == person_id, _N.c.read_at.is_(None))
    if notice_id is not None:
        unread = sa.and_(unread, _N.c.id == notice_id)
    if rows_changed(sa.update(_N).where(unread).values(read_at=clock.now())):
        live.changed("bell", person_id)


def purge(*, most: int = 5_000) -> int:
    """Delete notices that were read more than 180 days ago; return how many."""
    old = sa.select(_N.c.id).where(_N.c.read_at < clock.now() - KEEP_READ).limit(most)
    ids = db.session.scalars(old).all()
    return rows_changed(sa.delete(_N).where(_N.c.id.in_(ids))) if ids else 0


_M = Message.__table__


def email(
    to_address: str,
    template: str,
    context: dict[str, Any],
    *,
    key: str,
    language: str | None = None,
) -> None:
    """Send an e-mail made from `templates/email/<template>.html`, once for each key.

    The context is stored: ids, names and figures, never a secret. The default language is that of
    the request.
    """
    facts = {"template": template, "context": context}
    send("email", to_address, facts, key=key, language=language)


def sms(
    to_number: str, template: str, context: dict[str, Any], *, key: str, language: str | None = None
) -> None:
    """Send an SMS made from the `sms` block of `templates/email/<template>.html`, like `email`.

    The number is in E.164.
    """
    facts = {"template": template, "context": context}
    send("sms", to_number, facts, key=key, language=language)


def send(
    channel: str, to_address: str, facts: dict[str, Any], *, key: str, language: str | None = None
) -> bool:
    """Write one message and the job that delivers it; return whether its key was new."""
    message_id = new_id()
    row = {
        "id": message_id,
        "key": key,
        "channel": channel,
        "to_address": to_address,
        "kind": "",
        "person_id": None,
        "language": i18n.language() if language is None else language,
        "calendar": "",
        "tries": 0,
        "last_error": "",
        "created_at": clock.now(),
        **facts,
    }
    if not insert_ignore(_M, [row]):
        return False
    return outbox.add("notifications.send", message_id, {"message_id": message_id})


def close(message_id: str, refused: str) -> None:
    """Mark a message as sent or, with the reason `refused`, as failed for good."""
    is_waiting = sa.and_(_M.c.id == message_id, _M.c.sent_at.is_(None), _M.c.failed_at.is_(None))
    ended = {"failed_at" if refused else "sent_at": clock.now(), "last_error": refused[:300]}
    db.session.execute(sa.update(_M).where(is_waiting).values({**ended, "tries": _M.c.tries + 1}))


def retry(message_id: str) -> None:
    """Send a failed message again (for staff). Raises Conflict if it has not failed."""
    failed = sa.and_(_M.c.id == message_id, _M.c.sent_at.is_(None), _M.c.failed_at.is_not(None))
    if not rows_changed(sa.update(_M).where(failed).values(failed_at=None, tries=0)):
        raise Conflict(_("This message has not failed. Reload the page to see its current state."))
    outbox.add("notifications.send", f"{message_id}:{new_id()}", {"message_id": message_id})


_C = Choice.__table__


def choose(person_id: str, kind: str, channel: str, *, is_wanted: bool) -> None:
    """Save whether a person wants a kind by a channel. Raises Invalid if it cannot be chosen."""
    if channel not in CHANNELS or kind not in KINDS or KINDS[kind].mandatory:
        text = _("This message cannot be switched on or off. Reload the page and choose again.")
        raise Invalid(text)
    is_it = sa.and_(_C.c.person_id == person_id, _C.c.kind == kind, _C.c.channel == channel)
    db.session.execute(sa.delete(_C).where(is_it))
    if is_wanted == (channel in KINDS[kind].channels):  # the default needs no row
        return
    row = {
        "person_id": person_id,
        "kind": kind,
        "channel": channel,
        "is_wanted": is_wanted,
        "changed_at": clock.now(),
    }
    db.session.execute(sa.insert(_C).values(row))


def choose_all(
    person_id: str, wanted: Collection[tuple[str, str]], *, among: Collection[tuple[str, str]]
) -> None:
    """Save the whole page of choices: `among` are its boxes, `wanted` the checked ones."""
    chosen = queries.choices([person_id]).get(person_id, {})
    for kind, channel in sorted(among):
        now = chosen.get((kind, channel), channel in KINDS[kind].channels)
        if ((kind, channel) in wanted) != now:
            choose(person_id, kind, channel, is_wanted=not now)
