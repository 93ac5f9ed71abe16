"""What other sites and phones show of a campaign: its picture and its QR code."""

import io

from flask import Response, send_file, url_for

from crowdfund.adapters import share_pictures
from crowdfund.campaigns import queries
from crowdfund.campaigns.rows import PublicCampaign
from crowdfund.campaigns.rules import sharing
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.kernel import config
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity

_DAY_S, _YEAR_S = 86_400, 31_536_000


def shared(campaign: PublicCampaign) -> sharing.Shared:
    """Return what is shared of a public campaign, with addresses of the platform's public name."""
    site, picture = config.settings().public_url, sharing.picture_path(campaign.image_id)
    has_own = picture != sharing.DEFAULT_PICTURE
    return sharing.Shared(
        title=campaign.title,
        text=campaign.summary,
        url=site + url_for("campaigns.detail", slug=campaign.slug),
        image_url=site + picture,
        image_alt=(has_own and campaign.image_alt) or "crowdfund",
    )


@bp.get("/share-pictures/<string(length=64):digest>.jpg")
def share_picture(digest: str) -> Response:
    """Send the picture for links to a campaign; its address is its content, so it never changes."""
    path = share_pictures.path_of(digest)
    response = send_file(path, mimetype="image/jpeg", max_age=_YEAR_S, etag=digest)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    return _for_other_sites(response)


@bp.get(sharing.DEFAULT_PICTURE)
def default_share_picture() -> Response:
    """Send the picture for links to a campaign that has none of its own."""
    response = Response(share_pictures.default(), mimetype="image/jpeg")
    response.headers["Cache-Control"] = f"public, max-age={_DAY_S}"
    return _for_other_sites(response)


def _for_other_sites(response: Response) -> Response:
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/my/campaigns/<string(length=32):campaign_id>/qr.<any(svg, png):kind>")
def qr_code(campaign_id: str, kind: str) -> Response:
    """Send the QR code of a public campaign's address to its company, to be shown or printed."""
    campaign = queries.for_member(campaign_id, identity.signed_in().id)
    if campaign.starts_at is None:
        raise NotFound(_("This campaign is not public yet, so it has no QR code."))
    address = config.settings().public_url + url_for("campaigns.detail", slug=campaign.slug)
    import segno  # noqa: PLC0415 - one page needs it

    out = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(out, kind=kind, scale=16, border=4, dark="#000", light="#fff")
    mimetype = "image/svg+xml" if kind == "svg" else "image/png"
    response = Response(out.getvalue(), mimetype=mimetype)
    response.headers["Cache-Control"] = f"private, max-age={_DAY_S}"
    return response
