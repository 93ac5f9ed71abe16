"""Reads about reviews: what waits, what was decided, by whom."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from crowdfund.compliance.models import (
    KycRecord,
    KycReview,
    Nominee,
    kyc_review_event,
    nominee_event,
)
from crowdfund.compliance.queries.files import today
from crowdfund.kernel.db import db
from crowdfund.people import queries

_R = KycReview.__table__
_N = Nominee.__table__
_F = KycRecord.__table__
_E = kyc_review_event


class Event(NamedTuple):
    """One line of a person's history."""

    at: datetime
    actor: str
    what: str  # person, review, nominee
    status: str
    reason: str


def open_review(person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return the review that waits for a decision, or None."""
    return db.session.execute(sa.select(_R).where(_R.c.open_for == person_id)).first()


def latest(person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return the newest review in any state, or None."""
    query = sa.select(_R).where(_R.c.person_id == person_id).order_by(_R.c.id.desc()).limit(1)
    return db.session.execute(query).first()


def last_approved(person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return the newest approved review, or None."""
    query = sa.select(_R).where(_R.c.person_id == person_id, _R.c.status == "approved")
    return db.session.execute(query.order_by(_R.c.decided_at.desc()).limit(1)).first()


def history(person_id: str) -> list[Event]:
    """Return everything that happened to a person's verification, newest first."""
    events = [
        Event(row.at, row.actor, "person", row.to_status, row.reason)
        for row in queries.kyc_history(person_id)
    ]
    reviews = (
        sa.select(_E).join(_R, _R.c.id == _E.c.kyc_review_id).where(_R.c.person_id == person_id)
    )
    events += [
        Event(row.at, row.actor, "review", row.to_status, row.reason)
        for row in db.session.execute(reviews)
    ]
    named = (
        sa.select(nominee_event)
        .join(_N, _N.c.id == nominee_event.c.nominee_id)
        .where(_N.c.person_id == person_id)
    )
    events += [
        Event(row.at, row.actor, "nominee", row.to_status, row.reason)
        for row in db.session.execute(named)
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)


def lapsed(*, most: int = 500) -> Sequence[str]:
    """Return verified people whose verification is used up."""
    people = queries.PEOPLE
    query = sa.select(people.c.person_id).where(
        people.c.kyc_status == "verified", people.c.kyc_expires_on < today()
    )
    return db.session.scalars(query.order_by(people.c.person_id).limit(most)).all()


def to_remind(until: date, *, most: int = 500) -> Sequence[tuple[str, date]]:
    """Return verified people, and the day, whose verification ends by `until` and who were not notified."""
    people = queries.PEOPLE
    query = (
        sa.select(people.c.person_id, people.c.kyc_expires_on)
        .join(_F, _F.c.person_id == people.c.person_id)
        .where(
            people.c.kyc_status == "verified",
            people.c.kyc_expires_on.between(today(), until),
            sa.or_(_F.c.reminded_of.is_(None), _F.c.reminded_of != people.c.kyc_expires_on),
        )
    )
    found = db.session.execute(query.order_by(people.c.person_id).limit(most))
    return [(row.person_id, row.kyc_expires_on) for row in found]
