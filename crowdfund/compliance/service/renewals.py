"""A document that is renewed before the old one expires: the level stays while it is checked."""

from crowdfund.compliance.models import kyc_review_event
from crowdfund.compliance.queries import files, reviews
from crowdfund.compliance.rules import renewals, requirements
from crowdfund.compliance.rules import reviews as reviews_rules
from crowdfund.compliance.rules.reviews import Status
from crowdfund.compliance.service import submissions
from crowdfund.compliance.service.shared import close, open_review, person_of, refresh_pages
from crowdfund.documents import service as documents
from crowdfund.kernel.db import record_event


def ask(person_id: str, kind: str, *, actor: str) -> None:
    """Request the level that a verified person has once more, for a newer document of a kind.

    Nothing happens while a request is open, for a kind that the level does not need, and for a file
    that is not complete for the level.
    """
    person = person_of(person_id)
    if person.kyc_status != "verified" or open_review(person_id) is not None:
        return
    file, level = files.snapshot(person_id), person.kyc_level
    if kind in requirements.kinds_asked(file, level) and not requirements.missing(file, level):
        submissions.request(person_id, level, actor=actor)
        refresh_pages(person_id)


def retire(person_id: str, *, actor: str) -> None:
    """Take documents out of force that an accepted newer one has replaced."""
    for old, new in renewals.replaced(files.documents_of(person_id)):
        documents.supersede(old.id, new.id, actor=actor)


def is_under_way(person_id: str, kind: str) -> bool:
    """Return whether a newer document of an accepted kind is checked for a verified person."""
    if person_of(person_id).kyc_status != "verified" or reviews.open_review(person_id) is None:
        return False
    present = [one for one in files.documents_of(person_id) if one.kind == kind]
    return renewals.is_renewal(present, kind) and any(one.status == "pending" for one in present)


def withdraw_empty(person_id: str, *, actor: str) -> None:
    """Withdraw a renewal once its documents were taken back, so that nothing is left to check."""
    review, person = open_review(person_id), person_of(person_id)
    if review is None or reviews.has_new_number(person_id):
        return
    is_renewal = reviews_rules.is_renewal(review.level, person.kyc_status, person.kyc_level)
    if is_renewal and all(one.status != "pending" for one in files.documents_of(person_id)):
        close(review, Status.WITHDRAWN, actor=actor, reason="nothing left to check")
        refresh_pages(person_id)


def note_number(person_id: str, *, actor: str) -> None:
    """Record in the history of the open review that the document's number was changed with it."""
    review = open_review(person_id)
    if review is not None:
        now = review.status
        why = reviews.NEW_NUMBER
        record_event(kyc_review_event, review.id, actor=actor, before=now, after=now, reason=why)
