"""What releases do when a campaign ends in another way."""

from collections.abc import Sequence

from crowdfund.campaigns.events import (
    CampaignCancelled,
    CampaignEvent,
    CampaignFailed,
    CampaignReleased,
)
from crowdfund.kernel import outbox
from crowdfund.releases import service


def _close(campaigns: Sequence[CampaignEvent]) -> None:
    for campaign in campaigns:
        service.close_open(campaign.campaign_id)


@outbox.on(CampaignFailed, queue="default")
def campaign_failed(campaigns: list[CampaignFailed]) -> None:
    """Its money goes back: nothing is released."""
    _close(campaigns)


@outbox.on(CampaignCancelled, queue="default")
def campaign_cancelled(campaigns: list[CampaignCancelled]) -> None:
    """Its money goes back: nothing is released."""
    _close(campaigns)


@outbox.on(CampaignReleased, queue="default")
def campaign_released(campaigns: list[CampaignReleased]) -> None:
    """Everything is released, perhaps because the campaign followed its contract."""
    _close(campaigns)
