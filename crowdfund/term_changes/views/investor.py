"""The page of an investor who is asked about changed terms."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.investments import queries as investments
from crowdfund.kernel import clock
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages
from crowdfund.term_changes.queries import answers, changes, versions
from crowdfund.term_changes.rules import life, terms
from crowdfund.term_changes.rules.life import Answer
from crowdfund.term_changes.service import answering
from crowdfund.term_changes.views.blueprint import bp

_ONE = "/investments/<investment_id>/new-terms"


@bp.get(_ONE)
def ask(investment_id: str) -> Response:
    """Show what has changed since the investor agreed, and ask for the answer."""
    return _page(investment_id)


@bp.post(f"{_ONE}/keep")
def keep(investment_id: str) -> BaseResponse:
    """Keep the investment on the changed terms."""
    try:
        answering.keep(investment_id, user_id=identity.signed_in().id)
    except Conflict as error:
        return _page(investment_id, error)
    pages.flash(_("You keep your investment on the new terms."), "success")
    return pages.back(url_for("investments.show", investment_id=investment_id))


@bp.post(f"{_ONE}/take-back")
def take_back(investment_id: str) -> BaseResponse:
    """Take the money back."""
    try:
        answering.take_back(investment_id, user_id=identity.signed_in().id)
    except Conflict as error:
        return _page(investment_id, error)
    pages.flash(_("Your investment is cancelled."), "success")
    return pages.back(url_for("investments.show", investment_id=investment_id))


def _page(investment_id: str, error: Conflict | None = None) -> Response:
    investment = investments.for_owner(investment_id, identity.signed_in().id)
    answer = answers.of_investment(investment_id)
    if answer is None:
        raise changes.missing()
    campaign = campaigns.detail(investment.slug)
    version = versions.get(campaign, answer.version)
    before = versions.get(campaign, answers.agreed_version(investment_id, below=answer.version))
    is_open = answer.status == Answer.OPEN and not life.is_over(answer.due_at, clock.now())
    return pages.render(
        "term_changes/ask.html",
        status=error.status if error else 200,
        error=error,
        investment=investment,
        campaign=campaign,
        answer=answer,
        version=version,
        before=before,
        is_open=is_open,
        differences=terms.differences(campaign.security_type, before.terms, version.terms),
    )
