"""How campaigns end, and that they will soon, for the features above."""

from dataclasses import dataclass

from crowdfund.campaigns.rules.life import Status
from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CampaignEvent(Event):
    """Base: the campaign."""

    campaign_id: str


@dataclass(frozen=True, kw_only=True)
class CampaignSucceeded(CampaignEvent, name="campaign.succeeded"):
    """The threshold was reached."""


@dataclass(frozen=True, kw_only=True)
class CampaignFailed(CampaignEvent, name="campaign.failed"):
    """The deadline passed below the threshold."""


@dataclass(frozen=True, kw_only=True)
class CampaignCancelled(CampaignEvent, name="campaign.cancelled"):
    """It was cancelled while live."""


@dataclass(frozen=True, kw_only=True)
class CampaignReleased(CampaignEvent, name="campaign.released"):
    """The company has the money."""


@dataclass(frozen=True, kw_only=True)
class CampaignClosesSoon(CampaignEvent, name="campaign.closes_soon"):
    """It is live and its deadline is less than 48 hours away."""


ENDED: dict[Status, type[CampaignEvent]] = {
    Status.SUCCEEDED: CampaignSucceeded,
    Status.FAILED: CampaignFailed,
    Status.CANCELLED: CampaignCancelled,
}
