"""Reads of the plan: the version of a day, every version, and the proposals."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.plans.models import PlanVersion, plan_version_event
from crowdfund.plans.rows import PlanRow
from crowdfund.plans.rules.terms import DEFAULT_TERMS, NAMES, Status, Terms

_V = PlanVersion.__table__
_VERSION = sa.select(*columns(PlanRow, _V))
_IS_APPROVED = _V.c.status == Status.APPROVED
_NEWEST = (Key(_V.c.id, is_descending=True),)


def terms_on(day: date) -> Terms:
    """Return the terms of a day in the plan's time zone; the defaults until a version has begun."""
    found = version_on(day)
    return terms_of(found) if found else DEFAULT_TERMS


def version_on(day: date, *, but: str = "") -> PlanRow | None:
    """Return the approved version of a day: of those that had begun the latest, or None.

    `but` leaves out one version by its id.
    """
    order = (_V.c.from_on.desc(), _V.c.decided_at.desc(), _V.c.id.desc())
    query = _VERSION.where(_IS_APPROVED, _V.c.from_on <= day, _V.c.id != but).order_by(*order)
    return read_first(PlanRow, query.limit(1))


def terms_of(version: PlanRow) -> Terms:
    """Return the terms of a version."""
    return Terms(**{name: getattr(version, name) for name in NAMES})


def ahead(day: date, *, most: int = 20) -> list[PlanRow]:
    """Return approved versions that begin after a day, the next first."""
    query = _VERSION.where(_IS_APPROVED, _V.c.from_on > day)
    return read_all(PlanRow, query.order_by(_V.c.from_on, _V.c.decided_at).limit(most))


def versions(place: Place = START, *, size: int = 25) -> Page[PlanRow]:
    """Return a page of versions and proposals in any state, the newest first."""
    return read_page(_VERSION, _NEWEST, place, size=size, row=PlanRow)


def version(plan_id: str) -> PlanRow:
    """Return a version or proposal. Raises NotFound."""
    return _one(_VERSION.where(_V.c.id == plan_id))


def locked(plan_id: str) -> PlanRow:
    """Return a version or proposal, locked. Raises NotFound."""
    return _one(_VERSION.where(_V.c.id == plan_id).with_for_update())


def _one(query: sa.Select[Any]) -> PlanRow:
    return read_one(PlanRow, query, NotFound(_("There is no such version of the plan.")))


def history(plan_id: str) -> list[StatusChange]:
    """Return who did what about a version and why, oldest first."""
    return status_changes(plan_version_event, plan_id)


def names(plan_ids: set[str]) -> dict[str, str]:
    """Return the first days of several versions by id, as year, month and day."""
    query = sa.select(_V.c.id, _V.c.from_on).where(_V.c.id.in_(plan_ids))
    return {row.id: row.from_on.isoformat() for row in db.session.execute(query)}


def waiting() -> tuple[int, datetime | None]:
    """Return how many proposals need a second person, and since when the oldest."""
    pending = sa.select(sa.func.count(), sa.func.min(_V.c.asked_at)).where(
        _V.c.status == Status.PENDING
    )
    count, oldest = db.session.execute(pending).one()
    return count, oldest
