"""Put other terms of a live campaign in force; who may do that is decided above this feature."""

from collections.abc import Mapping

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rows import TermsInForce
from crowdfund.campaigns.service.drafts import make_searchable
from crowdfund.campaigns.service.shared import campaign_intent, news_changed, note
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain_service
from crowdfund.issuers import queries as issuers_queries


def put_in_force(
    campaign: Campaign, values: Mapping[str, object], version: TermsInForce, *, actor: str
) -> None:
    """Change texts and terms of a locked campaign, and say which version they are.

    The contract gets the new hash of the terms.
    """
    for name, value in values.items():
        setattr(campaign, name, value)
    campaign.terms_version, campaign.current_terms_hash = version.number, version.hash
    make_searchable(campaign, issuers_queries.get(campaign.company_id).trade_name)
    note(campaign, actor=actor, reason=f"Terms version {version.number} is in force.")
    intent = campaign_intent(campaign.id, "terms", attempt=version.number)
    chain_service.write(
        intent,
        "CampaignImplementation",
        "changeTerms",
        [chain_rules.intent_bytes32(intent), version.hash],
        subject=("terms", campaign.id),
        address=campaign.contract_address,
    )
    news_changed(campaign.id)
