"""Verbs of notifications: notify, send, retry, choose."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock, i18n, live, outbox
from crowdfund.kernel.db import db, insert_ignore, new_id, rows_changed
from crowdfund.kernel.errors import Conflict, Invalid
from crowdfund.kernel.i18n import _
from crowdfund.notifications import queries, service
from crowdfund.notifications.kinds import CHANNELS, KINDS, QUEUES
from crowdfund.notifications.models import Choice, Message, Notice
from crowdfund.notifications.rules import KEEP_READ
from crowdfund.people import queries as people_queries

_N = Notice.__table__

MAX_KEY = 115  # person, channel and number of the address are added to it


def notify(person_id: str, kind: str, context: dict[str, Any], *, key: str, path: str = "") -> bool:
    """Tell a person something, once for each key; return whether it was new.

    In the caller's transaction this writes a notice in the person's list and the job which sends it by
    e-mail or SMS, as kind and person want. `context` holds what the kind's text names: ids, names
    of public things, figures (`amount_minor` with `currency`; ISO text for `…_on` and `…_at`),
    never a secret; free words of a decision are its `reason`. `path` is a page of ours. The person's
    language is looked up when it is sent. Raises KeyError for a kind that is not declared.
    """
    return notify_all([person_id], kind, context, key=key, path=path) == 1


def notify_all(
    person_ids: Iterable[str], kind: str, context: dict[str, Any], *, key: str, path: str = ""
) -> int:
    """Tell several people the same thing, each once for each key; return to how many it is new.

    `system` is nobody.
    """
    KINDS[kind]
    if len(key) > MAX_KEY:
        raise ValueError(f"key longer than {MAX_KEY}: {key}")  # cut, it would not be unique
    now, path = clock.now(), path if _is_own(path) else ""
    people = sorted(set(person_ids) - {"system"})
    new = insert_ignore(_N, [
        {"id": new_id(), "key": f"{key}:{person_id}", "person_id": person_id, "kind": kind,
         "context": context, "path": path, "created_at": now, "read_at": None}
        for person_id in people
    ])  # fmt: skip
    if not new:
        return 0
    for person_id in people:
        live.changed("bell", person_id)
    keys = [f"{key}:{person_id}" for person_id in people]
    outbox.add_many([("notifications.spread", f"notice:{one}", {"key": one}) for one in keys])
    return new


def queue_work(kind: str, *, key: str) -> None:
    """Tell the staff whose queue it is of new work, unless an earlier notice of it is still unread."""
    staff = {person_id for role in QUEUES[kind] for person_id in people_queries.staff_with(role)}
    waiting = queries.with_unread(kind, staff)
    notify_all(staff - waiting, kind, {}, key=key, path=KINDS[kind].path)


def spread(keys: list[str]) -> None:
    """Write the messages by which these notices go to their people's addresses."""
    notices = queries.notices(keys)
    people = {one.person_id for one in notices}
    reach, choices = people_queries.contact_channels(people), queries.choices(people)
    for notice in notices:
        person, kind = reach[notice.person_id], KINDS[notice.kind]
        for channel in queries.channels_of(notice.kind, choices.get(notice.person_id, {})):
            addresses = person.addresses(channel)
            for number, address in enumerate(addresses if kind.mandatory else addresses[:1]):
                facts = {
                    "template": "notice", "kind": notice.kind, "person_id": notice.person_id,
                    "context": {"name": person.name, **notice.context, "path": notice.path},
                }  # fmt: skip
                key = f"{notice.key}:{channel}:{number}"
                service.send(channel, address, facts, key=key, language=person.language)


def tell_addresses(
    person_id: str, channels: Iterable[Any], kind: str, said: dict[str, Any], *, key: str
) -> None:
    """Tell of a notice at addresses (`kind`, `address`) that are not the person's own now.

    `said` has the context and path of the notice, which the person gets by `notify`.
    """
    person = people_queries.contact_channels([person_id])[person_id]
    own = {("email", one) for one in person.emails} | {("sms", one) for one in person.phones}
    for number, channel in enumerate(channels):
        if (channel.kind, channel.address) in own:
            continue
        facts = {
            "template": "notice", "kind": kind, "person_id": person_id,
            "context": {"name": person.name, **said.get("context", {}), "path": said.get("path", "")},
        }  # fmt: skip
        service.send(
            channel.kind, channel.address, facts, key=f"{key}:at:{number}", language=person.language
        )


