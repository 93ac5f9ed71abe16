"""An investor keeps an investment on changed terms, or takes the money back.

Each verb locks the investment first: of several answers at one moment exactly one counts.
"""

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import ending, totals
from crowdfund.investments import queries as investment_queries
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import Investment
from crowdfund.investments.service import cancelling, reservations, states
from crowdfund.kernel import clock
from crowdfund.kernel.db import locked
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.i18n import _
from crowdfund.term_changes.models import Reconfirmation
from crowdfund.term_changes.queries import answers, changes
from crowdfund.term_changes.rules import life
from crowdfund.term_changes.rules.life import Answer
from crowdfund.term_changes.service import asking, news

TAKEN_BACK = "The investor did not accept the changed terms."


def keep(investment_id: str, *, user_id: str) -> None:
    """Keep a person's own investment on the changed terms; once is enough.

    Raises NotFound for another person's or one about which nothing is asked, AnswerTooLate,
    WrongState.
    """
    investment = _lock_own(investment_id, user_id)
    answer = _lock_answer(investment)
    if answer.status == Answer.KEPT:
        return
    _check(answer, investment)
    asking.end(answer, Answer.KEPT, actor=user_id)
    news.notify_investor(answer, "kept", version=answer.version)


def take_back(investment_id: str, *, user_id: str) -> None:
    """Give a person's own money back, or cancel the unpaid reservation; once is enough.

    The 48 hours before the deadline do not count here. Locks the investment, the campaign, the
    journal. Raises NotFound, AnswerTooLate, WrongState, AlreadyPaid while the bank has money that
    we have not received.
    """
    investment = _lock_own(investment_id, user_id)
    totals.lock_for_update(investment.campaign_id)
    answer = _lock_answer(investment)  # after the campaign, as an approval does
    if answer.status == Answer.TAKEN_BACK:
        return
    _check(answer, investment)
    check_takes_out(investment.campaign_id)
    if investment.status == investment_rules.Status.PAYING:
        reservations.cancel(investment_id, user_id=user_id)
        asking.end(answer, Answer.TAKEN_BACK, actor=user_id)
        return
    asking.end(answer, Answer.TAKEN_BACK, actor=user_id)
    cancelling.take_out([investment], reason=TAKEN_BACK, actor=user_id)


def check_takes_out(campaign_id: str) -> None:
    """Raise WrongState for a campaign that is being ended: its money cannot go back singly."""
    campaign = campaigns.by_id(campaign_id)
    if campaign.status != "live" or campaign.ending or campaign.contract_result:
        raise WrongState(_("The campaign has ended, so there is nothing to answer any more."))


def _lock_own(investment_id: str, user_id: str) -> Investment:
    investment_queries.for_owner(investment_id, user_id)
    return states.lock(investment_id)


def _lock_answer(investment: Investment) -> Reconfirmation:
    found = answers.of_investment(investment.id)
    if found is None:
        raise changes.missing()
    return locked(Reconfirmation, found.id)


def _check(answer: Reconfirmation, investment: Investment) -> None:
    """Raise AnswerTooLate unless question and investment are open and the time is not over."""
    if answer.status != Answer.OPEN:
        raise life.AnswerTooLate(
            _("This was answered already, or no answer is needed any more. Nothing was changed.")
        )
    if investment.status not in investment_rules.ACTIVE:
        raise life.AnswerTooLate(
            _("This investment has ended, so no answer is needed any more. Nothing was changed.")
        )
    if life.is_over(answer.due_at, clock.now()):
        raise life.AnswerTooLate(
            _("The time to answer is over. The money goes back to your wallet in a moment.")
        )


ending.register_unanswered(answers.is_open)
