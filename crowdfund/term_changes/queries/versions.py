"""Reads about the versions of a campaign's terms."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crowdfund.campaigns.rows import CampaignRow, PublicCampaign
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_first
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.term_changes.models import TermsVersion
from crowdfund.term_changes.rows import LatestVersion, VersionRow
from crowdfund.term_changes.rules import terms

_V = TermsVersion.__table__
_NEWEST = (Key(_V.c.number, is_descending=True),)


class VersionMissing(NotFound):
    """The terms of this campaign have no version of this number."""


def of_campaign(campaign_id: str, place: Place = START, *, size: int = 20) -> Page[VersionRow]:
    """Return a page of the stored versions, newest first; empty while there is only the first."""
    query = sa.select(*columns(VersionRow, _V)).where(_V.c.campaign_id == campaign_id)
    return read_page(query, _NEWEST, place, size=size, row=VersionRow)


def find(campaign_id: str, number: int) -> VersionRow | None:
    """Return a stored version, or None."""
    query = sa.select(*columns(VersionRow, _V)).where(_V.c.campaign_id == campaign_id)
    return read_first(VersionRow, query.where(_V.c.number == number))


def get(campaign: CampaignRow | PublicCampaign, number: int) -> VersionRow:
    """Return a version of the terms; version 1 as well where no other was ever stored.

    Raises VersionMissing.
    """
    found = find(campaign.id, number)
    if found is None and number == 1 and latest(campaign.id) is None:
        return first(campaign)
    if found is None:
        raise VersionMissing(_("The terms of this campaign have no such version."))
    return found


def first(campaign: CampaignRow | PublicCampaign) -> VersionRow:
    """Return the approved terms of a campaign as version 1, while there is no other."""
    return VersionRow(
        number=1,
        change_id=None,
        is_material=False,
        terms=terms.of_campaign(campaign),
        hash=campaign.terms_hash or "",
        reason="",
        effective_at=campaign.starts_at,  # type: ignore[arg-type]  # it was live, so it has one
    )


def added_documents(campaign_id: str) -> list[Mapping[str, Any]]:
    """Return the documents that changes have added to a campaign's terms so far, oldest first."""
    newest = latest(campaign_id)
    row = find(campaign_id, newest.number) if newest else None
    return terms.added(row.terms) if row else []


def latest(campaign_id: str) -> LatestVersion | None:
    """Return the newest stored version, or None while there is only the approved one."""
    query = sa.select(*columns(LatestVersion, _V)).where(_V.c.campaign_id == campaign_id)
    return read_first(LatestVersion, query.order_by(_V.c.number.desc()).limit(1))
