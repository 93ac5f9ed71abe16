"""Pages of a company's team: the questions about a campaign, answering and hiding one."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rules import life
from crowdfund.content import queries as content
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.rules.team import may
from crowdfund.kernel.errors import CrowdfundError, InvalidFields
from crowdfund.kernel.forms import named, put_errors
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.questions import forms, queries, rules, service
from crowdfund.questions.rules import Status
from crowdfund.questions.views.blueprint import bp

_ALL = "/my/campaigns/<string(length=32):campaign_id>/questions"
_ONE = f"{_ALL}/<string(length=32):question_id>"
STATES = {
    Status.OPEN: _l("To answer"),
    Status.ANSWERED: _l("Answered"),
    Status.DECLINED: _l("Hidden"),
}


@bp.get(_ALL)
def manage(campaign_id: str) -> Response:
    """List the questions about a campaign to its team; those to answer first."""
    campaign = campaigns.for_member(campaign_id, identity.signed_in().id)
    asked = request.args.get("show", "")
    status = asked if asked in STATES else Status.OPEN
    return pages.render(
        "questions/manage.html",
        campaign=campaign,
        page=queries.in_state(campaign_id, status, requests.place()),
        states=STATES,
        shown=status,
        args=request.args,
    )


@bp.route(_ONE, methods=["GET", "POST"])
def answer(campaign_id: str, question_id: str) -> BaseResponse:
    """Show one question to the team; answer it, or correct the answer."""
    me = identity.signed_in().id
    action = "view" if request.method == "GET" else "campaign"
    _campaign, question = queries.for_member(campaign_id, question_id, me, action)
    form = forms.AnswerForm(answer=question.answer or "")
    if not form.validate_on_submit():
        return _page(campaign_id, question_id, form, status=422 if form.errors else 200)
    try:
        service.answer(question_id, form.answer.data or "", actor=me)
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(campaign_id, question_id, form, status=error.status)
    pages.flash(_("Published. Everyone can read the answer."), "success")
    return pages.back(url_for("questions.manage", campaign_id=campaign_id))


@bp.post(f"{_ONE}/decline")
def decline(campaign_id: str, question_id: str) -> BaseResponse:
    """Hide an open question with a reason."""
    me = identity.signed_in().id
    _campaign, question = queries.for_member(campaign_id, question_id, me, "campaign")
    form = forms.DeclineForm()
    try:
        service.decline(question_id, form.reason.data or "", actor=me)
    except CrowdfundError as error:
        if error.field != "reason":
            raise
        put_errors(form, error)
        shown = forms.AnswerForm(None, answer=question.answer or "")
        return _page(campaign_id, question_id, shown, form, status=422)
    pages.flash(_("Hidden. The person who asked will see your reason."), "success")
    return pages.back(url_for("questions.manage", campaign_id=campaign_id))


@bp.post(f"{_ONE}/faq")
def copy_to_faq(campaign_id: str, question_id: str) -> BaseResponse:
    """Copy an answered question to the frequently asked ones; one that is too long is shortened.

    The form with the words is shown only then, and sends them back here.
    """
    me = identity.signed_in().id
    campaign, question = queries.for_member(campaign_id, question_id, me, "campaign")
    words = rules.faq_words(question.text, question.answer or "")
    form = forms.CopyForm(None, data=words)
    if "question" in request.form:
        form = forms.CopyForm()
    try:
        service.copy_to_faq(question_id, form.data, actor=me)
    except CrowdfundError as error:
        if not isinstance(error, InvalidFields):
            raise
        put_errors(form, error)
        return pages.render(
            "content/faq_edit.html",
            status=error.status,
            campaign=campaign,
            form=form,
            here=url_for("questions.copy_to_faq", campaign_id=campaign_id, question_id=question_id),
            title=_("Shorten the question"),
            is_public=True,
        )
    pages.flash(_("Copied to the frequently asked questions."), "success")
    return pages.back(url_for("content.faq", campaign_id=campaign_id))


def _page(
    campaign_id: str,
    question_id: str,
    form: forms.AnswerForm,
    decline_form: forms.DeclineForm | None = None,
    *,
    status: int,
) -> Response:
    me = identity.signed_in().id
    campaign, question = queries.for_member(campaign_id, question_id, me, "view")
    return pages.render(
        "questions/answer.html",
        status=status,
        campaign=campaign,
        question=question,
        form=form,
        decline_form=decline_form or named(forms.DeclineForm(None), "decline"),
        can_write=may(issuers.role_of(campaign.company_id, me), "campaign"),
        former=queries.former(question_id),
        reason=queries.last_reasons([question]).get(question_id, ""),
        is_copied=question_id in content.copied(campaign_id),
        takes_faq=campaign.status == life.Status.LIVE,
    )
