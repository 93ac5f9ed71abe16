"""Every kind of notice; one that is not declared here cannot be sent."""

from crowdfund.notifications.kinds import (
    campaign,
    company,
    followed,
    identity,
    money,
    news,
    security,
    staff,
)
from crowdfund.notifications.kinds.base import ANY, CHANNELS, GROUPS, WORDS, Group, Kind

KINDS: dict[str, Kind] = {
    **security.KINDS,
    **identity.KINDS,
    **money.KINDS,
    **company.KINDS,
    **campaign.KINDS,
    **news.KINDS,
    **followed.KINDS,
    **staff.KINDS,
}

QUEUES = staff.ROLES

__all__ = ["ANY", "CHANNELS", "GROUPS", "KINDS", "QUEUES", "WORDS", "Group", "Kind"]
