"""The person's side of a review: changes of the file, requests for a level."""

import secrets

from crowdfund.compliance.models import KycRecord, KycReview, kyc_review_event
from crowdfund.compliance.queries import files, reviews
from crowdfund.compliance.rules import facts, requirements
from crowdfund.compliance.rules.reviews import Status
from crowdfund.compliance.service.shared import (
    close,
    locked_file,
    move,
    notify,
    open_review,
    person_of,
    refresh_pages,
    reopen_documents,
)
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.notifications import service as notifications_service
from crowdfund.people import service

MAX_PATH = 300


class NotComplete(Conflict):
    """Something that the level needs is missing."""

    code = "not_complete"


def changed(file: KycRecord, *, actor: str, what: str, is_known: bool) -> None:
    """Record a change of a person's file; with `is_known` of something that was complete before.

    A pending review is invalidated, a proposal has to be made again, and a verified person whose
    known facts have changed is reviewed again (rules.md, KYC). So is one whose new document number
    was to be proved by a review that is withdrawn.
    """
    person_id = file.person_id
    file.revision, file.updated_at = file.revision + 1, clock.now()
    db.session.flush()
    has_new_number = reviews.has_new_number(person_id)
    if _invalidate_review(person_id, actor=actor, what=what) and has_new_number:
        reopen_documents(person_id, facts.IDENTITY_KINDS)
        is_known = True
    if is_known and person_of(person_id).kyc_status == "verified":
        service.set_verification(
            person_id, "pending", level="none", actor=actor, reason=f"{what} changed"
        )
        reopen(person_id, actor=actor)
    refresh_pages(person_id)


def _invalidate_review(person_id: str, *, actor: str, what: str) -> bool:
    """Withdraw a request that is no longer complete and return True; undo a proposal."""
    review = open_review(person_id)
    if review is None:
        return False
    if requirements.missing(files.snapshot(person_id), review.level):
        close(review, Status.WITHDRAWN, actor=actor, reason=f"{what} changed")
        return True
    if review.status == Status.PROPOSED:
        review.proposed_by = review.proposed_at = None
        move(review, Status.SUBMITTED, actor=actor, reason=f"{what} changed")
    return False


def reopen(person_id: str, *, actor: str) -> None:
    """Request again the level that a pending person had, if the file is complete for it."""
    if person_of(person_id).kyc_status != "pending" or open_review(person_id) is not None:
        return
    former, file = reviews.last_approved(person_id), files.snapshot(person_id)
    levels = [level for level in requirements.LEVELS if not requirements.missing(file, level)]
    if former is not None and levels:
        level = min(levels[-1], former.level, key=requirements.LEVELS.index)
        request(person_id, level, actor=actor)
    key = f"kyc:{person_id}:again:{files.revision(person_id)}"
    notify(person_id, "verification.rechecking", {}, key=key)


def submit(person_id: str, *, actor: str, next_path: str = "") -> str:
    """Request the highest level for which the file is complete; return the level.

    `next_path` is the page to go on to after the decision; a too long one is not stored.
    Raises NotComplete, or Conflict when there is nothing to request.
    """
    locked_file(person_id)
    file, person = files.snapshot(person_id), person_of(person_id)
    level = requirements.complete_level(file)
    if level == "none":
        first = requirements.missing(file, "basic")[0]
        raise NotComplete(_("This is still missing: %(what)s.", what=first.label))
    if person.kyc_status == "verified" and level in ("none", person.kyc_level):
        raise Conflict(_("You are already verified at this level. There is nothing to send."))
    review = open_review(person_id)
    if review is not None and review.level == level:
        raise Conflict(_("You have already sent this. We are reviewing it."))
    if review is not None:
        review.level, review.next_path = level, _storable(next_path) or review.next_path
        move(review, Status.SUBMITTED, actor=actor, reason="asked for the enhanced level")
    else:
        request(person_id, level, actor=actor, next_path=next_path)
    if person.kyc_status != "verified":
        service.set_verification(person_id, "pending", level="none", actor=actor)
    refresh_pages(person_id)
    return level


def request(person_id: str, level: str, *, actor: str, next_path: str = "") -> None:
    """Open a review of a person for a level. Raises Conflict if one is open."""
    review_id, submitted = new_id(), Status.SUBMITTED
    row = {
        "id": review_id,
        "person_id": person_id,
        "open_for": person_id,
        "level": level,
        "status": submitted,
        "submitted_at": clock.now(),
        "salt": secrets.token_hex(32),
        "reason": "",
        "next_path": _storable(next_path),
    }
    if not insert_ignore(KycReview.__table__, [row]):
        raise Conflict(_("You have already sent this. We are reviewing it."))
    record_event(
        kyc_review_event, review_id, actor=actor, before=None, after=submitted, reason=level
    )
    notifications_service.queue_work("staff.people", key=f"kyc_review:{review_id}")


def _storable(path: str) -> str:
    return path if len(path) <= MAX_PATH else ""
