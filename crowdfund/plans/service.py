"""The dated plan: one person proposes a version, another approves it before its day begins.

Versions are never changed and never taken back: a later one replaces them. So what a day has paid
is always explained by the version of that day.
"""

from collections.abc import Mapping

from crowdfund.kernel import clock
from crowdfund.kernel.errors import Invalid, InvalidFields
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.second_person import Requests
from crowdfund.notifications import service
from crowdfund.plans import queries
from crowdfund.plans.models import PlanVersion, plan_version_event
from crowdfund.plans.rules import terms
from crowdfund.plans.rules.terms import NAMES, Status, Terms

_proposals = Requests(
    PlanVersion.__table__,
    plan_version_event,
    queries.locked,
    pages=(("queue", "plan"),),
)


def propose(values: Mapping[str, object], *, actor: str) -> str:
    """Propose terms with effect from a day, typed as text; return the proposal's id.

    Raises InvalidFields, Invalid (nothing changes) or Conflict (there is one for that day).
    """
    good, errors = terms.clean(values, terms.business_date(clock.now()))
    if errors:
        raise InvalidFields(errors)
    wanted = Terms(**{name: good[name] for name in NAMES})
    if not terms.changes(wanted, queries.terms_on(good["from_on"])):
        raise Invalid(_("These are the terms that apply on that day anyway."))
    plan_id = _proposals.add(
        {name: good[name] for name in (*NAMES, "from_on")},
        open_key=good["from_on"].isoformat(),
        actor=actor,
        reason=good["reason"],
        taken=_("There is a proposal for this day already. It waits for a decision."),
    )
    service.queue_work("staff.plan", key=plan_id)
    return plan_id


def approve(plan_id: str, *, actor: str) -> None:
    """Let a colleague's proposal apply from its day on.

    Raises Forbidden (proposed by oneself), Conflict (decided already) or Invalid (its day has
    begun).
    """
    version = _proposals.for_second_person(plan_id, actor=actor, own=_own())
    terms.check_day(version.from_on, terms.business_date(clock.now()))
    _proposals.move(version, Status.APPROVED, actor=actor)


def refuse(plan_id: str, reason: str, *, actor: str) -> None:
    """Refuse a colleague's proposal with a reason. Raises Forbidden, Conflict or Invalid."""
    why = texts.reason(reason)
    version = _proposals.for_second_person(plan_id, actor=actor, own=_own())
    _proposals.move(version, Status.REFUSED, actor=actor, reason=why)


def withdraw(plan_id: str, *, actor: str) -> None:
    """Withdraw one's own proposal. Raises Forbidden or Conflict."""
    _proposals.withdraw(plan_id, actor=actor)


def _own() -> str:
    return _("You proposed this plan. A second person has to decide. Nothing was changed.")
