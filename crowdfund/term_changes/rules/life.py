"""The states of a change of terms and of an investor's answer, and the time to answer; pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from crowdfund.campaigns.rules.terms import MAX_GRACE_DAYS
from crowdfund.kernel.errors import Conflict, WrongState
from crowdfund.kernel.i18n import _

ANSWER_TIME = timedelta(days=5)  # 5 x 24 hours
REMIND_BEFORE = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class Status(StrEnum):
    """The status of a change of terms."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RECONFIRMING = "reconfirming"  # in force as material: investors are answering
    FINISHED = "finished"  # in force as material: nobody has to answer any more
    CORRECTED = "corrected"  # in force as a correction: nobody is asked
    WITHDRAWN = "withdrawn"


_S = Status
TRANSITIONS: dict[Status, set[Status]] = {
    _S.DRAFT: {_S.SUBMITTED, _S.WITHDRAWN},
    _S.SUBMITTED: {_S.DRAFT, _S.RECONFIRMING, _S.CORRECTED, _S.WITHDRAWN},
    _S.RECONFIRMING: {_S.FINISHED},
    _S.FINISHED: set(),
    _S.CORRECTED: set(),
    _S.WITHDRAWN: set(),
}
OPEN = (_S.DRAFT, _S.SUBMITTED, _S.RECONFIRMING)  # one of these for a campaign
MATERIAL = (_S.RECONFIRMING, _S.FINISHED)  # in force, and investors were asked


class Answer(StrEnum):
    """The status of an investment whose investor is asked about changed terms."""

    OPEN = "open"
    KEPT = "kept"
    TAKEN_BACK = "taken_back"
    LAPSED = "lapsed"  # no answer in time: the money went back
    NOT_NEEDED = "not_needed"  # the investment ended otherwise, or later terms are asked about


_A = Answer
# Money that arrives after its reservation has ended is asked about again.
ANSWERS: dict[Answer, set[Answer]] = {
    _A.OPEN: {_A.KEPT, _A.TAKEN_BACK, _A.LAPSED, _A.NOT_NEEDED},
    _A.KEPT: set(),
    _A.TAKEN_BACK: {_A.OPEN},
    _A.LAPSED: {_A.OPEN},
    _A.NOT_NEEDED: {_A.OPEN},
}


class AnswerTooLate(Conflict):
    """The time to answer is over, or the question was answered differently."""

    code = "answer_too_late"


def move(current: str, to: Status) -> Status:
    """Return the new state. Raises WrongState if the change cannot go there."""
    if to not in TRANSITIONS[Status(current)]:
        raise WrongState(_("This is no longer possible for this change of terms. Reload the page."))
    return to


def move_answer(current: str, to: Answer) -> Answer:
    """Return the new state of an answer. Raises AnswerTooLate if it cannot go there."""
    if to not in ANSWERS[Answer(current)]:
        raise AnswerTooLate(
            _("This was answered already, or no answer is needed any more. Nothing was changed.")
        )
    return to


def whole_second(moment: datetime) -> datetime:
    """Return a moment rounded up to the second, so that what pages show is exactly the rule."""
    cut = moment.replace(microsecond=0)
    return cut if cut == moment else cut + _SECOND


def due(now: datetime) -> datetime:
    """Return the last moment at which investors may answer: 5 x 24 hours from now."""
    return whole_second(now) + ANSWER_TIME


def late_due(now: datetime, general: datetime, ends_at: datetime) -> datetime:
    """Return the same for money that was counted when investors were asked already.

    Five days of its own, never less than the others have, and never so late that the contract might
    not be closed in its grace period.
    """
    return max(general, min(due(now), ends_at + timedelta(days=MAX_GRACE_DAYS)))


def is_over(due_at: datetime, now: datetime) -> bool:
    """Return whether the time to answer is over; at the due moment itself it is not."""
    return now > due_at


def check_material(now: datetime, ends_at: datetime | None) -> None:
    """Raise WrongState when the answers would come later than the campaign can wait for them.

    That is after its deadline: five days from then on end with the grace for late payments.
    """
    if ends_at is None or now > ends_at:
        raise WrongState(
            _(
                "The deadline of this campaign has passed. A material change gives each investor "
                "5 days to answer, and the campaign cannot wait that long. Nothing was published."
            )
        )
