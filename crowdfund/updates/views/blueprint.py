"""The blueprint of updates, and the newest of them for the page of a campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

from crowdfund.campaigns.rules import drafts
from crowdfund.updates import queries
from crowdfund.updates.rows import PictureRow, UpdateRow

NEWEST = 3
bp = Blueprint("updates", __name__)


@bp.record_once
def _offer_the_newest(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["newest_updates"] = newest_updates


def newest_updates(campaign_id: str) -> Sequence[UpdateRow]:
    """Return what the cached page of a campaign shows of its updates.

    The page is rendered anew when `news_version` of the campaign has changed.
    """
    return queries.published(campaign_id, size=NEWEST).rows


@dataclass(frozen=True, slots=True)
class Shown:
    """An update as it is read; `text` is safe HTML."""

    id: str
    status: str
    title: str
    text: Markup
    published_at: datetime | None
    corrected_at: datetime | None
    pictures: Sequence[PictureRow]


def shown(rows: Sequence[UpdateRow]) -> list[Shown]:
    """Return updates with their pictures, in one query."""
    pictures = queries.pictures([row.id for row in rows]) if rows else {}
    return [
        Shown(
            row.id,
            row.status,
            row.title,
            safe_text(row.text_md),
            row.published_at,
            row.corrected_at,
            pictures[row.id],
        )
        for row in rows
    ]


def safe_text(text_md: str) -> Markup:
    """Return a text for templates; nh3 has cleaned it."""
    return Markup(drafts.story_html(text_md))  # noqa: S704 - sanitised by rules.story_html
