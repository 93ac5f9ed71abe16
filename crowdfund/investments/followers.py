"""Notify the followers of a campaign who have not invested in it; investors get their own news."""

from collections.abc import Sequence

from crowdfund.campaigns import follower_queries
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.investments import queries, rules
from crowdfund.kernel import clock, outbox
from crowdfund.notifications import service

AT_ONCE = 500
# Whose investment counts when a campaign closes soon, and when it has ended. After a failure an
# investment may be returned already.
_INVESTED: dict[str, Sequence[str]] = {
    "closing": rules.ACTIVE,
    "succeeded": rules.IN,
    "failed": (*rules.IN, rules.Status.RETURNED),
    "cancelled": (*rules.IN, rules.Status.RETURNED),
}


def begin(campaign_id: str, what: str) -> None:
    """Queue the notices of `followed.<what>`, which a person gets once for a campaign."""
    payload = {"campaign_id": campaign_id, "what": what, "after": ""}
    outbox.add("investments.notify_followers", f"followers:{campaign_id}:{what}", payload)


def notify_next(campaign_id: str, what: str, after: str) -> None:
    """Notify the next followers after this person, and queue the rest."""
    campaign = campaigns.by_id(campaign_id)
    if what == "closing" and not _is_open(campaign):
        return  # ended, closing or full meanwhile: there is nothing to remind of
    people = follower_queries.followers_after(campaign_id, after, most=AT_ONCE)
    invested = queries.investors_among(campaign_id, people, _INVESTED[what])
    context = {"campaign": campaign.title or ""}
    if what == "closing" and campaign.ends_at:
        context["ends_at"] = campaign.ends_at.isoformat()
    service.notify_all(
        set(people) - invested,
        f"followed.{what}",
        context,
        key=f"followed:{campaign_id}:{what}",
        path=f"/campaigns/{campaign.slug}",
    )
    if len(people) == AT_ONCE:
        rest = {"campaign_id": campaign_id, "what": what, "after": people[-1]}
        key = f"followers:{campaign_id}:{what}:{people[-1]}"
        outbox.add("investments.notify_followers", key, rest)


def _is_open(campaign: CampaignRow) -> bool:
    is_live = campaigns.phase(campaign, clock.now()) == "live"
    return is_live and campaign.reserved_minor < (campaign.goal_minor or 0)
