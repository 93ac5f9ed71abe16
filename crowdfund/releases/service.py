"""Prepare, approve, refuse or withdraw a release; money moves when the second person approves.

The amounts are counted again at the approval. If they are not those that both people saw, nothing
is released.
"""

from crowdfund.campaigns.service import releasing
from crowdfund.campaigns.service.shared import reviewable
from crowdfund.kernel import clock, live
from crowdfund.kernel.db import insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict, Forbidden
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.notifications import service as notifications
from crowdfund.releases import queries
from crowdfund.releases.models import ReleaseRequest, release_request_event
from crowdfund.releases.rows import RequestRow

_R = ReleaseRequest.__table__
AMOUNTS = ("tranche", "company_minor", "fee_minor", "token_company_minor", "token_fee_minor")


class Outdated(Conflict):
    """What would be released is not what the request shows; nothing is moved."""

    code = "release_outdated"


def ask(campaign_id: str, reason: str, *, actor: str) -> str:
    """Ask a colleague to release the next part of a campaign's money; return the request's id.

    `reason` may be empty, except for a part with a condition: then it says how it is met. Raises
    NotYours, WrongState (nothing can be released now), Invalid, or Conflict (there is a request).
    """
    campaign = reviewable(campaign_id, actor)
    releasing.refuse_release(campaign)
    step = releasing.next_step(campaign)
    why = texts.reason(reason) if step.condition or reason.strip() else ""
    request_id = new_id()
    row = {
        "id": request_id,
        "campaign_id": campaign_id,
        **amounts(step),
        "status": "pending",
        "open_key": campaign_id,
        "reason": why,
        "asked_by": actor,
        "asked_at": clock.now(),
    }
    if not insert_ignore(_R, [row]):
        raise Conflict(
            _("There is a request for this campaign already. It waits for a second person.")
        )
    events = release_request_event
    record_event(events, request_id, actor=actor, before=None, after="pending", reason=why)
    notifications.queue_work("staff.releases", key=request_id)
    _changed()
    return request_id


def approve(request_id: str, *, actor: str) -> None:
    """Release what a colleague has prepared.

    Raises Forbidden (prepared by oneself), NotYours, Conflict (decided already), Outdated,
    WrongState, or EscrowDisagrees.
    """
    request = queries.request(request_id)
    campaign = reviewable(request.campaign_id, actor)  # locked before the request, as in `ask`
    request = _undecided(request_id)
    _check_second(request, actor)
    releasing.refuse_release(campaign)
    if amounts(releasing.next_step(campaign)) != amounts(request):
        raise Outdated(
            _(
                "The amounts have changed since this was prepared. Nothing was released. Refuse "
                "this request and prepare the release again."
            )
        )
    _decide(request, "approved", actor=actor)
    releasing.release(request.campaign_id, actor=actor)


def refuse(request_id: str, reason: str, *, actor: str) -> None:
    """Refuse a colleague's request with a reason. Raises Forbidden, Conflict or Invalid."""
    why = texts.reason(reason)
    request = _undecided(request_id)
    _check_second(request, actor)
    _decide(request, "refused", actor=actor, reason=why)


def withdraw(request_id: str, *, actor: str) -> None:
    """Withdraw one's own request. Raises Forbidden or Conflict."""
    request = _undecided(request_id)
    if request.asked_by != actor:
        raise Forbidden(
            _("Only the colleague who made this request may withdraw it. Nothing was changed.")
        )
    _decide(request, "cancelled", actor=actor)


def amounts(what: releasing.Step | RequestRow) -> dict[str, int]:
    """Return the part that is released, and what it pays: minor units, by the columns' names."""
    if isinstance(what, RequestRow):
        return {name: getattr(what, name) for name in AMOUNTS}
    return {
        "tranche": what.tranche,
        "company_minor": what.paid.company_minor,
        "fee_minor": what.paid.fee_minor,
        "token_company_minor": what.tokens.company_minor,
        "token_fee_minor": what.tokens.fee_minor,
    }


def _check_second(request: RequestRow, actor: str) -> None:
    if request.asked_by == actor:
        raise Forbidden(_("You prepared this release, so a colleague has to decide about it."))


def _undecided(request_id: str) -> RequestRow:
    request = queries.request(request_id, lock=True)
    if request.status != "pending":
        raise Conflict(_("Someone has already decided this. Reload the page to see the decision."))
    return request


def _decide(request: RequestRow, to: str, *, actor: str, reason: str = "") -> None:
    was_pending = move_row(
        _R,
        request.id,
        to,
        release_request_event,
        before="pending",
        actor=actor,
        reason=reason,
        values={"open_key": None, "decided_by": actor, "decided_at": clock.now()},
    )
    if not was_pending:  # another transaction was first, on a database without row locks
        raise Conflict(_("Someone has already decided this. Reload the page to see the decision."))
    live.changed("campaign", request.campaign_id)
    _changed()


def _changed() -> None:
    live.changed("queue", "releases")
    live.changed("desk", "all")
