"""The running totals of a campaign: each change is one conditional UPDATE, so none oversells.

The UPDATE itself locks the row and checks the condition again after a wait; CHECK constraints are
the backstop.
"""

from datetime import timedelta

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import terms
from crowdfund.campaigns.rules.life import CampaignClosed, CampaignFull, Status
from crowdfund.campaigns.service.shared import locked, refresh_pages
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, rows_changed
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _

_C = Campaign.__table__


class TotalsDisagree(Conflict):
    """A total would fall under what it must hold: a mistake of ours, nothing was changed."""

    code = "totals_disagree"


def lock_for_update(campaign_id: str) -> None:
    """Lock a campaign's totals until the transaction ends."""
    locked(campaign_id)


def reserve(campaign_id: str, amount_minor: int) -> None:
    """Take room for an investment (minor units) and freeze the terms if it is the first.

    Raises CampaignFull or CampaignClosed with a sentence. Two people never get the last share.
    """
    _check(amount_minor)
    now = clock.now()
    moved = _update(
        campaign_id,
        _C.c.status == Status.LIVE,
        _C.c.ending.is_(None),
        _C.c.contract_result.is_(None),
        _C.c.ends_at >= now,
        _C.c.reserved_minor + amount_minor <= _C.c.goal_minor,
        reserved_minor=_C.c.reserved_minor + amount_minor,
        terms_frozen_at=sa.func.coalesce(_C.c.terms_frozen_at, now),
    )
    if not moved:
        _raise_refusal(campaign_id)


def unreserve(campaign_id: str, amount_minor: int) -> None:
    """Free the room of money that will not arrive (failed, expired, cancelled); minor units."""
    _check(amount_minor)
    moved = _update(
        campaign_id,
        _C.c.reserved_minor - amount_minor >= _C.c.settled_minor + _C.c.foreign_room_minor,
        reserved_minor=_C.c.reserved_minor - amount_minor,
    )
    _require(moved, campaign_id)


def count_settled(campaign_id: str, amount_minor: int, *, new_investor: bool) -> None:
    """Count reserved money as settled; the caller makes sure that a payment is counted once.

    Raises CampaignClosed when the campaign or its grace ended before the money came: give it back
    then, because the contract may no longer record it.
    """
    _check(amount_minor)
    grace_days = db.session.scalar(sa.select(_C.c.grace_days).where(_C.c.id == campaign_id)) or 0
    moved = _update(
        campaign_id,
        _C.c.status == Status.LIVE,
        _C.c.ending.is_(None),
        _C.c.contract_result.is_(None),
        _C.c.ends_at >= clock.now() - timedelta(days=grace_days),
        _C.c.settled_minor + amount_minor <= _C.c.reserved_minor - _C.c.foreign_room_minor,
        settled_minor=_C.c.settled_minor + amount_minor,
        investors_count=_C.c.investors_count + int(new_investor),
    )
    if moved:
        return
    campaign = locked(campaign_id)
    if not _takes_settlements(campaign):
        raise CampaignClosed(
            _("The campaign ended before this money came in. It will be returned.")
        )
    _require(False, campaign_id)


def count_tokens(
    campaign_id: str, amount_minor: int, *, has_room: bool, new_investor: bool
) -> bool:
    """Count token money that the contract has taken; minor units. Returns False if it has no room.

    The contract has decided already, so it counts after the deadline and while the campaign is
    being ended too. Without a reservation (`has_room`) it takes what is free, all or nothing.
    """
    _check(amount_minor)
    more = 0 if has_room else amount_minor
    reserved = _C.c.reserved_minor + more
    return _update(
        campaign_id,
        _C.c.status != Status.RELEASED,
        reserved <= _C.c.goal_minor,
        _C.c.settled_minor + amount_minor <= reserved - _C.c.foreign_room_minor,
        reserved_minor=reserved,
        settled_minor=_C.c.settled_minor + amount_minor,
        paid_token_minor=_C.c.paid_token_minor + amount_minor,
        investors_count=_C.c.investors_count + int(new_investor),
        terms_frozen_at=sa.func.coalesce(_C.c.terms_frozen_at, clock.now()),
    )


