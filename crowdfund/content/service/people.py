"""Add, change, order and remove the people whom the page of a campaign shows."""

from collections.abc import Mapping

import sqlalchemy as sa

from crowdfund.adapters import small_pictures, storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.content import queries
from crowdfund.content.models import CampaignPerson
from crowdfund.content.rules import people, places
from crowdfund.content.service import shared
from crowdfund.content.service.gallery import Stored
from crowdfund.kernel import clock
from crowdfund.kernel.db import after_commit, db, new_id
from crowdfund.kernel.errors import InvalidFields

_M = CampaignPerson.__table__


def check_new(campaign_id: str, values: Mapping[str, object]) -> None:
    """Check the words about a new person and whether the page may show one more.

    Only reads: call it before a picture is examined, which takes a moment. Raises Invalid,
    InvalidFields or WrongState.
    """
    places.check_draft(campaigns.by_id(campaign_id).status)
    people.check_number(len(queries.people(campaign_id)))
    _good(values)


def add(
    campaign_id: str, values: Mapping[str, object], picture: Stored | None = None, *, actor: str
) -> str:
    """Show a person who agreed to it at the end of the list; return the entry's id.

    Raises Invalid, InvalidFields or WrongState.
    """
    campaign = shared.locked_draft(campaign_id)
    check_new(campaign_id, values)
    member_id = new_id()
    row = {"id": member_id, "campaign_id": campaign_id, **_good(values), **_of(picture)}
    row["place"] = places.next_place(queries.people(campaign_id))
    row |= {"agreed_by": actor, "agreed_at": clock.now()}
    db.session.execute(sa.insert(_M).values(row))
    shared.changed(campaign)
    return member_id


def save(
    campaign_id: str,
    member_id: str,
    values: Mapping[str, object],
    picture: Stored | None = None,
    *,
    actor: str,
) -> None:
    """Change the words about a person of a draft, and the picture if there is a new one.

    The confirmation that the person agreed is given again. Raises InvalidFields or WrongState.
    """
    good = _good(values)
    campaign = shared.locked_draft(campaign_id)
    before = queries.person_of(campaign_id, member_id)
    change: dict[str, object] = {**good, "agreed_by": actor, "agreed_at": clock.now()}
    if picture:
        change |= _of(picture)
    db.session.execute(sa.update(_M).where(_M.c.id == member_id).values(change))
    if picture:
        _forget(before.file_id)
    shared.changed(campaign)


def reorder(campaign_id: str, member_id: str, way: str) -> None:
    """Move a person of a draft one place `up` or `down`. Raises WrongState."""
    campaign = shared.locked_draft(campaign_id)
    queries.person_of(campaign_id, member_id)
    shared.swap(_M, queries.people(campaign_id), member_id, way)
    shared.changed(campaign)


def remove(campaign_id: str, member_id: str, *, actor: str) -> None:
    """Remove a person from the page, of a public campaign too, and the picture from the disk.

    People may take back that they agreed, so nothing about them is kept. Raises WrongState.
    """
    campaign = shared.locked(campaign_id)
    places.check_removable(campaign.status, campaign.starts_at)
    before = queries.person_of(campaign_id, member_id)
    db.session.execute(sa.delete(_M).where(_M.c.id == member_id))
    _forget(before.file_id)
    shared.note_removal(campaign, "person", actor=actor)
    shared.changed(campaign)


def _good(values: Mapping[str, object]) -> dict[str, object]:
    good, errors = people.clean(values)
    if errors:
        raise InvalidFields(errors)
    return {**good}


def _of(picture: Stored | None) -> dict[str, object]:
    if picture is None:
        return {}
    return {"file_id": picture.file_id, "width": picture.width, "height": picture.height}


def _forget(file_id: str | None) -> None:
    """Delete a portrait after the commit, unless another entry shows the same one."""
    if not file_id or queries.is_portrait_used(file_id):
        return
    after_commit(("file", file_id), lambda: _delete(file_id))


def _delete(file_id: str) -> None:
    storage.delete_public(file_id)
    small_pictures.delete(file_id.partition(".")[0])
