"""Write, change, order and remove the questions that a company answers by itself.

Every verb locks the campaign, so that numbers and places hold and a draft is a draft.
"""

from collections.abc import Mapping

from crowdfund.campaigns.rows import CampaignRow
from crowdfund.content import queries
from crowdfund.content.models import CampaignFaq, CampaignFaqVersion, campaign_faq_event
from crowdfund.content.rules import faq, places
from crowdfund.content.rules.faq import Status
from crowdfund.content.service import shared
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, locked, new_id, record_event
from crowdfund.kernel.errors import InvalidFields
from crowdfund.kernel.moving import move


def add(
    campaign_id: str, values: Mapping[str, object], *, actor: str, source_id: str | None = None
) -> str:
    """Add a question with its answer at the end and return its id.

    `source_id` is the visitor's question that it is a copy of. Raises InvalidFields, Conflict (too
    many, copied already) or WrongState.
    """
    good = _good(values)
    campaign = _editable(campaign_id)
    shown = queries.faq(campaign_id)
    faq.check_new_source(source_id, {row.source_id for row in shown})
    faq.check_number(len(shown), len(shown) + len(queries.removed_faq(campaign_id)))
    faq_id = new_id()
    row = {"id": faq_id, "campaign_id": campaign_id, "source_id": source_id, **good}
    place = places.next_place(shown)
    db.session.add(
        CampaignFaq(**row, status=Status.SHOWN, place=place, added_by=actor, added_at=clock.now())
    )
    db.session.flush()
    record_event(campaign_faq_event, faq_id, actor=actor, before=None, after=Status.SHOWN)
    shared.changed(campaign)
    return faq_id


def save(faq_id: str, values: Mapping[str, object], *, actor: str) -> None:
    """Change a question or its answer; what was public before stays readable.

    Raises InvalidFields, Conflict (changed too often) or WrongState.
    """
    good = _good(values)
    campaign, row = _open(faq_id)
    if (row.question, row.answer) == (good["question"], good["answer"]):
        return
    if places.was_public(campaign.status, campaign.starts_at):
        faq.check_changes(queries.changes_of(faq_id))
        _store_former(row, actor=actor)
    row.question, row.answer = good["question"], good["answer"]
    db.session.flush()
    shared.changed(campaign)


def reorder(faq_id: str, way: str) -> None:
    """Move a question one place `up` or `down`. Raises WrongState."""
    campaign, _row = _open(faq_id)
    shared.swap(CampaignFaq.__table__, queries.faq(campaign.id), faq_id, way)
    shared.changed(campaign)


def remove(faq_id: str, *, actor: str) -> None:
    """Remove a question; one that was public stays readable as removed. Raises WrongState."""
    campaign, row = _open(faq_id)
    to = faq.move(row.status, Status.REMOVED)
    if places.was_public(campaign.status, campaign.starts_at):
        row.removed_at = clock.now()
    else:
        row.question = row.answer = ""
    move(row, to, campaign_faq_event, actor=actor)
    shared.changed(campaign)


def _good(values: Mapping[str, object]) -> dict[str, str]:
    good, errors = faq.clean(values)
    if errors:
        raise InvalidFields(errors)
    return good


def _editable(campaign_id: str) -> CampaignRow:
    campaign = shared.locked(campaign_id)
    faq.check_campaign(campaign.status)
    return campaign


def _open(faq_id: str) -> tuple[CampaignRow, CampaignFaq]:
    """Return a question that is shown and its campaign, both locked: the campaign first."""
    row = db.session.get(CampaignFaq, faq_id)
    if row is None:
        raise queries.faq_missing()
    campaign = _editable(row.campaign_id)
    row = locked(CampaignFaq, faq_id, queries.faq_missing())
    faq.check_shown(row.status)
    return campaign, row


def _store_former(row: CampaignFaq, *, actor: str) -> None:
    now = clock.now()
    former = {"question": row.question, "answer": row.answer}
    db.session.add(
        CampaignFaqVersion(id=new_id(), faq_id=row.id, **former, replaced_at=now, replaced_by=actor)
    )
    row.changed_at = now
