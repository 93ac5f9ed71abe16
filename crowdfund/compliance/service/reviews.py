"""Reviews: asked for, decided by one or two people, reopened by changes, expired.

Every verb first locks the person's file, so that two of them about one person never cross.
"""

import secrets
from datetime import date

import sqlalchemy as sa

from ... import clock, live
from ...accounts import queries as accounts
from ...accounts import service as account_service
from ...db import db, insert_ignore, new_id, record_event
from ...documents import service as documents
from ...documents.queries import DocumentRow
from ...errors import Conflict, NotFound
from ...i18n import _
from ...notifications import service as notifications
from .. import queries, rules
from ..models import KycFile, KycReview, kyc_review_event
from ..rules.reviews import Decision, Status

PAGE = "/account/verification"


class NotComplete(Conflict):
    """Something that the level needs is not there yet."""

    code = "not_complete"


def locked_file(person_id: str) -> KycFile:
    """Return the person's file, opened if there is none, locked until the end of the transaction."""
    now = clock.now()
    row = {"person_id": person_id, "revision": 0, "created_at": now, "updated_at": now}
    insert_ignore(KycFile.__table__, [row])
    file = db.session.get(KycFile, person_id, with_for_update=True, populate_existing=True)
    assert file is not None  # noqa: S101 - just made
    return file


# --- the person's side ------------------------------------------------------------------------------


def changed(file: KycFile, *, actor: str, what: str, is_known: bool) -> None:
    """Note a change of a person's file. `is_known`: something that was there before is different now.

    What a reviewer was looking at is outdated, a proposal has to be made again, and a verified
    person whose known facts have changed waits for another check (rules.md, KYC).
    """
    person_id = file.person_id
    file.revision, file.updated_at = file.revision + 1, clock.now()
    db.session.flush()
    _outdate(person_id, actor=actor, what=what)
    if is_known and _person(person_id).kyc_status == "verified":
        account_service.set_verification(
            person_id, "pending", level="none", actor=actor, reason=f"{what} changed"
        )
        reopen(person_id, actor=actor)
    _tell_pages(person_id)


def _outdate(person_id: str, *, actor: str, what: str) -> None:
    """Take back a request that lacks something now; have a proposal made again."""
    review = _open(person_id)
    if review is None:
        return
    if rules.requirements.missing(queries.snapshot(person_id), review.level):
        _close(review, Status.WITHDRAWN, actor=actor, reason=f"{what} changed")
    elif review.status == Status.PROPOSED:
        review.proposed_by = review.proposed_at = None
        _move(review, Status.SUBMITTED, actor=actor, reason=f"{what} changed")


def reopen(person_id: str, *, actor: str) -> None:
    """Ask again for the level that a waiting person had, if everything for it is there."""
    if _person(person_id).kyc_status != "pending" or _open(person_id) is not None:
        return
    had, file = queries.last_approved(person_id), queries.snapshot(person_id)
    levels = [level for level in rules.LEVELS if not rules.requirements.missing(file, level)]
    if had is None or not levels:
        _tell_rechecking(person_id)
        return
    level = min(levels[-1], had.level, key=rules.LEVELS.index)
    _ask(person_id, level, actor=actor)
    _tell_rechecking(person_id)


def submit(person_id: str, *, actor: str) -> str:
    """Ask for the highest level for which everything is there; return the level.

    Raises NotComplete, or Conflict when there is nothing to ask for.
    """
    locked_file(person_id)
    file, person = queries.snapshot(person_id), _person(person_id)
    level = rules.requirements.complete_level(file)
    if level == "none":
        first = rules.requirements.missing(file, "basic")[0]
        raise NotComplete(_("This is still missing: %(what)s.", what=first.label))
    if person.kyc_status == "verified" and level in ("none", person.kyc_level):
        raise Conflict(_("You are verified at this level already. Nothing has to be sent."))
    review = _open(person_id)
    if review is not None and review.level == level:
        raise Conflict(_("You have sent this already. We are looking at it."))
    if review is not None:
        review.level = level
        _move(review, Status.SUBMITTED, actor=actor, reason="asked for the enhanced level")
    else:
        _ask(person_id, level, actor=actor)
    if person.kyc_status != "verified":
        account_service.set_verification(person_id, "pending", level="none", actor=actor)
    _tell_pages(person_id)
    return level


