"""The blueprint of a campaign's page, and what pages of campaigns show of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, url_for
from flask.blueprints import BlueprintSetupState

from crowdfund.adapters import small_pictures
from crowdfund.content import queries
from crowdfund.content.rows import FaqRow, FormerFaq, PersonRow, PictureRow, RemovalRow

bp = Blueprint("content", __name__)
_WEBP = ".webp"


@bp.record_once
def _offer(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["campaign_faq"] = campaign_faq
    state.app.jinja_env.globals["campaign_gallery"] = campaign_gallery
    state.app.jinja_env.globals["campaign_people"] = campaign_people
    state.app.jinja_env.globals["picture_sizes"] = picture_sizes


@dataclass(frozen=True, slots=True)
class Faq:
    """The questions with answers of a campaign, what they said before, and the removed ones."""

    rows: Sequence[FaqRow]
    removed: Sequence[FaqRow]
    former: Mapping[str, Sequence[FormerFaq]]


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures of a campaign, and when one was last removed from its public page."""

    rows: Sequence[PictureRow]
    removed: RemovalRow | None


@dataclass(frozen=True, slots=True)
class People:
    """The people behind a company, and when one was last removed from the public page."""

    rows: Sequence[PersonRow]
    removed: RemovalRow | None


def campaign_faq(campaign_id: str) -> Faq:
    """Return what the cached page of a campaign shows of its questions with answers.

    The page is rendered anew when status or `news_version` of the campaign has changed.
    """
    former = queries.former_faq(campaign_id)
    return Faq(queries.faq(campaign_id), queries.removed_faq(campaign_id), former)


def campaign_gallery(campaign_id: str) -> Gallery:
    """Return what the cached page of a campaign shows of its gallery."""
    return Gallery(queries.pictures(campaign_id), queries.last_removal(campaign_id, "picture"))


def campaign_people(campaign_id: str) -> People:
    """Return what the cached page of a campaign shows of the people behind the company."""
    return People(queries.people(campaign_id), queries.last_removal(campaign_id, "person"))


def picture_sizes(file_id: str, width: int) -> str:
    """Return the `srcset` of a picture `width` pixels wide: its smaller copies and itself."""
    digest, is_picture, _rest = file_id.partition(_WEBP)
    if not is_picture:  # a drawing of ours fits every width
        return ""
    found = [
        f"{url_for('content.small_picture', width=str(each), digest=digest)} {each}w"
        for each in small_pictures.WIDTHS
        if each < width
    ]
    return ", ".join([*found, f"{url_for('campaigns.file', file_id=file_id)} {width}w"])
