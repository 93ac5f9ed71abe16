"""Filters and lists that the templates of both competitors use,
so that none formats more than another."""

from datetime import UTC, datetime

from markupsafe import Markup

from crowdfund.campaigns.rules import drafts
from crowdfund.issuers.rules import lists
from crowdfund.kernel import money

# Plain text: what we translate for each reader costs the others nothing.
_SECTOR_NAMES = {key: str(name) for key, name in lists.SECTORS.items()}
_SECURITY_NAMES = {key: str(name) for key, name in drafts.SECURITY_TYPES.items()}
SECTORS = [("", "All sectors"), *_SECTOR_NAMES.items()]
STATUSES = [("", "All"), ("live", "Live"), ("funded", "Funded"), ("ended", "Not funded")]
SORTS = [("newest", "Newest"), ("ending", "Ending soon"), ("funded", "Most funded")]
PAGE_SIZE = 12


def sector(key: str) -> str:
    return _SECTOR_NAMES.get(key, "")


def security(key: str) -> str:
    return _SECURITY_NAMES.get(key, "")


def short(value: str) -> str:
    return f"{value[:8]}…{value[-6:]}"


def story(text: str) -> Markup:
    """Return a story as HTML; the work is cached, as in ours."""
    return Markup(drafts.story_html(text))


def _at(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def moment(value: datetime | str) -> Markup:
    at = _at(value)
    return Markup(
        f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}" data-local>{at.day} {at:%b %Y, %H:%M} UTC</time>'
    )


def days_left(value: datetime | str) -> int:
    return (_at(value) - datetime.now(UTC)).days


FILTERS = {
    "money": money.fmt,
    "sector": sector,
    "security": security,
    "short": short,
    "story": story,
    "moment": moment,
    "days_left": days_left,
}
