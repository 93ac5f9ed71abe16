"""Approve or reject a submitted campaign; never one of one's own company."""

from dataclasses import asdict

from crowdfund.campaigns import limits_queries, queries
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import life, securities
from crowdfund.campaigns.rules import terms as terms_rules
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service.life import deploy
from crowdfund.campaigns.service.shared import (
    Incomplete,
    LimitsChanged,
    change,
    notify_team,
    reviewable,
)
from crowdfund.kernel import clock
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.statuses import status_text


def approve(campaign_id: str, *, actor: str) -> None:
    """Approve a submitted campaign, fix its terms and have it deployed.

    Raises NotYours (four eyes), NotEligible, Incomplete, LimitsChanged or WrongState.
    """
    campaign = reviewable(campaign_id, actor)
    life.move(campaign.status, Status.APPROVED)
    row = queries.by_id(campaign_id)
    if not securities.of(row).has_terms:
        raise Incomplete(
            _("The terms of the loan or revenue share are missing. Send it back to the company.")
        )
    _check_limits(row)
    campaign.reviewed_at, campaign.reviewed_by = clock.now(), actor
    terms = terms_rules.agreed(row)
    if documents := [document.cid for document in queries.documents(campaign_id)]:
        terms["documents"] = documents
    campaign.terms_hash = terms_rules.terms_hash(terms)
    change(campaign, Status.APPROVED, actor=actor)
    notify_team(campaign, "approved")
    deploy(campaign_id, actor=actor)


def _check_limits(row: CampaignRow) -> None:
    """Refuse terms that were within the limits when they were submitted, and are not now."""
    errors = terms_rules.check_platform(asdict(row), limits_queries.in_force())
    if errors:
        raise LimitsChanged(
            _(
                "The limits for campaigns have changed since this campaign was submitted: "
                "%(sentences)s Send it back to the company.",
                sentences=" ".join(errors.values()),
            )
        )


def reject(campaign_id: str, reason: str, *, actor: str) -> None:
    """Send a submitted campaign back to draft with a reason; raises NotYours or WrongState."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    campaign = reviewable(campaign_id, actor)
    if campaign.status != Status.SUBMITTED:
        raise WrongState(
            _(
                "This campaign is %(status)s: there is nothing to reject.",
                status=status_text(campaign.status),
            )
        )
    campaign.reviewed_at, campaign.reviewed_by = clock.now(), actor
    campaign.rejection_reason = why
    change(campaign, Status.DRAFT, actor=actor, reason=why)
    notify_team(campaign, "rejected", reason=why)
