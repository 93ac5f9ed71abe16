"""Expiry of a verification with the documents it rests on, and the reminder before."""

from datetime import date

from crowdfund.compliance.queries import files
from crowdfund.compliance.rules import eligibility, reviews
from crowdfund.compliance.service.shared import (
    locked_file,
    notify,
    open_review,
    person_of,
    refresh_pages,
)
from crowdfund.kernel.db import db
from crowdfund.people import service


def expire(person_id: str) -> bool:
    """End an expired verification; return whether it was expired. Money here is not affected."""
    locked_file(person_id)
    person = person_of(person_id)
    is_over = eligibility.is_lapsed(person.kyc_expires_on, files.today())
    if person.kyc_status != "verified" or not is_over:
        return False
    day = person.kyc_expires_on
    reason = f"valid until {day}"
    service.set_verification(
        person_id, "expired", level="none", actor="system", reason=reason, expires_on=day
    )
    notify(person_id, "verification.expired", {}, key=f"kyc:{person_id}:expired:{day}")
    refresh_pages(person_id)
    return True


def remind(person_id: str, day: date) -> None:
    """Notify a person once that the verification ends soon, unless a renewal is being checked."""
    file, person, review = locked_file(person_id), person_of(person_id), open_review(person_id)
    if review and reviews.is_renewal(review.level, person.kyc_status, person.kyc_level):
        return
    file.reminded_of = day
    context = {"expires_on": day.isoformat()}
    notify(person_id, "verification.expiring", context, key=f"kyc:{person_id}:ends:{day}")
    db.session.flush()
