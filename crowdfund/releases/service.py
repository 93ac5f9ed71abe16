"""Prepare, approve, refuse or withdraw a release; money moves when the second person approves.

The amounts are counted again at the approval. If they are not those that both people saw, nothing
is released.
"""

from crowdfund.campaigns.service import releasing
from crowdfund.campaigns.service.shared import locked, reviewable
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.second_person import Requests
from crowdfund.notifications import service as notifications
from crowdfund.releases import queries
from crowdfund.releases.models import ReleaseRequest, release_request_event
from crowdfund.releases.rows import RequestRow

_requests = Requests(
    ReleaseRequest.__table__,
    release_request_event,
    queries.locked,
    pages=(("queue", "releases"), ("desk", "all")),
    about=("campaign", "campaign_id"),
)
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
    advice = (
        _("Say how the condition is met, in at least 10 characters.")
        if step.condition
        else _("Leave the note empty, or write at least 10 characters.")
    )
    why = texts.reason(reason, ask=advice) if step.condition or reason.strip() else ""
    request_id = _requests.add(
        {"campaign_id": campaign_id, **amounts(step)},
        open_key=campaign_id,
        actor=actor,
        reason=why,
        taken=_("There is a request for this campaign already. It waits for a second person."),
    )
    notifications.queue_work("staff.releases", key=request_id)
    return request_id


def approve(request_id: str, *, actor: str) -> None:
    """Release what a colleague has prepared.

    Raises Forbidden (prepared by oneself), NotYours, Conflict (decided already), Outdated,
    WrongState, or EscrowDisagrees.
    """
    request = queries.request(request_id)
    campaign = reviewable(request.campaign_id, actor)  # locked before the request, as in `ask`
    request = _requests.for_second_person(request_id, actor=actor, own=_own())
    releasing.refuse_release(campaign)
    if amounts(releasing.next_step(campaign)) != amounts(request):
        raise Outdated(
            _(
                "The amounts have changed since this was prepared. Nothing was released. Refuse "
                "this request and prepare the release again."
            )
        )
    _requests.move(request, "approved", actor=actor)
    releasing.release(request.campaign_id, actor=actor)


def refuse(request_id: str, reason: str, *, actor: str) -> None:
    """Refuse a colleague's request with a reason. Raises Forbidden, Conflict or Invalid."""
    why = texts.reason(reason)
    request = _requests.for_second_person(request_id, actor=actor, own=_own())
    _requests.move(request, "refused", actor=actor, reason=why)


def withdraw(request_id: str, *, actor: str) -> None:
    """Withdraw one's own request. Raises Forbidden or Conflict."""
    _requests.withdraw(request_id, actor=actor)


def close_open(campaign_id: str) -> None:
    """Close the request of a campaign that has nothing to release any more, if there is one."""
    found = queries.open_request(campaign_id)
    if found is None:
        return
    locked(campaign_id)  # before the request, as in `approve`
    request = queries.locked(found.id)
    if request.status == "pending":
        why = "The campaign has ended without this release."
        _requests.move(request, "cancelled", actor="system", reason=why)


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


def _own() -> str:
    return _("You prepared this release, so a colleague has to decide about it.")