def _is_own(path: str) -> bool:
    return (
        path.startswith("/")
        and not path.startswith("//")
        and "\\" not in path
        and path.isprintable()
    )


def mark_read(person_id: str, notice_id: str | None = None) -> None:
    """Mark one notice of a person as read, or all of them."""
    unread = sa.and_(_N.c.person_id == person_id, _N.c.read_at.is_(None))
    if notice_id is not None:
        unread = sa.and_(unread, _N.c.id == notice_id)
    if rows_changed(sa.update(_N).where(unread).values(read_at=clock.now())):
        live.changed("bell", person_id)


def purge(*, most: int = 5_000) -> int:
    """Remove notices that were read more than 180 days ago; return how many."""
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
    """Send an e-mail made from `templates/email/<template>.html`; the same key sends once.

    The context is stored: ids, names and figures, never a secret. Without a language it speaks that
    of the request.
    """
    send(
        "email", to_address, {"template": template, "context": context}, key=key, language=language
    )


def sms(
    to_number: str, template: str, context: dict[str, Any], *, key: str, language: str | None = None
) -> None:
    """Send an SMS to a number in E.164, made from the `sms` block of `templates/email/<template>.html`.

    The same rules as for `email`.
    """
    send("sms", to_number, {"template": template, "context": context}, key=key, language=language)


def send(
    channel: str, to_address: str, facts: dict[str, Any], *, key: str, language: str | None = None
) -> bool:
    """Write one message and the job that delivers it; return whether its key was new."""
    message_id = new_id()
    row = {
        "id": message_id, "key": key, "channel": channel, "to_address": to_address, "kind": "",
        "person_id": None, "language": i18n.language() if language is None else language, "tries": 0,
        "last_error": "", "created_at": clock.now(), **facts,
    }  # fmt: skip
    if not insert_ignore(Message.__table__, [row]):
        return False
    return outbox.add("notifications.send", message_id, {"message_id": message_id})


def close(message_id: str, refused: str) -> None:
    """Note that a message has gone out, or why it never will."""
    now = clock.now()
    ended = (
        {"failed_at": now, "last_error": refused[:300]}
        if refused
        else {"sent_at": now, "last_error": ""}
    )
    still_open = sa.and_(_M.c.id == message_id, _M.c.sent_at.is_(None), _M.c.failed_at.is_(None))
    db.session.execute(sa.update(_M).where(still_open).values({**ended, "tries": _M.c.tries + 1}))


def retry(message_id: str) -> None:
    """Send a message again that was given up (a staff verb); raises Conflict when it was not."""
    failed = sa.and_(_M.c.id == message_id, _M.c.sent_at.is_(None), _M.c.failed_at.is_not(None))
    if not rows_changed(sa.update(_M).where(failed).values(failed_at=None, tries=0)):
        raise Conflict(_("This message has not failed. Reload the page to see its current state."))
    outbox.add("notifications.send", f"{message_id}:{new_id()}", {"message_id": message_id})


_C = Choice.__table__


def choose(person_id: str, kind: str, channel: str, *, is_wanted: bool) -> None:
    """Keep whether a person wants a kind by a channel; raises Invalid for what cannot be chosen."""
    if channel not in CHANNELS or kind not in KINDS or KINDS[kind].mandatory:
        raise Invalid(
            _("This message cannot be switched on or off. Reload the page and choose again.")
        )
    db.session.execute(
        sa.delete(_C).where(_C.c.person_id == person_id, _C.c.kind == kind, _C.c.channel == channel)
    )
    if is_wanted != (channel in KINDS[kind].channels):  # what the kind declares needs no row
        row = {"person_id": person_id, "kind": kind, "channel": channel, "is_wanted": is_wanted,
               "changed_at": clock.now()}  # fmt: skip
        db.session.execute(sa.insert(_C).values(row))


def choose_all(
    person_id: str, wanted: Collection[tuple[str, str]], *, among: Collection[tuple[str, str]]
) -> None:
    """Keep the whole table of choices as the person sees it: `among` is on the page, `wanted` is ticked."""
    chosen = queries.choices([person_id]).get(person_id, {})
    for kind, channel in sorted(among):
        now = chosen.get((kind, channel), channel in KINDS[kind].channels)
        if ((kind, channel) in wanted) != now:
            choose(person_id, kind, channel, is_wanted=not now)
