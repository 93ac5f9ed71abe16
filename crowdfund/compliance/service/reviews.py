"""The reviewer's side: decide about documents, the payout account, the level.

Every verb first locks the person's file, so that two about one person are serialised.
"""

from crowdfund.compliance.models import KycReview
from crowdfund.compliance.queries import files
from crowdfund.compliance.queries import reviews as reviews_queries
from crowdfund.compliance.rules import facts, requirements, reviews
from crowdfund.compliance.rules.reviews import Decision, Status
from crowdfund.compliance.service import renewals
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
from crowdfund.documents import service as documents
from crowdfund.documents.rows import DocumentRow
from crowdfund.kernel import clock
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import dates, texts
from crowdfund.kernel.i18n import _
from crowdfund.notifications import service as notifications_service
from crowdfund.payout_accounts import service
from crowdfund.people import service as people_service


def decide_document(person_id: str, document_id: str, decision: Decision, *, actor: str) -> None:
    """Accept one document of a person until its expiry date, or reject it with a reason.

    Raises NotYours, NotFound, Invalid, or Decided without a pending review.
    """
    reviews.check_reviewer(actor, person_id)
    locked_file(person_id)
    document = files.document_of(person_id, document_id)
    if open_review(person_id) is None:
        raise reviews.Decided
    record_decision(document, decision, actor=actor)
    refresh_pages(person_id)


def record_decision(document: DocumentRow, decision: Decision, *, actor: str) -> None:
    """Apply a reviewer's decision about one document.

    A dated kind needs its expiry date; of some the reviewer may say that none is printed. Raises
    Invalid, also for both.
    """
    until = decision.until.strip()
    is_endless = decision.is_endless and document.kind in requirements.MAY_BE_ENDLESS
    if decision.approve and is_endless and until:
        text = _("Enter the expiry date, or tick that there is none, not both.")
        raise Invalid(text, field="until")
    is_dated = document.kind in requirements.DATED and not is_endless
    needs_day = decision.approve and (until or is_dated)
    expires_on = dates.expiry_day(until, "until", today=files.today()) if needs_day else None
    why = "" if decision.approve else texts.reason(decision.reason)
    documents.decide(
        document.id, actor=actor, approve=decision.approve, reason=why, expires_on=expires_on
    )


def decide_payout(person_id: str, decision: Decision, *, actor: str) -> None:
    """Verify or reject the pending payout account. Raises NotYours, Conflict or Invalid."""
    reviews.check_reviewer(actor, person_id)
    locked_file(person_id)
    why = "" if decision.approve else texts.reason(decision.reason)
    service.decide(person_id, actor, decision.approve, why)
    refresh_pages(person_id)


def approve(person_id: str, *, actor: str, revision: int, only_basic: bool = False) -> str:
    """Give the requested level, or propose the enhanced one; return the review's new status.

    The enhanced level takes two reviewers: the first one's proposal gives the basic level at once,
    the second one's approval the enhanced. `only_basic` gives the basic level instead of a higher
    request, but takes no higher level away. `revision` is that of the file that the reviewer has
    seen. Raises NotYours, SameReviewer, NotProven, or Decided if the file or the review has
    changed.
    """
    review = _reviewable(person_id, actor, revision)
    is_higher = person_of(person_id).kyc_level == "enhanced"
    if only_basic and review.status == Status.SUBMITTED and not is_higher:
        review.level = "basic"
    renewals.retire(person_id, actor=actor)
    file = files.snapshot(person_id)
    if unproven := requirements.unproven(file, review.level):
        text = _("Not accepted yet: %(what)s. Decide about it first.", what=unproven[0].label)
        raise reviews.NotProven(text)
    if review.level == "enhanced" and review.status == Status.SUBMITTED:
        _propose(review, file, actor=actor)
    else:
        _approve(review, file, actor=actor)
    refresh_pages(person_id)
    return review.status


