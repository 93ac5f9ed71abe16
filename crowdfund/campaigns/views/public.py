"""What everybody may read: the list, a campaign, its moving figures, its picture."""

from typing import Any

from flask import Response, request, send_file, url_for
from markupsafe import Markup
from sqlalchemy import Row

from crowdfund import clock, web
from crowdfund.adapters import storage
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.rules import COUNTRIES

from .. import queries, rules
from . import cards
from .blueprint import bp

STATUS_WORDS = [("", "All"), ("live", "Live"), ("funded", "Funded"), ("ended", "Not funded")]
SORT_WORDS = [("newest", "Newest"), ("ending", "Ending soon"), ("funded", "Most funded")]


@bp.get("/")
def home() -> Response:
    """Show the list with a few words about the platform above it."""
    return _list(intro=True)


@bp.get("/campaigns")
def index() -> Response:
    """Show the list of public campaigns."""
    return _list(intro=False)


def _list(*, intro: bool) -> Response:
    args = request.args
    text, sector = args.get("q", "")[:80], args.get("sector", "")
    page = min(max(1, args.get("page", 1, type=int)), 10_000)
    sort = args.get("sort", "newest")
    rows, total = queries.listing(
        text=text, sector=sector, status=args.get("status", ""), sort=sort, page=page
    )
    first = (page - 1) * queries.PAGE_SIZE + 1
    return web.render(
        "campaigns/index.html",
        "campaigns/_list.html",
        cards=cards.render(rows, clock.now()),
        total=total,
        first=first,
        last=first + len(rows) - 1,
        page=page,
        more=first + len(rows) - 1 < total,
        here=url_for("campaigns.index"),
        filtered=bool(text or sector or args.get("status")),
        intro=intro,
        sectors=[("", "All sectors"), *rules.SECTORS.items()],
        statuses=STATUS_WORDS,
        sorts=SORT_WORDS,
    )


@bp.get("/campaigns/<slug>")
def detail(slug: str) -> Response:
    """Show a campaign."""
    campaign = queries.detail(slug)
    return web.render(
        "campaigns/detail.html",
        campaign=campaign,
        story=safe_story(campaign.story_md or ""),
        sector=rules.SECTORS.get(campaign.sector or "", ""),
        security=rules.SECURITY_TYPES.get(campaign.security_type or "", ""),
        country=COUNTRIES.get(campaign.country or "", ""),
        papers=issuers.documents(campaign.company_id),
        can_read_papers=_can_read_papers(campaign),
        **figures(campaign),
    )


@bp.get("/campaigns/<slug>/funding")
def funding(slug: str) -> Response:
    """Show the moving figures alone: the page refetches them when money comes in."""
    campaign = queries.funding(slug)
    return web.render("campaigns/_funding.html", campaign=campaign, **figures(campaign))


@bp.get("/files/<file_id>")
def file(file_id: str) -> Response:
    """Send a public picture; its address is its content, so it never changes."""
    path, content_type = storage.open_public(file_id)
    response = send_file(path, mimetype=content_type, max_age=31_536_000, etag=file_id)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def figures(campaign: Row[Any]) -> dict[str, Any]:
    """Return what the funding fragment needs beside the row."""
    now = clock.now()
    phase = queries.phase(campaign, now)
    left = (campaign.goal_minor or 0) - campaign.reserved_minor
    return {
        "phase": phase,
        "time_left": rules.time_left(campaign.ends_at, now),
        "threshold_minor": rules.threshold_minor(campaign.goal_minor or 0, campaign.threshold_bps),
        "on_its_way_minor": campaign.reserved_minor - campaign.settled_minor,
        "room_minor": left,
        "can_invest": phase == "live" and left > 0,
    }


def safe_story(story_md: str) -> Markup:
    """Return a story for templates; nh3 has cleaned it."""
    return Markup(rules.story_html(story_md))  # noqa: S704 - sanitised by rules.story_html


def _can_read_papers(campaign: Row[Any]) -> bool:
    person = web.current_user()
    if person is None:
        return False
    return bool(person.roles) or issuers.is_member(campaign.company_id, person.id)
