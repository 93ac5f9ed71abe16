"""Reads about the dated limits of all campaigns: those in force, and every version."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.campaigns.models import LimitsVersion, limits_version_event
from crowdfund.campaigns.rows import LimitsRow
from crowdfund.campaigns.rules.terms import DEFAULT_LIMITS, Limits
from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

_L = LimitsVersion.__table__
_VERSION = sa.select(*columns(LimitsRow, _L))
_IS_APPROVED = _L.c.status == "approved"
_NEWEST_DATE = (Key(_L.c.valid_from, is_descending=True), Key(_L.c.id, is_descending=True))
_NUMBERS = [one.name for one in fields(Limits) if one.name in _L.c]


def in_force(at: datetime | None = None) -> Limits:
    """Return the limits in force at a moment; the defaults until a version replaces them."""
    found = version_in_force(at)
    if found is None:
        return DEFAULT_LIMITS
    return Limits(**{name: getattr(found, name) for name in _NUMBERS})


def version_in_force(at: datetime | None = None) -> LimitsRow | None:
    """Return the approved version in force at a moment, as `rules.limits.in_force` chooses it."""
    query = _VERSION.where(_IS_APPROVED, _L.c.valid_from <= (at or clock.now()))
    order = (_L.c.valid_from.desc(), _L.c.decided_at.desc(), _L.c.id.desc())
    return read_first(LimitsRow, query.order_by(*order).limit(1))


def ahead(at: datetime, *, until: datetime | None = None, most: int = 20) -> list[LimitsRow]:
    """Return approved versions that come into force after a moment, the next first."""
    query = _VERSION.where(_IS_APPROVED, _L.c.valid_from > at)
    if until is not None:
        query = query.where(_L.c.valid_from <= until)
    return read_all(LimitsRow, query.order_by(_L.c.valid_from, _L.c.decided_at).limit(most))


def versions(place: Place = START, *, size: int = 25) -> Page[LimitsRow]:
    """Return a page of versions and proposals in any state, the newest date first."""
    return read_page(_VERSION, _NEWEST_DATE, place, size=size, row=LimitsRow)


def version(limits_id: str) -> LimitsRow:
    """Return a version or proposal. Raises NotFound."""
    return _one(_VERSION.where(_L.c.id == limits_id))


def locked(limits_id: str) -> LimitsRow:
    """Return a version or proposal, locked. Raises NotFound."""
    return _one(_VERSION.where(_L.c.id == limits_id).with_for_update())


def _one(query: sa.Select[Any]) -> LimitsRow:
    return read_one(LimitsRow, query, NotFound(_("There is no such version of the limits.")))


def history(limits_id: str) -> list[StatusChange]:
    """Return who did what about a version and why, oldest first."""
    return status_changes(limits_version_event, limits_id)


def names(limits_ids: set[str]) -> dict[str, str]:
    """Return the first days of several versions by id, as year, month and day."""
    query = sa.select(_L.c.id, _L.c.from_on).where(_L.c.id.in_(limits_ids))
    return {row.id: row.from_on.isoformat() for row in db.session.execute(query)}


def waiting() -> tuple[int, datetime | None]:
    """Return how many proposals need a second person, and since when the oldest."""
    pending = sa.select(sa.func.count(), sa.func.min(_L.c.asked_at)).where(_L.c.status == "pending")
    count, oldest = db.session.execute(pending).one()
    return count, oldest
