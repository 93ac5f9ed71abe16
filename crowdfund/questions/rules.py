"""What a question and an answer hold, how many one may ask, and what each may become; pure."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from crowdfund.campaigns.rules import life
from crowdfund.kernel.errors import Conflict, TooMany, WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.questions.rows import Asked

MOST_AN_HOUR, MOST_A_DAY = 3, 10
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_QUESTION, MOST_ANSWER = 1_000, 3_000


class Status(StrEnum):
    """The status of a question; only an answered one is public."""

    OPEN = "open"
    ANSWERED = "answered"
    DECLINED = "declined"  # hidden by the company
    HIDDEN = "hidden"  # hidden by our staff


_S = Status
TRANSITIONS: dict[Status, set[Status]] = {
    _S.OPEN: {_S.ANSWERED, _S.DECLINED, _S.HIDDEN},
    _S.ANSWERED: {_S.OPEN, _S.HIDDEN},  # open again when our staff hide the answer
    _S.DECLINED: {_S.ANSWERED, _S.HIDDEN},
    _S.HIDDEN: set(),
}


def move(current: str, to: Status) -> Status:
    """Return the new state. Raises WrongState if the question cannot go there."""
    if to not in TRANSITIONS[Status(current)]:
        raise WrongState(
            _("This is no longer possible for this question. Reload the page to see its state.")
        )
    return to


def takes_questions(status: str) -> bool:
    """Return whether people may ask about a campaign: only while it is live."""
    return status == life.Status.LIVE


def check_campaign(status: str, *, is_own: bool) -> None:
    """Raise Conflict if this person may not ask about the campaign."""
    if not takes_questions(status):
        raise WrongState(_("This campaign is not live: it takes no more questions."))
    if is_own:
        raise Conflict(_("This is your company's campaign, so you cannot ask about it."))


def check_pace(asked: Sequence[Asked], now: datetime) -> None:
    """Raise TooMany if a person has asked as much as allowed; `asked` are those of a day."""
    within_an_hour = sum(one.asked_at > now - HOUR for one in asked)
    if within_an_hour >= MOST_AN_HOUR:
        raise TooMany(
            ngettext(
                "You can ask %(num)s question in an hour. Try again later.",
                "You can ask %(num)s questions in an hour. Try again later.",
                MOST_AN_HOUR,
            )
        )
    if len(asked) >= MOST_A_DAY:
        raise TooMany(
            ngettext(
                "You can ask %(num)s question in 24 hours. Try again tomorrow.",
                "You can ask %(num)s questions in 24 hours. Try again tomorrow.",
                MOST_A_DAY,
            )
        )


def check_new(asked: Sequence[Asked], campaign_id: str, text: str) -> None:
    """Raise Conflict if the person has asked the same about the campaign just now."""
    if any((one.campaign_id, one.text) == (campaign_id, text) for one in asked):
        raise Conflict(_("You have already asked this. The company has your question."))


def clean_question(text: object) -> str:
    """Return a question as plain text. Raises Invalid."""
    ask = _("Enter your question.")
    return texts.lines(text, "text", ask, least=10, most=MOST_QUESTION)


def clean_answer(text: object) -> str:
    """Return an answer as plain text. Raises Invalid."""
    return texts.lines(text, "answer", _("Enter your answer."), least=2, most=MOST_ANSWER)


def check_answered(status: str) -> None:
    """Raise WrongState for a question that is not public with its answer."""
    if status != Status.ANSWERED:
        raise WrongState(_("Only an answered question can be copied."))


def faq_words(text: str, answer: str) -> dict[str, str]:
    """Return a question, on one line, and its answer as the frequently asked ones hold them."""
    return {"question": " ".join(text.split()), "answer": answer}


def public_name(first: str, last: str) -> str:
    """Return the first name and the initial of the last, as everyone sees it; may be empty.

    The initial is a whole letter: in scripts like Devanagari it may have several characters.
    """
    words = first.split()
    initial = _initial(last)
    return " ".join([*words[:1], *([f"{initial}."] if initial else [])])


def _initial(name: str) -> str:
    letter = ""
    for mark in name.strip():
        if letter and not unicodedata.category(mark).startswith("M"):
            break
        letter += mark
    return letter[:8]
