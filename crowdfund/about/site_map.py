"""The site map for search engines (sitemaps.org, 0.9): fixed pages and public campaigns.

A part holds the campaigns of a span of places in the order of publication, so that it is read along
one index, and a new campaign changes the last part alone.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from urllib.parse import quote
from xml.sax.saxutils import escape

from crowdfund.campaigns import queries
from crowdfund.kernel import access, config
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

MOST = 50_000  # addresses of one file, by the protocol
READ = 5_000  # rows of one query
_FIXED = (
    "/",
    "/campaigns",
    "/plan",
    "/transparency/drift",
    *(path for _label, _endpoint, path in access.SITE),
)
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SCHEMA = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def whole() -> Iterator[str]:
    """Yield the map in one file, or the file that names its parts if there are too many pages."""
    numbers = queries.numbers_by_place(MOST)
    if len(_FIXED) + sum(numbers.values()) > MOST:
        return _index([0, *(span + 1 for span in numbers)])
    last = (max(numbers, default=-1) + 1) * MOST
    return _urls(chain(_fixed(), _campaigns(0, last)))


def part(number: int) -> Iterator[str]:
    """Yield a part: the fixed pages are part 0, campaigns the others. Raises NotFound."""
    if number == 0:
        return _urls(_fixed())
    if number - 1 not in queries.numbers_by_place(MOST):
        raise NotFound(_("There is no such part of the site map."))
    return _urls(_campaigns((number - 1) * MOST, number * MOST))


def _index(numbers: Iterable[int]) -> Iterator[str]:
    site = escape(config.settings().public_url)
    yield f"{_XML}<sitemapindex {_SCHEMA}>\n"
    for number in numbers:
        yield f"<sitemap><loc>{site}/sitemap-{number}.xml</loc></sitemap>\n"
    yield "</sitemapindex>\n"


def _urls(lines: Iterable[str]) -> Iterator[str]:
    yield f"{_XML}<urlset {_SCHEMA}>\n"
    yield from lines
    yield "</urlset>\n"


def _fixed() -> Iterator[str]:
    site = escape(config.settings().public_url)
    return (f"<url><loc>{site}{path}</loc></url>\n" for path in _FIXED)


def _campaigns(after: int, last: int) -> Iterator[str]:
    site = escape(config.settings().public_url)
    while rows := queries.addresses_between(after, last, most=READ):
        for row in rows:
            changed = row.updated_at.isoformat(timespec="seconds")
            address = f"{site}/campaigns/{quote(row.slug)}"
            yield f"<url><loc>{address}</loc><lastmod>{changed}</lastmod></url>\n"
        after = rows[-1].place
