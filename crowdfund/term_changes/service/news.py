"""Notify the team of a company, and investors, about changed terms."""

from crowdfund.campaigns import queries as campaigns
from crowdfund.issuers import queries as issuers
from crowdfund.kernel import live
from crowdfund.notifications import service
from crowdfund.term_changes.models import Reconfirmation, TermChange
from crowdfund.term_changes.rows import AnswerRow


def notify_team(change: TermChange, what: str, **context: object) -> None:
    """Notify a company's team of what became of a change (`campaign.<what>`), once a round."""
    campaign = campaigns.by_id(change.campaign_id)
    round_at = change.submitted_at.timestamp() if change.submitted_at else 0
    service.notify_all(
        issuers.member_ids(campaign.company_id) | {change.author_id},
        f"campaign.{what}",
        {"campaign": campaign.title, **context},
        key=f"change:{change.id}:{what}:{round_at}",
        path=f"/my/campaigns/{change.campaign_id}/term-changes/{change.id}",
    )


def notify_investor(asked: AnswerRow | Reconfirmation, what: str, **context: object) -> None:
    """Notify an investor about a question (`investment.<what>`), once each time it is asked."""
    campaign = campaigns.by_id(asked.campaign_id)
    facts = {
        "campaign": campaign.title,
        "amount_minor": asked.amount_minor,
        "currency": campaign.currency,
    }
    is_asked = what in ("terms_changed", "terms_reminder")
    service.notify(
        asked.user_id,
        f"investment.{what}",
        facts | context,
        key=f"asked:{asked.id}:{what}:{int(asked.asked_at.timestamp())}",
        path=f"/investments/{asked.investment_id}{'/new-terms' if is_asked else ''}",
    )


def refresh(investment_id: str, user_id: str, change_id: str) -> None:
    """Refresh open pages of an investment and of the change."""
    live.changed("investment", investment_id)
    live.changed("portfolio", user_id)
    live.changed("term_change", change_id)
