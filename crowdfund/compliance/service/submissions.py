"""The person's side of a review: changes, asking for a level, asking again."""

import secrets

from crowdfund.compliance.models import KycRecord, KycReview, kyc_review_event
from crowdfund.compliance.queries import files, reviews
from crowdfund.compliance.rules import requirements
from crowdfund.compliance.rules.reviews import Status
from crowdfund.compliance.service.shared import (
    close,
    locked_file,
    move,
    notify,
    open_review,
    person_of,
    tell_pages,
)
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.notifications import service as notifications_service
from crowdfund.people import service


class NotComplete(Conflict):
    """Something that the level needs is not there yet."""

    code = "not_complete"


def changed(file: KycRecord, *, actor: str, what: str, is_known: bool) -> None:
    """Note a change of a person's file. `is_known`: something that was there before is different now.

    What a reviewer was looking at is outdated, a proposal has to be made again, and a verified
    person whose known facts have changed waits for another check (rules.md, KYC).
    """
    person_id = file.person_id
    file.revision, file.updated_at = file.revision + 1, clock.now()
    db.session.flush()
    _invalidate_review(person_id, actor=actor, what=what)
    if is_known and person_of(person_id).kyc_status == "verified":
        service.set_verification(
            person_id, "pending", level="none", actor=actor, reason=f"{what} changed"
        )
        reopen(person_id, actor=actor)
    tell_pages(person_id)


def _invalidate_review(person_id: str, *, actor: str, what: str) -> None:
    """Take back a request that lacks something now; have a proposal made again."""
    review = open_review(person_id)
    if review is None:
        return
    if requirements.missing(files.snapshot(person_id), review.level):
        close(review, Status.WITHDRAWN, actor=actor, reason=f"{what} changed")
    elif review.status == Status.PROPOSED:
        review.proposed_by = review.proposed_at = None
        move(review, Status.SUBMITTED, actor=actor, reason=f"{what} changed")


def reopen(person_id: str, *, actor: str) -> None:
    """Ask again for the level that a waiting person had, if everything for it is there."""
    if person_of(person_id).kyc_status != "pending" or open_review(person_id) is not None:
        return
    had, file = reviews.last_approved(person_id), files.snapshot(person_id)
    levels = [level for level in requirements.LEVELS if not requirements.missing(file, level)]
    if had is None or not levels:
        _tell_rechecking(person_id)
        return
    level = min(levels[-1], had.level, key=requirements.LEVELS.index)
    _ask(person_id, level, actor=actor)
    _tell_rechecking(person_id)


def submit(person_id: str, *, actor: str) -> str:
    """Ask for the highest level for which everything is there; return the level.

    Raises NotComplete, or Conflict when there is nothing to ask for.
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
        review.level = level
        move(review, Status.SUBMITTED, actor=actor, reason="asked for the enhanced level")
    else:
        _ask(person_id, level, actor=actor)
    if person.kyc_status != "verified":
        service.set_verification(person_id, "pending", level="none", actor=actor)
    tell_pages(person_id)
    return level


def _ask(person_id: str, level: str, *, actor: str) -> None:
    review_id = new_id()
    row = {
        "id": review_id, "person_id": person_id, "open_for": person_id, "level": level,
        "status": Status.SUBMITTED, "submitted_at": clock.now(), "salt": secrets.token_hex(32), "reason": "",
    }  # fmt: skip
    if not insert_ignore(KycReview.__table__, [row]):
        raise Conflict(_("You have already sent this. We are reviewing it."))
    record_event(
        kyc_review_event, review_id, actor=actor, before=None, after=Status.SUBMITTED, reason=level
    )
    notifications_service.queue_work("staff.people", key=f"kyc_review:{review_id}")


def _tell_rechecking(person_id: str) -> None:
    revision = files.revision(person_id)
    notify(person_id, "verification.rechecking", {}, key=f"kyc:{person_id}:again:{revision}")
