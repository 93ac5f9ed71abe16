"""The blueprint of changed terms, and what pages of features below show of them."""

from collections.abc import Mapping

from flask import Blueprint, Response
from flask.blueprints import BlueprintSetupState

from crowdfund.adapters import storage
from crowdfund.campaigns.rows import CampaignRow, PublicCampaign
from crowdfund.documents.sending import send
from crowdfund.documents.service import Opened
from crowdfund.kernel.web.identity import current_user
from crowdfund.term_changes.queries import answers, changes, versions
from crowdfund.term_changes.rows import AnswerRow, AskedRow, ChangeRow, LatestVersion
from crowdfund.term_changes.rules import terms
from crowdfund.term_changes.rules.life import Answer
from crowdfund.term_changes.rules.terms import Difference

bp = Blueprint("term_changes", __name__)


@bp.record_once
def _offer(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals |= {
        "latest_terms": latest_terms,
        "terms_asked": terms_asked,
        "terms_question": terms_question,
        "terms_unanswered": answers.is_open,
        "open_term_change": changes.open_of,
        "waiting_term_changes": changes.waiting,
    }


def latest_terms(campaign_id: str) -> LatestVersion | None:
    """Return what the cached page of a campaign says of its terms, None if they never changed.

    The page is rendered anew when `news_version` of the campaign has changed.
    """
    return versions.latest(campaign_id)


def terms_asked() -> list[AskedRow]:
    """Return what the reader has still to answer."""
    person = current_user()
    return answers.asked(person.id) if person else []


def terms_question(investment_id: str) -> AnswerRow | None:
    """Return the newest question about an investment, or None; the page has checked the owner."""
    found = answers.of_investment(investment_id)
    return found if found and found.status != Answer.NOT_NEEDED else None


def differences_of(campaign: CampaignRow | PublicCampaign, change: ChangeRow) -> list[Difference]:
    """Return what a change would change, or has changed."""
    before: Mapping[str, object] = terms.of_campaign(campaign)
    if change.version is not None:
        before = versions.get(campaign, change.version - 1).terms
    known = terms.added(before) if change.version else versions.added_documents(campaign.id)
    new = [change.document] if change.document else []
    return terms.differences(
        campaign.security_type,
        {**before, terms.ADDED: known},
        {**change.terms, terms.ADDED: [*known, *new]},
    )


def document_of(change: ChangeRow) -> Response:
    """Send the document of a change to a reader who may see the change. Raises ChangeMissing."""
    document = change.document
    if document is None:
        raise changes.missing()
    name, content_type = document["filename"], document["content_type"]
    try:
        data = storage.read_cid(document["cid"])
    except storage.FileMissing:
        raise changes.missing() from None
    return send(Opened(name, content_type, data))
