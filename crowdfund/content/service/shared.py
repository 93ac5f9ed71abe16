"""What every change of a campaign's page shares: lock the campaign, order, refresh pages."""

from collections.abc import Sequence

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.service.shared import locked as lock_campaign
from crowdfund.campaigns.service.shared import news_changed, touch
from crowdfund.content.models import CampaignRemoval
from crowdfund.content.rules import places
from crowdfund.content.rules.places import Placed
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, new_id


def swap(table: sa.Table, rows: Sequence[Placed], thing_id: str, way: str) -> None:
    """Let a thing and its neighbour change places; at the end of the order nothing happens."""
    found = places.neighbour(rows, thing_id, way)
    if found is None:
        return
    one, other = found
    for row, place in ((one, other.place), (other, one.place)):
        db.session.execute(sa.update(table).where(table.c.id == row.id).values(place=place))


def locked(campaign_id: str) -> CampaignRow:
    """Return a campaign that is locked until the transaction ends. Raises CampaignMissing."""
    lock_campaign(campaign_id)
    return campaigns.by_id(campaign_id)


def locked_draft(campaign_id: str) -> CampaignRow:
    """Return a locked draft. Raises WrongState for a campaign that is none."""
    campaign = locked(campaign_id)
    places.check_draft(campaign.status)
    return campaign


def changed(campaign: CampaignRow) -> None:
    """Render the page of a campaign anew: a draft gets a new version, a public one its news."""
    if places.was_public(campaign.status, campaign.starts_at):
        news_changed(campaign.id)
    else:
        touch(lock_campaign(campaign.id))


def note_removal(campaign: CampaignRow, kind: str, *, actor: str) -> None:
    """Record that a `picture` or a `person` was removed, if everyone could see it."""
    if not places.was_public(campaign.status, campaign.starts_at):
        return
    row = {"id": new_id(), "campaign_id": campaign.id, "kind": kind}
    db.session.execute(sa.insert(CampaignRemoval).values(**row, at=clock.now(), actor=actor))
