"""Rendered cards of the public list, kept per process by what they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from markupsafe import Markup
from sqlalchemy import Row

from .. import queries, rules

KEPT = 4_000
Key = tuple[str, int, int | None, str, str]
_kept: dict[Key, Markup] = {}


@dataclass(frozen=True, slots=True)
class Card:
    """What the card component shows."""

    url: str
    title: str
    summary: str
    company_name: str
    sector: str
    status: str
    image_url: str | None
    raised_minor: int
    goal_minor: int
    currency: str
    investors_count: int
    days_left: int | None


def render(rows: Sequence[Row[Any]], now: datetime, *, locale: str = "en") -> list[Markup]:
    """Return the cards of a page of `queries.listing`, reading only what is not kept yet.

    A card is kept by id, version (any change makes a new one), days left, state and locale:
    nothing in it depends on who looks.
    """
    keys = [_key(row, now, locale) for row in rows]
    missing = [key for key in keys if key not in _kept]
    fresh: dict[str, Markup] = {}
    if missing:
        found = queries.cards([key[0] for key in missing])
        if len(_kept) > KEPT:
            _kept.clear()
        for key in missing:
            if key[0] in found:
                fresh[key[0]] = _kept[key] = _draw(found[key[0]], key)
    # A card may have been dropped by another thread between the look and the use.
    return [card for key in keys if (card := fresh.get(key[0]) or _kept.get(key))]


def _key(row: Row[Any], now: datetime, locale: str) -> Key:
    days = (row.ends_at - now).days if row.status == rules.Status.LIVE else None
    shown = str(row.status)
    if days is not None and days < 0:
        days, shown = None, "closing"
    return (row.id, row.version, days, shown, locale)


def _draw(row: Row[Any], key: Key) -> Markup:
    card = Card(
        url=url_for("campaigns.detail", slug=row.slug),
        title=row.title,
        summary=row.summary,
        company_name=row.trade_name,
        sector=rules.SECTORS.get(row.sector, ""),
        status=key[3],
        image_url=url_for("campaigns.file", file_id=row.image_id) if row.image_id else None,
        raised_minor=row.settled_minor,
        goal_minor=row.goal_minor,
        currency=row.currency,
        investors_count=row.investors_count,
        days_left=key[2],
    )
    components: Any = current_app.jinja_env.get_template("components/ui.html").module
    return Markup(components.campaign_card(card, 2))  # noqa: S704 - the component escapes its input
