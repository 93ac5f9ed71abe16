"""A review: one request for a level and what became of it; who may decide; pure."""

from dataclasses import dataclass
from enum import StrEnum

from crowdfund.documents.rules import commitment as commitment
from crowdfund.kernel.errors import Conflict, Forbidden, NotYours
from crowdfund.kernel.i18n import _


class Status(StrEnum):
    """The status of a review. `proposed`: one reviewer agrees to the enhanced level, a second is needed."""

    SUBMITTED = "submitted"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decides about one document or nominee; `until` is a day as a date field sends it."""

    approve: bool
    reason: str = ""
    until: str = ""


class SameReviewer(Forbidden):
    """The enhanced level needs two people."""

    code = "same_reviewer"

    def __init__(self) -> None:
        super().__init__(
            _(
                "You have proposed this level yourself. A second reviewer confirms it; nothing was changed."
            )
        )


class Decided(Conflict):
    """Someone was quicker, or what was looked at is no longer what is there."""

    code = "decided"

    def __init__(self) -> None:
        super().__init__(
            _("Someone has already decided this, or the person has changed something since "
              "you opened the page. Your decision was not saved. Reload the page to see the "
              "current status.")
        )  # fmt: skip


class NotProven(Conflict):
    """Documents that the level needs are not accepted yet."""

    code = "not_proven"


def check_reviewer(actor: str, person_id: str) -> None:
    """Refuse the person's own decision; raises NotYours (rules.md, Reviewer is not owner)."""
    if actor == person_id:
        raise NotYours(_("You cannot review yourself. Ask a colleague; nothing was changed."))


def check_second(actor: str, proposed_by: str | None) -> None:
    """Refuse the same pair of eyes twice; raises SameReviewer."""
    if actor == proposed_by:
        raise SameReviewer
