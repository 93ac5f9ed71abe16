"""The public page of a campaign in any state, to be read by its company and by staff only."""

from dataclasses import asdict, replace
from datetime import timedelta

from flask import Response, url_for

from crowdfund.campaigns import queries
from crowdfund.campaigns.rows import CampaignRow, PublicCampaign
from crowdfund.campaigns.rules import drafts, life
from crowdfund.campaigns.views import public
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.kernel import clock
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages


@bp.get("/my/campaigns/<string(length=32):campaign_id>/public-preview")
def public_preview(campaign_id: str) -> Response:
    """Show a company its campaign as investors see it, or will see it."""
    campaign = queries.for_member(campaign_id, identity.signed_in().id)
    return _preview(campaign, url_for("campaigns.manage", campaign_id=campaign_id))


@bp.get("/staff/campaigns/<string(length=32):campaign_id>/public-preview")
def staff_preview(campaign_id: str) -> Response:
    """Show staff a campaign as investors see it, or will see it."""
    way_back = url_for("campaigns.staff_detail", campaign_id=campaign_id)
    return _preview(queries.by_id(campaign_id), way_back)


def _preview(campaign: CampaignRow, way_back: str) -> Response:
    is_public = campaign.starts_at is not None
    if not is_public and campaign.status == life.Status.CANCELLED:
        raise NotFound(_("This campaign was withdrawn, so there is nothing to preview."))
    shown = queries.as_public(campaign.id)
    if not is_public:
        shown = _as_if_live(shown, campaign.duration_days or 0)
    now = public.figures(shown)
    funding = {"campaign": shown, "is_own": False, "is_coming": now["on_its_way_minor"] != 0}
    texts = public.texts(shown, is_public=is_public) | {"is_preview": True}
    return pages.render(
        "campaigns/public_preview.html",
        campaign=shown,
        is_public=is_public,
        way_back=way_back,
        can_follow=now["phase"] == "live",
        missing=[drafts.STEP_TITLES[step] for step in drafts.missing_steps(asdict(campaign))],
        figures=pages.render_part(
            "campaigns/_funding.html",
            is_preview=True,
            **funding,
            **now,
            **public.moving(shown, now),
        ),
        texts=pages.render_part("campaigns/_texts.html", **texts),
    )


def _as_if_live(campaign: PublicCampaign, days: int) -> PublicCampaign:
    """Return a campaign as it would be on its first day, with a stand-in for what is missing."""
    now, nothing_yet = clock.now(), _("Nothing has been written yet.")
    return replace(
        campaign,
        status=life.Status.LIVE,
        starts_at=now,
        ends_at=now + timedelta(days=days),
        title=campaign.title or _("Untitled campaign"),
        summary=campaign.summary or nothing_yet,
        story_md=campaign.story_md or nothing_yet,
        sector=campaign.sector or "",
        security_type=campaign.security_type or "",
        goal_minor=campaign.goal_minor or 0,
        min_minor=campaign.min_minor or 0,
        max_minor=campaign.max_minor or 0,
        price_minor=campaign.price_minor or 0,
    )
