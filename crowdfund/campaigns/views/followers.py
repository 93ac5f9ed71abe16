"""Follow and unfollow a campaign, and the list of what a person follows."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import follower_queries, queries
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import followers
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.kernel import clock
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests


@bp.post("/campaigns/<slug>/follow")
def follow(slug: str) -> BaseResponse:
    """Have the person get news of a live campaign."""
    followers.follow(slug, identity.signed_in().id)
    return _answer(slug, _("You follow this campaign."), is_following=True)


@bp.post("/campaigns/<slug>/unfollow")
def unfollow(slug: str) -> BaseResponse:
    """Send the person no more news of a campaign."""
    followers.unfollow(slug, identity.signed_in().id)
    return _answer(slug, _("You do not follow this campaign any more."), is_following=False)


@bp.get("/account/following")
def followed() -> Response:
    """Show the campaigns that the person follows."""
    now = clock.now()
    page = follower_queries.followed_by(identity.signed_in().id, requests.place())
    shown = page.map(
        lambda row: (row, queries.phase(row, now), life.time_left(row.ends_at, now)),
    )
    return pages.render("campaigns/followed.html", page=shown)


def _answer(slug: str, sentence: str, *, is_following: bool) -> BaseResponse:
    """Show the other button to htmx; send browsers back to where they were."""
    if requests.is_htmx():
        found = queries.funding(slug, identity.signed_in().id)
        campaign = found._replace(is_following=is_following)  # not committed, so not read yet
        can_follow = queries.phase(campaign, clock.now()) == "live" and not campaign.is_own
        return pages.render("campaigns/_follow.html", campaign=campaign, can_follow=can_follow)
    pages.flash(sentence, "success")
    page = url_for("campaigns.detail", slug=slug)
    return pages.back(requests.own_path(request.form.get("next"), page))