def _ask(person_id: str, level: str, *, actor: str) -> None:
    review_id = new_id()
    row = {
        "id": review_id, "person_id": person_id, "open_for": person_id, "level": level,
        "status": Status.SUBMITTED, "submitted_at": clock.now(), "salt": secrets.token_hex(32), "reason": "",
    }  # fmt: skip
    if not insert_ignore(KycReview.__table__, [row]):
        raise Conflict(_("You have sent this already. We are looking at it."))
    record_event(kyc_review_event, review_id, actor=actor, before=None, after=Status.SUBMITTED, reason=level)
    notifications.queue_work("staff.people", key=f"kyc_review:{review_id}")


# --- the reviewer's side ------------------------------------------------------------------------------


def decide_document(person_id: str, document_id: str, decision: Decision, *, actor: str) -> None:
    """Accept one document of a person until its expiry date, or reject it with a reason.

    Raises OwnFile, NotFound, Invalid, or Decided while the person has not sent anything in.
    """
    rules.reviews.check_reviewer(actor, person_id)
    locked_file(person_id)
    paper = queries.paper_of(person_id, document_id)
    if _open(person_id) is None:
        raise rules.reviews.Decided
    decide_paper(paper, decision, actor=actor)
    _tell_pages(person_id)


def decide_paper(paper: DocumentRow, decision: Decision, *, actor: str) -> None:
    """Take a reviewer's decision about one document; a dated kind needs its expiry date."""
    until = decision.until.strip()
    needs_day = decision.approve and (until or paper.kind in rules.requirements.DATED)
    expires_on = rules.texts.expiry_day(until, "until", today=queries.today()) if needs_day else None
    why = "" if decision.approve else rules.texts.reason(decision.reason)
    documents.decide(paper.id, actor=actor, approve=decision.approve, reason=why, expires_on=expires_on)


def approve(person_id: str, *, actor: str, revision: int) -> str:
    """Give the level that was asked for, or propose the enhanced one; return the review's new status.

    The enhanced level takes two people: the first one's proposal gives the basic level at once, the
    second one's approval the rest. `revision` is that of the file which the reviewer has seen. Raises
    OwnFile, SameReviewer, NotProven, or Decided when somebody was quicker.
    """
    review = _reviewable(person_id, actor, revision)
    file = queries.snapshot(person_id)
    if unproven := rules.requirements.unproven(file, review.level):
        raise rules.reviews.NotProven(
            _("Not accepted yet: %(what)s. Decide about it first.", what=unproven[0].label)
        )
    if review.level == "enhanced" and review.status == Status.SUBMITTED:
        review.proposed_by, review.proposed_at = actor, clock.now()
        _move(review, Status.PROPOSED, actor=actor)
        if _person(person_id).kyc_level == "none":
            _give(person_id, "basic", file, actor=actor, key=f"{review.id}:basic")
    else:
        _close(review, Status.APPROVED, actor=actor)
        review.expires_on = rules.requirements.expires_on(file, review.level)
        review.commitment = rules.reviews.commitment(review.salt, _facts(person_id, review))
        _give(person_id, review.level, file, actor=actor, key=f"{review.id}:{review.level}")
    _tell_pages(person_id)
    return review.status


def reject(person_id: str, *, actor: str, revision: int, reason: str) -> None:
    """Send a request back with a reason; a level that was given already stays."""
    why = rules.texts.reason(reason)
    review = _reviewable(person_id, actor, revision)
    _close(review, Status.REJECTED, actor=actor, reason=why)
    kind = "verification.level_refused"
    if _person(person_id).kyc_status != "verified":
        account_service.set_verification(person_id, "rejected", level="none", actor=actor, reason=why)
        kind = "verification.rejected"
    _notify(person_id, kind, {"reason": why}, key=f"{review.id}:rejected")
    _tell_pages(person_id)


