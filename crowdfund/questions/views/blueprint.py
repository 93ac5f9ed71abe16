"""The blueprint of questions, and what pages of campaigns show of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from crowdfund.kernel.i18n import count
from crowdfund.questions import queries, rules
from crowdfund.questions.rows import QuestionRow

NEWEST = 3
bp = Blueprint("questions", __name__)


@bp.record_once
def _offer_the_newest(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["newest_questions"] = newest_questions
    state.app.jinja_env.globals["open_questions"] = open_questions


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest answers about a campaign, whether there are more, and whether it takes more."""

    rows: Sequence[QuestionRow]
    has_more: bool
    is_open: bool


def newest_questions(campaign_id: str, status: str) -> Newest:
    """Return what the cached page of a campaign shows of its questions.

    The page is rendered anew when status or `news_version` of the campaign has changed.
    """
    page = queries.answered(campaign_id, size=NEWEST)
    return Newest(page.rows, page.has_more, rules.takes_questions(status))


def open_questions(campaign_id: str) -> str:
    """Return how many questions wait for an answer, as text; empty if none does."""
    found = queries.count_open(campaign_id)
    return count(found) if found else ""