def _propose(review: KycReview, file: requirements.File, *, actor: str) -> None:
    review.proposed_by, review.proposed_at = actor, clock.now()
    move(review, Status.PROPOSED, actor=actor)
    if person_of(review.person_id).kyc_level == "none":
        _give(review.person_id, "basic", file, actor=actor, key=f"{review.id}:basic")


def _approve(review: KycReview, file: requirements.File, *, actor: str) -> None:
    close(review, Status.APPROVED, actor=actor)
    review.expires_on = requirements.expires_on(file, review.level)
    review.commitment = reviews.commitment(review.salt, _committed(review))
    _give(review.person_id, review.level, file, actor=actor, key=f"{review.id}:{review.level}")


def reject(person_id: str, *, actor: str, revision: int, reason: str) -> None:
    """Reject a request with a reason; a level that was given already stays.

    Not so when the person's document has a new number, which then nothing proves.
    """
    why = texts.reason(reason)
    review = _reviewable(person_id, actor, revision)
    is_unproven = reviews_queries.has_new_number(person_id)
    close(review, Status.REJECTED, actor=actor, reason=why)
    person = person_of(person_id)
    is_renewal = reviews.is_renewal(review.level, person.kyc_status, person.kyc_level)
    kind = "verification.renewal_refused" if is_renewal else "verification.level_refused"
    if is_unproven:
        reopen_documents(person_id, facts.IDENTITY_KINDS)
    if is_unproven or person.kyc_status != "verified":
        people_service.set_verification(
            person_id, "rejected", level="none", actor=actor, reason=why
        )
        kind = "verification.rejected"
    notify(person_id, kind, {"reason": why}, key=f"{review.id}:rejected")
    refresh_pages(person_id)


def revoke(person_id: str, *, actor: str, reason: str) -> None:
    """Revoke a level with a reason that the person reads. Raises NotYours or Decided."""
    why = texts.reason(reason)
    reviews.check_reviewer(actor, person_id)
    file = locked_file(person_id)
    if person_of(person_id).kyc_status != "verified":
        raise reviews.Decided
    review = open_review(person_id)
    if review is not None:
        close(review, Status.REJECTED, actor=actor, reason=why)
    people_service.set_verification(person_id, "rejected", level="none", actor=actor, reason=why)
    file.revision += 1
    key = f"kyc:{person_id}:{file.revision}:revoked"
    notify(person_id, "verification.rejected", {"reason": why}, key=key)
    refresh_pages(person_id)


def _reviewable(person_id: str, actor: str, revision: int) -> KycReview:
    reviews.check_reviewer(actor, person_id)
    file = locked_file(person_id)
    review = open_review(person_id)
    if review is None or file.revision != revision:
        raise reviews.Decided
    reviews.check_second(actor, review.proposed_by)
    return review


def _give(person_id: str, level: str, file: requirements.File, *, actor: str, key: str) -> None:
    expires_on = requirements.expires_on(file, level)
    people_service.set_verification(
        person_id, "verified", level=level, actor=actor, expires_on=expires_on
    )
    if level == "basic":
        kind, path = "verification.approved", "/campaigns"
        notifications_service.notify(person_id, kind, {}, key=key, path=path)
    else:
        notify(person_id, "verification.enhanced", {}, key=key)


def _committed(review: KycReview) -> dict[str, object]:
    """Return what a review commits to. Never change it: old commitments could not be verified."""
    row, documents = files.facts(review.person_id), files.documents_of(review.person_id)
    names = [name for step in facts.STEPS.values() for name in step]
    verified = [one.sha256_commitment for one in documents if one.status == "verified"]
    return {
        "person": review.person_id,
        "level": review.level,
        "decided_by": review.decided_by,
        "decided_at": str(review.decided_at),
        "expires_on": str(review.expires_on),
        "facts": {
            **{name: str(getattr(row, name, "")) for name in names},
            "id_number": row.id_number_mark if row else None,
        },
        "documents": sorted(verified),
    }
