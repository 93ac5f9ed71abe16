"""A company proposes other terms: write, submit, withdraw."""

from collections.abc import Mapping

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules.life import Status as CampaignStatus
from crowdfund.campaigns.service.shared import locked as lock_campaign
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, locked, new_id, record_event
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move
from crowdfund.notifications import service as notifications
from crowdfund.term_changes.models import TermChange, term_change_event
from crowdfund.term_changes.queries import changes
from crowdfund.term_changes.rules import life, terms
from crowdfund.term_changes.rules.life import Status
from crowdfund.term_changes.service import attaching


def create(
    campaign_id: str,
    values: Mapping[str, object],
    *,
    actor: str,
    file: attaching.Attachment | None = None,
) -> str:
    """Save a new draft of other terms and return its id; only its team sees it.

    `file` is added to the documents of the campaign when the change is approved. Raises
    InvalidFields, Invalid if nothing differs, WrongState if the campaign is not live or has an open
    change, Conflict about the document. Locks the campaign.
    """
    campaign = lock_campaign(campaign_id)
    check_open(campaign)
    if changes.is_one_open(campaign_id):
        raise WrongState(
            _(
                "This campaign has a change of terms that is not finished. Open it to go on, or "
                "withdraw it first."
            )
        )
    document = attaching.stored(campaign_id, file)
    good, reason = _good(campaign_id, values, document)
    change_id = new_id()
    db.session.add(
        TermChange(
            id=change_id,
            campaign_id=campaign_id,
            open_key=campaign_id,
            status=Status.DRAFT,
            author_id=actor,
            terms=good,
            document=document,
            reason=reason,
            created_at=clock.now(),
        )
    )
    db.session.flush()
    record_event(term_change_event, change_id, actor=actor, before=None, after=Status.DRAFT)
    return change_id


def save(
    change_id: str, values: Mapping[str, object], *, file: attaching.Attachment | None = None
) -> None:
    """Save the terms and the reason of a draft, and a file in the place of an earlier one.

    `remove_document` of the values takes the earlier one away. Raises InvalidFields, Invalid or
    WrongState.
    """
    change = lock(change_id)
    if change.status != Status.DRAFT:
        raise WrongState(_("This change was submitted: it cannot be edited now."))
    document = attaching.stored(change.campaign_id, file)
    if document is None and not values.get("remove_document"):
        document = change.document
    change.terms, change.reason = _good(change.campaign_id, values, document)
    change.document = document
    db.session.flush()


def submit(change_id: str, *, actor: str) -> None:
    """Submit a draft for review by staff. Raises Invalid, WrongState.

    Locks the campaign, then the change.
    """
    campaign = lock_campaign(changes.by_id(change_id).campaign_id)
    check_open(campaign)
    change = lock(change_id)
    to = life.move(change.status, Status.SUBMITTED)
    terms.check_differs(terms.of_campaign(campaign), change.terms, change.document)
    change.author_id, change.submitted_at = actor, clock.now()
    change.rejection_reason = None
    move(change, to, term_change_event, actor=actor, reason=change.reason)
    key = f"{change.id}:{change.submitted_at.timestamp()}"
    notifications.queue_work("staff.term_changes", key=key)


def withdraw(change_id: str, *, actor: str) -> None:
    """Give up a change that is not in force. Raises WrongState once it is."""
    change = lock(change_id)
    to = life.move(change.status, Status.WITHDRAWN)
    change.open_key = None
    move(change, to, term_change_event, actor=actor)


def lock(change_id: str) -> TermChange:
    """Return a change, locked until the transaction ends. Raises ChangeMissing.

    Questions to investors may still be added meanwhile.
    """
    return locked(TermChange, change_id, changes.missing(), key_share=True)


def check_open(campaign: Campaign) -> None:
    """Raise WrongState for a campaign whose terms can no longer change."""
    is_live = campaign.status == CampaignStatus.LIVE
    if not is_live or campaign.ending or campaign.contract_result:
        raise WrongState(_("The terms can be changed only while the campaign is live."))


def _good(
    campaign_id: str, values: Mapping[str, object], document: object
) -> tuple[dict[str, object], str]:
    campaign = campaigns.by_id(campaign_id)
    good, reason = terms.clean(campaign.security_type, values)
    terms.check_differs(terms.of_campaign(campaign), good, document)
    return good, reason
