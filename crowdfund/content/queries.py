"""Reads about the page of a campaign: questions with answers, pictures, people."""

import sqlalchemy as sa

from crowdfund.content.models import (
    CampaignFaq,
    CampaignFaqVersion,
    CampaignPerson,
    CampaignPicture,
    CampaignRemoval,
)
from crowdfund.content.rows import FaqRow, FormerFaq, PersonRow, PictureRow, RemovalRow
from crowdfund.content.rules.faq import MOST_CHANGES, MOST_EVER, Status
from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

_F, _V = CampaignFaq.__table__, CampaignFaqVersion.__table__
_P, _M, _R = CampaignPicture.__table__, CampaignPerson.__table__, CampaignRemoval.__table__
_FAQ = sa.select(*columns(FaqRow, _F))
_PICTURE = sa.select(*columns(PictureRow, _P))
_PERSON = sa.select(*columns(PersonRow, _M))


class ContentMissing(NotFound):
    """No such part of a page, or none that this person may see."""


def faq_missing() -> ContentMissing:
    """Return the refusal for a question that is not there, or not for this person."""
    return ContentMissing(_("There is no such question."))


def picture_missing() -> ContentMissing:
    """Return the refusal for a picture that is not there, or not for this person."""
    return ContentMissing(_("There is no such picture."))


def person_missing() -> ContentMissing:
    """Return the refusal for a person who is not on the page."""
    return ContentMissing(_("There is no such person on this page."))


def faq(campaign_id: str) -> list[FaqRow]:
    """Return the questions with answers of a campaign, in their order."""
    query = _FAQ.where(_F.c.campaign_id == campaign_id, _F.c.status == Status.SHOWN)
    return read_all(FaqRow, query.order_by(_F.c.place, _F.c.id))


def removed_faq(campaign_id: str) -> list[FaqRow]:
    """Return the questions that were public and are removed, newest first: `MOST_EVER` at most."""
    query = _FAQ.where(_F.c.campaign_id == campaign_id, _F.c.removed_at.is_not(None))
    return read_all(FaqRow, query.order_by(_F.c.removed_at.desc(), _F.c.id.desc()).limit(MOST_EVER))


def faq_of(campaign_id: str, faq_id: str) -> FaqRow:
    """Return a question of a campaign that is shown. Raises ContentMissing."""
    query = _FAQ.where(_F.c.campaign_id == campaign_id, _F.c.id == faq_id)
    return read_one(FaqRow, query.where(_F.c.status == Status.SHOWN), faq_missing())


def former_faq(campaign_id: str) -> dict[str, list[FormerFaq]]:
    """Return what the public questions of a campaign said before, by question, newest first."""
    query = sa.select(*columns(FormerFaq, _V)).join(_F, _F.c.id == _V.c.faq_id)
    query = query.where(_F.c.campaign_id == campaign_id).order_by(_V.c.id.desc())
    found: dict[str, list[FormerFaq]] = {}
    for row in read_all(FormerFaq, query.limit(MOST_EVER * MOST_CHANGES)):
        found.setdefault(row.faq_id, []).append(row)
    return found


def changes_of(faq_id: str) -> int:
    """Return how often a public question was changed."""
    query = sa.select(sa.func.count()).where(_V.c.faq_id == faq_id)
    return int(db.session.scalar(query) or 0)


def copied(campaign_id: str) -> set[str]:
    """Return the ids of the visitors' questions that are among those of a campaign now."""
    return {row.source_id for row in faq(campaign_id) if row.source_id}


def pictures(campaign_id: str) -> list[PictureRow]:
    """Return the gallery of a campaign, in its order."""
    query = _PICTURE.where(_P.c.campaign_id == campaign_id)
    return read_all(PictureRow, query.order_by(_P.c.place, _P.c.id))


def picture_of(campaign_id: str, picture_id: str) -> PictureRow:
    """Return a picture of a campaign. Raises ContentMissing."""
    query = _PICTURE.where(_P.c.campaign_id == campaign_id, _P.c.id == picture_id)
    return read_one(PictureRow, query, picture_missing())


def people(campaign_id: str) -> list[PersonRow]:
    """Return the people whom a campaign shows, in their order."""
    query = _PERSON.where(_M.c.campaign_id == campaign_id)
    return read_all(PersonRow, query.order_by(_M.c.place, _M.c.id))


def person_of(campaign_id: str, member_id: str) -> PersonRow:
    """Return a person whom a campaign shows. Raises ContentMissing."""
    query = _PERSON.where(_M.c.campaign_id == campaign_id, _M.c.id == member_id)
    return read_one(PersonRow, query, person_missing())


def is_portrait_used(file_id: str) -> bool:
    """Return whether a picture of a person is still on a page."""
    query = sa.select(_M.c.id).where(_M.c.file_id == file_id).limit(1)
    return db.session.execute(query).first() is not None


def last_removal(campaign_id: str, kind: str) -> RemovalRow | None:
    """Return when a `picture` or a `person` was last removed from a public page, or None."""
    query = sa.select(*columns(RemovalRow, _R))
    query = query.where(_R.c.campaign_id == campaign_id, _R.c.kind == kind)
    return read_first(RemovalRow, query.order_by(_R.c.id.desc()).limit(1))
