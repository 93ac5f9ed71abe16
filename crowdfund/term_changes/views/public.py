"""Public pages: the versions of a campaign's terms, and one of them whole."""

from flask import Response, request
from markupsafe import Markup

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import PublicCampaign
from crowdfund.campaigns.rules import drafts, offers, securities
from crowdfund.kernel.db.paging import Page
from crowdfund.kernel.web import pages, requests
from crowdfund.term_changes.queries import versions as queries
from crowdfund.term_changes.rows import VersionRow
from crowdfund.term_changes.rules import terms
from crowdfund.term_changes.rules.terms import Difference
from crowdfund.term_changes.views.blueprint import bp


@bp.get("/campaigns/<slug>/terms")
def versions(slug: str) -> Response:
    """List the versions of the terms of a public campaign, newest first."""
    campaign = campaigns.detail(slug)
    page = queries.of_campaign(campaign.id, requests.place())
    if not page.rows and page.previous is None:
        page = Page([queries.first(campaign)])
    return pages.render(
        "term_changes/versions.html",
        campaign=campaign,
        page=page,
        in_force=campaigns.terms_in_force(campaign.id).number,
        args=request.args,
    )


@bp.get("/campaigns/<slug>/terms/<int(min=1, max=9999):number>")
def version(slug: str, number: int) -> Response:
    """Show one version of the terms, and what it changed."""
    campaign = campaigns.detail(slug)
    row = queries.get(campaign, number)
    security = securities.of_draft({**row.terms, "security_type": campaign.security_type})
    return pages.render(
        "term_changes/version.html",
        campaign=campaign,
        version=row,
        in_force=campaigns.terms_in_force(campaign.id).number,
        differences=_changed(campaign, row),
        story=_safe(str(row.terms.get("story_md") or "")),
        rows=offers.rows(security),
    )


def _safe(story_md: str) -> Markup:
    return Markup(drafts.story_html(story_md))  # noqa: S704 - sanitised by rules.story_html


def _changed(campaign: PublicCampaign, row: VersionRow) -> list[Difference]:
    if row.number == 1:
        return []
    before = queries.get(campaign, row.number - 1)
    return terms.differences(campaign.security_type, before.terms, row.terms)
