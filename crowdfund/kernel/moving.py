"""Move a thing to another status, with the row in its history and the pages that show it."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from crowdfund.kernel import live
from crowdfund.kernel.db import Base, db, record_event, record_events, rows_changed

Pages = Iterable[tuple[str, str]]  # what is passed to `live.changed`


def move(
    thing: Base,
    to: str,
    events: sa.Table,
    *,
    actor: str,
    reason: str = "",
    pages: Pages = (),
    field: str = "status",
) -> None:
    """Set the status of a locked object; the caller has checked that it may change.

    What else was changed of the object is written with it. `actor` is a person's id or `system`.
    """
    before = getattr(thing, field)
    setattr(thing, field, to)
    db.session.flush()
    (key,) = sa.inspect(thing, raiseerr=True).identity or ()
    record_event(events, key, actor=actor, before=before, after=to, reason=reason)
    _show(pages)


def move_all(
    things: Sequence[Base],
    to: str,
    events: sa.Table,
    *,
    actor: str,
    reason: str = "",
    pages: Pages = (),
    field: str = "status",
) -> None:
    """Set the status of locked objects of one kind, with few statements for any number of them.

    Otherwise as `move`.
    """
    subjects = []
    for thing in things:
        (key,) = sa.inspect(thing, raiseerr=True).identity or ()
        subjects.append((key, getattr(thing, field)))
        setattr(thing, field, to)
    db.session.flush()
    record_events(events, subjects, actor=actor, after=to, reason=reason)
    _show(pages)


def move_row(
    table: sa.Table,
    key: str,
    to: str,
    events: sa.Table,
    *,
    before: str,
    actor: str,
    reason: str = "",
    pages: Pages = (),
    field: str = "status",
    values: Mapping[str, object] | None = None,
) -> bool:
    """Set the status and other columns of a row if it is still `before`; return whether it was.

    If another transaction was first, nothing is changed and nothing recorded.
    """
    is_there = sa.and_(table.c.id == key, table.c[field] == before)
    change = sa.update(table).where(is_there).values({field: to, **(values or {})})
    if rows_changed(change) != 1:
        return False
    record_event(events, key, actor=actor, before=before, after=to, reason=reason)
    _show(pages)
    return True


def _show(pages: Pages) -> None:
    for kind, key in pages:
        live.changed(kind, key)
