"""A review of one request for a level: its status, the decision, who may decide; pure."""

from dataclasses import dataclass
from enum import StrEnum

from crowdfund.documents.rules import commitment as commitment
from crowdfund.kernel.errors import Conflict, Forbidden, NotYours
from crowdfund.kernel.i18n import _


class Status(StrEnum):
    """The status of a review; at `proposed` the enhanced level needs a second reviewer."""

    SUBMITTED = "submitted"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision about one document or nominee; `until` is a date as a date field sends it.

    `is_endless` says that the document has no expiry date on any side.
    """

    approve: bool
    reason: str = ""
    until: str = ""
    is_endless: bool = False


class SameReviewer(Forbidden):
    """The enhanced level needs two people."""

    code = "same_reviewer"

    def __init__(self) -> None:
        text = _(
            "You have proposed this level yourself. "
            "A second reviewer confirms it; nothing was changed."
        )
        super().__init__(text)


class Decided(Conflict):
    """Someone has decided already, or the file has changed since the page was opened."""

    code = "decided"

    def __init__(self) -> None:
        text = _(
            "Someone has already decided this, or the person has changed something since "
            "you opened the page. Your decision was not saved. Reload the page to see the "
            "current status."
        )
        super().__init__(text)


class NotProven(Conflict):
    """Documents that the level needs are not accepted yet."""

    code = "not_proven"


def check_reviewer(actor: str, person_id: str) -> None:
    """Raise NotYours for a person's decision about themselves (rules.md, Reviewer is not owner)."""
    if actor == person_id:
        raise NotYours(_("You cannot review yourself. Ask a colleague; nothing was changed."))


def is_renewal(asked: str, status: str, level: str) -> bool:
    """Return whether a request is about a level that the person has already."""
    has_level = status == "verified" and level != "none"
    return has_level and (asked == level or level == "enhanced")


def check_second(actor: str, proposed_by: str | None) -> None:
    """Raise SameReviewer if the second reviewer is the first."""
    if actor == proposed_by:
        raise SameReviewer
