"""Approve or reject a submitted campaign: always by somebody else."""

from crowdfund import clock
from crowdfund.i18n import _
from crowdfund.issuers.rules import parse_reason
from crowdfund.statuses import status_text

from .. import queries, rules
from ..rules import Status
from .life import deploy
from .shared import change, reviewable, tell_team


def approve(campaign_id: str, *, actor: str) -> None:
    """Approve a submitted campaign, fix its terms and have it deployed.

    Raises OwnCampaign (four eyes), NotEligible or WrongState.
    """
    campaign = reviewable(campaign_id, actor)
    rules.move(campaign.status, Status.APPROVED)
    campaign.reviewed_at, campaign.reviewed_by = clock.now(), actor
    row = queries.by_id(campaign_id)
    terms = {name: getattr(row, name) for name in rules.TERMS}
    papers = [paper.cid for paper in queries.documents(campaign_id)]
    campaign.terms_hash = rules.terms_hash(terms | ({"documents": papers} if papers else {}))
    change(campaign, Status.APPROVED, actor=actor)
    tell_team(campaign, "approved")
    deploy(campaign_id, actor=actor)


def reject(campaign_id: str, reason: str, *, actor: str) -> None:
    """Send a submitted campaign back to draft with a reason; raises OwnCampaign or WrongState."""
    why = parse_reason(reason)
    campaign = reviewable(campaign_id, actor)
    if campaign.status != Status.SUBMITTED:
        raise rules.WrongState(
            _("This campaign is %(status)s: there is nothing to reject.", status=status_text(campaign.status))
        )
    campaign.reviewed_at, campaign.reviewed_by = clock.now(), actor
    campaign.rejection_reason = why
    change(campaign, Status.DRAFT, actor=actor, reason=why)
    tell_team(campaign, "rejected", reason=why)
