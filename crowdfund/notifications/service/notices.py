"""Tell a person something: into the person's list at once, by other channels through a job."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from ... import clock, live, outbox
from ...accounts import queries as accounts
from ...db import db, insert_ignore, new_id, rows_changed
from .. import queries
from ..kinds import KINDS, QUEUES
from ..models import Notice
from ..rules import KEEP_READ
from . import messages

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
    staff = {person_id for role in QUEUES[kind] for person_id in accounts.staff_with(role)}
    waiting = queries.with_unread(kind, staff)
    notify_all(staff - waiting, kind, {}, key=key, path=KINDS[kind].path)


def spread(keys: list[str]) -> None:
    """Write the messages by which these notices go to their people's addresses."""
    notices = queries.notices(keys)
    people = {one.person_id for one in notices}
    reach, choices = accounts.reach(people), queries.choices(people)
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
                messages.send(channel, address, facts, key=key, language=person.language)


def tell_addresses(
    person_id: str, channels: Iterable[Any], kind: str, said: dict[str, Any], *, key: str
) -> None:
    """Tell of a notice at addresses (`kind`, `address`) that are not the person's own now.

    `said` has the context and path of the notice, which the person gets by `notify`.
    """
    person = accounts.reach([person_id])[person_id]
    own = {("email", one) for one in person.emails} | {("sms", one) for one in person.phones}
    for number, channel in enumerate(channels):
        if (channel.kind, channel.address) in own:
            continue
        facts = {
            "template": "notice", "kind": kind, "person_id": person_id,
            "context": {"name": person.name, **said.get("context", {}), "path": said.get("path", "")},
        }  # fmt: skip
        messages.send(
            channel.kind, channel.address, facts, key=f"{key}:at:{number}", language=person.language
        )


def _is_own(path: str) -> bool:
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()


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
