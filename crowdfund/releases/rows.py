"""What the pages of releases read."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request to release a part of a campaign's money; amounts in minor units."""

    id: str
    campaign_id: str
    tranche: int
    company_minor: int
    fee_minor: int
    token_company_minor: int
    token_fee_minor: int
    status: str
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
