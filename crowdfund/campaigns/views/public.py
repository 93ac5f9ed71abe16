"""Public pages: the list, a campaign, its moving figures, its picture and documents."""

from typing import Any, TypedDict

from flask import Response, request, send_file, url_for
from markupsafe import Markup

from crowdfund.adapters import storage
from crowdfund.campaigns import listing, queries
from crowdfund.campaigns.rows import FundingRow, PublicCampaign, RaiseRow
from crowdfund.campaigns.rules import addresses, drafts, life, offers
from crowdfund.campaigns.views import cards, page_cache, sharing
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.documents import sending
from crowdfund.documents import service as document_service
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rules import lists
from crowdfund.issuers.rules.requirements import KINDS
from crowdfund.kernel import clock, money
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _, _l, language
from crowdfund.kernel.regions import country_name
from crowdfund.kernel.web import identity, requests

STATUS_WORDS = [("", _l("All")), *addresses.STATES.items()]
_FILTERS = ("q", "sector", "status")
_PAGING = ("page", "after", "before")
SORT_WORDS = [
    ("ending", _l("Ending soon")),
    ("newest", _l("Newest")),
    ("funded", _l("Most funded")),
]


class Figures(TypedDict):
    """Where a campaign is now, computed from its row; amounts in minor units."""

    phase: str
    time_left: str
    threshold_minor: int
    on_its_way_minor: int
    room_minor: int
    can_invest: bool


@bp.get("/")
def home() -> Response:
    """Show the list with a few words about the platform above it."""
    return _list(intro=True)


@bp.get("/campaigns")
def index() -> Response:
    """Show the list of public campaigns."""
    return _list(intro=False)


def _list(*, intro: bool) -> Response:
    args = request.args.to_dict()
    shown = listing.page(addresses.asked(args))
    drawn = b"".join(cards.render(cards.keys_of(shown.rows, clock.now(), locale=language())))
    # Everything but the cards and the pager is the same for everyone who filters and sorts alike.
    lasting = tuple([one for one in args.items() if one[0] not in _PAGING])
    filtered = shown.number > 1 or any(map(args.get, _FILTERS))
    key = (lasting, not shown.rows, filtered)
    context = {"here": url_for("campaigns.index"), "is_empty": not shown.rows, "filtered": filtered}
    moving = {"cards": drawn, "pager": _pager(shown, lasting) if shown.rows else b""}
    if requests.is_htmx():
        return page_cache.fragment("campaigns/_list.html", key, moving=moving, **context)
    return page_cache.page(
        "campaigns/index.html",
        key,
        moving=moving,
        intro=intro,
        sectors=[("", _("All sectors")), *lists.SECTORS.items()],
        statuses=STATUS_WORDS,
        sorts=SORT_WORDS,
        **context,
    )


def _pager(shown: listing.Page, lasting: tuple[tuple[str, str], ...]) -> bytes:
    """Return the addresses of the pages beside this one, and where it is among all."""
    number = shown.number
    key = (lasting, number, shown.previous, shown.following, shown.first, shown.last, shown.total)
    following = {"page": number + 1, "after": shown.following} if shown.following else None
    return page_cache.part(
        "campaigns/_pager.html",
        (key, shown.is_counted),
        lambda: {
            "here": url_for("campaigns.index"),
            "args": dict(lasting),
            "previous": _previous(shown),
            "following": following,
            "first": shown.first,
            "last": shown.last,
            "total": shown.total,
            "is_counted": shown.is_counted,
        },
    )


def _previous(shown: listing.Page) -> dict[str, object] | None:
    """Return what to change in the address for the page before; nothing for page 1."""
    if shown.previous is None:
        return None
    number = shown.number - 1
    return {"page": number, "before": shown.previous} if number > 1 else {}


