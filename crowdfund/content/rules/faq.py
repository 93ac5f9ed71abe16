"""Questions that a company answers by itself: their texts, how many, when they may change; pure."""

from collections.abc import Collection
from enum import StrEnum

from crowdfund.campaigns.rules import life
from crowdfund.kernel.errors import Conflict, WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.fields.collecting import Values, collect
from crowdfund.kernel.i18n import _, ngettext

LEAST, MOST_QUESTION, MOST_ANSWER = 2, 150, 2_000
MOST = 20
# What was public stays readable, so that its number has an end, too.
MOST_EVER = 60
MOST_CHANGES = 10


class Status(StrEnum):
    """The status of a question with its answer."""

    SHOWN = "shown"
    REMOVED = "removed"


TRANSITIONS: dict[Status, set[Status]] = {
    Status.SHOWN: {Status.REMOVED},
    Status.REMOVED: set(),
}


def move(current: str, to: Status) -> Status:
    """Return the new state. Raises WrongState if the question cannot go there."""
    if to not in TRANSITIONS[Status(current)]:
        raise WrongState(_("This question was removed. Reload the page to see what is there."))
    return to


def clean(values: Values) -> tuple[dict[str, str], dict[str, str]]:
    """Return question and answer as plain text, and a sentence for each that is not good."""
    question, answer = values.get("question"), values.get("answer")
    ask_question, ask_answer = _("Enter the question."), _("Enter the answer.")
    return collect(
        {
            "question": lambda: texts.line(
                question, "question", ask_question, least=LEAST, most=MOST_QUESTION
            ),
            "answer": lambda: texts.lines(
                answer, "answer", ask_answer, least=LEAST, most=MOST_ANSWER
            ),
        }
    )


def check_campaign(status: str) -> None:
    """Raise WrongState unless the campaign is a draft or live."""
    if status not in (life.Status.DRAFT, life.Status.LIVE):
        raise WrongState(
            _("The questions can be changed while the campaign is a draft and while it is live.")
        )


def check_shown(status: str) -> None:
    """Raise WrongState for a question that was removed."""
    if status != Status.SHOWN:
        raise WrongState(_("This question was removed. Reload the page to see what is there."))


def check_number(shown: int, ever: int) -> None:
    """Raise Conflict if a campaign has as many questions as it may, now or ever."""
    if shown >= MOST:
        raise Conflict(
            ngettext(
                "A campaign has at most %(num)s question. Remove one first.",
                "A campaign has at most %(num)s questions. Remove one first.",
                MOST,
            )
        )
    if ever >= MOST_EVER:
        raise Conflict(
            ngettext(
                "A campaign has at most %(num)s question in all, removed ones included. Publish "
                "an update instead.",
                "A campaign has at most %(num)s questions in all, removed ones included. Publish "
                "an update instead.",
                MOST_EVER,
            )
        )


def check_changes(changes: int) -> None:
    """Raise Conflict if a public question was changed as often as allowed."""
    if changes >= MOST_CHANGES:
        raise Conflict(
            ngettext(
                "A public question can be changed %(num)s time. Remove it and add another one.",
                "A public question can be changed %(num)s times. Remove it and add another one.",
                MOST_CHANGES,
            )
        )


def check_new_source(source_id: str | None, sources: Collection[str | None]) -> None:
    """Raise Conflict if a visitor's question was copied before."""
    if source_id is not None and source_id in sources:
        raise Conflict(_("This question is already among the frequently asked questions."))