def _takes_settlements(campaign: Campaign) -> bool:
    if campaign.status != Status.LIVE or campaign.ending or campaign.contract_result:
        return False
    ends_at = campaign.ends_at
    return ends_at is not None and clock.now() <= terms.last_settlement(
        ends_at, campaign.grace_days
    )


def take_foreign(campaign_id: str, amount_minor: int, *, is_token: bool) -> int:
    """Take room for money that the contract has and no investment here stands for; minor units.

    Returns how much room it got: less than the amount when the rest is promised to others already.
    """
    _check(amount_minor)
    campaign = locked(campaign_id)
    free = (campaign.goal_minor or 0) - campaign.reserved_minor
    room = min(amount_minor, free)
    moved = _update(
        campaign_id,
        _C.c.reserved_minor + room <= _C.c.goal_minor,
        reserved_minor=_C.c.reserved_minor + room,
        foreign_room_minor=_C.c.foreign_room_minor + room,
        token_minor=_C.c.token_minor + (amount_minor if is_token else 0),
        terms_frozen_at=sa.func.coalesce(_C.c.terms_frozen_at, clock.now()),
    )
    _require(moved, campaign_id)
    return room


def uncount_settled(campaign_id: str, amount_minor: int, *, investor_gone: bool) -> None:
    """Take settled money out again, with its room (a payment was reversed); minor units."""
    _check(amount_minor)
    moved = _update(
        campaign_id,
        _C.c.settled_minor >= amount_minor,
        _C.c.investors_count >= int(investor_gone),
        settled_minor=_C.c.settled_minor - amount_minor,
        reserved_minor=_C.c.reserved_minor - amount_minor,
        investors_count=_C.c.investors_count - int(investor_gone),
    )
    _require(moved, campaign_id)


def uncount_tokens(campaign_id: str, amount_minor: int, *, investor_gone: bool) -> None:
    """Take token money out again, with its room: the contract has paid it back; minor units."""
    _check(amount_minor)
    moved = _update(
        campaign_id,
        _C.c.paid_token_minor >= amount_minor,
        _C.c.investors_count >= int(investor_gone),
        settled_minor=_C.c.settled_minor - amount_minor,
        reserved_minor=_C.c.reserved_minor - amount_minor,
        paid_token_minor=_C.c.paid_token_minor - amount_minor,
        investors_count=_C.c.investors_count - int(investor_gone),
    )
    _require(moved, campaign_id)


def count_refused(campaign_id: str, change: int) -> None:
    """Note that the contract refused to record an investment (1), or that this is settled (-1)."""
    counted = _C.c.refused_count + change
    _require(_update(campaign_id, counted >= 0, refused_count=counted), campaign_id)


def _check(amount_minor: int) -> None:
    if type(amount_minor) is not int or amount_minor <= 0:
        raise ValueError(f"amount {amount_minor!r} must be a positive integer")


def _update(campaign_id: str, *where: sa.ColumnElement[bool], **values: object) -> bool:
    statement = sa.update(_C).where(_C.c.id == campaign_id, *where)
    moved = rows_changed(
        statement.values(version=_C.c.version + 1, updated_at=clock.now(), **values)
    )
    refresh_pages(campaign_id)
    return moved == 1


def _require(moved: bool, campaign_id: str) -> None:
    if not moved:
        raise TotalsDisagree(
            f"The totals of campaign {campaign_id} do not allow this. Nothing was changed."
        )


def _raise_refusal(campaign_id: str) -> None:
    campaign = locked(campaign_id)
    is_ending = campaign.ending or campaign.contract_result
    if campaign.status != Status.LIVE or is_ending or campaign.ends_at is None:
        raise CampaignClosed(_("This campaign is not open for investment."))
    if campaign.ends_at < clock.now():
        raise CampaignClosed(_("The deadline of this campaign has passed."))
    left = (campaign.goal_minor or 0) - campaign.reserved_minor
    raise CampaignFull(terms.room_sentence(left, campaign.currency))
