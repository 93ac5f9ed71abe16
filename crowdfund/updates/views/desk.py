"""Staff: what a company has published about a campaign, its former texts, and taking it down."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries as people
from crowdfund.updates import forms, queries, service
from crowdfund.updates.views.blueprint import bp, safe_text, shown

_ALL = "/staff/campaigns/<string(length=32):campaign_id>/updates"
_ONE = f"{_ALL}/<string(length=32):update_id>"


@bp.get(_ALL)
def staff_list(campaign_id: str) -> Response:
    """List the updates of a campaign that are or were public."""
    return pages.render(
        "updates/staff_list.html",
        campaign=campaigns.by_id(campaign_id),
        page=queries.once_public(campaign_id, requests.place()),
    )


@bp.get(_ONE)
def staff_show(campaign_id: str, update_id: str) -> Response:
    """Show one update with its history."""
    return _page(campaign_id, update_id, forms.TakeDownForm())


@bp.post(f"{_ONE}/take-down")
def take_down(campaign_id: str, update_id: str) -> BaseResponse:
    """Hide a published update with a reason."""
    form = forms.TakeDownForm()
    queries.of_campaign(campaign_id, update_id)
    try:
        service.take_down(update_id, form.reason.data or "", actor=identity.signed_in().id)
    except CrowdfundError as error:
        if error.field != "reason":
            raise
        put_errors(form, error)
        return _page(campaign_id, update_id, form, status=422)
    pages.flash(_("Taken down. The company will see your reason."), "success")
    return pages.back(url_for("updates.staff_show", campaign_id=campaign_id, update_id=update_id))


def _page(
    campaign_id: str, update_id: str, form: forms.TakeDownForm, *, status: int = 200
) -> Response:
    campaign = campaigns.by_id(campaign_id)
    row = queries.of_campaign(campaign_id, update_id)
    if row.published_at is None:
        raise queries.missing()  # drafts are the team's alone
    (update,) = shown([row])
    former, events = queries.former(update_id), queries.history(update_id)
    actors = {one.actor for one in events} | {one.replaced_by for one in former}
    return pages.render(
        "updates/staff_show.html",
        status=status,
        campaign=campaign,
        update=update,
        form=form,
        former=[(one, safe_text(one.text_md)) for one in former],
        events=events,
        names=people.names(actors),
    )
