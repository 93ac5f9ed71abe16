"""Reads about notices and messages."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from ..db import db
from .kinds import CHANNELS, KINDS
from .models import Choice, Notice

_N, _C = Notice.__table__, Choice.__table__


def notices(notice_ids: Collection[str]) -> list[Any]:
    """Return notices by id, oldest first."""
    return list(db.session.execute(sa.select(_N).where(_N.c.id.in_(notice_ids)).order_by(_N.c.id)))


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
    return [channel for channel in CHANNELS if chosen.get((name, channel), channel in kind.channels)]
