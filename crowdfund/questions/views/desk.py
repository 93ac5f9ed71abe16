"""Staff: every question about a campaign, hidden ones too, and hiding questions and answers."""

from collections.abc import Callable

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rules import life
from crowdfund.content import queries as content
from crowdfund.kernel.errors import Conflict, CrowdfundError, InvalidFields
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries as people
from crowdfund.questions import forms, queries, service
from crowdfund.questions.rules import Status
from crowdfund.questions.views.blueprint import bp

_ALL = "/staff/campaigns/<string(length=32):campaign_id>/questions"
_ONE = f"{_ALL}/<string(length=32):question_id>"
_STATES = [str(status) for status in Status]


@bp.get(_ALL)
def staff_list(campaign_id: str) -> Response:
    """List the questions about a campaign by state."""
    asked = request.args.get("show", "")
    status = asked if asked in _STATES else Status.ANSWERED
    return pages.render(
        "questions/staff_list.html",
        campaign=campaigns.by_id(campaign_id),
        page=queries.in_state(campaign_id, status, requests.place()),
        states=_STATES,
        shown=status,
        args=request.args,
    )


@bp.get(_ONE)
def staff_show(campaign_id: str, question_id: str) -> Response:
    """Show one question with its answers and its history."""
    return _page(campaign_id, question_id, forms.HideForm())


@bp.post(f"{_ONE}/hide")
def hide(campaign_id: str, question_id: str) -> BaseResponse:
    """Hide a question and its answer with a reason."""
    text = _("Hidden. The person who asked will see your reason.")
    return _hide(campaign_id, question_id, service.hide, text)


@bp.post(f"{_ONE}/hide-answer")
def hide_answer(campaign_id: str, question_id: str) -> BaseResponse:
    """Hide an answer with a reason; the question waits for another one."""
    text = _("The answer is hidden. The company will see your reason and can write another one.")
    return _hide(campaign_id, question_id, service.hide_answer, text)


@bp.post(f"{_ONE}/faq")
def staff_copy_to_faq(campaign_id: str, question_id: str) -> BaseResponse:
    """Copy an answered question to the campaign's frequently asked ones."""
    queries.of_campaign(campaign_id, question_id)
    try:
        service.copy_to_faq(question_id, actor=identity.signed_in().id)
    except InvalidFields as error:
        raise Conflict(
            _("This question or its answer is too long. The company can shorten and copy it.")
        ) from error
    pages.flash(_("Copied to the frequently asked questions."), "success")
    here = url_for("questions.staff_show", campaign_id=campaign_id, question_id=question_id)
    return pages.back(here)


def _hide(campaign_id: str, question_id: str, verb: Callable[..., None], done: str) -> BaseResponse:
    form = forms.HideForm()
    queries.of_campaign(campaign_id, question_id)
    try:
        verb(question_id, form.reason.data or "", actor=identity.signed_in().id)
    except CrowdfundError as error:
        if error.field != "reason":
            raise
        put_errors(form, error)
        return _page(campaign_id, question_id, form, status=422)
    pages.flash(done, "success")
    here = url_for("questions.staff_show", campaign_id=campaign_id, question_id=question_id)
    return pages.back(here)


def _page(
    campaign_id: str, question_id: str, form: forms.HideForm, *, status: int = 200
) -> Response:
    question = queries.of_campaign(campaign_id, question_id)
    campaign = campaigns.by_id(campaign_id)
    former, events = queries.former(question_id), queries.history(question_id)
    actors = {one.actor for one in events} | {one.answered_by for one in former}
    return pages.render(
        "questions/staff_show.html",
        status=status,
        campaign=campaign,
        question=question,
        is_copied=question_id in content.copied(campaign_id),
        takes_faq=campaign.status == life.Status.LIVE,
        form=form,
        former=former,
        events=events,
        names=people.names(actors),
    )
