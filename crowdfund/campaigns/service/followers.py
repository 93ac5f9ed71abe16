"""Follow and unfollow a campaign, and say that one closes soon."""

import sqlalchemy as sa

from crowdfund.campaigns import follower_queries, queries
from crowdfund.campaigns.events import CampaignClosesSoon
from crowdfund.campaigns.models import CampaignFollower
from crowdfund.campaigns.rules.life import REMIND_BEFORE
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, insert_ignore
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.i18n import _

_W = CampaignFollower.__table__


def follow(slug: str, person_id: str) -> None:
    """Have a person get news of a live campaign; once more changes nothing.

    Raises CampaignMissing for one that is not public, WrongState for one that is not open for
    investment or is of the person's own company, whose team is notified anyway.
    """
    campaign = queries.funding(slug, person_id)
    if campaign.is_following:
        return
    if campaign.is_own:
        raise WrongState(_("This is your company's campaign. You get all news of it anyway."))
    if queries.phase(campaign, clock.now()) != "live":
        raise WrongState(
            _("This campaign is closed to new investments, so you cannot follow it any more.")
        )
    row = {"campaign_id": campaign.id, "person_id": person_id, "followed_at": clock.now()}
    insert_ignore(_W, [row])


def unfollow(slug: str, person_id: str) -> None:
    """Send a person no more news of a campaign, whatever its state. Raises CampaignMissing."""
    campaign = queries.funding(slug, person_id)
    is_it = sa.and_(_W.c.campaign_id == campaign.id, _W.c.person_id == person_id)
    db.session.execute(sa.delete(_W).where(is_it))


def remind_due() -> int:
    """Say of campaigns with followers that they close within 48 hours; return how many do.

    Runs any number of times: the event of a campaign is emitted once.
    """
    now = clock.now()
    closing = follower_queries.closing_between(now, now + REMIND_BEFORE)
    outbox.emit_many([CampaignClosesSoon(key=one, campaign_id=one) for one in closing])
    return len(closing)
