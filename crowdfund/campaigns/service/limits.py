"""The dated limits of all campaigns: one person proposes a version, another approves it.

Versions are never changed and never taken back: a later one replaces them. Live campaigns keep the
limits under which they were approved.
"""

from collections.abc import Mapping

from crowdfund.campaigns import limits_queries
from crowdfund.campaigns.models import LimitsVersion, limits_version_event
from crowdfund.campaigns.rules import limits
from crowdfund.kernel import clock, config
from crowdfund.kernel.errors import InvalidFields
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.second_person import Requests
from crowdfund.notifications import service

_proposals = Requests(
    LimitsVersion.__table__,
    limits_version_event,
    limits_queries.locked,
    pages=(("queue", "limits"),),
)


def propose(values: Mapping[str, object], *, actor: str) -> str:
    """Propose limits with effect from a day, typed as text; return the proposal's id.

    Raises InvalidFields, Invalid (nothing changes) or Conflict (there is one for that day).
    """
    zone, now = config.settings().time_zone, clock.now()
    good, errors = limits.clean(values, clock.today(zone))
    if errors:
        raise InvalidFields(errors)
    start = limits.valid_from(good["from_on"], now, zone)
    limits.check_differs(good, limits_queries.in_force(start))
    limits_id = _proposals.add(
        {**good, "valid_from": limits.begins_at(good["from_on"], zone)},
        open_key=good["from_on"].isoformat(),
        actor=actor,
        reason=good["reason"],
        taken=_("There is a proposal for this day already. It waits for a decision."),
    )
    service.queue_work("staff.limits", key=limits_id)
    return limits_id


def approve(limits_id: str, *, actor: str) -> None:
    """Let a colleague's proposal count from its day, or from now if that day has begun.

    Raises Forbidden (proposed by oneself) or Conflict (decided already, or its day has passed).
    """
    version = _proposals.for_second_person(limits_id, actor=actor, own=_own())
    zone, now = config.settings().time_zone, clock.now()
    limits.check_not_past(version.from_on, clock.today(zone))
    start = limits.valid_from(version.from_on, now, zone)
    _proposals.move(version, "approved", actor=actor, valid_from=start)


def refuse(limits_id: str, reason: str, *, actor: str) -> None:
    """Refuse a colleague's proposal with a reason. Raises Forbidden, Conflict or Invalid."""
    why = texts.reason(reason)
    version = _proposals.for_second_person(limits_id, actor=actor, own=_own())
    _proposals.move(version, "refused", actor=actor, reason=why)


def withdraw(limits_id: str, *, actor: str) -> None:
    """Withdraw one's own proposal. Raises Forbidden or Conflict."""
    _proposals.withdraw(limits_id, actor=actor)


def _own() -> str:
    return _("You proposed these limits. A second person has to decide. Nothing was changed.")
