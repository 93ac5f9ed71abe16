"""The dated limits of all campaigns: one person proposes a version, another approves it.

Versions are never changed and never taken back: a later one replaces them. Live campaigns keep the
limits under which they were approved.
"""

from collections.abc import Mapping

from crowdfund.campaigns import limits_queries
from crowdfund.campaigns.models import LimitsVersion, limits_version_event
from crowdfund.campaigns.rows import LimitsRow
from crowdfund.campaigns.rules import limits
from crowdfund.kernel import clock, config, live
from crowdfund.kernel.db import insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict, Forbidden, InvalidFields
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.notifications import service

_L = LimitsVersion.__table__


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
    limits_id = new_id()
    row = {
        "id": limits_id,
        **good,
        "valid_from": limits.begins_at(good["from_on"], zone),
        "status": "pending",
        "open_key": good["from_on"].isoformat(),
        "asked_by": actor,
        "asked_at": now,
    }
    if not insert_ignore(_L, [row]):
        raise Conflict(_("There is a proposal for this day already. It waits for a decision."))
    events, why = limits_version_event, good["reason"]
    record_event(events, limits_id, actor=actor, before=None, after="pending", reason=why)
    service.queue_work("staff.limits", key=limits_id)
    live.changed("queue", "limits")
    return limits_id


def approve(limits_id: str, *, actor: str) -> None:
    """Let a colleague's proposal count from its day, or from now if that day has begun.

    Raises Forbidden (proposed by oneself) or Conflict (decided already, or its day has passed).
    """
    version = _undecided(limits_id)
    limits.check_second(version.asked_by, actor)
    zone, now = config.settings().time_zone, clock.now()
    limits.check_not_past(version.from_on, clock.today(zone))
    start = limits.valid_from(version.from_on, now, zone)
    _decide(version, "approved", actor=actor, decided_by=actor, decided_at=now, valid_from=start)


def refuse(limits_id: str, reason: str, *, actor: str) -> None:
    """Refuse a colleague's proposal with a reason. Raises Forbidden, Conflict or Invalid."""
    why = texts.reason(reason)
    version = _undecided(limits_id)
    limits.check_second(version.asked_by, actor)
    _decide(version, "refused", actor=actor, reason=why, decided_by=actor, decided_at=clock.now())


def withdraw(limits_id: str, *, actor: str) -> None:
    """Withdraw one's own proposal. Raises Forbidden or Conflict."""
    version = _undecided(limits_id)
    if version.asked_by != actor:
        raise Forbidden(
            _("Only the colleague who made this request may withdraw it. Nothing was changed.")
        )
    _decide(version, "cancelled", actor=actor)


def _undecided(limits_id: str) -> LimitsRow:
    """Return a pending proposal, locked."""
    version = limits_queries.version(limits_id, lock=True)
    limits.check_open(version.status)
    return version


def _decide(version: LimitsRow, to: str, *, actor: str, reason: str = "", **values: object) -> None:
    was_pending = move_row(
        _L,
        version.id,
        to,
        limits_version_event,
        before="pending",
        actor=actor,
        reason=reason,
        pages=(("queue", "limits"),),
        values={"open_key": None, **values},
    )
    if not was_pending:  # another transaction was first, on a database without row locks
        limits.check_open(to)
