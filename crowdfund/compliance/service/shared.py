"""Shared by the verbs of reviews: locks, rows, changes of status, notices, live pages."""

from collections.abc import Iterable

import sqlalchemy as sa

from crowdfund.compliance.models import KycRecord, KycReview, kyc_review_event
from crowdfund.compliance.rules.reviews import Status
from crowdfund.documents import queries as documents
from crowdfund.documents import service as document_service
from crowdfund.kernel import clock, live, moving
from crowdfund.kernel.db import db, insert_ignore, locked
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.notifications import service
from crowdfund.people import queries

PAGE = "/account/verification"


def locked_file(person_id: str) -> KycRecord:
    """Return the person's file, created if missing, locked until the end of the transaction.

    Raises NotFound if there is no such person.
    """
    person_of(person_id)
    now = clock.now()
    row = {"person_id": person_id, "revision": 0, "created_at": now, "updated_at": now}
    insert_ignore(KycRecord.__table__, [row])
    return locked(KycRecord, person_id)


def person_of(person_id: str) -> Person:
    """Return a person; raises NotFound."""
    person = queries.get(person_id)
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


def open_review(person_id: str) -> KycReview | None:
    """Return the pending review, locked, or None."""
    query = sa.select(KycReview).where(KycReview.open_for == person_id)
    return db.session.scalar(query.with_for_update().execution_options(populate_existing=True))


def move(review: KycReview, to: Status, *, actor: str, reason: str = "") -> None:
    """Set the status of a review and record who did it."""
    moving.move(review, to, kyc_review_event, actor=actor, reason=reason)


def close(review: KycReview, to: Status, *, actor: str, reason: str = "") -> None:
    """End a review."""
    review.open_for, review.decided_by = None, actor
    review.decided_at, review.reason = clock.now(), reason
    move(review, to, actor=actor, reason=reason)


def reopen_documents(person_id: str, kinds: Iterable[str]) -> None:
    """Let accepted documents of these kinds be compared again with the facts that they prove."""
    for document in documents.of_owner(("person", person_id), tuple(kinds)):
        if document.status == "verified":
            document_service.reopen(
                document.id, "a fact that it proves has changed", actor=person_id
            )


def notify(person_id: str, kind: str, context: dict[str, str], *, key: str) -> None:
    """Notify a person, with a link to the verification page."""
    service.notify(person_id, kind, context, key=key, path=PAGE)


def refresh_pages(person_id: str) -> None:
    """Update open pages about a person, and the queue."""
    db.session.flush()
    live.changed("person", person_id)
    live.changed("queue", "people")