def revoke(person_id: str, *, actor: str, reason: str) -> None:
    """Take a given level away, with a reason that the person reads. Raises OwnFile or Decided."""
    why = rules.texts.reason(reason)
    rules.reviews.check_reviewer(actor, person_id)
    file = locked_file(person_id)
    if _person(person_id).kyc_status != "verified":
        raise rules.reviews.Decided
    review = _open(person_id)
    if review is not None:
        _close(review, Status.REJECTED, actor=actor, reason=why)
    account_service.set_verification(person_id, "rejected", level="none", actor=actor, reason=why)
    file.revision += 1
    _notify(
        person_id, "verification.rejected", {"reason": why}, key=f"kyc:{person_id}:{file.revision}:revoked"
    )
    _tell_pages(person_id)


def _reviewable(person_id: str, actor: str, revision: int) -> KycReview:
    rules.reviews.check_reviewer(actor, person_id)
    file = locked_file(person_id)
    review = _open(person_id)
    if review is None or file.revision != revision:
        raise rules.reviews.Decided
    rules.reviews.check_second(actor, review.proposed_by)
    return review


def _give(person_id: str, level: str, file: rules.File, *, actor: str, key: str) -> None:
    expires_on = rules.requirements.expires_on(file, level)
    account_service.set_verification(person_id, "verified", level=level, actor=actor, expires_on=expires_on)
    if level == "basic":
        notifications.notify(person_id, "verification.approved", {}, key=key, path="/campaigns")
    else:
        _notify(person_id, "verification.enhanced", {}, key=key)


def _facts(person_id: str, review: KycReview) -> dict[str, object]:
    row, papers = queries.facts(person_id), queries.papers(person_id)
    names = [name for step in rules.facts.STEPS.values() for name in step]
    return {
        "person": person_id, "level": review.level, "decided_by": review.decided_by,
        "decided_at": str(review.decided_at), "expires_on": str(review.expires_on),
        "facts": {name: str(getattr(row, name, "")) for name in names} | {"id_number": row.id_number_mark},
        "documents": sorted(paper.sha256_commitment for paper in papers if paper.status == "verified"),
    }  # fmt: skip


# --- time ---------------------------------------------------------------------------------------------


def expire(person_id: str) -> bool:
    """End a verification whose last day is over; return whether it was so. Money that is here stays free."""
    locked_file(person_id)
    person = _person(person_id)
    is_over = rules.standing.is_lapsed(person.kyc_expires_on, queries.today())
    if person.kyc_status != "verified" or not is_over:
        return False
    day = person.kyc_expires_on
    account_service.set_verification(
        person_id, "expired", level="none", actor="system", expires_on=day, reason=f"valid until {day}"
    )
    _notify(person_id, "verification.expired", {}, key=f"kyc:{person_id}:expired:{day}")
    _tell_pages(person_id)
    return True


def remind(person_id: str, day: date) -> None:
    """Tell a person once that the verification ends soon."""
    locked_file(person_id).reminded_of = day
    context = {"expires_on": day.isoformat()}
    _notify(person_id, "verification.expiring", context, key=f"kyc:{person_id}:ends:{day}")
    db.session.flush()


# --- shared -------------------------------------------------------------------------------------------


def _person(person_id: str) -> accounts.Person:
    person = accounts.get(person_id)
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _open(person_id: str) -> KycReview | None:
    query = sa.select(KycReview).where(KycReview.open_for == person_id)
    return db.session.scalar(query.with_for_update().execution_options(populate_existing=True))


def _move(review: KycReview, to: Status, *, actor: str, reason: str = "") -> None:
    before, review.status = review.status, to
    db.session.flush()
    record_event(kyc_review_event, review.id, actor=actor, before=before, after=to, reason=reason[:1000])


def _close(review: KycReview, to: Status, *, actor: str, reason: str = "") -> None:
    review.open_for, review.decided_by, review.decided_at, review.reason = None, actor, clock.now(), reason
    _move(review, to, actor=actor, reason=reason)


def _notify(person_id: str, kind: str, context: dict[str, str], *, key: str) -> None:
    notifications.notify(person_id, kind, context, key=key, path=PAGE)


def _tell_rechecking(person_id: str) -> None:
    revision = queries.revision(person_id)
    _notify(person_id, "verification.rechecking", {}, key=f"kyc:{person_id}:again:{revision}")


def _tell_pages(person_id: str) -> None:
    db.session.flush()
    live.changed("person", person_id)
    live.changed("queue", "people")
