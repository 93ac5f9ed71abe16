"""What every verb of a campaign shares: find and lock, move, notify."""

import sqlalchemy as sa

from crowdfund.campaigns import queries
from crowdfund.campaigns.models import Campaign, campaign_event
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.rules.life import Status
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import clock, live
from crowdfund.kernel.db import db, record_event
from crowdfund.kernel.db import locking as rows
from crowdfund.kernel.errors import Conflict, NotYours
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move
from crowdfund.notifications import service


class NotEligible(Conflict):
    """The company may not start a campaign now; the sentence says why."""

    code = "not_eligible"


class Incomplete(Conflict):
    """The draft lacks something; the sentence names the pages."""

    code = "incomplete"


class LimitsChanged(Conflict):
    """The terms are outside of limits that came into force after they were submitted."""

    code = "limits_changed"


def locked(campaign_id: str) -> Campaign:
    """Return a campaign, locked until the transaction ends; raises CampaignMissing.

    Rows that refer to it may still be added meanwhile (`key_share`): otherwise their transactions
    and ours would wait for each other.
    """
    missing = queries.CampaignMissing(_("There is no such campaign, or it is not yours."))
    return rows.locked(Campaign, campaign_id, missing, key_share=True)


def reviewable(campaign_id: str, actor: str) -> Campaign:
    """Return a locked campaign that this person may decide about; raises NotYours."""
    campaign = locked(campaign_id)
    if actor == campaign.author_id or issuers_queries.is_member(campaign.company_id, actor):
        raise NotYours(
            _("This is a campaign of your own company. A colleague has to decide about it.")
        )
    return campaign


def change(campaign: Campaign, to: Status, *, actor: str, reason: str = "") -> None:
    """Move a campaign to a state that the rules allow, with its event row."""
    record_change(campaign, life.move(campaign.status, to), actor=actor, reason=reason)


def record_change(campaign: Campaign, to: Status, *, actor: str, reason: str = "") -> None:
    """Move a campaign to a state, with its event row; the caller has checked that it may."""
    move(campaign, to, campaign_event, actor=actor, reason=reason)
    touch(campaign)


def note(campaign: Campaign, *, actor: str, reason: str) -> None:
    """Record in the history what happened without a change of state."""
    status = campaign.status
    record_event(
        campaign_event, campaign.id, actor=actor, before=status, after=status, reason=reason
    )
    touch(campaign)


def touch(campaign: Campaign) -> None:
    """Write the change out, give it a new version and refresh open pages."""
    campaign.version = Campaign.version + 1  # in SQL: totals may move it meanwhile
    campaign.updated_at = clock.now()
    db.session.flush()
    refresh_pages(campaign.id, campaign.company_id)


def news_changed(campaign_id: str) -> None:
    """Render the page of a campaign anew: an update, a question or an answer has changed."""
    news_version = Campaign.news_version + 1
    this = sa.update(Campaign).where(Campaign.id == campaign_id)
    db.session.execute(this.values(news_version=news_version))
    refresh_pages(campaign_id)


def refresh_pages(campaign_id: str, company_id: str | None = None) -> None:
    """Refresh open pages of a campaign, and of its company where the state changed."""
    live.changed("campaign", campaign_id)
    if company_id:
        live.changed("company", company_id)


def notify_team(campaign: Campaign, what: str, **context: object) -> None:
    """Notify author and company of a state of the campaign (`campaign.<what>`), once a round.

    A round begins when the campaign is submitted, or deployed again; each `part` is one, too.
    """
    team = issuers_queries.member_ids(campaign.company_id) | {campaign.author_id}
    stamp = campaign.submitted_at.timestamp() if campaign.submitted_at else 0
    part = f":{context['part']}" if "part" in context else ""
    service.notify_all(
        team,
        f"campaign.{what}",
        {"campaign": campaign.title, **context},
        key=f"campaign:{campaign.id}:{what}:{stamp}:{campaign.deploy_tries}{part}",
        path=f"/my/campaigns/{campaign.id}",
    )


def campaign_intent(campaign_id: str, what: str, *, attempt: int = 1) -> str:
    """Return the intent id of a chain write about a campaign; each attempt has its own."""
    return f"campaign:{campaign_id}:{what}:{attempt}"
