"""Public pages: the answered questions of a campaign, and asking one."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import FundingRow
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.questions import forms, queries, rules, service
from crowdfund.questions.views.blueprint import bp


@bp.get("/campaigns/<slug>/questions")
def index(slug: str) -> Response:
    """Show the answered questions of a public campaign, the newest answer first."""
    campaign = campaigns.detail(slug)
    return pages.render(
        "questions/index.html",
        campaign=campaign,
        page=queries.answered(campaign.id, requests.place()),
        is_open=rules.takes_questions(campaign.status),
        args=request.args,
    )


@bp.route("/campaigns/<slug>/questions/ask", methods=["GET", "POST"])
def ask(slug: str) -> BaseResponse:
    """Ask the company of a live campaign, and see what became of one's own questions."""
    me = identity.signed_in().id
    campaign = campaigns.funding(slug, me)
    form = forms.AskForm()
    if not form.validate_on_submit():
        return _page(campaign, form, 422 if form.errors else 200)
    try:
        service.ask(campaign.id, form.text.data or "", actor=me)
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(campaign, form, error.status)
    pages.flash(_("Sent. Your question becomes public when the company answers it."), "success")
    return pages.back(url_for("questions.ask", slug=slug))


def _page(campaign: FundingRow, form: forms.AskForm, status: int) -> Response:
    me = identity.signed_in().id
    own = queries.of_asker(campaign.id, me)
    return pages.render(
        "questions/ask.html",
        status=status,
        campaign=campaign,
        form=form,
        name=service.name_of(me),
        is_open=rules.takes_questions(campaign.status),
        own=own,
        reasons=queries.last_reasons(own),
    )