@bp.get("/campaigns/<slug>")
def detail(slug: str) -> Response:
    """Show a campaign: its moving figures as they are, its texts as they were rendered once."""
    campaign = queries.funding(slug, _viewer())
    now = figures(campaign)
    # Once a campaign is live its terms and texts are fixed; a change of its company's documents or
    # facts gives that a new stamp; an update, an answer or other terms another version of the news.
    stamps = (campaign.terms_hash, campaign.company_updated_at, campaign.news_version)
    fixed = (campaign.id, campaign.status, *stamps)
    # What the page itself shows of the campaign, beside its texts and figures.
    can_invest = now["can_invest"] and not campaign.is_own
    can_follow = now["phase"] == "live" and not campaign.is_own
    asked = (campaign.min_minor, can_invest, can_follow, campaign.is_following)
    own = (campaign.title, campaign.summary, *asked)
    return page_cache.page(
        "campaigns/detail.html",
        (fixed, own),
        moving={
            "figures": _funding(campaign, now),
            "texts": page_cache.part(
                "campaigns/_texts.html", fixed, lambda: texts(queries.detail(slug))
            ),
        },
        campaign=campaign,
        can_invest=can_invest,
        can_follow=can_follow,
        share=lambda: sharing.shared(queries.detail(slug)),  # asked for by a new shell alone
    )


def _viewer() -> str:
    person = identity.current_user()
    return person.id if person else ""


def _funding(campaign: FundingRow, now: Figures) -> bytes:
    # Any movement of money makes a new version; the clock moves the words about time and state.
    key = (campaign.id, campaign.version, now["phase"], now["time_left"], campaign.is_own)
    is_coming = now["on_its_way_minor"] != 0
    terms = (campaign.currency, campaign.goal_minor, campaign.min_minor, campaign.grace_days)
    state = (now["threshold_minor"], now["phase"], now["time_left"], now["can_invest"])
    lasting = (campaign.id, campaign.slug, terms, state, is_coming, campaign.is_own)
    return page_cache.filled_part(
        "campaigns/_funding.html",
        key,
        lasting=lasting,
        moving=lambda: moving(campaign, now),
        context=lambda: {
            "campaign": campaign,
            "is_coming": is_coming,
            "is_own": campaign.is_own,
            "is_preview": False,
            **now,
        },
    )


def moving(campaign: FundingRow | PublicCampaign, now: Figures) -> dict[str, str]:
    """Return the texts that change with every payment."""
    percent = campaign.settled_minor * 100 // campaign.goal_minor if campaign.goal_minor else 0
    return {
        "raised": money.fmt(campaign.settled_minor, campaign.currency),
        "raised_minor": str(campaign.settled_minor),
        "percent": str(percent),
        "filled": str(min(percent, 100)),
        "investors": str(campaign.investors_count),
        "coming": money.fmt(now["on_its_way_minor"], campaign.currency),
        "coming_minor": str(now["on_its_way_minor"]),
    }


def texts(campaign: PublicCampaign, *, is_public: bool = True) -> dict[str, Any]:
    """Return what the texts of a campaign's page need; a preview may be of one not public yet."""
    return {
        "campaign": campaign,
        "story": safe_story(campaign.story_md),
        "sector": lists.SECTORS.get(campaign.sector, ""),
        "security": drafts.SECURITY_TYPES.get(campaign.security_type, ""),
        "offered": offers.shown(campaign),
        "country": country_name(campaign.country),
        "company_documents": issuers_queries.public_documents(campaign.company_id),
        "document_names": KINDS,
        "documents": queries.documents(campaign.id),
        "threshold_minor": life.threshold_minor(campaign.goal_minor, campaign.threshold_bps),
        "is_public": is_public,
        "is_preview": False,
    }


@bp.get("/campaigns/<slug>/funding")
def funding(slug: str) -> Response:
    """Show the moving figures alone: the page refetches them when money comes in."""
    campaign = queries.funding(slug, _viewer())
    return page_cache.answer(_funding(campaign, figures(campaign)))


@bp.get("/campaigns/<slug>/documents/<string(length=32):document_id>")
def document(slug: str, document_id: str) -> Response:
    """Send a document of a public campaign's company; one that was replaced is not found."""
    campaign = queries.funding(slug)
    found = [
        row
        for row in issuers_queries.public_documents(campaign.company_id)
        if row.id == document_id
    ]
    if not found:
        raise NotFound(_("There is no such document."))
    return sending.send(document_service.read(document_id))


@bp.get("/files/<file_id>")
def file(file_id: str) -> Response:
    """Send a public picture; its address is its content, so it never changes."""
    path, content_type = storage.open_public(file_id)
    response = send_file(path, mimetype=content_type, max_age=31_536_000, etag=file_id)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def figures(campaign: RaiseRow | FundingRow) -> Figures:
    """Return what the funding fragment needs besides the row, as of now."""
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
