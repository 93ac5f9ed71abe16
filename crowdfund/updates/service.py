"""Write, correct, publish, discard and take down updates of a campaign."""

from collections.abc import Mapping

import sqlalchemy as sa

from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service.shared import locked as lock_campaign
from crowdfund.campaigns.service.shared import news_changed
from crowdfund.investments import queries as investments
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.rules.team import may
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.db.locking import locked
from crowdfund.kernel.errors import InvalidFields
from crowdfund.kernel.fields import texts
from crowdfund.kernel.moving import move
from crowdfund.notifications import service as notifications
from crowdfund.updates import queries, rules
from crowdfund.updates.models import (
    CampaignUpdate,
    CampaignUpdatePicture,
    CampaignUpdateVersion,
    campaign_update_event,
)
from crowdfund.updates.rules import Status

_P = CampaignUpdatePicture.__table__


def create(campaign_id: str, values: Mapping[str, object], *, actor: str) -> str:
    """Save a new draft and return its id. Raises InvalidFields, or WrongState if never live."""
    campaign = campaigns.by_id(campaign_id)
    rules.check_campaign(campaign.status, campaign.starts_at)
    good = _good(values)
    update_id = new_id()
    row = {"id": update_id, "campaign_id": campaign_id, "author_id": actor, **good}
    db.session.add(CampaignUpdate(**row, status=Status.DRAFT, created_at=clock.now()))
    db.session.flush()
    record_event(campaign_update_event, update_id, actor=actor, before=None, after=Status.DRAFT)
    return update_id


def save(update_id: str, values: Mapping[str, object], *, actor: str) -> None:
    """Save title and text; of a published update the former ones stay in its history.

    Raises InvalidFields, or WrongState for an update that was taken down.
    """
    good = _good(values)
    update = _editable(update_id)
    if (update.title, update.text_md) == (good["title"], good["text_md"]):
        return
    _correct(update, actor=actor)
    update.title, update.text_md = good["title"], good["text_md"]
    db.session.flush()


def check_picture(update_id: str, alt: str) -> str:
    """Return what a picture shows, in words, if the update may have one more. Raises Invalid.

    Only reads: call it before the picture is examined, which takes a moment.
    """
    rules.check_editable(queries.by_id(update_id).status)
    rules.check_pictures(len(queries.pictures([update_id])[update_id]))
    return rules.check_alt(alt)


def add_picture(update_id: str, file_id: str, alt: str, *, actor: str) -> str:
    """Add a stored public file as a picture and return its id. Raises Invalid or WrongState."""
    storage.open_public(file_id)
    update = _editable(update_id)
    words = check_picture(update_id, alt)
    _correct(update, actor=actor)
    picture_id = new_id()
    row = {"id": picture_id, "update_id": update_id, "file_id": file_id, "alt": words}
    db.session.execute(sa.insert(_P).values(row))
    return picture_id


def remove_picture(update_id: str, picture_id: str, *, actor: str) -> None:
    """Remove a picture from an update. Raises UpdateMissing if it has no such picture."""
    update = _editable(update_id)
    if all(row.id != picture_id for row in queries.pictures([update_id])[update_id]):
        raise queries.picture_missing()
    _correct(update, actor=actor)
    db.session.execute(sa.delete(_P).where(_P.c.id == picture_id))


def publish(update_id: str, *, actor: str) -> None:
    """Publish a draft and notify the investors once. Raises TooMany or WrongState.

    Locks the campaign, too: two drafts at once count as two.
    """
    update = _locked(update_id)
    to = rules.move(update.status, Status.PUBLISHED)
    lock_campaign(update.campaign_id)
    campaign = campaigns.by_id(update.campaign_id)
    rules.check_campaign(campaign.status, campaign.starts_at)
    now = clock.now()
    rules.check_pace(queries.published_since(update.campaign_id, now - rules.DAY))
    update.published_at = now
    move(update, to, campaign_update_event, actor=actor)
    news_changed(update.campaign_id)
    outbox.add("updates.notify", update_id, {"update_id": update_id})


def discard(update_id: str, *, actor: str) -> None:
    """Delete the text and the pictures of a draft. Raises WrongState once it was published."""
    update = _locked(update_id)
    to = rules.move(update.status, Status.REMOVED)
    db.session.execute(sa.delete(_P).where(_P.c.update_id == update_id))
    update.title = update.text_md = ""
    move(update, to, campaign_update_event, actor=actor)


def take_down(update_id: str, reason: str, *, actor: str) -> None:
    """Hide a published update with a reason, which its company reads. Raises WrongState."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    update = _locked(update_id)
    move(
        update,
        rules.move(update.status, Status.HIDDEN),
        campaign_update_event,
        actor=actor,
        reason=why,
    )
    news_changed(update.campaign_id)
    campaign = campaigns.by_id(update.campaign_id)
    notifications.notify_all(
        _writers(campaign.company_id),
        "update.taken_down",
        {"campaign": campaign.title, "title": update.title, "reason": why},
        key=f"update:{update_id}:taken_down",
        path=f"/my/campaigns/{campaign.id}/updates/{update_id}",
    )


def notify_investors(update_id: str) -> None:
    """Notify everyone whose money is in the campaign of a published update, once."""
    update = queries.by_id(update_id)
    if update.status != Status.PUBLISHED:
        return  # taken down meanwhile
    campaign = campaigns.by_id(update.campaign_id)
    notifications.notify_all(
        investments.investors_of(campaign.id),
        "update.published",
        {"campaign": campaign.title, "title": update.title},
        key=f"update:{update_id}:published",
        path=f"/campaigns/{campaign.slug}/updates/{update_id}",
    )


def _good(values: Mapping[str, object]) -> dict[str, str]:
    good, errors = rules.clean(values)
    if errors:
        raise InvalidFields(errors)
    return good


def _locked(update_id: str) -> CampaignUpdate:
    return locked(CampaignUpdate, update_id, queries.missing())


def _editable(update_id: str) -> CampaignUpdate:
    update = _locked(update_id)
    rules.check_editable(update.status)
    return update


def _correct(update: CampaignUpdate, *, actor: str) -> None:
    """Keep what a published update says now; what follows is a correction of it."""
    if update.status != Status.PUBLISHED:
        return
    now = clock.now()
    db.session.add(
        CampaignUpdateVersion(
            id=new_id(),
            update_id=update.id,
            title=update.title,
            text_md=update.text_md,
            pictures=[[row.file_id, row.alt] for row in queries.pictures([update.id])[update.id]],
            replaced_at=now,
            replaced_by=actor,
        )
    )
    update.corrected_at = now
    db.session.flush()
    news_changed(update.campaign_id)


def _writers(company_id: str) -> set[str]:
    """Return who of a company's team may write updates."""
    return {row.user_id for row in issuers.members(company_id) if may(row.role, "campaign")}
