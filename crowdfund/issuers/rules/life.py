"""The status of a company's file, who decides about it, and when a campaign may start; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.i18n import _, _l


class Status(StrEnum):
    """The status of a company's file."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REJECTED = "rejected"
    DEACTIVATED = "deactivated"


TRANSITIONS = {
    Status.DRAFT: {Status.SUBMITTED},
    Status.SUBMITTED: {Status.VERIFIED, Status.REJECTED},
    Status.REJECTED: {Status.SUBMITTED},
    Status.VERIFIED: {Status.DEACTIVATED},
    Status.DEACTIVATED: {Status.VERIFIED},
}
# The file itself is written; a verified company writes changes beside it instead.
EDITABLE = {Status.DRAFT, Status.REJECTED}
STATUS_WORDS = {
    Status.DRAFT: _l("being written"),
    Status.SUBMITTED: _l("submitted"),
    Status.VERIFIED: _l("verified"),
    Status.REJECTED: _l("sent back"),
    Status.DEACTIVATED: _l("deactivated"),
}


class ChangeStatus(StrEnum):
    """The status of a change of a verified fact: written, waiting for review, decided."""

    OPEN = "open"
    PENDING = "pending"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


def move(current: str, to: Status) -> Status:
    """Return the new state; raises WrongState if the file cannot go there."""
    if to not in TRANSITIONS[Status(current)]:
        raise WrongState(
            _(
                "This company is %(now)s: it cannot become %(to)s. Reload the page to see its "
                "state.",
                now=STATUS_WORDS[Status(current)],
                to=STATUS_WORDS[to],
            )
        )
    return to


def may_review(reviewer_id: str, member_ids: set[str]) -> bool:
    """Four eyes: nobody decides on a company of their own (rules.md, Reviewer is not owner)."""
    return reviewer_id not in member_ids


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts that decide whether a company may start a campaign."""

    verified: bool
    registered: bool
    has_live_campaign: bool
    last_start_year: int | None
    under_review: bool = False
    documents_missing: bool = False


REFUSALS: Mapping[str, str] = {
    "not_verified": _l("The company is not verified yet. Compliance looks at it first."),
    "not_registered": _l("The company is not in the issuer registry yet. This takes a moment."),
    "inactive": _l("The company has been deactivated. Ask compliance what is missing."),
    "live_campaign": _l("You can start a new campaign when the current one has ended."),
    "year_used": _l(
        "This company has already started a campaign this calendar year. Only one a year is "
        "allowed."
    ),
    "under_review": _l(
        "A change to the company is waiting for compliance. A campaign can start once it is "
        "decided."
    ),
    "documents_missing": _l(
        "A required document is missing or has expired. Upload a new one under Documents."
    ),
}


def start_refusal(standing: Standing, year: int) -> str | None:
    """Return the first reason why no campaign may start now, or None.

    First the verdict of `canStartCampaign` of the IssuerRegistry, in its order; `year` is the
    calendar year in the platform's time zone (rules.md, Issuers and campaigns). Then what only the
    platform knows: a pending re-review and documents that have lapsed.
    """
    if not standing.registered:
        return "not_registered" if standing.verified else "not_verified"
    if not standing.verified:
        return "inactive"
    if standing.has_live_campaign:
        return "live_campaign"
    if standing.last_start_year == year:
        return "year_used"
    if standing.under_review:
        return "under_review"
    return "documents_missing" if standing.documents_missing else None
