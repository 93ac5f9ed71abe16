"""From approval to live: have the contract made, and open the campaign when it is there."""

from datetime import datetime, timedelta
from typing import cast

from crowdfund.campaigns import queries
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import life, tranches
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service.shared import (
    NotEligible,
    campaign_intent,
    change,
    locked,
    notify_team,
)
from crowdfund.chain import queries as chain_queries
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain_service
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rules.life import REFUSALS
from crowdfund.kernel import clock, config


def deploy(campaign_id: str, *, actor: str) -> None:
    """Take the company's two locks and have the contract made; raises NotEligible or WrongState.

    The deadline is fixed here, because the contract needs it.
    """
    campaign = locked(campaign_id)
    life.move(campaign.status, Status.DEPLOYING)
    refusal = queries.start_refusal(campaign.company_id)
    if refusal:
        raise NotEligible(str(REFUSALS[refusal]))
    now = clock.now()
    year = life.calendar_year(now, config.settings().time_zone)
    campaign.live_lock, campaign.started_year = campaign.company_id, year
    campaign.year_lock = f"{campaign.company_id}:{year}"
    campaign.ends_at = now.replace(microsecond=0) + timedelta(days=campaign.duration_days or 0)
    campaign.deploy_tries += 1
    campaign.chain_error = None
    change(campaign, Status.DEPLOYING, actor=actor)
    _write_creation(campaign)


def _write_creation(campaign: Campaign) -> None:
    intent = campaign_intent(campaign.id, "create", attempt=campaign.deploy_tries)
    company = issuers_queries.get(campaign.company_id)
    units = chain_rules.to_units
    ends_at = cast(datetime, campaign.ends_at)
    params = {
        "campaignId": chain_rules.intent_bytes32(campaign.id),
        "issuerId": chain_rules.intent_bytes32(campaign.company_id),
        "issuerWallet": company.wallet_address,
        "token": chain_queries.address_of("PaymentToken"),
        "goal": units(campaign.goal_minor or 0),
        "minInvestment": units(campaign.min_minor or 0),
        "maxInvestment": units(campaign.max_minor or 0),
        "deadline": int(ends_at.timestamp()),
        "thresholdBps": campaign.threshold_bps,
        "granularity": units(1),
        "termsHash": campaign.terms_hash,
        "tranches": chain_rules.tranches_bytes32(tranches.shares(campaign.tranches)),
    }
    chain_service.write(
        intent,
        "CampaignFactory",
        "createCampaign",
        [chain_rules.intent_bytes32(intent), params],
        subject=("campaign", campaign.id),
    )


def go_live(
    campaign_id: str, *, contract_address: str, tx_hash: str, started_year: int | None = None
) -> None:
    """Open a campaign whose contract is confirmed; a repeated message changes nothing.

    `started_year` is the year that the registry has used up. Around a New Year's midnight it may
    be later than when the start was requested, and both sides must count the same year.
    """
    campaign = locked(campaign_id)
    if campaign.status != Status.DEPLOYING:
        return
    campaign.contract_address, campaign.deploy_tx = contract_address, tx_hash
    campaign.starts_at, campaign.chain_error = clock.now(), None
    if started_year is not None:
        campaign.started_year = started_year
        campaign.year_lock = f"{campaign.company_id}:{started_year}"
    change(campaign, Status.LIVE, actor="system", reason=f"deployed at {contract_address}")
    notify_team(campaign, "live")


def deploy_failed(campaign_id: str, reason: str, *, intent_id: str) -> None:
    """Go back to approved and free the locks when the factory refused; staff may try again."""
    campaign = locked(campaign_id)
    current = campaign_intent(campaign_id, "create", attempt=campaign.deploy_tries)
    if campaign.status != Status.DEPLOYING or intent_id != current:
        return
    campaign.live_lock = campaign.year_lock = campaign.started_year = campaign.ends_at = None
    campaign.chain_error = reason[:500]
    change(campaign, Status.APPROVED, actor="system", reason=f"not deployed: {reason}")
    notify_team(campaign, "deployment_failed")
