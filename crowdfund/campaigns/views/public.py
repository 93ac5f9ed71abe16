"""What everybody may read: the list, a campaign, its moving figures, its picture and papers."""

from typing import Any

from flask import Response, request, send_file, url_for
from markupsafe import Markup
from sqlalchemy import Row

from crowdfund.adapters import storage
from crowdfund.campaigns import queries
from crowdfund.campaigns.rules import drafts, life
from crowdfund.campaigns.views import cards, kept
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.documents import sending
from crowdfund.documents import service as document_service
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rules import lists
from crowdfund.issuers.rules.lists import country_name
from crowdfund.issuers.rules.papers import KINDS
from crowdfund.kernel import clock
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _, _l, language
from crowdfund.kernel.web import identity, requests

STATUS_WORDS = [("", _l("All")), ("live", _l("Live")), ("funded", _l("Funded")), ("ended", _l("Not funded"))]
SORT_WORDS = [("newest", _l("Newest")), ("ending", _l("Ending soon")), ("funded", _l("Most funded"))]


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
    text, sector, status = args.get("q", "")[:80], args.get("sector", ""), args.get("status", "")
    page = requests.page_number()
    sort = args.get("sort", "newest")
    rows, total = queries.listing(text=text, sector=sector, status=status, sort=sort, page=page)
    drawn = b"".join(cards.render(cards.keys_of(rows, clock.now(), locale=language())))
    first, last = (page - 1) * queries.PAGE_SIZE + 1, (page - 1) * queries.PAGE_SIZE + len(rows)
    shown: dict[str, Any] = {
        "here": url_for("campaigns.index"), "total": total, "first": first, "last": last, "page": page,
        "filtered": any(args.get(name) for name in ("q", "sector", "status")),
    }  # fmt: skip
    # Everything but the cards is the same for everybody who asks for the same.
    key = (request.query_string, total, len(rows))
    if requests.is_htmx():
        return kept.fragment("campaigns/_list.html", key, moving={"cards": drawn}, **shown)
    return kept.page(
        "campaigns/index.html",
        key,
        moving={"cards": drawn},
        intro=intro,
        sectors=[("", _("All sectors")), *lists.SECTORS.items()],
        statuses=STATUS_WORDS,
        sorts=SORT_WORDS,
        **shown,
    )


@bp.get("/campaigns/<slug>")
def detail(slug: str) -> Response:
    """Show a campaign: its moving figures as they are, its texts as they were rendered once."""
    campaign = queries.funding(slug, _viewer())
    now = figures(campaign)
    # Terms and texts are fixed once a campaign is live; papers and facts move the company's stamp.
    fixed = (campaign.id, campaign.status, campaign.terms_hash, campaign.company_updated_at)
    # What the page itself shows of the campaign, beside its texts and figures.
    can_invest = now["can_invest"] and not campaign.is_own
    own = (campaign.title, campaign.summary, campaign.min_minor, can_invest)
    return kept.page(
        "campaigns/detail.html",
        (fixed, own),
        moving={
            "figures": _funding(campaign, now),
            "texts": kept.part("campaigns/_texts.html", fixed, lambda: _texts(slug)),
        },
        campaign=campaign,
        can_invest=can_invest,
    )


def _viewer() -> str:
    person = identity.current_user()
    return person.id if person else ""


def _funding(campaign: Row[Any], now: dict[str, Any]) -> bytes:
    # Any movement of money makes a new version; the clock moves the words about time and state.
    key = (campaign.id, campaign.version, now["phase"], now["time_left"], bool(campaign.is_own))
    return kept.part("campaigns/_funding.html", key, lambda: {"campaign": campaign, **now})


def _texts(slug: str) -> dict[str, Any]:
    campaign = queries.detail(slug)
    return {
        "campaign": campaign,
        "story": safe_story(campaign.story_md or ""),
        "sector": lists.SECTORS.get(campaign.sector or "", ""),
        "security": drafts.SECURITY_TYPES.get(campaign.security_type or "", ""),
        "country": country_name(campaign.country),
        "papers": issuers_queries.public_papers(campaign.company_id),
        "paper_names": KINDS,
        "documents": queries.documents(campaign.id),
        "threshold_minor": life.threshold_minor(campaign.goal_minor, campaign.threshold_bps),
    }


@bp.get("/campaigns/<slug>/funding")
def funding(slug: str) -> Response:
    """Show the moving figures alone: the page refetches them when money comes in."""
    campaign = queries.funding(slug, _viewer())
    return kept.answer(_funding(campaign, figures(campaign)))


@bp.get("/campaigns/<slug>/documents/<string(length=32):document_id>")
def document(slug: str, document_id: str) -> Response:
    """Send a paper of a public campaign's company; a replaced one is nobody's to read here."""
    campaign = queries.funding(slug)
    found = [row for row in issuers_queries.public_papers(campaign.company_id) if row.id == document_id]
    if not found:
        raise NotFound(_("There is no such document."))
    return sending.send(document_service.read(document_id))


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
        "time_left": life.time_left(campaign.ends_at, now),
        "threshold_minor": life.threshold_minor(campaign.goal_minor or 0, campaign.threshold_bps),
        "on_its_way_minor": campaign.reserved_minor - campaign.settled_minor,
        "room_minor": left,
        "can_invest": phase == "live" and left > 0,
    }


def safe_story(story_md: str) -> Markup:
    """Return a story for templates; nh3 has cleaned it."""
    return Markup(drafts.story_html(story_md))  # noqa: S704 - sanitised by rules.story_html
