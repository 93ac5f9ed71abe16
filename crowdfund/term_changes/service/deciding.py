"""Staff decide about other terms: material, a correction, or back to the company.

Locks the campaign first, then the change.
"""

from datetime import datetime

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rows import TermsInForce
from crowdfund.campaigns.service import amending
from crowdfund.campaigns.service.shared import reviewable
from crowdfund.investments.queries import has_tokens_under_way
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, new_id
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move
from crowdfund.term_changes.models import TermChange, TermsVersion, term_change_event
from crowdfund.term_changes.queries import changes, versions
from crowdfund.term_changes.rules import life, terms
from crowdfund.term_changes.rules.life import Status
from crowdfund.term_changes.service import asking, attaching, news
from crowdfund.term_changes.service.proposing import check_open, lock


def approve_material(change_id: str, *, actor: str) -> None:
    """Put a change in force and ask every investor, who has 5 days to answer.

    Raises NotYours (four eyes), Invalid, WrongState; also after the deadline.
    """
    campaign, change = _reviewed(change_id, actor)
    to = life.move(change.status, Status.RECONFIRMING)
    now = clock.now()
    life.check_material(now, campaign.ends_at)
    _refuse_with_tokens(campaign)
    change.due_at = life.due(now)
    _publish(campaign, change, actor=actor, is_material=True)
    move(change, to, term_change_event, actor=actor)
    asking.ask_everyone(change)
    news.notify_team(change, "terms_material", until_at=change.due_at.isoformat())
    payload = {"change_id": change.id, "after": ""}
    outbox.add("term_changes.announce", f"terms:{change.id}", payload)


def _refuse_with_tokens(campaign: Campaign) -> None:
    """Raise WrongState while the contract holds tokens: a lapse could not return them by itself."""
    if campaign.paid_token_minor or campaign.token_minor or has_tokens_under_way(campaign.id):
        raise WrongState(
            _(
                "Some investors have paid with tokens, which go back only when the investor "
                "cancels or the campaign ends. So the terms cannot be changed materially. "
                "Nothing was published. Send the change back, or cancel the campaign: then "
                "everyone is refunded."
            )
        )


def approve_correction(change_id: str, *, actor: str) -> None:
    """Put a change in force as a correction, which the page shows; nobody is asked.

    Raises NotYours (four eyes), Invalid, WrongState.
    """
    campaign, change = _reviewed(change_id, actor)
    to = life.move(change.status, Status.CORRECTED)
    _publish(campaign, change, actor=actor, is_material=False)
    change.open_key = None
    move(change, to, term_change_event, actor=actor)
    news.notify_team(change, "terms_corrected")


def reject(change_id: str, reason: str, *, actor: str) -> None:
    """Send a change back to its company with a reason. Raises Invalid, NotYours or WrongState."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    found = changes.by_id(change_id)
    reviewable(found.campaign_id, actor)
    change = lock(change_id)
    to = life.move(change.status, Status.DRAFT)
    change.rejection_reason = why
    move(change, to, term_change_event, actor=actor, reason=why)
    news.notify_team(change, "terms_rejected", reason=why)


def _reviewed(change_id: str, actor: str) -> tuple[Campaign, TermChange]:
    """Return a locked campaign and change that this person may decide about."""
    campaign = reviewable(changes.by_id(change_id).campaign_id, actor)
    check_open(campaign)
    change = lock(change_id)
    terms.check_differs(terms.of_campaign(campaign), change.terms, change.document)
    return campaign, change


def _publish(campaign: Campaign, change: TermChange, *, actor: str, is_material: bool) -> None:
    """Add the version of a change, and version 1 before the first; then the page shows it."""
    now, row = clock.now(), campaigns.by_id(campaign.id)
    documents = _document_ids(campaign.id)
    added = versions.added_documents(campaign.id)
    if versions.latest(campaign.id) is None:
        whole, _hash = terms.agreed(row, {}, documents, [])
        _add(campaign.id, TermsInForce(1, str(campaign.terms_hash)), whole, row.starts_at or now)
    if change.document is not None:
        attaching.publish(campaign.id, change.document, actor=change.author_id)
        documents, added = _document_ids(campaign.id), [*added, change.document]
    whole, its_hash = terms.agreed(row, change.terms, documents, added)
    version = TermsInForce(campaign.terms_version + 1, its_hash)
    about = {"change_id": change.id, "is_material": is_material, "reason": change.reason}
    _add(campaign.id, version, whole, now, **about)
    change.version, change.decided_by, change.decided_at = version.number, actor, now
    amending.put_in_force(campaign, change.terms, version, actor=actor)


def _document_ids(campaign_id: str) -> list[str]:
    return [document.cid for document in campaigns.documents(campaign_id)]


def _add(
    campaign_id: str,
    version: TermsInForce,
    whole: dict[str, object],
    effective_at: datetime,
    **about: object,
) -> None:
    """Add a version; `about` is the change that made it, none for version 1."""
    row = {"change_id": None, "is_material": False, "reason": "", **about}
    made = {"number": version.number, "hash": version.hash, "terms": whole}
    db.session.add(
        TermsVersion(id=new_id(), campaign_id=campaign_id, effective_at=effective_at, **made, **row)
    )
    db.session.flush()
