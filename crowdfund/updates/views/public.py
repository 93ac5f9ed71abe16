"""Public pages: the updates of a campaign, and one of them at its own address."""

from flask import Response, request

from crowdfund.campaigns import queries as campaigns
from crowdfund.kernel.web import pages, requests
from crowdfund.updates import queries
from crowdfund.updates.views.blueprint import bp, shown


@bp.get("/campaigns/<slug>/updates")
def index(slug: str) -> Response:
    """Show the published updates of a public campaign, newest first."""
    campaign = campaigns.funding(slug)
    page = queries.published(campaign.id, requests.place())
    return pages.render(
        "updates/index.html",
        campaign=campaign,
        page=page,
        updates=shown(page.rows),
        args=request.args,
    )


@bp.get("/campaigns/<slug>/updates/<string(length=32):update_id>")
def show(slug: str, update_id: str) -> Response:
    """Show one published update."""
    campaign = campaigns.funding(slug)
    (update,) = shown([queries.public(campaign.id, update_id)])
    return pages.render("updates/show.html", campaign=campaign, update=update)
