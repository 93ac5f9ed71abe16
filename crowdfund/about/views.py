"""Pages about the platform itself: help, contact, fees, terms, and files at fixed addresses."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request, send_from_directory, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.about import site_map
from crowdfund.about.forms import TermsForm
from crowdfund.campaigns import limits_queries
from crowdfund.kernel import config, exports, money, vendored
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import percents
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import TERMS_VERSION
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import service as people

bp = Blueprint("about", __name__)

_HOUR_S, _DAY_S = 3_600, 86_400
_EXAMPLE_MINOR = 100_000_00
_PRIVATE = (
    "/account",
    "/campaigns?",  # each choice of filters is another address of the same list
    "/companies",
    "/documents",
    "/explain",
    "/investments",
    "/invitations",
    "/join",
    "/my",
    "/notifications",
    "/payments",
    "/portfolio",
    "/sign-in",
    "/staff",
    "/terms/accept",
    "/unsubscribe",
    "/wallet",
)


@bp.get("/help")
def help_page() -> Response:
    """Answer what newcomers ask most."""
    return pages.render("about/help.html", operator=config.settings().operator)


@bp.get("/contact")
def contact() -> Response:
    """Say how to reach the operator."""
    return pages.render("about/contact.html", operator=config.settings().operator)


@bp.get("/how-it-works")
def how_it_works() -> Response:
    """Explain where the money goes, for investors and for companies."""
    return pages.render("about/how_it_works.html")


@bp.get("/fees")
def fees() -> Response:
    """Show who pays what, computed from the limits in force."""
    limits = limits_queries.in_force()
    fee = money.fee(_EXAMPLE_MINOR, limits.fee_bps)
    return pages.render(
        "about/fees.html",
        limits=limits,
        fee_percent=percents.percent(limits.fee_bps),
        threshold_percent=percents.percent(limits.threshold_bps),
        example={"raised": _EXAMPLE_MINOR, "fee": fee, "released": _EXAMPLE_MINOR - fee},
    )


@bp.get("/terms")
def terms() -> Response:
    """Show the terms of use in force."""
    operator = config.settings().operator
    return pages.render("about/terms.html", operator=operator, version=TERMS_VERSION)


@bp.route("/terms/accept", methods=["GET", "POST"])
def accept_terms() -> BaseResponse:
    """Ask a signed-in person to accept the terms of use, then go on to `next`."""
    person, form = identity.signed_in(), TermsForm()
    target = requests.own_path(request.values.get("next"), url_for("campaigns.index"))
    if person.has_accepted_terms:
        return pages.back(target)
    context: dict[str, Any] = {
        "target": target,
        "version": TERMS_VERSION,
        "accepted_before": person.terms_version,
        "operator": config.settings().operator,
        "flashes": list,  # they are for the page that was asked for
    }
    if not form.validate_on_submit():
        return pages.render("about/accept_terms.html", form=form, **context)
    if not form.accept.data:
        text = _("Tick the box to accept the terms of use, or sign out.")
        return pages.refuse(
            "about/accept_terms.html", form, Invalid(text, field="accept"), **context
        )
    people.accept_terms(person.id)
    return pages.back(target)


@bp.get("/privacy")
def privacy() -> Response:
    """Say which data are stored, why, and which rights people have."""
    return pages.render("about/privacy.html", operator=config.settings().operator)


@bp.get("/legal-notice")
def legal_notice() -> Response:
    """Name the operator of the platform."""
    return pages.render("about/legal_notice.html", operator=config.settings().operator)


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Send the icon to programs that look for it only here."""
    return send_from_directory(vendored.STATIC, "favicon.ico", max_age=_DAY_S)


@bp.get("/site.webmanifest")
def manifest() -> Response:
    """Describe the site to phones that put it on their home screen."""
    facts = {
        "name": "crowdfund",
        "short_name": "crowdfund",
        "start_url": "/",
        "display": "browser",
        "background_color": "#f7f9f8",
        "theme_color": "#0b6b5d",
        "icons": [
            {"src": vendored.asset_url("logo.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": vendored.asset_url("icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": vendored.asset_url("icon-512.png"), "sizes": "512x512", "type": "image/png"},
        ],
    }
    return _file(json.dumps(facts), "application/manifest+json")


@bp.get("/robots.txt")
def robots() -> Response:
    """Keep search engines out of pages that are nobody else's business."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _PRIVATE), ""]
    lines.append(f"Sitemap: {config.settings().public_url}/sitemap.xml")
    return _file("\n".join(lines) + "\n", "text/plain")


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """Name every public page to search engines: in one file, or in several if there are many."""
    return _map(site_map.whole())


@bp.get("/sitemap-<int:number>.xml")
def sitemap_part(number: int) -> Response:
    """Name one part of the public pages to search engines."""
    return _map(site_map.part(number))


def _map(pieces: Iterator[str]) -> Response:
    response = exports.text_file(pieces, "application/xml")
    response.headers["Cache-Control"] = f"public, max-age={_HOUR_S}"
    return response


def _file(text: str, mimetype: str) -> Response:
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = f"public, max-age={_DAY_S}"
    return response
