"""The cards of the public list, each drawn once for what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, url_for

from crowdfund.campaigns import queries
from crowdfund.campaigns.rows import CardRow, Listed
from crowdfund.campaigns.rules import addresses, life
from crowdfund.campaigns.views.page_cache import BoundedCache
from crowdfund.issuers.rules import lists

CACHED = 4_000
Key = tuple[str, int, int | None, str, str]

_cards: BoundedCache[bytes] = BoundedCache(CACHED)


@dataclass(frozen=True, slots=True)
class Card:
    """What the card component shows."""

    url: str
    title: str
    summary: str
    company_name: str
    sector: str
    status: str
    status_words: str | None  # as the filter of the list calls it
    image_url: str | None
    raised_minor: int
    goal_minor: int
    currency: str
    investors_count: int
    days_left: int | None


def keys_of(rows: Sequence[Listed], now: datetime, *, locale: str = "en") -> tuple[Key, ...]:
    """Return what the cards of a page depend on: id, version, days left, state, locale.

    Any change of a campaign makes a new version, so a key never names an old card.
    """
    return tuple([_key(row, now, locale) for row in rows])


def render(keys: Sequence[Key]) -> list[bytes]:
    """Return the cards, reading from the database only those that are not cached."""
    found = _cards.among(keys)
    missing = [key for key in keys if key not in found]
    if missing:
        rows = queries.cards([key[0] for key in missing])
        found |= {
            key: _cards.put(key, _draw(rows[key[0]], key)) for key in missing if key[0] in rows
        }
    return [found[key] for key in keys if key in found]


def _key(row: Listed, now: datetime, locale: str) -> Key:
    days = life.days_left(row.ends_at, now) if row.status == life.Status.LIVE else None
    if days is not None and days < 0:
        return (row.id, row.version, None, "closing", locale)
    return (row.id, row.version, days, str(row.status), locale)


def _words(status: str) -> str | None:
    state = addresses.STATE_OF.get(status)
    return str(addresses.STATES[state]) if state else None


def _draw(row: CardRow, key: Key) -> bytes:
    card = Card(
        url=url_for("campaigns.detail", slug=row.slug),
        title=row.title,
        summary=row.summary,
        company_name=row.trade_name,
        sector=str(lists.SECTORS.get(row.sector, "")),
        status=key[3],
        status_words=_words(key[3]),
        image_url=url_for("campaigns.file", file_id=row.image_id) if row.image_id else None,
        raised_minor=row.settled_minor,
        goal_minor=row.goal_minor,
        currency=row.currency,
        investors_count=row.investors_count,
        days_left=key[2],
    )
    components: Any = current_app.jinja_env.get_template("components/ui.html").module
    return str(components.campaign_card(card, 2)).encode()
