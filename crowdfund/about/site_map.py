"""The site map for search engines (sitemaps.org, 0.9): fixed pages and public campaigns.

A part holds the campaigns of a range of places in the order of publication, so that a part is read
along one index, and a new campaign changes the last part alone.
"""

from collections.abc import Iterator
from urllib.parse import quote
from xml.sax.saxutils import escape

from crowdfund.campaigns import queries
from crowdfund.campaigns.rows import AddressRow
from crowdfund.kernel import access, config

MOST = 50_000  # addresses of one file, by the protocol
READ = 5_000  # rows of one query
_FIXED = (
    "/",
    "/campaigns",
    "/transparency/drift",
    *(path for _label, _endpoint, path in access.SITE),
)
_PLACES = MOST - len(_FIXED)
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SCHEMA = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def parts() -> int:
    """Return how many parts the map has; there is always one."""
    return max(1, -(-queries.last_place() // _PLACES))


def index() -> Iterator[str]:
    """Yield the file that names all parts."""
    site = config.settings().public_url
    yield f"{_XML}<sitemapindex {_SCHEMA}>\n"
    for number in range(1, parts() + 1):
        yield f"<sitemap><loc>{escape(site)}/sitemap-{number}.xml</loc></sitemap>\n"
    yield "</sitemapindex>\n"


def part(number: int) -> Iterator[str]:
    """Yield a part, the first one with the fixed pages; parts are counted from 1."""
    site = escape(config.settings().public_url)
    yield f"{_XML}<urlset {_SCHEMA}>\n"
    if number == 1:
        yield from (f"<url><loc>{site}{path}</loc></url>\n" for path in _FIXED)
    for row in _campaigns((number - 1) * _PLACES, number * _PLACES):
        changed = row.updated_at.isoformat(timespec="seconds")
        address = f"{site}/campaigns/{quote(row.slug)}"
        yield f"<url><loc>{address}</loc><lastmod>{changed}</lastmod></url>\n"
    yield "</urlset>\n"


def _campaigns(after: int, last: int) -> Iterator[AddressRow]:
    rows = queries.addresses_between(after, last, most=READ)
    while rows:
        yield from rows
        rows = queries.addresses_between(rows[-1].place, last, most=READ)
