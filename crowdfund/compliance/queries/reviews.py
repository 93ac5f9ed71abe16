"""Reads about reviews: the pending one, decided ones, the history."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from crowdfund.compliance.models import (
    KycRecord,
    KycReview,
    Nominee,
    kyc_review_event,
    nominee_event,
)
from crowdfund.compliance.queries.files import today
from crowdfund.compliance.rows import HistoryLine, ReviewRow
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.rows import columns, read_all, read_first
from crowdfund.people import queries

_R, _N, _F = KycReview.__table__, Nominee.__table__, KycRecord.__table__
NEW_NUMBER = "new document number"  # in the history of a review
_REVIEWS = sa.select(*columns(ReviewRow, _R))


def open_review(person_id: str) -> ReviewRow | None:
    """Return the review that waits for a decision, or None."""
    return read_first(ReviewRow, _REVIEWS.where(_R.c.open_for == person_id))


def has_new_number(person_id: str) -> bool:
    """Return whether the open review is also about a number that only a newer document proves."""
    review = open_review(person_id)
    return review is not None and any(event.reason == NEW_NUMBER for event in events(review.id))


def latest(person_id: str) -> ReviewRow | None:
    """Return the newest review of any status, or None."""
    query = _REVIEWS.where(_R.c.person_id == person_id)
    return read_first(ReviewRow, query.order_by(_R.c.id.desc()).limit(1))


def last_approved(person_id: str) -> ReviewRow | None:
    """Return the newest approved review, or None."""
    query = _REVIEWS.where(_R.c.person_id == person_id, _R.c.status == "approved")
    return read_first(ReviewRow, query.order_by(_R.c.decided_at.desc()).limit(1))


def history(person_id: str) -> list[HistoryLine]:
    """Return everything that happened to a person's verification, newest first."""
    events = [
        *(_line("person", event) for event in queries.kyc_history(person_id)),
        *(_line("review", event) for event in _review_events(person_id)),
        *(_line("nominee", event) for event in _nominee_events(person_id)),
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _line(what: str, event: StatusChange) -> HistoryLine:
    return HistoryLine(event.at, event.actor, what, event.to_status, event.reason)


def events(review_id: str) -> list[StatusChange]:
    """Return what happened to one review, oldest first."""
    return status_changes(kyc_review_event, review_id)


def _review_events(person_id: str) -> list[StatusChange]:
    is_its = _R.c.id == kyc_review_event.c.kyc_review_id
    query = sa.select(*columns(StatusChange, kyc_review_event)).join(_R, is_its)
    return read_all(StatusChange, query.where(_R.c.person_id == person_id))


def _nominee_events(person_id: str) -> list[StatusChange]:
    is_its = _N.c.id == nominee_event.c.nominee_id
    query = sa.select(*columns(StatusChange, nominee_event)).join(_N, is_its)
    return read_all(StatusChange, query.where(_N.c.person_id == person_id))


def lapsed(*, most: int = 500) -> Sequence[str]:
    """Return the verified people whose verification has expired."""
    people = queries.PEOPLE
    is_over = sa.and_(people.c.kyc_status == "verified", people.c.kyc_expires_on < today())
    query = sa.select(people.c.person_id).where(is_over)
    return db.session.scalars(query.order_by(people.c.person_id).limit(most)).all()


def to_remind(until: date, *, most: int = 500) -> Sequence[tuple[str, date]]:
    """Return verified people not notified yet whose verification ends by `until`, with its day.

    Without those whose renewal is being checked (rules.reviews.is_renewal).
    """
    people = queries.PEOPLE
    same_level = sa.or_(_R.c.level == people.c.kyc_level, people.c.kyc_level == "enhanced")
    is_renewing = sa.exists().where(_R.c.open_for == people.c.person_id, same_level)
    query = (
        sa.select(people.c.person_id, people.c.kyc_expires_on)
        .join(_F, _F.c.person_id == people.c.person_id)
        .where(
            people.c.kyc_status == "verified",
            people.c.kyc_expires_on.between(today(), until),
            ~is_renewing,
            sa.or_(_F.c.reminded_of.is_(None), _F.c.reminded_of != people.c.kyc_expires_on),
        )
    )
    found = db.session.execute(query.order_by(people.c.person_id).limit(most))
    return [(row.person_id, row.kyc_expires_on) for row in found]
