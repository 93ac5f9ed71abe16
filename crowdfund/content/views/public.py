"""Public pages: one picture of a campaign's gallery in large, and small copies for phones."""

from flask import Response, send_file

from crowdfund.adapters import small_pictures
from crowdfund.campaigns import queries as campaigns
from crowdfund.content import queries
from crowdfund.content.views.blueprint import bp
from crowdfund.kernel.web import pages

_YEAR_S = 31_536_000


@bp.get("/campaigns/<slug>/pictures/<string(length=32):image_id>")
def picture(slug: str, image_id: str) -> Response:
    """Show one picture of a public campaign in large, with the ones before and after it."""
    campaign = campaigns.funding(slug)
    rows = queries.pictures(campaign.id)
    ids = [row.id for row in rows]
    if image_id not in ids:
        raise queries.picture_missing()
    here = ids.index(image_id)
    return pages.render(
        "content/picture.html",
        campaign=campaign,
        picture=rows[here],
        number=here + 1,
        total=len(rows),
        previous=ids[here - 1] if here else None,
        following=ids[here + 1] if here + 1 < len(ids) else None,
    )


@bp.get('/files/<any("480", "960"):width>/<string(length=64):digest>.webp')
def small_picture(width: str, digest: str) -> Response:
    """Send a smaller copy of a public picture; its address is its content, so it never changes."""
    path = small_pictures.path_of(digest, int(width))
    etag = f"{digest}-{width}"
    response = send_file(path, mimetype="image/webp", max_age=_YEAR_S, etag=etag)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
